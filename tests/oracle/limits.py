"""Limits from the file, each converted as its unit says."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tests.oracle.instants import duration

_DOUBLES = frozenset({"percent", "times", "km", "km_h", "z", "probability"})
# What a record holds instead of a double: how many of its units make one.
_RECORDED = {"percent": 100, "probability": 1_000_000}


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: a value (or a table of them by kind, or None) and its unit."""

    unit: str
    value: Any  # A CEL value: int, float, str, list or dict.

    def converted(self, value: Any) -> Any:
        """Return a value that an event set, in the type the unit gives."""
        return read_value(self.unit, value)


def read_value(unit: str, value: Any) -> Any:
    """Convert a value, or each value of a table."""
    if isinstance(value, dict):
        return {key: read_value(unit, item) for key, item in value.items()}
    if value is None:
        return None
    if unit == "duration":
        return duration(value)
    return float(value) if unit in _DOUBLES else value


def recorded(value: Any, unit: str = "") -> Any:
    """Turn a value into what a record holds: doubles become integers, half to even."""
    if isinstance(value, float):
        return round(Fraction(value) * _RECORDED.get(unit, 1_000))
    return value
