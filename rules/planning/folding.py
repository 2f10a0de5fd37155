"""The Python that folds one contribution into a cell: slide, roll over, judge, take in, judge again.

The same statements run in order (inline in an event's function, values in locals) and in a refold (`step`, values in
columns), so that the two cannot differ.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rules.emitted import Reading
from rules.planning.analysis import ceiling
from rules.planning.fields import FACT_FIELDS
from rules.planning.names import expanded, names_in
from rules.planning.plan import Group, State, Unit, Window
from rules.planning.reader import Reader, certain, false, true
from rules.planning.states import Lines, Role, add, in_range, initial, local_of, reading, sub_text

TAB: Final = "    "
RUNGS: Final = 8  # Cases judged side by side before the next are asked for together.


@dataclass(slots=True)
class Part:
    """A part of a cell class folded together: all of it, or one family's cases with the windows they read."""

    group: Group
    units: list[Unit]
    states: list[State]
    windows: list[Window]
    suffix: str  # Tells the part's functions from other parts' of the group.


def indent(lines: Lines, by: int = 1) -> Lines:
    """Return lines moved to the right."""
    return [TAB * by + line for line in lines]


def when(condition: str, lines: Lines) -> Lines:
    """Return lines under a condition; without one where it is empty, nothing where there is nothing to do."""
    if not lines:
        return []
    return [f"if {condition}:", *indent(lines)] if condition else lines


def define(signature: str, lines: Lines) -> Lines:
    """Return a function; one that asks the tenant's zone binds it first."""
    asks = any(_ZONE.search(line) for line in lines)
    return [f"def {signature}:", *indent(["zone = T.zone"] if asks else []), *indent(lines), ""]


_ZONE: Final = re.compile(r"(?<![.\w])zone\b")


def fold_lines(part: Part, kind: str, read: Reader, columns: dict[str, int], role: Role) -> Lines:
    """Return the statements that fold `p`, an event of one type, into cell `c` with tail `L` at time `t`."""
    group = part.group
    lines: Lines = []
    for window in part.windows:
        if window.calendar:
            name = f"c.{window.prefix}"
            roll = [f"if not {name}s <= t < {name}h: roll_{group.index}_{window.prefix}(T, c, t)"]
            used = _bits_of(part, window, kind)
            lines += when("" if used == group.bits(kind) else f"f & {used}", roll) if used else []
        else:
            lines += _slide(part, window, role)
    bits = group.bits(kind)
    triggered = [unit for unit in part.units if kind in unit.trigger.kinds]
    lines += _by_trigger(triggered, bits, lambda units: _before(units, read, columns))
    lines += _entering(part, kind, bits, read, role)
    lines += _by_trigger(triggered, bits, lambda units: _after(units, read, columns))
    closing = _by_trigger(triggered, bits, lambda units: _passed_over(units, read, columns))
    return lines + when(
        "c.open", [*closing, *_look_for_open(part.units)] if any(map(lasts, triggered)) else []
    )


def _slide(part: Part, window: Window, role: Role) -> Lines:
    """Let a rolling window go on to time `t`. Most are empty by then: in order, that is seen at the item before."""
    name, lo = f"c.{window.prefix}l", window.edge("t")
    first: Lines = []
    if window.unit:
        first, lo = [f"lo = {lo}"], "lo"  # Asked for once.
    before = f"[0] {'<' if window.closed else '<='} {lo}"
    expire = f"expire_{part.group.index}_{window.prefix}{part.suffix}(T, c, L, {lo})"
    if role != "fold":
        return [*first, *when(f"L[{name}]{before}", [expire])]
    states = [state for state in part.states if state.window == window.prefix]
    empty = [f"c.{slot} = {begin}" for state in states for slot, begin in initial(state)]
    gone = [f"if L[-2]{before}: {'; '.join([*empty, f'{name} = len(L) - 1'])}", f"else: {expire}"]
    return [*first, *when(f"L[{name}]{before}", gone)]


def _bits_of(part: Part, window: Window, kind: str) -> int:
    """Return the flags of the events of a type that a window must be up to date for."""
    streams = {state.stream.bit: state.stream for state in part.states if state.window == window.prefix}
    for unit in part.units:
        if window.calendar == unit.case.alert or any(
            b.state.window == window.prefix for b in unit.bounds.values()
        ):
            streams[unit.trigger.bit] = unit.trigger
    return sum(bit for bit, stream in streams.items() if kind in stream.kinds)


