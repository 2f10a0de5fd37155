"""The Python of each aggregate: how its head begins, takes a contribution in, gives one back, and is read.

One template an aggregate serves everywhere: in order, in a refold, when a window slides, when a late event enters.
"""

from __future__ import annotations

from typing import Final, Literal

from rules.emitted import Reading
from rules.planning.plan import Bound, Part, State
from rules.planning.reader import Reader

Lines = list[str]
# fold: in order, on a head. late: into a head, out of order. scratch: where peaks do not matter.
Role = Literal["fold", "late", "scratch"]

BOUND: Final = 9_223_372_036_854_775_807  # A sum beyond int64 is CEL's overflow: no value.
MEMBERS: Final = 10_000  # The most members a distinct count tells apart.
EACH: Final = "each"  # The variable that holds the element of a list a key counts under.
POINTERS: Final = ("previous", "last", "first")


def initial(state: State) -> list[tuple[str, str]]:
    """Return the slots of a state and what each begins as."""
    slot = state.slot
    if state.aggregate in POINTERS:
        return [(slot, "None"), (f"{slot}b", "None")]
    if state.aggregate == "scan":
        return []
    if state.aggregate.startswith("each."):
        return [(slot, "{}"), (f"{slot}t", "0")]
    if state.sub or state.aggregate in ("distinct", "histogram"):
        return [(slot, "{}")]
    return [(slot, "0"), (f"{slot}k", "0")] if state.peak else [(slot, "0")]


def copies(state: State, source: str) -> list[tuple[str, str]]:
    """Return the slots of a state and the text that copies each from another cell."""
    if state.sub and state.aggregate in ("distinct", "histogram"):
        return [(state.slot, f"{{key: dict(held) for key, held in {source}.{state.slot}.items()}}")]
    return [
        (slot, f"dict({source}.{slot})" if begin == "{}" else f"{source}.{slot}")
        for slot, begin in initial(state)
    ]


def add(state: State, c: str, read: Reader, role: Role) -> Lines:
    """Return the statements that take a contribution in."""
    return _guarded(state, read, _change(state, c, read, role, 1))


def remove(state: State, c: str, read: Reader) -> Lines:
    """Return the statements that give a contribution back."""
    return _guarded(state, read, _change(state, c, read, "scratch", -1))


def _guarded(state: State, read: Reader, lines: Lines) -> Lines:
    """Run statements only where the values and sub-keys they read are there."""
    if not lines:
        return lines
    given: list[str] = []
    for tree in (*(part.tree for part in state.sub), *state.value):
        given += [text for text in read.value(tree).given if text not in given]
    if not given:
        return lines
    return [f"if {' and '.join(given)}:", *("    " + line for line in lines)]


def _change(state: State, c: str, read: Reader, role: Role, sign: int) -> Lines:
    where = f"{c}.{state.slot}"
    aggregate = state.aggregate
    if aggregate == "scan":  # It keeps no head, and its value may name measures, which are read elsewhere.
        return []
    values = [read.value(tree).text for tree in state.value]
    if aggregate.startswith("each."):
        return _each(state, where, read, "1" if state.inner == "count" else values[0], sign)
    if aggregate in POINTERS:
        return _point(state, where, read, sign)
    if aggregate in ("distinct", "histogram"):
        return _member(state, where, read, values[0], sign)
    amount = "1" if aggregate == "count" else values[0]
    if state.sub:
        return _tally(where, sub_text(state.sub, read), amount, sign)
    return _scalar(state, where, amount, role, sign)


def _scalar(state: State, where: str, amount: str, role: Role, sign: int) -> Lines:
    lines = [f"{where} {'+' if sign > 0 else '-'}= {amount}"]
    if state.peak and sign > 0 and role == "fold":
        lines += [f"if {where} > {where}k: {where}k = {where}"]
    if state.peak and sign > 0 and role == "late":
        lines += [f"{where}k += max({amount}, 0)"]
    return lines


def _tally(where: str, key: str, amount: str, sign: int) -> Lines:
    lines = [f"h = {where}", f"k = {key}"]
    if sign > 0:
        return [*lines, f"h[k] = h.get(k, 0) + {amount}"]
    return [*lines, f"n = h.get(k, 0) - {amount}", "if n: h[k] = n", "else: h.pop(k, None)"]


def _member(state: State, where: str, read: Reader, value: str, sign: int) -> Lines:
    if not state.sub:
        return _tally(where, value, "1", sign)
    lines = [f"g = {where}", f"s = {sub_text(state.sub, read)}"]
    if sign > 0:
        return [*lines, "h = g.get(s)", "if h is None: h = g[s] = {}", *_tally("h", value, "1", 1)[1:]]
    return [*lines, "h = g[s]", *_tally("h", value, "1", -1)[1:], "if not h: del g[s]"]


def _each(state: State, where: str, read: Reader, amount: str, sign: int) -> Lines:
    lines = _tally(where, sub_text(state.sub, read), amount, sign)
    if sign < 0:
        return [*lines, f"{where}t = max(h.values(), default=0)"]
    return [*lines, f"if h[k] > {where}t: {where}t = h[k]", f"elif {amount} < 0: {where}t = max(h.values())"]


