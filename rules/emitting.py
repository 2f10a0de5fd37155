"""Turns a checked tree into Python source that never raises.

CEL has errors: an absent field, an overflow, a division by zero; and its `&&` and `||` absorb them on either side. Here
an error is "no value", and every expression is emitted with the conditions under which it has one. A condition is true
(`true()`) where its value is known to be true, false (`false()`) where it is known to be false, undecided otherwise:

    true(a && b) = true(a) and true(b)        false(a && b) = false(a) or false(b)

so that three-valued logic becomes plain `and` and `or`, without a lambda or an exception. What can fail at run time is
held by a walrus temporary and tested; bounds of integers show where nothing can.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from rules.functions import FUNCTIONS, Function
from rules.operators import OVERLOADS, SPAN_BOUND, Operator
from rules.standard import INT_MAX, INT_MIN, span_of_text, time_of_text
from rules.tree import Call, Const, ListOf, Name, Node

NEVER: Final = "False"
MOST_NODES: Final = 20_000  # Of one expression with its lets written out.


@dataclass(frozen=True, slots=True)
class Reading:
    """How generated code reads a name: `text`, once the Python condition `given` holds (None: always there).

    `low` and `high` bound an int, an instant or a duration; without them 64 bits are assumed.
    """

    text: str
    given: str | None = None
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Emitted:
    """A value as Python: `text` is safe once every condition of `given` held, tested in order."""

    text: str
    given: tuple[str, ...] = ()
    low: int = INT_MIN
    high: int = INT_MAX


class Emitter:
    """Emits expressions that stand in one generated function; its temporaries have names of their own.

    `read` says how a variable is read, `function` how a function of the language is called: a name, or a template with
    `{args}`. Functions that need the tenant's zone are passed the variable `zone`.
    """

    def __init__(
        self,
        read: Callable[[str], Reading],
        function: Callable[[str], str] = "fn_{}".format,
        prefix: str = "v",
    ) -> None:
        self._read = read
        self._function = function
        self._prefix = prefix
        self._count = 0

    # Conditions

    def true(self, tree: Node) -> str:
        """Return a Python condition that holds exactly where CEL says true."""
        return _all(self._truths(tree, wanted=True))

    def false(self, tree: Node) -> str:
        """Return a Python condition that holds exactly where CEL says false."""
        return _all(self._truths(tree, wanted=False))

    def given(self, tree: Node) -> str:
        """Return a Python condition that holds exactly where the expression has a value."""
        return _all(self.value(tree).given)

    def _truths(self, tree: Node, *, wanted: bool) -> tuple[str, ...]:
        """The conditions, all of which must hold for the tree to be known as `wanted`."""
        if isinstance(tree, Const):
            return () if tree.value is wanted else (NEVER,)
        if isinstance(tree, Call):
            if tree.function == "!_":
                return self._truths(tree.args[0], wanted=not wanted)
            if tree.function in {"_&&_", "_||_"}:
                parts = [self._truths(arg, wanted=wanted) for arg in tree.args]
                if wanted == (tree.function == "_&&_"):
                    return _merged(*parts)
                return _one(_any(parts))
            if tree.function == "_?_:_":
                return self._branches(tree, wanted=wanted)
        emitted = self.value(tree)
        if tree.type == "dyn":
            return _merged(emitted.given, (f"({emitted.text} is {wanted})",))
        text = emitted.text if wanted else f"(not {emitted.text})"
        return _merged(emitted.given, _one(text))

    def _branches(self, tree: Call, *, wanted: bool) -> tuple[str, ...]:
        condition = self._condition(tree.args[0])
        yes, no = (_all(self._truths(arg, wanted=wanted)) for arg in tree.args[1:])
        if yes == no == "True":
            return condition.given
        return _merged(condition.given, (f"({yes} if {condition.text} else {no})",))

    def _condition(self, tree: Node) -> Emitted:
        """A bool that decides between branches; of an open type only true and false decide."""
        emitted = self.value(tree)
        if tree.type != "dyn":
            return emitted
        held = self._hold(emitted)
        return Emitted(held.text, (*held.given, f"({held.text} is True or {held.text} is False)"))

    # Values

    def value(self, tree: Node) -> Emitted:
        """Return the expression's value as Python, and the conditions under which it has one."""
        match tree:
            case Const():
                return _constant(tree)
            case Name():
                return self._name(tree)
            case ListOf():
                items = [self.value(item) for item in tree.items]
                inner = ", ".join(item.text for item in items)
                return Emitted(f"({inner}{',' if len(items) == 1 else ''})", _givens(items))
            case Call():
                return self._call(tree)

    def _name(self, tree: Name) -> Emitted:
        if tree.name.endswith(".given"):
            return Emitted(self._read(tree.name.removesuffix(".given")).given or "True")
        reading = self._read(tree.name)
        low, high = reading.low, reading.high
        return Emitted(
            reading.text,
            (reading.given,) if reading.given else (),
            INT_MIN if low is None else low,
            INT_MAX if high is None else high,
        )

    def _call(self, tree: Call) -> Emitted:
        if tree.function in FUNCTIONS:
            return self._own(FUNCTIONS[tree.function], tree)
        match tree.function:
            case "@given":
                return Emitted(self.given(tree.args[0]))
            case "@map":
                return self._map(tree)
            case "_&&_" | "_||_":
                return self._logic(tree)
            case "_?_:_":
                return self._choice(tree)
            case "!_":
                condition = self._condition(tree.args[0])
                return Emitted(f"(not {condition.text})", condition.given)
        return self._operation(tree)

    def _operation(self, tree: Call) -> Emitted:
        """One of CEL's own operators, by the overload that the runtime chose."""
        args = [self.value(arg) for arg in tree.args]
        overloads = tree.overload.split()
        form = next(OVERLOADS[each].form for each in overloads if each in OVERLOADS)
        if form == "same":
            return self._equality(tree, args)
        if form == "member":
            return self._membership(tree, args)
        if len(overloads) != 1 or any(arg.type == "dyn" for arg in tree.args):
            if overloads == ["to_dyn"]:
                return args[0]
            inner = ", ".join([repr(tree.function), *(arg.text for arg in args)])
            return self._held(f"op_dispatch({inner})", _givens(args))
        operator = OVERLOADS[overloads[0]]
        match form:
            case "compare":
                return Emitted(f"({args[0].text} {operator.text} {args[1].text})", _givens(args))
            case "checked":
                return self._checked(operator.text, args)
            case "plain" | "join":
                return Emitted(operator.text.format(*(arg.text for arg in args)), _givens(args))
            case "index":
                return self._index(tree, args)
            case "keep":
                return args[0]
        return self._run(operator, args, overloads[0])

    def _run(self, operator: Operator, args: list[Emitted], overload: str) -> Emitted:
        """A function of `standard.py`, or plain Python where bounds show that it cannot fail."""
        texts = [arg.text for arg in args]
        given = _givens(args)
        bounds = _division(overload, args) if overload in {"divide_int64", "modulo_int64"} else _span(operator, overload, args)
        if bounds is not None:
            return Emitted(operator.quick.format(*texts), given, *bounds)
        if overload == "string_to_duration" and (text := _literal(args[0])) is not None:
            return _read_once(span_of_text(text))
        if overload == "string_to_timestamp" and (text := _literal(args[0])) is not None:
            return _read_once(time_of_text(text))
        text = operator.text.format(*texts)
        if not operator.fallible:
            return Emitted(text, given, operator.low, operator.high)
        return self._held(text, given, operator.low, operator.high)

    def _checked(self, symbol: str, args: list[Emitted]) -> Emitted:
        """Arithmetic on ints: plain where the bounds fit 64 bits, held and tested where they may not."""
        low, high = _bounds(symbol, args)
        text = f"({args[0].text} {symbol} {args[1].text})" if len(args) == 2 else f"(-{args[0].text})"
        if low >= INT_MIN and high <= INT_MAX:
            return Emitted(text, _givens(args), low, high)
        name = self._temporary()
        tested = f"({INT_MIN} <= ({name} := {text}) <= {INT_MAX})"
        return Emitted(name, (*_givens(args), tested), max(low, INT_MIN), min(high, INT_MAX))

    def _equality(self, tree: Call, args: list[Emitted]) -> Emitted:
        symbol = OVERLOADS[tree.overload].text
        left, right = (arg.text for arg in args)
        if all(arg.type in _SCALARS for arg in tree.args):
            return Emitted(f"({left} {symbol} {right})", _givens(args))
        text = f"op_same({left}, {right})"
        return Emitted(text if symbol == "==" else f"(not {text})", _givens(args))

    def _membership(self, tree: Call, args: list[Emitted]) -> Emitted:
        item, container = tree.args
        inner = container.type.removesuffix(")").removeprefix("list(").removeprefix("map(").partition(",")[0]
        if item.type == "dyn" or container.type == "dyn":
            return self._held(f"op_contains({args[0].text}, {args[1].text})", _givens(args))
        if not {item.type, inner} <= _EXACT:  # Python finds a NaN in a list that holds it; CEL does not.
            return Emitted(f"op_contains({args[0].text}, {args[1].text})", _givens(args))
        text = _set(container) if isinstance(container, ListOf) else args[1].text
        return Emitted(f"({args[0].text} in {text or args[1].text})", _givens(args))

    def _index(self, tree: Call, args: list[Emitted]) -> Emitted:
        container, at = self._hold(args[0]), self._hold(args[1])
        inside = f"({at.text} in {container.text})"
        if tree.args[0].type.startswith("list("):
            inside = f"(0 <= {at.text} < len({container.text}))"
        elif tree.args[0].type.startswith("map(dyn"):
            return self._held(f"op_dispatch('_[_]', {args[0].text}, {args[1].text})", _givens(args))
        return Emitted(f"{container.text}[{at.text}]", _merged(container.given, at.given, (inside,)))

    def _map(self, tree: Call) -> Emitted:
        args = [self.value(arg) for arg in tree.args]
        keys = tree.args[::2]
        if len({key.value for key in keys if isinstance(key, Const)}) == len(keys):
            pairs = zip(args[::2], args[1::2], strict=True)
            inner = ", ".join(f"{key.text}: {value.text}" for key, value in pairs)
            return Emitted(f"{{{inner}}}", _givens(args))
        return self._held(f"op_table({', '.join(arg.text for arg in args)})", _givens(args))

    def _logic(self, tree: Call) -> Emitted:
        """`&&` and `||` as a value: one deciding side is enough, beside an error too."""
        left, right = (self._condition(arg) for arg in tree.args)
        word, decides = ("and", "False") if tree.function == "_&&_" else ("or", "True")
        if not left.given and not right.given:
            return Emitted(f"({left.text} {word} {right.text})")
        one, two = self._temporary(), self._temporary()
        first, second = (f"({name} := {_or_none(side)}) is {decides}" for name, side in ((one, left), (two, right)))
        # A side that does not decide is the other bool or None; None beats the bool.
        rest = f"(None if {one} is None else {two})"
        return self._held(f"({decides} if {first} or {second} else {rest})", ())

    def _choice(self, tree: Call) -> Emitted:
        condition = self._condition(tree.args[0])
        yes, no = (self.value(arg) for arg in tree.args[1:])
        low, high = min(yes.low, no.low), max(yes.high, no.high)
        text = f"({_or_none(yes)} if {condition.text} else {_or_none(no)})"
        if not yes.given and not no.given:
            return Emitted(text, condition.given, low, high)
        return self._held(text, condition.given, low, high)

    def _own(self, function: Function, tree: Call) -> Emitted:
        """A function of the rule language."""
        args = [self.value(arg) for arg in tree.args]
        given = _givens(args)
        if function.name == "percent":
            return self._percent(args)
        inner = ", ".join([*(arg.text for arg in args), *(["zone"] if function.needs_zone else [])])
        called = self._function(function.name)
        text = called.replace("{args}", inner) if "{args}" in called else f"{called}({inner})"
        low, high = function.results
        within = function.within
        if not function.fallible or (within and within[0] <= args[0].low and args[0].high <= within[1]):
            return Emitted(text, given, low, high)
        return self._held(text, given, low, high)

    def _percent(self, args: list[Emitted]) -> Emitted:
        part, whole = args[0], self._hold(args[1])
        nonzero = () if whole.low > 0 or whole.high < 0 else (f"({whole.text} != 0)",)
        return Emitted(f"(100 * {part.text} / {whole.text})", _merged(part.given, whole.given, nonzero))

    # Temporaries

    def _temporary(self) -> str:
        self._count += 1
        return f"{self._prefix}{self._count}"

    def _held(self, text: str, given: tuple[str, ...], low: int = INT_MIN, high: int = INT_MAX) -> Emitted:
        """A call that gives None where it has no value, kept in a temporary."""
        name = self._temporary()
        return Emitted(name, (*given, f"(({name} := {text}) is not None)"), low, high)

    def _hold(self, emitted: Emitted) -> Emitted:
        """The same value under a name, so that it may be written twice."""
        if all(part.isidentifier() and not keyword.iskeyword(part) for part in emitted.text.split(".")):
            return emitted
        if emitted.text.lstrip("-(").rstrip(")").isdigit():
            return emitted
        return self._held(emitted.text, emitted.given, emitted.low, emitted.high)


