"""Measures that keep no head: they look through the window's tail when a case reads them."""

from __future__ import annotations

from rules.planning.folding import define, indent, when
from rules.planning.plan import Group, State
from rules.planning.reader import Reader
from rules.planning.states import Lines


def scan_lines(group: Group, state: State, read: Reader) -> Lines:
    """Return the function that reads a state off the tail of cell `c` for trigger `p`; `own`: whether `p` counts."""
    window = group.windows.get(state.window)
    assert window is not None, "a scan needs a window"
    start = f"bisect_left(L, (c.{window.prefix}s,))" if window.calendar else f"c.{window.prefix}l"
    lines = ["L = c.items", f"i = {start}", *_begin(state, read), "while True:"]
    body = [
        "x = L[i]",
        "if x is p and not own: break",
        *when(f"x[5] & {state.stream.bit}", _visit(state, read)),
        "if x is p: break",
        "i += 1",
    ]
    return define(f"{state.scan}(T, c, p, own)", [*lines, *indent(body), _result(state)])


def _begin(state: State, read: Reader) -> Lines:
    if state.aggregate != "near":
        return ["best = None"]
    mine = read.text(f"event.{state.measure.near}")
    return [
        "seen = set()",
        f"mine = int({mine}, 16) if {mine} is not None else None",
        "if mine is None: return 0",
    ]


def _visit(state: State, read: Reader) -> Lines:
    reader = Reader(read.kinds, read.limits, read.columns, "x", read.dynamic, read.steps)
    emitted = reader.value(state.value[0])
    if state.aggregate == "near":
        near = reader.text(f"event.{state.measure.near}")
        assert state.measure.near_within is not None
        most = read.value(state.measure.near_within.tree).text
        close = f"{near} is not None and (int({near}, 16) ^ mine).bit_count() <= {most}"
        return when(" and ".join((close, *emitted.given)), [f"seen.add({emitted.text})"])
    better = ">" if state.aggregate == "max" else "<"
    lines = [f"y = {emitted.text}", f"if best is None or y {better} best: best = y"]
    return when(" and ".join(emitted.given), lines)


def _result(state: State) -> str:
    return "return len(seen)" if state.aggregate == "near" else "return best"