def _by_trigger(units: list[Unit], bits: int, lines_of: Callable[[list[Unit]], Lines]) -> Lines:
    found: Lines = []
    for bit in dict.fromkeys(unit.trigger.bit for unit in units):
        lines = lines_of([unit for unit in units if unit.trigger.bit == bit])
        found += when("" if bits == bit else f"f & {bit}", lines)
    return found


def _entering(part: Part, kind: str, bits: int, read: Reader, role: Role) -> Lines:
    found: Lines = []
    states = [state for state in part.states if kind in state.stream.kinds]
    for bit in dict.fromkeys(state.stream.bit for state in states):
        lines: Lines = []
        for state in states:
            if state.stream.bit == bit:
                lines += add(state, "c", read, role)
        found += when("" if bits == bit else f"f & {bit}", lines)
    return found


def early(unit: Unit) -> bool:
    """Return whether a case is judged before its trigger enters: all its measures leave the trigger out."""
    bounds = unit.bounds.values()
    return bool(unit.bounds) and unit.kind == "event" and all(bound.measure.before for bound in bounds)


def _before(units: list[Unit], read: Reader, columns: dict[str, int]) -> Lines:
    """Return what is done before the trigger enters: judge what leaves it out, and end episodes that are over."""
    lines: Lines = []
    closing: Lines = []
    for unit in units:
        if early(unit):
            lines += judge(unit, read, columns)
        elif unit.kind == "episode" and unit.bounds and not unit.endless and not unit.case.every:
            if lasts(unit):
                closing += _close(unit, read, columns)
            else:
                lines += _close(unit, read, columns)
    return lines + when("c.open", closing)


def _after(units: list[Unit], read: Reader, columns: dict[str, int]) -> Lines:
    """Return what is done once the trigger is in: judge each case, those that need most of a measure inside the others.

    Cases that need the same measure are a ladder, so that what is out of reach costs one comparison, however many
    there are of one form.
    """
    late = [unit for unit in units if not early(unit)]
    needs = {unit.index: _needs(unit, knowing(unit, read, columns, own=True)) for unit in late}
    steps: dict[str, set[int | float]] = {}
    for unit in late:
        for text, least in needs[unit.index].items():
            steps.setdefault(text, set()).add(least)
    ladders: dict[str, list[tuple[int | float, Lines]]] = {}
    for unit in late:
        needed = needs[unit.index]
        ladder = max(needed, key=lambda text: len(steps[text]), default="")
        ladders.setdefault(ladder, []).append((needed.get(ladder, 0), judge(unit, read, columns)))
    lines: Lines = []
    for text, rungs in ladders.items():
        lines += _climb(text, sorted(rungs, key=lambda rung: rung[0])) if text else _flat(rungs)
    return lines


