"""The functions that expressions call beside CEL's own: one table of names, types, units and Python.

All are pure and total: a function that cannot answer returns None, which the compiled rule reads as "no value".
Lookups (`qualified`, `consented`, `listed`) are declared here with their types; the engine answers them from its
reference data as of the event. Instants and durations are microseconds, money is fen, dates are `YYYY-MM-DD`.
"""

from __future__ import annotations

import math
from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal, TypeAlias

from engine.windows import Zone
from rules.standard import INT_MAX, INT_MIN
from rules.tree import TypeName

EARTH_RADIUS_KM: Final = 6371.0088  # The mean radius of the IUGG.
MAD_TO_SIGMA: Final = 1.4826  # A normal distribution's standard deviation over its median absolute deviation.
SECOND_US: Final = 1_000_000
HOUR_US: Final = 3_600 * SECOND_US

# "pure": a function of its arguments. "lexicon": of its text and a term list. "lookup": the engine's, as of the event.
Kind: TypeAlias = Literal["pure", "lexicon", "lookup"]


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the language.

    `overloads` are tuples (overload id, parameter types, result type). `unit` is the unit of the result; "=" keeps
    that of the first argument. `fallible`: may return None. `within`: bounds of the first argument inside which it
    never does. `results`: bounds of an int result.
    """

    name: str
    overloads: tuple[tuple[str, tuple[TypeName, ...], TypeName], ...]
    impl: Callable[..., object] | None
    unit: str = ""
    kind: Kind = "pure"
    member: bool = False
    fallible: bool = False
    needs_zone: bool = False
    within: tuple[int, int] | None = None
    results: tuple[int, int] = (INT_MIN, INT_MAX)
    doc: str = ""


def _day(text: str) -> date | None:
    """Read a date, or return None where there is none of that name."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def hour(t: int, zone: Zone) -> int | None:
    """Return the hour of day, 0 to 23, in the tenant's zone."""
    try:
        return zone.hour(t)
    except (OverflowError, ValueError):
        return None


def date_of(t: int, zone: Zone) -> str | None:
    """Return the calendar date of an instant in the tenant's zone."""
    try:
        return zone.day(t)
    except (OverflowError, ValueError):
        return None


def age(birth: str, t: int, zone: Zone) -> int | None:
    """Return full years from a birth date to an instant's date; a 29 February ages on 1 March of common years."""
    born, today = _day(birth), _day(date_of(t, zone) or "")
    if born is None or today is None:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def days_between(a: str, b: str) -> int | None:
    """Return the days from date `a` to date `b`; negative where `b` is earlier."""
    start, end = _day(a), _day(b)
    return None if start is None or end is None else (end - start).days


def add_days(day: str, days: int) -> str | None:
    """Return the date so many days later."""
    start = _day(day)
    try:
        return None if start is None else (start + timedelta(days=days)).isoformat()
    except OverflowError:
        return None


def add_years(day: str, years: int) -> str | None:
    """Return the last day of a term of years (Civil Code 201, 202): the same day, or the month's end without one."""
    start = _day(day)
    if start is None or not 1 <= start.year + years <= 9999:
        return None
    year = start.year + years
    return date(year, start.month, min(start.day, monthrange(year, start.month)[1])).isoformat()


def percent(part: int, whole: int) -> float | None:
    """Return `part` in percent of `whole`, in one rounded division; None of nothing."""
    return 100 * part / whole if whole else None


def distance_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float | None:
    """Return the great-circle distance in km of two places in degrees (haversine, mean radius of the Earth)."""
    if not math.isfinite(lat1 + lon1 + lat2 + lon2):
        return None
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    north, east = math.sin((phi2 - phi1) / 2), math.sin(math.radians(lon2 - lon1) / 2)
    chord = north * north + math.cos(phi1) * math.cos(phi2) * east * east
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, max(0.0, chord))))


def speed_kmh(km: float, span: int) -> float:
    """Return the speed in km/h over a distance and a duration, which counts as one second at least."""
    return km * HOUR_US / max(span, SECOND_US)


def fee(amount_fen: int, rate_bp: int) -> int | None:
    """Return the fee in fen of an amount at a rate in basis points, half a fen up."""
    result = (amount_fen * rate_bp + 5_000) // 10_000
    return result if INT_MIN <= result <= INT_MAX else None


def absolute(x: float) -> float | None:
    """Return the value without its sign; None for the one int that has no positive of 64 bits."""
    return None if x == INT_MIN and isinstance(x, int) else abs(x)


def floor_zero(x: float) -> float:
    """Return the value, or zero below it."""
    return x if not x < 0 else x * 0


