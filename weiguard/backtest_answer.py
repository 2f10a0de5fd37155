"""What a backtest finds: what became of the inputs under each rule set, and which alerts differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from engine.disposition import DISPOSITIONS
from streams.difference import Difference, OfDay, OfKey, OfRule
from streams.replaying import SHOWN, Refused
from weiguard.preparing import Prepared


class Decided(msgspec.Struct):
    """What became of one share's inputs under one rule set. `lines` are those of the whole history."""

    lines: int
    dispositions: Counter[str]
    undecided: Counter[str]
    unlisted: Counter[str]
    refused: list[Refused]


class Side(msgspec.Struct):
    """One rule set, and what became of all inputs under it."""

    ruleset: str
    rules: int
    dispositions: dict[str, int]
    undecided: dict[str, int]
    unlisted: dict[str, int]


class Answer(msgspec.Struct):
    """All of it; `only_before` and `only_after` are the rules that one rule set alone decides."""

    before: Side
    after: Side
    only_before: list[str]
    only_after: list[str]
    raised: int
    gone: int
    changed: int
    rules: list[OfRule]
    days: list[OfDay]
    keys: list[OfKey]


def answer_of(
    prepared: dict[str, Prepared], decided: dict[str, list[Decided]], difference: Difference
) -> Answer:
    """Put the answer together, from what was found `before` and `after`."""
    before, after = (_written(prepared[side]) for side in ("before", "after"))
    return Answer(
        before=_side(prepared["before"], decided["before"]),
        after=_side(prepared["after"], decided["after"]),
        only_before=sorted(before - after),
        only_after=sorted(after - before),
        **{name: getattr(difference, name) for name in Difference.__struct_fields__},
    )


def first_refused(shares: Iterable[Decided]) -> list[Refused]:
    """Return the first lines of the history that were quarantined."""
    found = [each for share in shares for each in share.refused]
    return sorted(found, key=lambda each: each.line)[:SHOWN]


def _written(prepared: Prepared) -> set[str]:
    """Return the rules whose alerts are written: neither those only watched by others nor shadows."""
    return {face.rule for face in prepared.program.faces if face.written and not face.shadow}


def _side(prepared: Prepared, shares: list[Decided]) -> Side:
    sums = [Counter[str](), Counter[str](), Counter[str]()]
    for share in shares:
        for total, part in zip(sums, (share.dispositions, share.undecided, share.unlisted), strict=True):
            total.update(part)
    dispositions, undecided, unlisted = sums
    return Side(
        ruleset=prepared.rules.hash,
        rules=len(_written(prepared)),
        dispositions={name: dispositions[name] for name in DISPOSITIONS},
        undecided=dict(sorted(undecided.items())),
        unlisted=dict(sorted(unlisted.items())),
    )