def _climb(text: str, rungs: list[tuple[int | float, Lines]], size: int = 0) -> Lines:
    """Return the judgements of cases in the order of what they need of a measure, each few inside those before."""
    size = size or max(RUNGS, -(-len(rungs) // RUNGS))
    lines = _flat(rungs[:size])
    if len(rungs) > size:
        lines += _climb(text, rungs[size:], size)
    return when(f"{text} >= {rungs[0][0]}", lines) if len(rungs) > 1 else lines


def _flat(rungs: list[tuple[int | float, Lines]]) -> Lines:
    return [line for _, lines in rungs for line in lines]


def _passed_over(units: list[Unit], read: Reader, columns: dict[str, int]) -> Lines:
    """Return what ends the episodes of cases that were not judged, because what they need was not reached."""
    lines: Lines = []
    for unit in filter(lasts, units):
        needed = _needs(unit, knowing(unit, read, columns, own=True))
        if needed:
            reached = " and ".join(f"{text} >= {least}" for text, least in needed.items())
            _, end = _episode(unit, read)
            lines += when(f"c.{unit.slot} is not None and not ({reached})", [f"e = c.{unit.slot}", *end])
    return lines


def lasts(unit: Unit) -> bool:
    """Return whether a case keeps its one episode in a slot of the cell, which `open` tells of."""
    return unit.kind == "episode" and not unit.sub and not unit.endless


def _look_for_open(units: list[Unit]) -> Lines:
    """Note whether an episode is still open. What opens one says so; that none is, is found here."""
    held = " or ".join(f"c.{unit.slot} is not None" for unit in units if lasts(unit))
    return [f"c.open = {held}"]


def knowing(unit: Unit, read: Reader, columns: dict[str, int], *, own: bool, once: bool = False) -> Reader:
    """Return a reader that knows a case's measures."""
    named: dict[str, Reading] = {}
    for bound in unit.bounds.values():
        named.update(reading(bound, "c", read, columns, own=own, once=once))
    return read.knowing(named)


def _close(unit: Unit, read: Reader, columns: dict[str, int]) -> Lines:
    """End an episode whose level no longer holds once the window has slid, before the trigger enters."""
    read = knowing(unit, read, columns, own=False)
    holds = " or ".join(f"({true((expanded(tree, unit.lets),), read)})" for _, tree in unit.levels)
    state, end = _episode(unit, read)
    if unit.sub:
        return [f"e = {state}", *when(f"e is not None and not ({holds})", end)]
    return when(f"{state} is not None and not ({holds})", [f"e = {state}", *end])


def _episode(unit: Unit, read: Reader) -> tuple[str, Lines]:
    mark = f"out.append(({unit.index}, {_sub(unit, read)}, (q, 0, e[0], (), {by(read)})))"
    if unit.sub:
        return f"c.{unit.slot}.get({_sub(unit, read)})", [f"del c.{unit.slot}[{_sub(unit, read)}]", mark]
    return f"c.{unit.slot}", [f"c.{unit.slot} = None", mark]


def _sub(unit: Unit, read: Reader) -> str:
    return sub_text(unit.sub, read) if unit.sub else "None"


def judge(unit: Unit, read: Reader, columns: dict[str, int], *, plain: bool = False) -> Lines:
    """Return the statements that decide a case's level for trigger `p` at position `q`."""
    read = knowing(unit, read, columns, own=True, once=True)
    looked_up = [local_of(bound) for bound in unit.bounds.values() if bound.state.aggregate == "scan"]
    lines, read = _lets(unit, read)
    lines[:0] = [f"{name} = UNREAD" for name in looked_up]
    chosen = "0"
    for level, tree in unit.levels:
        chosen = f"{level} if {true((tree,), read)} else {chosen}"
    lines += [f"lv = {chosen}"]
    ranged = in_range(list(unit.bounds.values()), "c", read)
    if ranged:
        lines += [f"if lv and not ({ranged}): lv = 0; und[{unit.index}] += 1"]
    if not all(certain(tree, read) for _, tree in unit.levels):
        sure = " and ".join(f"({false((tree,), read)})" for _, tree in unit.levels)
        lines += [f"if not lv and not ({sure}): und[{unit.index}] += 1"]
    if unit.case.every:  # A key of which nothing is in sight is not judged.
        lines = [f"x = seen_{unit.index}(T, L, p); lv = 0", *when("x is not None", lines)]
    lines += _enter(unit, read, plain=plain)
    return when(_due(unit, read, plain=plain), lines)


def _due(unit: Unit, read: Reader, *, plain: bool) -> str:
    """Return the condition under which a level can hold at all: its sub-key is there, its gates are reached."""
    given = [text for part in unit.sub for text in read.value(part.tree).given] if not plain else []
    return " and ".join([*given, *(f"{text} >= {least}" for text, least in _needs(unit, read).items())])


def _needs(unit: Unit, read: Reader) -> dict[str, int | float]:
    """Return what must be asked first: each count or sum that every level needs to be so great.

    A case that can be lost for good is asked for its sums alone: a count that is still low would hide the loss.
    """
    if read.dynamic or unit.kind not in ("calendar", "episode"):
        return {}
    asked = ("sum",) if ceiling(unit) is not None else ("count", "sum", "distinct")
    return {
        read(name).text: unit.gates[name]
        for name, bound in unit.bounds.items()
        if bound.state.aggregate in asked and not bound.state.sub and unit.gates.get(name, 0) > 0
    }


def _lets(unit: Unit, read: Reader) -> tuple[Lines, Reader]:
    """Bind the lets that levels and texts read to locals, None where they have no value."""
    lines: Lines = []
    wanted = _wanted(unit)
    for name, tree in unit.lets.items():
        if name not in wanted:
            continue
        if tree.type == "bool":
            yes, no = true((tree,), read), false((tree,), read)
            lines += [f"v_{name} = True if {yes} else False if {no} else None"]
        else:
            emitted = read.value(tree)
            condition = " and ".join(emitted.given)
            lines += [f"v_{name} = {emitted.text}" + (f" if {condition} else None" if condition else "")]
        sure = (tree.type == "bool" and certain(tree, read)) or (tree.type != "bool" and not emitted.given)
        read = read.knowing({name: Reading(f"v_{name}", None if sure else f"v_{name} is not None")})
    return lines, read


def _wanted(unit: Unit) -> set[str]:
    names = {name for _, tree in unit.levels for name in names_in(tree)} | set(unit.shown)
    waiting = [name for name in names if name in unit.lets]
    while waiting:
        for name in names_in(unit.lets[waiting.pop()]):
            if name in unit.lets and name not in names:
                waiting.append(name)
            names.add(name)
    return names


def shown_text(unit: Unit, read: Reader) -> str:
    """Return the tuple of what a record shows: the overridden limits, then each value or None."""
    texts = [read.text("@limits") if read.dynamic else "None"]
    for name in unit.shown:
        one = read(name)
        texts.append(f"({one.text} if {one.given} else None)" if one.given else one.text)
    return f"({', '.join(texts)},)"


def by(read: Reader, unit: Unit | None = None) -> str:
    """Return the text of what triggered: the event at hand, or of a fact what the fact stands for.

    At a boundary of the case it is the last event in sight, `x`.
    """
    if unit is not None and unit.case.every:
        return "named(x)"
    return "named(p)" if FACT_FIELDS.keys() & set(read.kinds) else "(src, id)"


def _enter(unit: Unit, read: Reader, *, plain: bool) -> Lines:
    """Compare the level found with what stood, and report what is new."""
    shown = shown_text(unit, read)
    if plain or unit.kind == "event":
        sub = f"({sub_text(unit.key, read)},)" if len(unit.key) == 1 else sub_text(unit.key, read)
        sub = sub if plain else _sub(unit, read)
        return when("lv", [f"out.append(({unit.index}, {sub}, (q, lv, q, {shown}, {by(read)})))"])
    if unit.kind == "calendar":
        return _enter_calendar(unit, read, shown)
    if unit.kind == "since":
        sub = _sub(unit, read)
        return when(
            f"lv > c.{unit.slot}.get({sub}, 0)",
            [
                f"c.{unit.slot}[{sub}] = lv",
                f"out.append(({unit.index}, {sub}, (q, lv, {sub}, {shown}, {by(read)})))",
            ],
        )
    return _enter_episode(unit, read, shown)


def _enter_calendar(unit: Unit, read: Reader, shown: str) -> Lines:
    window = f"c.{unit.case.alert}_s"
    found = [
        f"c.{unit.slot} = lv",
        f"out.append(({unit.index}, None, (q, lv, {window}, {shown}, {by(read, unit)})))",
    ]
    lines = when(f"lv > c.{unit.slot}", found)
    dead = None if read.dynamic else ceiling(unit)  # A limit that moves may revive what it ruled out.
    if dead is not None:
        never = true((dead,), read)
        lines += [
            f"elif c.{unit.slot} < {unit.top} and {never}:",
            *indent(
                [f"c.{unit.slot} = 9", f"out.append(({unit.index}, None, (q, -1, {window}, (), {by(read)})))"]
            ),
        ]
    return lines


def _enter_episode(unit: Unit, read: Reader, shown: str) -> Lines:
    state, end = _episode(unit, read)
    sub = _sub(unit, read)
    held = f"c.{unit.slot}[{sub}]" if unit.sub else f"c.{unit.slot}"
    began = [f"out.append(({unit.index}, {sub}, (q, lv, e[0], {shown}, {by(read, unit)})))"]
    if lasts(unit):
        began.append("c.open = True")
    return [
        f"e = {state}",
        "if lv:",
        *indent(
            ["if e is None or lv > e[1]:", *indent([f"e = {held} = (t if e is None else e[0], lv)", *began])]
        ),
        *([] if unit.endless else ["elif e is not None:", *indent(end)]),
    ]
