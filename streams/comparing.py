"""Two files of standing alerts compared: sums in memory, what differs in a file of its own."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from engine.alert import Record
from streams.difference import Change, Difference, Example, Moved, OfDay, OfKey, OfRule
from streams.stores.sqlite_failing import failed
from streams.stores.standing import facts_of, scratch

KEYS: Final = 20  # So many of the most affected keys are told.
CHANGES: Final[tuple[Change, ...]] = ("raised", "gone", "changed")
_RECORD: Final = msgspec.json.Decoder(Record)
_TABLE: Final = """
CREATE TABLE differing(
  change TEXT NOT NULL, rule TEXT NOT NULL, was TEXT, level TEXT, tenant TEXT NOT NULL, who BLOB NOT NULL,
  at_us INTEGER NOT NULL, id TEXT NOT NULL, body_was BLOB, body BLOB)"""
_RAISED: Final = """
INSERT INTO differing
SELECT 'raised', rule, NULL, level, tenant, who, at_us, id, NULL, body FROM after.standing a
WHERE NOT EXISTS (SELECT 1 FROM before.standing b WHERE b.id = a.id)"""
_GONE: Final = """
INSERT INTO differing
SELECT 'gone', rule, level, NULL, tenant, who, at_us, id, body, NULL FROM before.standing b
WHERE NOT EXISTS (SELECT 1 FROM after.standing a WHERE a.id = b.id)"""
_CHANGED: Final = """
INSERT INTO differing
SELECT 'changed', a.rule, b.level, a.level, a.tenant, a.who, a.at_us, a.id, b.body, a.body
FROM after.standing a JOIN before.standing b ON a.id = b.id WHERE a.facts != b.facts"""
# The gravest first, then the oldest.
_EXAMPLES: Final = """
SELECT rule, change, body_was, body FROM (
  SELECT *, row_number() OVER (PARTITION BY rule, change ORDER BY
    CASE coalesce(level, was) WHEN 'critical' THEN 0 WHEN 'warn' THEN 1 ELSE 2 END, at_us, id) AS nth
  FROM differing)
WHERE nth <= ? ORDER BY rule, change, nth"""
_KEYS: Final = """
SELECT tenant, who, sum(change = 'raised'), sum(change = 'gone'), sum(change = 'changed') FROM differing
GROUP BY tenant, who ORDER BY count(*) DESC, tenant, who LIMIT ?"""


@dataclass(slots=True)
class _Sums:
    """How many alerts stand on each side; the sides are `before` and `after`."""

    levels: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # (side, rule, level)
    days: Counter[tuple[str, str]] = field(default_factory=Counter)  # (side, day)


def compare(pairs: Iterable[tuple[Path, Path]], scratch_file: Path, examples: int) -> Difference:
    """Compare files of standing alerts, before and after, pair by pair; `examples` of each change of each rule.

    Raises RefusedError on a full disk.
    """
    connection = scratch(scratch_file)
    sums = _Sums()
    try:
        connection.execute(_TABLE)
        for before, after in pairs:
            _add(connection, before, after, sums)
        return _told(connection, sums, examples)
    except sqlite3.DatabaseError as error:
        raise failed(scratch_file, error) from None
    finally:
        connection.close()


def _add(connection: sqlite3.Connection, before: Path, after: Path, sums: _Sums) -> None:
    for side, path in (("before", before), ("after", after)):
        connection.execute(f"ATTACH ? AS {side}", (str(path),))
    for side in ("before", "after"):
        table = f"{side}.standing"
        for rule, level, count in connection.execute(
            f"SELECT rule, level, count(*) FROM {table} GROUP BY rule, level"  # noqa: S608  # one of two names
        ):
            sums.levels[side, rule, level] += count
        for day, count in connection.execute(f"SELECT day, count(*) FROM {table} GROUP BY day"):  # noqa: S608  # likewise
            sums.days[side, day] += count
    for statement in (_RAISED, _GONE, _CHANGED):
        connection.execute(statement)
    for side in ("before", "after"):
        connection.execute(f"DETACH {side}")


def _told(connection: sqlite3.Connection, sums: _Sums, examples: int) -> Difference:
    rules: dict[str, OfRule] = {rule: OfRule(rule) for rule in sorted({rule for _, rule, _ in sums.levels})}
    for (side, rule, level), count in sorted(sums.levels.items()):
        (rules[rule].before if side == "before" else rules[rule].after)[level] = count
    totals: Counter[str] = Counter()
    for rule, change, was, level, count in connection.execute(
        "SELECT rule, change, was, level, count(*) FROM differing GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
    ):
        totals[change] += count
        if change == "changed":
            rules[rule].changed.append(Moved(was, level, count))
        elif change == "raised":
            rules[rule].raised[level] = count
        else:
            rules[rule].gone[was] = count
    _add_fields(connection, rules)
    _add_examples(connection, rules, examples)
    days = sorted({day for _, day in sums.days})
    return Difference(
        raised=totals["raised"],
        gone=totals["gone"],
        changed=totals["changed"],
        rules=list(rules.values()),
        days=[OfDay(day, sums.days["before", day], sums.days["after", day]) for day in days],
        keys=[
            OfKey(tenant, msgspec.json.decode(who), *counts)
            for tenant, who, *counts in connection.execute(_KEYS, (KEYS,))
        ],
    )


def _add_fields(connection: sqlite3.Connection, rules: dict[str, OfRule]) -> None:
    """Count which facts differ in the alerts that changed."""
    found: Counter[tuple[str, str]] = Counter()
    for rule, was, now in connection.execute(
        "SELECT rule, body_was, body FROM differing WHERE change = 'changed'"
    ):
        found.update((rule, name) for name in _differing(_RECORD.decode(was), _RECORD.decode(now)))
    for (rule, name), count in sorted(found.items()):
        rules[rule].fields[name] = count


def _add_examples(connection: sqlite3.Connection, rules: dict[str, OfRule], examples: int) -> None:
    for rule, change, was, now in connection.execute(_EXAMPLES, (examples,)):
        rules[rule].examples.setdefault(change, []).append(_example(was, now))


def _differing(was: Record, now: Record) -> list[str]:
    before, after = facts_of(was), facts_of(now)
    return [name for name in before if before[name] != after[name]]


def _example(was: bytes | None, now: bytes | None) -> Example:
    record = _RECORD.decode(now or was or b"")
    fields: list[str] = []
    before: dict[str, Any] = {}
    if was is not None and now is not None:
        old = _RECORD.decode(was)
        fields = _differing(old, record)
        before = {name: getattr(old, name) for name in fields}
        if old.message != record.message:
            before["message"] = old.message
    return Example(
        id=record.id, tenant=record.tenant, level=record.level, key=record.key, window=record.window, at=record.at,
        event=record.trigger, values=record.values, limits=record.limits, message=record.message,
        fields=fields, was=before,
    )  # fmt: skip
