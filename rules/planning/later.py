"""Which constructs of the language type-check but do not run yet, by name, so that `rules check` can say so."""

from __future__ import annotations

from collections.abc import Iterator

from rules.model import Case, Expression, Measure, Remind, Rule
from rules.planning.fields import ACCOUNT, FACT_FIELDS, OWNER, is_as_of

_LOOKUPS = ("contact",)
_AS_OF = ("account", "owner", "device", "order", "payment", "request")


def constructs(rule: Rule) -> tuple[str, ...]:
    """Return the constructs a rule needs that do not run yet, sorted; empty where it runs."""
    found = {name for case in rule.cases for name in _of_case(case)}
    if (rule.effective_from or rule.until) and any(case.intake for case in rule.cases):
        found.add("effective_from and until of a rule on intake")
    return tuple(sorted(found))


def _of_case(case: Case) -> Iterator[str]:
    yield from _of_every(case)
    yield from _of_lists(case)
    yield from _of_remind(case.remind, case.where)
    yield from _of_sequence(case)
    for measure in case.measures:
        yield from _of_measure(measure)
    own = {dimension.name for dimension in case.per} or {"event"}
    if any(not (own <= held or held <= own) for held in _keys(case)):
        yield "a measure of another key"
    yield from _of_ways(case)
    yield from _of_names(case)


def _of_every(case: Case) -> Iterator[str]:
    """Yield what a case judged at boundaries does not reach, and what enters later outside one."""
    later = [measure for measure in case.measures if measure.after_us]
    if later and not case.every:
        yield "after in a rule that events trigger"
    if any(kind in FACT_FIELDS for measure in later for kind in measure.of):
        yield "after, of facts that the engine derives"
    if any("event.time" in value.names for measure in later for value in measure.value):
        yield "after, of the time of an event"
    if case.every:
        own = {dimension.name for dimension in case.per}
        if any(dimension.fan_out for dimension in case.per):
            yield "every, for each element of a list"
        if any(not own <= held for held in _keys(case)):
            yield "every, with a measure of a coarser key"
        if any(measure.over.kind in ("ever", "period") for measure in case.measures):
            yield "every, over a window without an end"


def _of_lists(case: Case) -> Iterator[str]:
    """Yield the name of a list as dimension, where it is more than one part of a key that all measures have."""
    lists = {dimension.name for dimension in case.per if dimension.fan_out}
    held = [{dimension.name for dimension in measure.per} for measure in case.measures if measure.per]
    if len(lists) > 1 or (lists and (case.sequence or case.expect or case.remind)):
        yield "a list as dimension"
    elif not all(lists <= names for names in held):
        yield "a list as dimension of a finer key"


def _of_ways(case: Case) -> Iterator[str]:
    """Yield the name of dimensions of the case's key that events bring by more than one expression, where that fails.

    One event type must bring them in one way, and every measure's key must have them: cells are found by them.
    """
    ways: dict[str, dict[str, set[str]]] = {dimension.name: {} for dimension in case.per}
    for kinds, per in ((case.on, case.per), *((measure.of, measure.per) for measure in case.measures)):
        for dimension in per:
            for kind in kinds if dimension.name in ways else ():
                ways[dimension.name].setdefault(kind, set()).add(dimension.value.source)
    if any(len(texts) > 1 for of_kind in ways.values() for texts in of_kind.values()):
        yield "a dimension that one event type brings in two ways"
    mixed = {name for name, of_kind in ways.items() if len(set().union(*of_kind.values())) > 1}
    if not all(mixed <= held for held in _keys(case)):
        yield "a dimension of a finer key that event types bring in different ways"


def _keys(case: Case) -> Iterator[set[str]]:
    """Yield the dimensions of every measure that has a key of its own."""
    for measure in case.measures:
        if measure.per:
            yield {dimension.name for dimension in measure.per}


def _of_remind(remind: Remind | None, where: Expression | None) -> Iterator[str]:
    if remind and remind.every and where is not None:
        read = {name for name in where.names if is_as_of(name)}
        if not read <= {*ACCOUNT, *OWNER, "account.id", "owner.id", "event.owner"}:
            yield "remind: every, with a filter that looks up more than the account and its owner"


def _of_sequence(case: Case) -> Iterator[str]:
    steps = {step.name for step in case.sequence}
    read = [level for _, level in case.levels] if case.sequence else []
    # A step before the last may look up what concerns its own event, and the last one may compare it with others.
    read += [
        step.where
        for step in case.sequence[:-1]
        if step.where and len({name.split(".")[0] for name in step.where.names} & steps) > 1
    ]
    if any(name.split(".")[0] in _AS_OF for expression in read for name in expression.names):
        yield "as-of values in a sequence"


def _of_measure(measure: Measure) -> Iterator[str]:
    if measure.record and measure.over.kind != "ever":
        yield f"{measure.aggregate}: event over a window"


def _of_names(case: Case) -> Iterator[str]:
    expressions = [expression for _, expression in case.levels]
    expressions += [let.value for let in case.lets]
    expressions += [dimension.value for dimension in case.per]
    expressions += [item for item in (case.where, *(m.where for m in case.measures)) if item]
    expressions += [item for step in case.sequence if (item := step.where)]
    for expression in expressions:
        for name in expression.names:
            if name.split(".")[0] in _LOOKUPS and "." in name:
                yield f"{name.split('.')[0]}."