def _lower_median(values: Sequence[float]) -> float:
    return sorted(values)[(len(values) - 1) // 2]


def robust_z(x: float, series: Sequence[float]) -> float | None:
    """Return how many robust standard deviations `x` lies from the median of a series.

    (x - median) / (1.4826 * MAD), both medians the lower middle. None for an empty series or one without spread.
    """
    if not series:
        return None
    middle = _lower_median(series)
    spread = _lower_median([abs(each - middle) for each in series])
    return (x - middle) / (MAD_TO_SIGMA * spread) if spread else None


def hour_probability(histogram: Mapping[int, int], at: int) -> float | None:
    """Return the smoothed probability of an hour of day under a histogram of hours.

    (0.5 c_h + 0.25 c_(h-1) + 0.25 c_(h+1) + 0.5) / (N + 12), circular: a triangular kernel with half a login an hour
    added (catalogue, section 4).
    """
    if not 0 <= at < 24 or any(each < 0 for each in histogram.values()):
        return None
    count = histogram.get
    near = 2 * count(at, 0) + count((at - 1) % 24, 0) + count((at + 1) % 24, 0)
    return (near + 2) / (4 * (sum(histogram.values()) + 12))


# Instants that decoding lets through, with room for any zone: `hour` and `date` never fail inside.
EVENT_TIMES: Final = (0, 253_370_764_800_000_000)


def _function(
    name: str,
    impl: Callable[..., object] | None,
    *signatures: tuple[tuple[TypeName, ...], TypeName],
    **more: object,
) -> Function:
    overloads = tuple(
        (f"{name}_{'_'.join(params).replace('(', '_').replace(')', '').replace(',', '_')}", params, result)
        for params, result in signatures
    )
    doc = (impl.__doc__ or "").splitlines()[0] if impl else ""
    return Function(name, overloads, impl, **{"doc": doc, **more})  # type: ignore[arg-type]  # checked by the table


_TEXT, _TEXTS = ("string",), ("string", "string")

FUNCTIONS: Final[dict[str, Function]] = {
    function.name: function
    for function in (
        _function(
            "hour",
            hour,
            (("timestamp",), "int"),
            needs_zone=True,
            fallible=True,
            within=EVENT_TIMES,
            results=(0, 23),
        ),
        _function(
            "date",
            date_of,
            (("timestamp",), "string"),
            needs_zone=True,
            fallible=True,
            within=EVENT_TIMES,
            unit="date",
        ),
        _function(
            "age",
            age,
            (("string", "timestamp"), "int"),
            unit="years",
            needs_zone=True,
            fallible=True,
            results=(-9999, 9999),
        ),
        _function(
            "days_between",
            days_between,
            (_TEXTS, "int"),
            unit="days",
            fallible=True,
            results=(-3_652_059, 3_652_059),
        ),
        _function("add_days", add_days, (("string", "int"), "string"), unit="date", fallible=True),
        _function("add_years", add_years, (("string", "int"), "string"), unit="date", fallible=True),
        _function("percent", percent, (("int", "int"), "double"), unit="percent", fallible=True),
        _function("distance_km", distance_km, (("double",) * 4, "double"), unit="km", fallible=True),
        _function("speed_kmh", speed_kmh, (("double", "duration"), "double"), unit="km_h"),
        _function("fee", fee, (("int", "int"), "int"), unit="fen", fallible=True),
        _function(
            "abs",
            absolute,
            (("int",), "int"),
            (("double",), "double"),
            unit="=",
            fallible=True,
            within=(INT_MIN + 1, INT_MAX),
            results=(0, INT_MAX),
        ),
        _function(
            "floor_zero",
            floor_zero,
            (("int",), "int"),
            (("double",), "double"),
            unit="=",
            results=(0, INT_MAX),
        ),
        _function(
            "robust_z",
            robust_z,
            *(((x, f"list({y})"), "double") for x in ("int", "double") for y in ("int", "double")),
            unit="z",
            fallible=True,
        ),
        _function(
            "hour_probability",
            hour_probability,
            (("map(int,int)", "int"), "double"),
            unit="probability",
            fallible=True,
        ),
        _function(
            "hits",
            None,
            (_TEXTS, "bool"),
            kind="lexicon",
            member=True,
            doc="Return whether a term of a lexicon stands in the text outside its exempting contexts.",
        ),
        _function(
            "mentions",
            None,
            (_TEXTS, "bool"),
            kind="lexicon",
            member=True,
            doc="Return whether a term of a lexicon stands in the text, exempt or not.",
        ),
        _function(
            "qualified",
            None,
            (("string",) * 3, "bool"),
            kind="lookup",
            doc="Return whether an owner holds a valid qualification of a type whose scope has an item (empty: any).",
        ),
        _function(
            "consented",
            None,
            (_TEXTS, "bool"),
            kind="lookup",
            doc="Return whether a contact's consent of a scope stands.",
        ),
        _function("listed", None, (_TEXT, "bool"), kind="lookup", doc="Return whether a party is on a list."),
    )
}
