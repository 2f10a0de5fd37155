"""The Python of one cell class: its slots, how its windows slide and roll over, and how late events enter and leave."""

from __future__ import annotations

from typing import Final

from rules.planning.folding import TAB, Part, define, fold_lines, indent, lasts, when
from rules.planning.plan import Group, State, Unit, Window
from rules.planning.reader import Reader
from rules.planning.scans import recalled
from rules.planning.states import POINTERS, Lines, Role, add, copies, initial, remove


def class_lines(group: Group) -> Lines:
    """Return the class of a group's cells."""
    slots: list[tuple[str, str]] = [pair for state in group.states.values() for pair in initial(state)]
    for window in group.windows.values():
        name = window.prefix
        slots += (
            [(f"{name}s", "0"), (f"{name}h", "0"), (f"{name}p", "None")]
            if window.calendar
            else [(f"{name}l", "0")]
        )
    for unit in group.units:
        if unit.slot:
            begin = "0" if unit.kind == "calendar" else "{}" if unit.sub else "None"
            slots.append((unit.slot, begin))
    if any(map(lasts, group.units)):
        slots.append(("open", "True"))  # Whether an episode may be open: yes, until it was looked.
    names = ", ".join(repr(name) for name, _ in slots)
    begun = [f"self.{name} = {text}" for name, text in slots]
    base, memo = ("Recalling", ["self.memo = {}"]) if _recalls(group) else ("Cell", [])
    return [
        f"class Cell{group.index}({base}):",
        TAB + f"__slots__ = ({names},)",
        TAB + "def __init__(self, key):",
        *indent(
            [
                "self.key = key",
                "self.items = []",
                "self.journal = EMPTY",
                "self.last = -1",
                "self.most = LEAST",
                *begun,
                *memo,
            ],
            2,
        ),
        "",
    ]


def _recalls(group: Group) -> bool:
    return any(map(recalled, group.states.values()))


def whole(group: Group) -> Part:
    """Return the part that is all of a group."""
    return Part(group, group.units, list(group.states.values()), list(group.windows.values()), "")


def _each(states: list[State], role: Role | None, read: Reader) -> Lines:
    """Return statements that take `p` into the states of its stream, or (no role) give it back."""
    lines: Lines = []
    for state in states:
        change = remove(state, "c", read) if role is None else add(state, "c", read, role)
        lines += when(f"f & {state.stream.bit}", change)
    return lines


def _loop(source: str, states: list[State], role: Role | None, read: Reader) -> Lines:
    body = _each(states, role, read)
    return [f"for p in {source}:", *indent(["f = p[5]", *body])] if body else []


def of_window(part: Part, window: Window | None) -> list[State]:
    """Return the states of a part that live in one window; None: those that last."""
    prefix = window.prefix if window is not None else ""
    return [state for state in part.states if state.window == prefix]


def sliding_lines(part: Part, read: Reader) -> Lines:
    """Return the functions that slide rolling windows and roll calendar windows over."""
    lines: Lines = []
    group = part.group
    for window in part.windows:
        name = f"{group.index}_{window.prefix}"
        if not window.calendar:
            edge = "<" if window.closed else "<="
            body = ["f = p[5]", *_each(of_window(part, window), None, read), "i += 1", "p = L[i]"]
            slide = [f"i = c.{window.prefix}l", "p = L[i]", f"while p[0] {edge} lo:", *indent(body)]
            lines += define(f"expire_{name}{part.suffix}(T, c, L, lo)", [*slide, f"c.{window.prefix}l = i"])
        elif not part.suffix:
            lines += _rolling_over(part, window, name)
    return lines


def _saved(states: list[State]) -> list[tuple[str, str]]:
    return [pair for state in states for pair in initial(state)]


