"""What a record says of a case: its window, its key, how far back its evidence goes, and whether its episodes fade."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.program import Face
from engine.windows import DAY
from rules.planning.analysis import gate
from rules.planning.plan import Plan, Unit
from rules.planning.seeing import reach_us
from rules.planning.words import Value, teller


def face_of(unit: Unit, plan: Plan, values: tuple[Value, ...], since: int) -> Face:
    """Return the face of a case; `since`: the column of the step that each alert belongs to, or -1."""
    rule = plan.rules.rules()[unit.case.rule]
    group = plan.groups[unit.group] if unit.group >= 0 else None
    return Face(
        index=unit.index,
        rule=unit.case.rule,
        case=unit.case.name,
        alert="ever" if unit.endless else unit.kind,  # type: ignore[arg-type]  # one of the kinds, by construction
        window=_window_kind(unit),
        dimensions=tuple(part.name for part in unit.key),
        key=_key_function(unit),
        words=teller(unit, values, plan.rules.limits),
        top=unit.top,
        slot=unit.slot,
        subbed=bool(unit.sub) and bool(unit.slot),
        evidence_us=reach_us(unit, group) if unit.case.every and group else evidence_us(unit),
        evidence_mask=_evidence_mask(unit),
        since=since,
        calendar=unit.case.alert if unit.kind == "calendar" else "",
        watched=unit.watched,
        written=unit.written,
        shadow=rule.shadow,
        fades=_fades(unit, plan) if group is not None else False,
        boundary=bool(unit.case.every),
    )


def since_step(unit: Unit) -> int:
    """Return the number of the step since which a case counts, or -1."""
    names = [step.name for step in unit.case.sequence]
    return next(
        (names.index(measure.over.step) for measure in unit.case.measures if measure.over.kind == "since"), -1
    )


def _window_kind(unit: Unit) -> str:
    if unit.kind == "calendar":
        return unit.case.alert
    if unit.kind == "episode":
        return "rolling" if unit.bounds and not unit.endless else "asof"
    return "event" if unit.kind == "since" else unit.kind


def _key_function(unit: Unit) -> Callable[[Any, Any], tuple[Any, ...]]:
    """Return how an alert's key is put together of a cell's key and a sub-key."""
    if unit.group < 0 and unit.kind != "deadline":
        return lambda _, sub: sub
    held = [part.signature for part in (unit.key if unit.kind == "deadline" else unit.home)]
    subs = [part.signature for part in unit.sub if not part.name.startswith("@")]
    single, sub_single = len(held) == 1, len(subs) == 1
    order = [(held.index(part.signature), True) if part.signature in held else (subs.index(part.signature), False)
             for part in unit.key]  # fmt: skip

    if order == [(at, True) for at in range(len(held))]:
        # The key of the cell as it stands, which is most often asked for.
        return (lambda cell, _: (cell,)) if single else (lambda cell, _: cell)

    def key(cell: Any, sub: Any) -> tuple[Any, ...]:
        cells = (cell,) if single else cell
        inner = (sub,) if sub_single else sub
        return tuple(cells[at] if home else inner[at] for at, home in order)

    return key


def evidence_us(unit: Unit) -> int:
    """Return how far back a record names contributing events; at most a day in calendar windows longer than that."""
    spans = [bound.state.us for bound in unit.bounds.values() if bound.measure.over.kind != "period"]
    if unit.kind == "calendar":
        return DAY
    if unit.kind == "since":
        return sum(step.within_us for step in unit.case.sequence[since_step(unit) + 1 :]) + 1
    return max(spans, default=0) + (
        1 if any(bound.state.measure.over.kind == "within" for bound in unit.bounds.values()) else 0
    )


def _evidence_mask(unit: Unit) -> int:
    mask = 0 if unit.case.every else unit.trigger.bit
    for bound in unit.bounds.values():
        mask |= bound.state.mask
    return mask


def _fades(unit: Unit, plan: Plan) -> bool:
    """Return whether no level can hold on empty windows, so that an episode ends with them.

    Measures of other events, or of what is alike, go on filling where none of the key's own triggers comes.
    """
    limits = plan.rules.limits
    return (
        unit.kind == "episode"
        and not unit.endless
        and bool(unit.bounds)
        and all(bound.state.window and not bound.measure.of for bound in unit.bounds.values())
        and all(any(least > 0 for least in gate(tree, unit, limits).values()) for _, tree in unit.levels)
    )
