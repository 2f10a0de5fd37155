"""What a record says for people: bound values and limits without floats, and the texts in both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from engine.instants import rfc3339
from engine.program import Shown, Words
from engine.windows import Zone
from rules.messages import filler
from rules.model import Case, Expression, Level, Limit, Text
from rules.planning.names import canonical, names_in
from rules.planning.plan import Unit
from rules.tree import TypeName
from rules.vocabulary import event_names, period_names

# How many record units one unit of a double is: percent as basis points, times and z in thousandths, km in metres,
# probability in parts per million.
SCALES: Final = {
    "percent": 100,
    "times": 1_000,
    "z": 1_000,
    "km": 1_000,
    "km_h": 1_000,
    "probability": 1_000_000,
}
_EXACT: Final = (1 << 53) - 1  # The greatest integer that every JSON reader keeps.
_LEVELS: Final = {"info": 1, "warn": 2, "critical": 3}


@dataclass(frozen=True, slots=True)
class Value:
    """A value that a record shows: where it comes from, what it is called, and what it counts."""

    name: str
    label: str
    type: TypeName
    unit: str


def scaled(value: Any, unit: str) -> Any:
    """Return a value as a record holds it before it is written: doubles as whole numbers, half to even."""
    if isinstance(value, float):
        whole = value * SCALES.get(unit, 1_000)
        return round(whole) if abs(whole) < _EXACT else None
    return value


def written(value: Any, kind: TypeName, zone: Zone) -> Any:
    """Return a scaled value as JSON: instants RFC 3339, durations in seconds, whole numbers beyond 2^53 as digits."""
    if value is None or isinstance(value, bool):
        return value
    if kind == "timestamp":
        return rfc3339(value, zone.info)
    if kind == "duration":
        return duration_text(value)
    if isinstance(value, int) and abs(value) > _EXACT:
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def duration_text(us: int) -> str:
    """Return a duration as seconds, `5400s`, with a fraction only where there is one."""
    whole, rest = divmod(abs(us), 1_000_000)
    fraction = f".{rest:06}".rstrip("0") if rest else ""
    return f"{'-' if us < 0 else ''}{whole}{fraction}s"


def values_of(unit: Unit, steps: dict[str, tuple[str, ...]]) -> tuple[Value, ...]:
    """Return what a case's records show: what its levels and texts read, but for limits, records and lists."""
    case = unit.case
    found: dict[str, Value] = {}
    for expression in _shown_expressions(case):
        for name in sorted(names_in(canonical(expression.tree))):
            kind, counted = _declared(case, name, steps, expression)
            if kind in ("int", "double", "string", "timestamp", "duration") and not name.startswith("limit."):
                found.setdefault(name, Value(name, name.removeprefix("event."), kind, counted))
    return tuple(found[name] for name in sorted(found))


def _shown_expressions(case: Case) -> list[Expression]:
    found = [level for _, level in case.levels]
    for text in (*case.message.values(), *case.action.values()):
        found += [part.value for part in text.parts if not isinstance(part, str)]
    if case.remind:
        found.append(case.remind.date)
    wanted = {name for expression in found for name in expression.names}
    for let in reversed(case.lets):
        if let.name in wanted:
            found.append(let.value)
            wanted |= let.value.names
    return found


def _declared(
    case: Case, name: str, steps: dict[str, tuple[str, ...]], expression: Expression
) -> tuple[TypeName, str]:
    for measure in case.measures:
        if measure.name == name:
            return ("", "") if measure.record else (measure.type, measure.unit)
        if measure.record and name.startswith(f"{measure.name}."):
            field = name.removeprefix(f"{measure.name}.")
            known = event_names(measure.of or case.on).get(f"event.{field}")
            return (known.type, known.unit) if known else ("", "")
    for let in case.lets:
        if let.name == name:
            return ("", "") if let.value.type == "bool" else (let.value.type, let.value.unit)
    if name in (periods := period_names()):
        return periods[name].type, periods[name].unit
    prefix, _, field = name.partition(".")
    kinds = steps.get(prefix) or case.on or tuple(kind for step in case.sequence[-1:] for kind in step.events)
    known = (
        event_names(kinds).get(f"event.{field}") if kinds and (prefix == "event" or prefix in steps) else None
    )
    if known is not None:
        return known.type, known.unit
    return (expression.type, expression.unit) if expression.names == {name} else ("", "")