class TooLargeError(ValueError):
    """An expression grows beyond all reason once its lets are written out."""


def expand(tree: Node, lets: Mapping[str, Node]) -> Node:
    """Return a tree with every let written out where it is read; `NAME.given` of a let becomes `@given(tree)`.

    Lets may read lets. Raises TooLargeError where the result passes MOST_NODES.
    """
    return _Expansion(lets).of(tree)[0]


class _Expansion:
    """Writes lets out, each once, and counts."""

    def __init__(self, lets: Mapping[str, Node]) -> None:
        self._lets = lets
        self._done: dict[str, tuple[Node, int]] = {}

    def of(self, tree: Node) -> tuple[Node, int]:
        """Return the expanded tree and the number of its nodes."""
        match tree:
            case Name(name=name, offset=offset):
                if name in self._lets:
                    return self._let(name)
                head = name.removesuffix(".given")
                if head != name and head in self._lets:
                    inner, size = self._let(head)
                    return Call("@given", "", (inner,), "bool", offset), size + 1
            case ListOf(items=items, type=kind, offset=offset):
                parts, size = self._all(items)
                return ListOf(parts, kind, offset), size
            case Call(function=function, overload=overload, args=args, type=kind, offset=offset):
                parts, size = self._all(args)
                return Call(function, overload, parts, kind, offset), size
        return tree, 1

    def _let(self, name: str) -> tuple[Node, int]:
        if name not in self._done:
            self._done[name] = self.of(self._lets[name])
        return self._done[name]

    def _all(self, trees: tuple[Node, ...]) -> tuple[tuple[Node, ...], int]:
        parts = [self.of(each) for each in trees]
        size = 1 + sum(count for _, count in parts)
        if size > MOST_NODES:
            raise TooLargeError(f"an expression of more than {MOST_NODES:,} parts once its lets are written out")
        return tuple(part for part, _ in parts), size


