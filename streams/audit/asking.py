"""A query and how what it looks for may stand in the log: as it is written, or sealed, by the keys of each tenant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from streams.audit.query import Query
from streams.audit.words import Phrase, phrases_of

MOST_TENANTS: Final = (
    100  # Of whose keys words are sealed: of more, the index would be asked too much at once.
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A query. `values`: in what forms its key's value may stand; `phrases`: its text's parts, each in what forms."""

    query: Query
    values: tuple[str, ...] = ()
    phrases: tuple[tuple[Phrase, ...], ...] = ()

    def expression(self) -> str:
        """Return what must stand in the index of words, as FTS5 reads it."""
        return " AND ".join(f"({' OR '.join(each.expression() for each in forms)})" for forms in self.phrases)

    def within(self, words: Sequence[str]) -> bool:
        """Return whether each part of its text stands among these words, in one of its forms."""
        return all(any(each.within(words) for each in forms) for forms in self.phrases)


def asked(query: Query, tenants: Iterable[str], seal: Callable[[str, str], str]) -> Asked:
    """Return a query with the forms of what it looks for. `seal` is told a tenant and a value."""
    names = sorted(tenants)
    values = (query.key[1], *(seal(name, query.key[1]) for name in names)) if query.key is not None else ()
    some = names if len(names) <= MOST_TENANTS else []
    forms = []
    for part in (query.text or "").split():
        plain = phrases_of(part)
        if plain:
            forms.append((*plain, *(each for name in some for each in phrases_of(seal(name, part)))))
    return Asked(query, values, tuple(forms))
