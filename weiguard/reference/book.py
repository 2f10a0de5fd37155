"""What all pages of one reference share: the rules, the language, and what the pages are called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

from monitoring.describing import whole
from monitoring.wording.words import LEVELS, Language
from rules.model import Pack, RuleSet
from rules.statements import Seed, Statement
from weiguard.reference.markdown import code, link
from weiguard.reference.wording import DOUBTFUL, SAID

Format: TypeAlias = Literal["md", "html"]


@dataclass(frozen=True)
class Book:
    """One reference in the making. Nothing in it depends on when or where it is made."""

    rules: RuleSet
    seed: Seed | None
    lang: Language
    format: Format

    @cached_property
    def described(self) -> dict[str, dict[str, Any]]:
        """Every rule in plain values, by id."""
        return {name: whole(rule, self.rules.limits) for name, rule in self.rules.rules().items()}

    @property
    def heads(self) -> Mapping[str, str]:
        """The words around what is shown."""
        return SAID[self.lang]

    def target(self, page: str) -> str:
        """Return the file of a page."""
        return f"{page}.{self.format}"

    def to(self, page: str, text: str) -> str:
        """Return a link to a page."""
        return link(text, self.target(page))

    def to_pack(self, pack: Pack) -> str:
        """Return a link to a pack's page."""
        return self.to(pack_page(pack.name), pack.title[self.lang])

    def to_rules(self, ids: Iterable[str]) -> str:
        """Return links to rules; one that is not there is said to be missing."""
        return ", ".join(
            self.to(name, name) if name in self.described else f"{code(name)} ({self.heads['not_built']})"
            for name in ids
        )

    def levels(self, rule: Mapping[str, Any]) -> str:
        """Return the levels that a rule has."""
        return " ".join(LEVELS[self.lang][level] for level in rule["levels"])

    def mark(self, confidence: str) -> str:
        """Return a mark of confidence; one that is doubtful cannot be missed."""
        return f"**{confidence} {self.heads['doubtful']}**" if confidence in DOUBTFUL else confidence

    def readers_of_limit(self, name: str) -> list[str]:
        """Return the rules that read a limit."""
        return [rule for rule, found in self.described.items() if name in found["limits"]]

    def readers_of_lexicon(self, name: str) -> list[str]:
        """Return the rules that look for a list's terms."""
        call = re.compile(rf"\b(hits|mentions)\(\W*{re.escape(name)}\W*\)")
        return [rule for rule, found in self.described.items() if call.search(str(found["cases"]))]

    def behind(self, id: str) -> list[Statement]:
        """Return the statements that led to a rule."""
        return [each for each in (self.seed.statements if self.seed else ()) if each.leads_to(id)]


def pack_page(name: str) -> str:
    """Return the name of a pack's page."""
    return f"pack-{name}"