def _rolling_over(part: Part, window: Window, name: str) -> Lines:
    slots = _saved(of_window(part, window))
    held = ", ".join(f"c.{slot}" for slot, _ in slots)
    w = f"c.{window.prefix}"
    put = [
        f"if {w}h:",
        *indent([f"if {w}p is None: {w}p = {{}}", f"{w}p[{w}s] = ({held},)"]),
        f"held = {w}p.pop(start, None) if {w}p else None",
    ]
    take = [
        "if held is None:",
        *indent([f"c.{slot} = {begin}" for slot, begin in slots]),
        f"else: ({held},) = held",
    ]
    lines = [
        f"start, end = T.zone.window({window.calendar!r}, t)",
        *(put if slots else []),
        f"{w}s = start; {w}h = end",
        *(take if slots else []),
    ]
    standing = [
        unit for unit in part.group.units if unit.kind == "calendar" and unit.case.alert == window.calendar
    ]
    if standing:  # What stands is what the journal says of the window; what never fired stands at 0 anyway.
        mine = ", ".join(str(unit.index) for unit in standing)
        said = "setattr(c, f'u{n}', level_in(marks.get(None, ()), start, (end,)))"
        lines += ["for n, marks in c.journal.items():", *indent([f"if n in {{{mine}}}: {said}"])]
    return define(f"roll_{name}(T, c, t)", lines)


def entering_lines(part: Part, read: Reader) -> Lines:
    """Return `insert` and `remove`: a late contribution enters or leaves the head."""
    group = part.group
    insert: Lines = ["t = p[0]; f = p[5]; L = c.items"]
    leave: Lines = ["t = p[0]; f = p[5]; L = c.items"]
    if _recalls(group):
        insert.append("c.memo.clear()")
        leave.append("c.memo.clear()")
    for window in part.windows:
        states = of_window(part, window)
        if window.calendar:
            insert += _calendar(group, window, states, _each(states, "late", read))
            leave += _calendar(group, window, states, _each(states, None, read))
        else:
            insert += _slid_in(part, window, _each(states, "late", read))
            leave += _slid_out(window, states, read)
    lasting = of_window(part, None)
    insert += _each(lasting, "late", read)
    for state in lasting:
        if state.aggregate in POINTERS:
            leave += _pointed_again(state)
        else:
            leave += when(f"f & {state.stream.bit}", remove(state, "c", read))
    put = define(f"insert_{group.index}(T, c, p, at)", insert)
    return put + define(f"remove_{group.index}(T, c, p, at)", leave)


def _calendar(group: Group, window: Window, states: list[State], change: Lines) -> Lines:
    """Apply a change to the head where it holds the window, else to what was saved of it."""
    if not change:
        return []
    name, slots = f"c.{window.prefix}", _saved(states)
    held = ", ".join(f"c.{slot}" for slot, _ in slots)
    return [
        f"if {name}s <= t < {name}h:",
        *indent(change),
        "else:",
        *indent(
            [
                "whole = c",
                f"c = Cell{group.index}(whole.key)",
                f"start, end = T.zone.window({window.calendar!r}, t)",
                f"if whole.{window.prefix}p is None: whole.{window.prefix}p = {{}}",
                f"held = whole.{window.prefix}p.get(start)",
                f"if held is not None: ({held},) = held",
                *change,
                f"whole.{window.prefix}p[start] = ({held},)",
                "c = whole",
            ]
        ),
    ]


def _slid_in(part: Part, window: Window, change: Lines) -> Lines:
    left, edge = f"c.{window.prefix}l", "<" if window.closed else "<="
    expire = f"expire_{part.group.index}_{window.prefix}(T, c, L, lo)"
    return [
        "if at == len(L) - 1:",
        *indent([*change, f"lo = {window.edge('t')}", f"if L[{left}][0] {edge} lo: {expire}"]),
        f"elif at < {left} or at == {left} and t {edge} {window.edge('L[-1][0]')}: {left} += 1",
        *(["else:", *indent(change)] if change else []),
    ]


def _slid_out(window: Window, states: list[State], read: Reader) -> Lines:
    left, edge = f"c.{window.prefix}l", ">=" if window.closed else ">"
    again = [f"p = L[c.{window.prefix}l]; f = p[5]", *_each(states, "scratch", read)]
    return [
        f"if at < {left}: {left} -= 1",
        *(["else:", *indent(_each(states, None, read) or ["pass"])]),
        "if at == len(L) and L:",
        *indent(
            [
                f"gone = p; lo = {window.edge('L[-1][0]')}",
                f"while {left} > 0 and L[{left} - 1][0] {edge} lo:",
                *indent([f"{left} -= 1", *again]),
                "p = gone; f = p[5]",
            ]
        ),
    ]


