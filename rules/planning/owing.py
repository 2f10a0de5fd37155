"""The Python of deadlines: who answers what, when an answer is due, when a reminder's rungs stand."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Final

from engine.periods import Period
from rules.emitted import Reading
from rules.model import Case
from rules.planning.building import LEVELS
from rules.planning.effect import both
from rules.planning.fields import ACCOUNT, MAYBE_ABSENT, OWNER, is_as_of, prefix_of
from rules.planning.folding import indent, shown_text
from rules.planning.names import canonical, expanded, names_in, signature
from rules.planning.plan import Part, Unit
from rules.planning.reader import Reader, local, true
from rules.planning.states import Lines
from rules.tree import Call, Name, Node

DAY_US: Final = 86_400_000_000


def answer_where(case: Case, lets: dict[str, Node]) -> Node | None:
    """Return the condition of a case's answers, lets expanded."""
    where = case.expect.where if case.expect else case.remind.unless_where if case.remind else None
    return expanded(canonical(where.tree), lets) if where else None


def answer_keys(unit: Unit) -> tuple[tuple[Part, ...], ...] | None:
    """Return the keys under which an answer finds what it answers.

    An answer has the key of its trigger, unless its condition reads `armed.`: then the condition itself says whom it
    answers, by equality with (or membership of) the key's one dimension in each of its alternatives. None where it
    says so in another way.
    """
    where = answer_where(unit.case, unit.lets)
    if where is None or not any(name.startswith("armed.") for name in names_in(where)):
        return (unit.key,)
    if len(unit.key) != 1:
        return None
    wanted = _armed(unit.key[0].tree)
    found = [_matched(alternative, wanted) for alternative in _alternatives(where)]
    if any(tree is None for tree in found):
        return None
    return tuple((Part(unit.key[0].name, tree, _is_list(tree)),) for tree in found if tree is not None)


def _armed(tree: Node) -> str:
    return signature(tree).replace("event.", "armed.")


def _alternatives(tree: Node) -> Iterator[Node]:
    if isinstance(tree, Call) and tree.function == "_||_":
        for part in tree.args:
            yield from _alternatives(part)
    else:
        yield tree


def _matched(tree: Node, wanted: str) -> Node | None:
    if not isinstance(tree, Call):
        return None
    if tree.function == "_&&_":
        return next((found for part in tree.args if (found := _matched(part, wanted)) is not None), None)
    if tree.function == "_==_":
        for mine, other in (tree.args, tree.args[::-1]):
            if signature(other) == wanted and all(name.startswith("event.") for name in names_in(mine)):
                return mine
    if tree.function == "@in" and signature(tree.args[0]) == wanted:
        return tree.args[1]
    return None


def _is_list(tree: Node) -> bool:
    return tree.type.startswith("list(")


def needed(unit: Unit) -> tuple[set[str], set[str]]:
    """Return what a deadline case reads of its triggers, and of its answers."""
    case = unit.case
    where = answer_where(case, unit.lets)
    names = names_in(where) if where is not None else set()
    armed = {"event." + name.removeprefix("armed.") for name in names if name.startswith("armed.")}
    trees = [part.tree for part in unit.key]
    if case.remind:
        trees.append(expanded(canonical(case.remind.date.tree), unit.lets))
        trees += [expanded(canonical(rung.days.tree), unit.lets) for rung in case.remind.rungs]
        armed |= _as_of_ids(unit) if case.remind.every else set()
    if case.expect:
        trees += [expanded(canonical(due.tree), unit.lets) for _, due in case.expect.by]
    for tree in trees:
        armed |= names_in(tree)
    for name in unit.shown:
        armed |= names_in(expanded(Name(name, "", 0), unit.lets))
    answering = {name for name in names if not name.startswith("armed.")}
    for key in answer_keys(unit) or ():
        for part in key:
            answering |= names_in(part.tree)
    return {name for name in armed if not _of_period(name)}, {
        name for name in answering if not _of_period(name)
    }


def deadline_lines(unit: Unit, read: Reader) -> Lines:
    """Return `answers_N`, `due_N`, `shown_N` and `home_N` of a deadline case."""
    index = unit.index
    lines = [f"def home_{index}(p):", *indent([f"return {_key_or_none(unit.key, read)}"]), ""]
    where = answer_where(unit.case, unit.lets)
    every = unit.case.remind.every if unit.case.remind else None
    if every:
        lines += _still(unit, read)
        read = read.knowing({f"period.{field}": Reading(f"period.{field}") for field in Period._fields})
    lines += [f"def answers_{index}(T, a, p):"]
    lines += [
        *indent(["zone = T.zone", *_period(every, "a[0]")]),
        *indent([f"return {true((where,), _answering(where, read)) if where else 'True'}"]),
        "",
    ]
    due = _expected(unit, read) if unit.case.expect else _rungs(unit, read)
    lines += [
        f"def due_{index}(T, p):",
        *indent(["t = p[0]; zone = T.zone; found = []", *_period(every, "t"), *due, "return found"]),
        "",
    ]
    lets = {name: _let(tree, unit, read) for name, tree in unit.lets.items()}
    shown = shown_text(unit, read.knowing(lets))
    lines += [f"def account_{index}(p):", *indent([f"return {read.text('event.account')}"]), ""]
    told = ["zone = T.zone", *_period(every, "p[0]"), f"return {shown}"]
    return [*lines, f"def shown_{index}(T, p):", *indent(told), ""]