_SCALARS: Final = frozenset({"bool", "int", "double", "string", "timestamp", "duration"})
_EXACT: Final = frozenset({"bool", "int", "string", "timestamp", "duration"})


def _constant(tree: Const) -> Emitted:
    value = tree.value
    if isinstance(value, bool) or isinstance(value, str):
        return Emitted(repr(value))
    if isinstance(value, int):
        return Emitted(f"({value})" if value < 0 else str(value), (), value, value)
    text = repr(value).replace("inf", "1e999")
    return Emitted(f"({text})" if text.startswith("-") else text)


def _set(container: ListOf) -> str:
    """A list of literals that Python keeps as a constant frozenset; empty where it is none."""
    if len(container.items) < 3 or not all(isinstance(item, Const) for item in container.items):
        return ""
    return "{" + ", ".join(_constant(item).text for item in container.items if isinstance(item, Const)) + "}"


def _literal(emitted: Emitted) -> str | None:
    """The string behind a literal's text."""
    text = emitted.text
    return eval(text) if text[:1] in "'\"" else None  # noqa: S307  # a repr() made here


def _read_once(us: int | None) -> Emitted:
    if us is None:
        return Emitted("0", (NEVER,))
    return Emitted(f"({us})" if us < 0 else str(us), (), us, us)


