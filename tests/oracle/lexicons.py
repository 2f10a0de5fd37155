"""Term lists by plain search: a term hits unless a context of its own covers the occurrence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Terms, each with the contexts that exempt it."""

    terms: tuple[tuple[str, tuple[str, ...]], ...]

    def mentions(self, text: str) -> bool:
        """Say whether any term occurs at all."""
        return any(term in text for term, _ in self.terms)

    def hits(self, text: str) -> bool:
        """Say whether any term occurs outside its exempting contexts."""
        return any(
            not any(_covers(text, context, at, at + len(term)) for context in contexts)
            for term, contexts in self.terms
            for at in _places(text, term)
        )


def read_lexicon(path: Path) -> Lexicon:
    """Read one list: a term a line, `except: a | b` under it."""
    terms: list[tuple[str, tuple[str, ...]]] = []
    for raw in path.read_text(encoding="utf-8").splitlines():
        line = raw.strip()
        if line.startswith("except:"):
            contexts = tuple(context.strip() for context in line.removeprefix("except:").split("|"))
            terms[-1] = (terms[-1][0], terms[-1][1] + contexts)
        elif line and not line.startswith("#"):
            terms.append((line, ()))
    return Lexicon(tuple(terms))


def _places(text: str, part: str) -> list[int]:
    return [at for at in range(len(text)) if text.startswith(part, at)]


def _covers(text: str, context: str, start: int, end: int) -> bool:
    return any(at <= start and end <= at + len(context) for at in _places(text, context))