def _of_period(name: str) -> bool:
    return name.startswith("period.")


def _period(every: str | None, at: str) -> Lines:
    return [f"period = period_of({every!r}, {at}, zone)"] if every else []


def _as_of_ids(unit: Unit) -> set[str]:
    """Return what names the entities whose values a trigger's own filter reads."""
    where = _own_where(unit)
    names = names_in(where) if where is not None else set()
    return names | {"event." + prefix_of(name) for name in names if is_as_of(name) and name != "event.owner"}


def _own_where(unit: Unit) -> Node | None:
    trees = unit.trigger.filter.trees
    return reduce(both, trees) if trees else None


def _still(unit: Unit, read: Reader) -> Lines:
    """Return `still_N`: whether a trigger's filter holds as of a later time, that of its contribution."""
    where = _own_where(unit)
    lines = ["t = p[0]; zone = T.zone; q = (t, '', '', '')"]
    named: dict[str, Reading] = {}
    for name in sorted(names_in(where)) if where is not None else ():
        entity = prefix_of(name)
        if entity in ("account", "owner"):
            field = {**ACCOUNT, **OWNER}[name]
            line = f"(T.{entity}s.get({read.text(f'event.{entity}')}) or UNKNOWN_{entity})"
            lines.append(f"{local(name)} = {line}.at(q)[{field}]")
            given = f"{local(name)} is not None" if name in MAYBE_ABSENT else None
            named[name] = Reading(local(name), given)
    lines.append(f"return {true((where,), read.knowing(named)) if where is not None else 'True'}")
    return [f"def still_{unit.index}(T, p):", *indent(lines), ""]


def _let(tree: Node, unit: Unit, read: Reader) -> Reading:
    emitted = read.value(expanded(tree, unit.lets))
    return Reading(emitted.text, f"({' and '.join(emitted.given)})" if emitted.given else None)


def _key_or_none(key: tuple[Part, ...], read: Reader) -> str:
    emitted = [read.value(part.tree) for part in key]
    given = " and ".join(text for one in emitted for text in one.given)
    text = emitted[0].text if len(emitted) == 1 else f"({', '.join(one.text for one in emitted)})"
    return f"{text} if {given} else None" if given else text


def _answering(where: Node, read: Reader) -> Reader:
    """Return a reader that reads `armed.` from `a` and the rest from `p`."""
    armed = Reader(read.kinds, read.limits, read.columns, "a", read.dynamic, read.steps)
    named = {
        name: armed("event." + name.removeprefix("armed."))
        for name in names_in(where)
        if name.startswith("armed.")
    }
    return read.knowing(named)


def _expected(unit: Unit, read: Reader) -> Lines:
    expect = unit.case.expect
    assert expect is not None, "only cases with an expectation"
    lines: Lines = []
    for level, due in expect.by:
        emitted = read.value(expanded(canonical(due.tree), unit.lets))
        at = f"business_deadline(t, {emitted.text}, zone)" if expect.business else f"t + {emitted.text}"
        line = f"found.append(Due({at}, {LEVELS[level]}, 0, False))"
        lines += [f"if {' and '.join(emitted.given)}: {line}"] if emitted.given else [line]
    return [*lines, "found.sort()"]


def _rungs(unit: Unit, read: Reader) -> Lines:
    remind = unit.case.remind
    assert remind is not None, "only cases with a ladder"
    date = read.value(expanded(canonical(remind.date.tree), unit.lets))
    lines = [f"day = day_number({date.text})", "end = T.zone.midnight_of(day)"]
    for rung in remind.rungs:
        days = read.value(expanded(canonical(rung.days.tree), unit.lets))
        if remind.workdays:
            at = f"T.zone.midnight_of(workday_{'after' if rung.after else 'before'}(day, {days.text})[0])"
        else:
            at = f"T.zone.midnight_of(day {'+' if rung.after else '-'} {days.text})"
        line = f"found.append(Due({at}, {LEVELS[rung.level]}, end, True))"
        lines += [f"if {' and '.join(days.given)}: {line}"] if days.given else [line]
    lines.append("found.sort()")
    return [f"if {' and '.join(date.given)}:", *indent(lines)] if date.given else lines
