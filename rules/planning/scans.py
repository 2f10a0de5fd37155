"""Measures that keep no head: they look through the window's tail when a case reads them.

What is seldom read, or needs all its values at once, costs nothing until then: medians, the last of each member, what a
unit came to, intervals that are open. The tail holds the window, so a late event changes nothing in how they are read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from rules.emitted import Reading, or_none
from rules.model import Expression
from rules.planning.folding import define, indent, when
from rules.planning.measuring import KNOWN_US
from rules.planning.names import canonical, names_in
from rules.planning.plan import Group, State, Stream, Taken
from rules.planning.reader import Reader
from rules.planning.states import BOUND, Lines
from rules.tree import Name

_SIZES: Final = {
    "count",
    "sum",
    "distinct",
}  # `at_least` is of their result; of others, of how many there are.


def scan_lines(group: Group, state: State, read: Reader) -> Lines:
    """Return the function that reads a state off the tail of cell `c` for trigger `p`.

    `own`: whether `p` counts. `least`: of how much or how many on it has a value.
    """
    measure = state.measure
    lines = ["L = c.items; t = p[0]", *_bounds(group, state, read)]
    if measure.each:
        lines += _each_unit(state, read)
    elif state.closer is not None:
        lines += _still_open(state, state.closer, read)
    elif measure.score:
        return define(f"{state.scan}(T, c, p, own, least)", [*lines, *_scored(state, read)])
    else:
        (taken,) = state.taken
        if measure.near:
            mine = read.text(f"event.{measure.near}")
            lines.append(f"mine = int({mine}, 16) if {mine} is not None else None")
        value, asked = _taken(state, taken, read)
        lines += [f"values = [{value} for x in L[i:j] if {asked}]"]
    lines.append(f"found = {_aggregate(measure.aggregate, 'values', measure.quantile)}")
    size = "found" if measure.aggregate in _SIZES else "len(values)"
    if recalled(state):
        lines, size = _recalling(state, lines, size), "size"
    lines.append(f"return None if found is None or least is not None and {size} < least else found")
    return define(f"{state.scan}(T, c, p, own, least)", lines)


def recalled(state: State) -> bool:
    """Return whether a measure is the same for all triggers in one unit, as long as nothing comes late."""
    measure = state.measure
    named = {taken.name for taken in state.taken}
    return (
        state.aggregate == "scan"
        and measure.over.kind == "units"
        and measure.before
        and bool(measure.each)
        and not any(taken.sub for taken in state.taken)
        and not measure.near
        and not measure.other
        and all(names_in(value) <= named for value in state.value)
    )


def _recalling(state: State, lines: Lines, size: str) -> Lines:
    """Look through the tail only where the cell does not remember what that gave for this unit, and of how many."""
    return [
        f"unit = T.zone.window({state.measure.over.unit!r}, p[0])[0]",
        f"held = c.memo.get({state.slot!r})",
        "if held is not None and held[0] == unit: _, found, size = held",
        "else:",
        *indent([*lines, f"size = {size}", f"c.memo[{state.slot!r}] = (unit, found, size)"]),
    ]


def _bounds(group: Group, state: State, read: Reader) -> Lines:
    """Return what sets `i` and `j`: where in the tail the window begins and ends."""
    window = group.windows.get(state.window)
    assert window is not None, "a scan needs a window"
    if state.measure.over.period is not None:
        return _named(state.measure.over.period, read)
    start = f"bisect_left(L, (c.{window.prefix}s,))" if window.calendar else f"c.{window.prefix}l"
    end = "bisect_left(L, p[:4]) + own"
    if state.measure.over.kind == "units" and state.measure.before:  # The complete units before this one.
        end = f"bisect_left(L, (T.zone.window({window.unit!r}, t)[0],))"
    return [f"i = {start}", f"j = {end}"]


def _named(period: Expression, read: Reader) -> Lines:
    """Return what sets the bounds of a period that the trigger names."""
    name = read.value(canonical(period.tree))
    return [
        *(f"if not ({given}): return None" for given in name.given),
        f"named = named_period({name.text}, T.zone)",
        f"if named is None or named[0] < t - {KNOWN_US}: return None",
        "i = bisect_left(L, (named[0],))",
        "j = min(bisect_left(L, (named[1],)), bisect_left(L, p[:4]) + own)",
    ]


def _of(read: Reader) -> Reader:
    """Return a reader of `x`, a contribution in the tail."""
    return Reader(read.kinds, read.limits, read.columns, "x", read.dynamic, read.steps)


def _taken(state: State, taken: Taken, read: Reader) -> tuple[str, str]:
    """Return the value that a contribution `x` adds to a stream, and the condition that it does."""
    reader, measure = _of(read), state.measure
    values = [reader.value(tree) for tree in taken.value]
    text = (
        f"({', '.join(one.text for one in values)})" if len(values) > 1 else values[0].text if values else "x"
    )
    asked = [f"x[5] & {taken.stream.bit}"]
    for part in taken.sub:
        mine, its = read.value(part.tree), reader.value(part.tree)
        asked += [*mine.given, *its.given, f"{its.text} == {mine.text}"]
    if measure.other:
        asked.append(f"{reader.text('event.account')} != {read.text('event.account')}")
    if measure.near:
        near = reader.text(f"event.{measure.near}")
        assert measure.near_within is not None
        most = read.value(measure.near_within.tree).text
        asked += ["mine is not None", f"{near} is not None"]
        asked.append(f"(int({near}, 16) ^ mine).bit_count() <= {most}")
    asked += [given for one in values for given in one.given]
    return text, " and ".join(dict.fromkeys(asked))


def _scored(state: State, read: Reader) -> Lines:
    """Return what scores the trigger by the features of all before it; `least` is of those it could compare with."""
    (taken,) = state.taken
    plain = replace(taken, value=())
    _, asked = _taken(state, plain, read)
    return [
        "if least is not None and j - i < least: return None",
        f"values = [{_features(taken, _of(read))} for x in L[i:j] if {asked}]",
        f"found, size = SCORES[{state.measure.score!r}].impl({_features(taken, read)}, values)",
        "return None if found is None or least is not None and size < least else found",
    ]


def _features(taken: Taken, read: Reader) -> str:
    """Return the features of one event as a tuple, None for each that it does not bring."""
    read_as = [(tree, read.value(tree)) for tree in taken.value]
    texts = [one.text if isinstance(tree, Name) else or_none(one) for tree, one in read_as]
    return f"({', '.join(texts)},)"  # A name that is not there reads as None anyway.


def _aggregate(name: str, values: str, share: float) -> str:
    return f"AGGREGATES[{name!r}]({values}{f', {share}' if name == 'quantile' else ''})"


def _still_open(state: State, closer: Stream, read: Reader) -> Lines:
    """Return what gathers the values of the intervals that nothing has closed."""
    over, reader = state.measure.over, _of(read)
    assert over.by is not None, "intervals are told apart by something"
    by = reader.value(canonical(over.by.tree))
    value, asked = _taken(state, state.taken[0], read)
    named = " and ".join([f"x[5] & {closer.bit}", *by.given])
    begun = " and ".join(dict.fromkeys([asked, *by.given]))
    return [
        "held = []",
        "for x in L[i:j]:",
        *indent(when(named, [f"held = [each for each in held if each[0] != {by.text}]"])),
        *indent(when(begun, [f"held.append(({by.text}, {value}))"])),
        "values = [value for _, value in held]",
    ]


def _each_unit(state: State, read: Reader) -> Lines:
    """Return what gathers the values that the named measures give together, for each unit or member with an event."""
    measure, reader = state.measure, _of(read)
    place = f"T.zone.window({measure.each!r}, x[0])[0]"
    given: tuple[str, ...] = ()
    if measure.member is not None:
        member = reader.value(canonical(measure.member.value.tree))
        place, given = member.text, tuple(member.given)
    lines: Lines = ["units = {}", "for x in L[i:j]:"]
    named: dict[str, Reading] = {}
    for at, taken in enumerate(state.taken):
        value, asked = _taken(state, taken, read)
        empty = f"({', '.join('[]' for _ in state.taken)},)"
        put = f"units.setdefault({place}, {empty})[{at}].append({value})"
        lines += indent(when(" and ".join(dict.fromkeys([asked, *given])), [put]))
        sure = taken.aggregate in ("count", "distinct")
        named[taken.name] = Reading(f"m{at}", None if sure else f"m{at} is not None", -BOUND, BOUND)
    worth = read.knowing(named).value(state.value[0])
    body = [
        f"m{at} = {_aggregate(taken.aggregate, f'units[at][{at}]', taken.quantile)}"
        for at, taken in enumerate(state.taken)
    ]
    body += when(" and ".join(worth.given), [f"values.append({worth.text})"])
    return [*lines, "values = []", "for at in sorted(units):", *indent(body)]
