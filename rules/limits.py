"""Limits: every threshold by name, with its unit, its source, how sure that is and when it was last reviewed.

The unit gives the type. A limit with `table` has one value per kind; one with `value: null` has no default and must be
set by a tenant. A value changes over time by `limit_profile.set`, an event, so that a replay sees the same change.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from rules.durations import duration_us
from rules.locating import Fields, Items, Part, Scalar
from rules.model import Limit, LimitValue
from rules.problems import Desk
from rules.schema import CONFIDENCES, LIMIT, NAME, day, fields, key_at, one_of, required, text

INT_UNITS: Final = ("fen", "count", "days", "workdays", "years", "bp", "px", "ms", "bits", "lines", "chars")
DOUBLE_UNITS: Final = ("percent", "times", "km", "km_h", "probability", "z")
UNITS: Final = (*INT_UNITS, *DOUBLE_UNITS, "duration", "terms", "text")
MOST: Final = (1 << 53) - 1  # An integer in a record is exact in every JSON reader.


def read_limits(parts: Iterable[Fields], desk: Desk) -> tuple[dict[str, Limit], frozenset[str]]:
    """Read the limits of all files; also return the names of those with a mistake, so that it is told once.

    A name that stands twice is refused with both places.
    """
    limits: dict[str, Limit] = {}
    seen: dict[str, str] = {}
    broken: set[str] = set()
    for part in parts:
        table = fields(part, desk, ("limits",)).get("limits")
        for name, entry in fields(table, desk).items():
            here = desk.about(f"limit {name}")
            at = key_at(table, name) if table else entry.at
            if not NAME.match(name):
                here.refuse(at, f"the name {name}", "small letters, digits and _", "rename it")
            elif name in seen:
                here.refuse(
                    at, f"{name} again (first at {seen[name]})", "each limit once", "remove one of the two"
                )
            else:
                seen[name] = str(at)
                before = len(desk.findings.problems)
                limits[name] = _limit(name, entry, here)
                if len(desk.findings.problems) > before:
                    broken.add(name)
    return limits, frozenset(broken)


def overridden(limits: dict[str, Limit], values: dict[str, LimitValue | None]) -> dict[str, Limit]:
    """Return the limits with a tenant's own values; the unit stays, and with it the type.

    Raises KeyError for a limit that there is not, and TypeError for a value that its unit cannot have.
    """
    changed = dict(limits)
    for name, value in values.items():
        limit = limits[name]
        if value is not None and (limit.table is not None or not fits(value, limit.unit)):
            raise TypeError(f"{name} counts {limit.unit}, and cannot be {value!r}")
        changed[name] = replace(limit, value=value)
    return changed


def fits(value: object, unit: str) -> bool:
    """Return whether a value, as the model holds it, is one of this unit."""
    if unit in INT_UNITS or unit == "duration":
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MOST
    if unit in DOUBLE_UNITS:
        return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MOST
    if unit == "terms":
        return isinstance(value, list) and all(isinstance(term, str) for term in value)
    return isinstance(value, str)


def _limit(name: str, part: Part, desk: Desk) -> Limit:
    found = fields(part, desk, LIMIT)
    required(part, found, desk, ("unit", "source", "confidence", "reviewed"))
    unit = one_of(found.get("unit"), desk, UNITS)
    if ("value" in found) == ("table" in found):
        which = "both value and table" if "value" in found else "neither value nor table"
        desk.refuse(part.at, which, "one of the two", "write value: … or table: {kind: …}")
    table = found.get("table")
    return Limit(
        name=name,
        unit=unit,
        value=_value(found.get("value"), unit, desk),
        table=_table(table, unit, desk) if table is not None else None,
        source=text(found.get("source"), desk),
        confidence=one_of(found.get("confidence"), desk, CONFIDENCES),
        reviewed=day(found.get("reviewed"), desk),
    )


def _table(part: Part, unit: str, desk: Desk) -> dict[str, int | float | str]:
    table: dict[str, int | float | str] = {}
    for kind, entry in fields(part, desk).items():
        value = _value(entry, unit, desk)
        if value is None or isinstance(value, list):
            desk.refuse(entry.at, "no single value", f"a value in {unit}", "write one value for each kind")
        else:
            table[kind] = value
    return table


def _value(part: Part | None, unit: str, desk: Desk) -> LimitValue | None:
    """Return a value as its unit wants it; durations in microseconds; null is no value."""
    if part is None or (isinstance(part, Scalar) and part.value is None):
        return None
    value = _plain(part, unit)
    if unit and (value is None or not fits(value, unit)):
        found = (
            part.text
            if isinstance(part, Scalar)
            else "a list"
            if isinstance(part, Items)
            else "names with values"
        )
        desk.refuse(part.at, found, _wanted(unit), "change the value or the unit")
        return None
    return float(value) if unit in DOUBLE_UNITS and isinstance(value, int) else value


def _plain(part: Part, unit: str) -> LimitValue | None:
    if isinstance(part, Items):
        return [each.text for each in part.items if isinstance(each, Scalar)] if unit == "terms" else None
    if not isinstance(part, Scalar):
        return None
    if unit == "duration":
        return duration_us(part.text)
    if unit == "text":
        return part.text
    return part.value if isinstance(part.value, int | float) and not isinstance(part.value, bool) else None


def _wanted(unit: str) -> str:
    if unit in INT_UNITS:
        return f"a whole number of {unit}"
    if unit == "duration":
        return "a duration such as 30s, 10m, 24h or 7d"
    return "a list of terms" if unit == "terms" else "a text" if unit == "text" else f"a number ({unit})"