def _pointed_again(state: State) -> Lines:
    slot, bit = f"c.{state.slot}", state.stream.bit
    order = "L" if state.aggregate == "first" else "reversed(L)"
    return [f"if {slot} == p: {slot} = next((x for x in {order} if x[5] & {bit}), {slot}b)"]


def trim_lines(part: Part, read: Reader) -> Lines:
    """Return `trim`: drop the oldest `gone` of the tail; what still counts in a window leaves it first.

    The statements of a state have names of their own (`h`, `k`, `n`, `g`, `s`), so none of them is used here.
    """
    lines: Lines = ["L = c.items"]
    for window in part.windows:
        if not window.calendar:
            left = f"c.{window.prefix}l"
            body = [f"p = L[{left}]; f = p[5]", *_each(of_window(part, window), None, read), f"{left} += 1"]
            lines += [f"while {left} < gone:", *indent(body), f"{left} -= gone"]
    for state in of_window(part, None):
        if state.aggregate in ("previous", "last"):
            base = f"next((x for x in reversed(L[:gone]) if x[5] & {state.stream.bit}), c.{state.slot}b)"
            lines.append(f"c.{state.slot}b = {base}")
    return define(f"trim_{part.group.index}(T, c, gone)", [*lines, "del L[:gone]"])


def forget_lines(part: Part) -> Lines:
    """Return `forget`: drop the calendar windows that end before a horizon; whether one is left."""
    lines: Lines = []
    left = []
    for window in part.windows:
        if window.calendar:
            name = f"c.{window.prefix}"
            ended = f"s < horizon and T.zone.window({window.calendar!r}, s)[1] < horizon"
            lines += [f"if {name}p:", *indent([f"for s in [s for s in {name}p if {ended}]: del {name}p[s]"])]
            left.append(f"{name}h >= horizon or bool({name}p)")
    return define(
        f"forget_{part.group.index}(T, c, horizon)", [*lines, f"return {' or '.join(left) or False}"]
    )


def alone(group: Group) -> bool:
    """Return whether one contribution alone in a cell of this class may be kept without its cell (see `lone`)."""
    return (
        all(
            state.window and state.aggregate in {*_COUNTED, "sum", "each.max", "scan"}
            for state in group.states.values()
        )
        and all(window.calendar in {"", "day"} for window in group.windows.values())
        and all(unit.kind in {"calendar", "episode"} and not unit.sub for unit in group.units)
        and all(_reached_late(unit) is not None and not unit.case.every for unit in group.units)
    )


_COUNTED: Final = ("count", "distinct")


def _reached_late(unit: Unit) -> str | None:
    """Return a measure that every level needs to be greater than one count, or to be a sum of so much; None: none."""
    counts = [name for name, least in unit.gates.items() if least >= 2 and _aggregate(unit, name) in _COUNTED]
    sums = [name for name, least in unit.gates.items() if least > 0 and _aggregate(unit, name) == "sum"]
    return next(iter([*counts, *sums]), None)


def _aggregate(unit: Unit, name: str) -> str:
    return unit.bounds[name].state.aggregate


def lone(group: Group, kind: str, read: Reader) -> str:
    """Return the condition under which an event of a type can fire nothing as the only one of its cell."""
    least: dict[str, float] = {}
    for unit in group.units:
        name = _reached_late(unit)
        assert name is not None, "only asked of a class whose contributions may be alone"
        state = unit.bounds[name].state
        if kind in unit.trigger.kinds and kind in state.stream.kinds and state.aggregate == "sum":
            amount = read.value(state.value[0])
            absent = f"not ({' and '.join(amount.given)}) or " if amount.given else ""
            text = f"{absent}{amount.text}"
            least[text] = min(unit.gates[name], least.get(text, unit.gates[name]))
    return " and ".join(f"({text} < {number})" for text, number in least.items())


def closed(group: Group) -> Lines:
    """Return the statement that says of a new cell that it has no open episode."""
    return ["c.open = False"] if any(map(lasts, group.units)) else []


def open_lines(part: Part, read: Reader) -> Lines:
    """Return `open`: make the cell of a contribution that was kept bare."""
    group, index = part.group, part.group.index
    lines = [
        f"c = T.cells[{index}][key] = Cell{index}(key)",
        "c.items.append(p)",
        "t = c.last = p[0]; f = p[5]",
        *closed(group),
        *(f"roll_{index}_{window.prefix}(T, c, t)" for window in part.windows if window.calendar),
        *_each(part.states, "fold", read),
        "return c",
    ]
    return define(f"open_{index}(T, key, p)", lines)


