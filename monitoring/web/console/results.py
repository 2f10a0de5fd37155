"""What a shadow rule has found so far, for those who may see its alerts were it none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, Self

import msgspec

from engine.alert import Record
from engine.program import LEVELS
from monitoring.web.console.sight import Sight
from streams.stores.sqlite_reading import SqliteReader

NEWEST: Final = 50
_RECORD: Final = msgspec.json.Decoder(Record)


class Results(NamedTuple):
    """Would-be alerts of a rule: how many stand by level, the gravest first; how many were taken back; the newest."""

    standing: tuple[tuple[str, int], ...] = ()
    retracted: int = 0
    newest: tuple[Record, ...] = ()

    @classmethod
    def of(cls, counts: Mapping[tuple[str, bool], int], newest: tuple[Record, ...] = ()) -> Self:
        """Return results of what was counted by (level, whether it is retracted)."""
        standing = [(level, counts.get((level, False), 0)) for level in reversed(LEVELS[1:])]
        retracted = sum(count for (_, gone), count in counts.items() if gone)
        return cls(tuple(pair for pair in standing if pair[1]), retracted, newest)


def results_by_rule(reader: SqliteReader, sight: Sight) -> dict[str, Results]:
    """Return the counts of every rule that has results and may be seen."""
    counts = reader.would_be.counts(about_alerts=sight.rules is None)
    return {rule: Results.of(found) for rule, found in counts.items() if sight.knows(rule)}


def results_of(reader: SqliteReader, sight: Sight, rule: str) -> Results | None:
    """Return the results of a rule; None where they may not be seen.

    Who may not see everything sees none that speaks of another alert: that one may be confidential.
    """
    if not sight.knows(rule):
        return None
    everything = sight.rules is None
    counts = reader.would_be.counts(about_alerts=everything, rule=rule).get(rule, {})
    newest = reader.would_be.newest(rule, NEWEST, about_alerts=everything)
    return Results.of(counts, tuple(_RECORD.decode(each.body) for each in newest))