def teller(
    unit: Unit, values: tuple[Value, ...], limits: dict[str, Limit]
) -> Callable[[int, Shown, dict[str, Any], Zone], Words]:
    """Return the function that puts a mark's values into words."""
    case = unit.case
    by_level: dict[int, set[str]] = {}
    for name, expression in deciders(case):
        by_level.setdefault(_LEVELS[name], set()).update(_limits_of(case, expression))
    texts = sorted(_text_limits(case))
    used = {level: tuple(sorted({*names, *texts})) for level, names in by_level.items()}
    usual = {level: _bound(limits, used.get(level, texts), {}) for level in (0, 1, 2, 3)}
    message, action = _filler(case.message), _filler(case.action)

    def tell(level: int, shown: Shown, key: dict[str, Any], zone: Zone) -> Words:
        overrides = shown[0]
        raw: dict[str, Any] = {
            value.name: scaled(item, value.unit) for value, item in zip(values, shown[1:], strict=True)
        }
        bound, said = _bound(limits, used.get(level, texts), overrides) if overrides else usual[level]
        named = {**key, **raw, **{value.label: raw[value.name] for value in values}, **bound}
        return Words(
            values={value.label: written(raw[value.name], value.type, zone) for value in values},
            limits=dict(said),
            message=message(named, zone.info),
            action=action(named, zone.info),
        )

    return tell


def deciders(case: Case) -> Iterator[tuple[Level, Expression]]:
    """Yield what decides each level: its condition, or how long it is until a deadline or a rung."""
    yield from case.levels
    if case.expect:
        yield from case.expect.by
    if case.remind:
        yield from ((rung.level, rung.days) for rung in case.remind.rungs)


def _filler(texts: dict[Any, Text]) -> Callable[[dict[str, Any], ZoneInfo], dict[str, str]]:
    """Return the function that fills in a text in both languages."""
    zh, en = filler(texts["zh"]), filler(texts["en"])
    return lambda named, zone: {"zh": zh(named, zone), "en": en(named, zone)}


def _limits_of(case: Case, level: Expression) -> set[str]:
    """Return the limits that a level reads, through the lets and measures it reads."""
    lets = {let.name: let.value for let in case.lets}
    least = {measure.name: measure.at_least for measure in case.measures if measure.at_least}
    seen: set[str] = set()
    waiting = set(level.names)
    while waiting:
        name = waiting.pop().removesuffix(".given")
        if name not in seen:
            seen.add(name)
            further = lets.get(name) or least.get(name)
            waiting |= set(further.names) if further else set()
    return {name.removeprefix("limit.") for name in seen if name.startswith("limit.")}


def _text_limits(case: Case) -> set[str]:
    found: set[str] = set()
    for text in (*case.message.values(), *case.action.values()):
        for part in text.parts:
            if not isinstance(part, str) and part.name.startswith("limit."):
                found.add(part.name.removeprefix("limit."))
    return found


def _bound(
    limits: dict[str, Limit], names: Iterable[str], overrides: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the limits of a level, by the names that texts call them, and as a record tells them."""
    bound = {name: _limit(limits[name], overrides) for name in names}
    said = {name: _limit_text(limits[name], value) for name, value in bound.items()}
    return {f"limit.{name}": value for name, value in bound.items()}, said


def _limit(limit: Limit, overrides: dict[str, Any]) -> Any:
    if limit.name in overrides:
        return scaled(overrides[limit.name], limit.unit)
    if limit.table is not None:
        return {kind: scaled(value, limit.unit) for kind, value in sorted(limit.table.items())}
    return scaled(tuple(limit.value) if isinstance(limit.value, list) else limit.value, limit.unit)


def _limit_text(limit: Limit, value: Any) -> Any:
    if limit.unit == "duration" and isinstance(value, int):
        return duration_text(value)
    return list(value) if isinstance(value, tuple) else value