def rewind_lines(part: Part, read: Reader) -> Lines:
    """Return `rewind`: a scratch with the state just before index `i` of the tail, for a contribution at time `t`."""
    group = part.group
    lines: Lines = ["whole = c", f"c = Cell{group.index}(whole.key)", "L = c.items = whole.items"]
    for window in part.windows:
        states = of_window(part, window)
        lines += (
            _rewind_calendar(window, states, read)
            if window.calendar
            else _rewind_rolling(window, states, read)
        )
    lines += _rewind_lasting(of_window(part, None), read)
    return define(f"rewind_{group.index}{part.suffix}(T, c, i, t)", [*lines, "return c"])


def _rewind_calendar(window: Window, states: list[State], read: Reader) -> Lines:
    prefix = window.prefix
    slots = _saved(states)
    held = ", ".join(f"c.{slot}" for slot, _ in slots)
    fresh = [f"c.{slot} = {text}" for state in states for slot, text in copies(state, "c")]
    back = _each(states, None, read)
    return [
        f"start, end = T.zone.window({window.calendar!r}, t)",
        f"c.{prefix}s = start; c.{prefix}h = end",
        f"if whole.{prefix}s == start: ({held},) = ({held.replace('c.', 'whole.')},)" if slots else "pass",
        *(
            [
                f"elif whole.{prefix}p and start in whole.{prefix}p: ({held},) = whole.{prefix}p[start]",
                *[line for line in fresh if "dict" in line],
            ]
            if slots
            else []
        ),
        "for j in range(i, len(L)):",
        *indent(["p = L[j]; f = p[5]", "if p[0] >= end: break", *back]),
    ]


def _rewind_rolling(window: Window, states: list[State], read: Reader) -> Lines:
    prefix = window.prefix
    first = window.edge("t") if window.closed else f"{window.edge('t')} + 1"
    copied = [f"c.{slot} = {text}" for state in states for slot, text in copies(state, "whole")]
    lines: Lines = [f"l = c.{prefix}l = bisect_left(L, ({first},), 0, i)"]
    if not copied:
        return lines
    back = [
        *copied,
        f"w = whole.{prefix}l",
        *_loop("L[max(w, i):]", states, None, read),
        *_loop("L[w:min(l, i)]", states, None, read),
        *_loop("L[l:min(w, i)]", states, "scratch", read),
    ]
    return [
        *lines,
        f"if i - l <= len(L) - i + abs(l - whole.{prefix}l):",
        *indent(_loop("L[l:i]", states, "scratch", read) or ["pass"]),
        "else:",
        *indent(back),
    ]


def _rewind_lasting(states: list[State], read: Reader) -> Lines:
    lines: Lines = []
    folded = [state for state in states if state.aggregate not in POINTERS]
    for state in folded:
        lines += [f"c.{slot} = {text}" for slot, text in copies(state, "whole")]
    lines += _loop("L[i:]", folded, None, read)
    for state in states:
        slot, bit = state.slot, state.stream.bit
        if state.aggregate == "first":
            lines.append(f"x = whole.{slot}")
            lines.append(f"c.{slot} = x if x is not None and (i == len(L) or x < L[i]) else None")
        elif state.aggregate in POINTERS:
            lines.append(f"c.{slot} = next((x for x in reversed(L[:i]) if x[5] & {bit}), whole.{slot}b)")
    return lines


def step_lines(
    part: Part, numbers: dict[str, int], readers: dict[str, Reader], columns: dict[str, int]
) -> Lines:
    """Return `step`: fold one contribution of the tail into a scratch."""
    lines: Lines = ["t = p[0]; f = p[5]; L = c.items; src = p[1]; id = p[2]; q = p[:4]"]
    kinds = [kind for kind in part.group.kinds if part.group.bits(kind)]
    for number, kind in enumerate(kinds):
        body = fold_lines(part, kind, readers[kind], columns, "scratch") or ["pass"]
        if len(kinds) == 1:
            lines += body
        else:
            lines += [f"{'if' if number == 0 else 'elif'} p[4] == {numbers[kind]}:", *indent(body)]
    return define(f"step_{part.group.index}{part.suffix}(T, c, p, out, und)", lines)
