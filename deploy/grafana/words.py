"""Both languages of a dashboard stand side by side in its code; which one is written is chosen here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Language: TypeAlias = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Say:
    """Says everything in one language."""

    lang: Language

    def __call__(self, zh: str, en: str) -> str:
        """Return the words in the language that is written."""
        return zh if self.lang == "zh" else en