def _point(state: State, where: str, read: Reader, sign: int) -> Lines:
    if sign < 0:
        return []  # Found again by looking through the tail (see cells.py).
    if state.aggregate == "first":
        return [f"if {where} is None or {read.var} < {where}: {where} = {read.var}"]
    return [f"if {where} is None or {where} < {read.var}: {where} = {read.var}"]


def sub_text(parts: tuple[Part, ...], read: Reader) -> str:
    """Return the text of a key or sub-key: its one value, or a tuple. Of a list, its element at hand (EACH)."""
    texts = [EACH if part.fan_out else read.value(part.tree).text for part in parts]
    return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"


def reading(
    bound: Bound, c: str, read: Reader, columns: dict[str, int], *, own: bool, once: bool = False
) -> dict[str, Reading]:
    """Return how a case reads a measure: by its name, or for a record `name.field` each.

    `own`: whether the trigger counts; only measures that look through the tail have to be told. `once`: such a measure
    is looked up at the first question alone; its local (`local_of`) is UNREAD before.
    """
    measure, state = bound.measure, bound.state
    where = f"{c}.{state.slot}"
    aggregate = state.aggregate
    if aggregate == "scan":
        return _scanned(bound, c, read, own=own and not measure.before, once=once)
    if aggregate in POINTERS:
        return _record(bound, where, columns)
    given: list[str] = []
    for part in () if aggregate.startswith("each.") else state.sub:
        given += read.value(part.tree).given
    text = _text(state, where, read)
    low = 0 if measure.aggregate in ("count", "distinct") else -BOUND
    if bound.least is not None:
        least = read.value(bound.least)
        given += [*least.given, f"{text} >= {least.text}"]
        floor = read_floor(bound, read)
        low = max(low, floor)
    return {measure.name: Reading(text, f"({' and '.join(given)})" if given else None, low, BOUND)}


def read_floor(bound: Bound, read: Reader) -> int:
    """Return the least value a measure has once it has one, where that is a constant."""
    if bound.least is None:
        return 0
    name = getattr(bound.least, "name", "")
    found = read(name) if name else None
    return found.low if found is not None and found.low is not None else 0


def local_of(bound: Bound) -> str:
    """Return the local variable that a measure which looks through the tail is read into."""
    return f"x_{bound.state.slot}{'' if bound.least is None else bound.measure.name}"


def _scanned(bound: Bound, c: str, read: Reader, *, own: bool, once: bool) -> dict[str, Reading]:
    """Read a measure that looks through the tail, where an expression asks whether it is there."""
    measure, state = bound.measure, bound.state
    least = read.value(bound.least) if bound.least is not None else None
    found = local_of(bound)
    look = f"({found} := {state.scan}(T, {c}, {read.var}, {own}, {least.text if least else None}))"
    asked = f"({found} if {found} is not UNREAD else {look}) is not None" if once else f"{look} is not None"
    given = " and ".join([*(least.given if least else ()), asked])
    if measure.type != "int":
        return {measure.name: Reading(found, f"({given})")}
    low = 0 if measure.aggregate in ("count", "distinct") else -BOUND
    return {measure.name: Reading(found, f"({given})", low, BOUND)}


def _text(state: State, where: str, read: Reader) -> str:
    aggregate = state.aggregate
    if aggregate.startswith("each."):
        return f"{where}t"
    if aggregate == "distinct":
        held = f"{where}.get({sub_text(state.sub, read)}, ())" if state.sub else where
        return f"len({held})"
    if state.sub and aggregate != "histogram":
        return f"{where}.get({sub_text(state.sub, read)}, 0)"
    return where


def _record(bound: Bound, where: str, columns: dict[str, int]) -> dict[str, Reading]:
    """Read a kept contribution: `name.field` from its column, or its one value."""
    measure = bound.measure
    kept = Reader(bound.state.stream.kinds, {}, columns, where)
    found: dict[str, Reading] = {}
    names = (
        {f"{measure.name}.{field}": f"event.{field}" for field in measure.fields} if measure.record else {}
    )
    if not measure.record:
        emitted = kept.value(bound.state.value[0])
        found[measure.name] = Reading(
            emitted.text, f"({' and '.join((f'{where} is not None', *emitted.given))})"
        )
    for name, source in names.items():
        one = kept("event.account" if source == "event.subject" else source)
        given = f"({where} is not None and {one.given})" if one.given else f"{where} is not None"
        found[name] = Reading(one.text, given, one.low, one.high)
    return found


def in_range(bounds: list[Bound], c: str, read: Reader) -> str:
    """Return a condition that every sum a case reads has a value: none is beyond int64.

    It is asked only once a level holds. No sum of fewer than a thousand amounts can get there.
    """
    texts = [
        _text(bound.state, f"{c}.{bound.state.slot}", read)
        for bound in bounds
        if bound.state.aggregate == "sum"
    ]
    return " and ".join(f"-{BOUND} <= {text} <= {BOUND}" for text in dict.fromkeys(texts))