def _bounds(symbol: str, args: list[Emitted]) -> tuple[int, int]:
    one = args[0]
    if len(args) == 1:
        return -one.high, -one.low
    two = args[1]
    if symbol == "+":
        return one.low + two.low, one.high + two.high
    if symbol == "-":
        return one.low - two.high, one.high - two.low
    corners = [a * b for a in (one.low, one.high) for b in (two.low, two.high)]
    return min(corners), max(corners)


def _division(overload: str, args: list[Emitted]) -> tuple[int, int] | None:
    """Bounds of a quotient or rest that Python computes alike: nothing negative, nothing by zero."""
    one, two = args
    if one.low < 0 or two.low <= 0:
        return None
    if overload == "divide_int64":
        return one.low // two.high, one.high // two.low
    return 0, min(one.high, two.high - 1)


def _span(operator: Operator, overload: str, args: list[Emitted]) -> tuple[int, int] | None:
    """Bounds of a sum or difference of times that cannot leave its range."""
    if not operator.quick:
        return None
    spans = [arg for arg, kind in zip(args, overload.split("_")[1:], strict=True) if kind == "duration"]
    if any(span.low < -SPAN_BOUND or span.high > SPAN_BOUND for span in spans):
        return None
    low, high = _bounds("+" if overload.startswith("add") else "-", args)
    return (low, high) if operator.low <= low and high <= operator.high else None


def _givens(parts: list[Emitted]) -> tuple[str, ...]:
    return _merged(*(part.given for part in parts))


def _merged(*groups: tuple[str, ...]) -> tuple[str, ...]:
    """Conditions in order, each once: what held a moment ago still holds."""
    merged = dict.fromkeys(condition for group in groups for condition in group)
    return (NEVER,) if NEVER in merged else tuple(merged)


def _one(condition: str) -> tuple[str, ...]:
    return () if condition == "True" else (condition,)


def _all(conditions: tuple[str, ...]) -> str:
    if len(conditions) < 2:
        return conditions[0] if conditions else "True"
    return f"({' and '.join(conditions)})"


def _any(groups: list[tuple[str, ...]]) -> str:
    texts = [_all(group) for group in groups]
    if "True" in texts:
        return "True"
    kept = [text for text in dict.fromkeys(texts) if text != NEVER]
    if len(kept) < 2:
        return kept[0] if kept else NEVER
    return f"({' or '.join(kept)})"


def _or_none(emitted: Emitted) -> str:
    """The value, or None where it has none."""
    if not emitted.given:
        return emitted.text
    return f"({emitted.text} if {_all(emitted.given)} else None)"
