"""Aggregates of a list of values, in the order of their events; None of an empty one that has no value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any, Final

from rules.functions import distance_km
from rules.standard import INT_MAX, INT_MIN


def total(values: Sequence[int]) -> int | None:
    """Return the sum; None beyond 64 bits, as CEL says of an overflow."""
    found = sum(values)
    return found if INT_MIN <= found <= INT_MAX else None


def median(values: Sequence[Any]) -> Any:
    """Return the lower of the two in the middle, so that what is whole stays whole."""
    return sorted(values)[(len(values) - 1) // 2] if values else None


def quantile(values: Sequence[Any], share: float) -> Any:
    """Return the value of the nearest rank: the least one that `share` of all do not exceed."""
    return sorted(values)[max(1, ceil(share * len(values))) - 1] if values else None


def spread(places: Sequence[tuple[float, float]]) -> float | None:
    """Return the greatest distance in km between two of these (latitude, longitude); 0 of a single one."""
    places = list(dict.fromkeys(places))
    if not places:
        return None
    return max((distance_km(*a, *b) or 0.0 for at, a in enumerate(places) for b in places[:at]), default=0.0)


# Of an empty list the first four are 0 or empty; the others have no value.
AGGREGATES: Final[dict[str, Callable[..., Any]]] = {
    "count": len,
    "sum": total,
    "distinct": lambda values: len(set(values)),
    "series": tuple,
    "min": lambda values: min(values, default=None),
    "max": lambda values: max(values, default=None),
    "first": lambda values: values[0] if values else None,
    "last": lambda values: values[-1] if values else None,
    "previous": lambda values: values[-1] if values else None,
    "median": median,
    "quantile": quantile,
    "spread": spread,
}
