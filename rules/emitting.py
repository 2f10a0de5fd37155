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
from collections.abc import Callable
from typing import Final

from rules.bounds import quotient_or_rest, sum_or_product, time_sum
from rules.emitted import (
    NEVER,
    Emitted,
    Reading,
    all_of,
    any_of,
    constant,
    constant_set,
    givens,
    merged,
    or_none,
    read_once,
    single,
)
from rules.expanding import TooLargeError, expand
from rules.functions import FUNCTIONS, Function
from rules.operators import OVERLOADS, Operator
from rules.standard import INT_MAX, INT_MIN
from rules.times import span_of_text, time_of_text
from rules.tree import Call, Const, ListOf, Name, Node

__all__ = ["Emitted", "Emitter", "Reading", "TooLargeError", "expand"]

_SCALARS: Final = frozenset({"bool", "int", "double", "string", "timestamp", "duration"})
_EXACT: Final = frozenset({"bool", "int", "string", "timestamp", "duration"})
_READERS: Final = {"string_to_duration": span_of_text, "string_to_timestamp": time_of_text}


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
        return all_of(self._truths(tree, wanted=True))

    def false(self, tree: Node) -> str:
        """Return a Python condition that holds exactly where CEL says false."""
        return all_of(self._truths(tree, wanted=False))

    def given(self, tree: Node) -> str:
        """Return a Python condition that holds exactly where the expression has a value."""
        return all_of(self.value(tree).given)

    def _truths(self, tree: Node, *, wanted: bool) -> tuple[str, ...]:
        """Return the conditions, all of which must hold for the tree to be known as `wanted`."""
        if isinstance(tree, Const):
            return () if tree.value is wanted else (NEVER,)
        if isinstance(tree, Call):
            if tree.function == "!_":
                return self._truths(tree.args[0], wanted=not wanted)
            if tree.function in {"_&&_", "_||_"}:
                parts = [self._truths(arg, wanted=wanted) for arg in tree.args]
                if wanted == (tree.function == "_&&_"):
                    return merged(*parts)
                return single(any_of(parts))
            if tree.function == "_?_:_":
                return self._branches(tree, wanted=wanted)
        emitted = self.value(tree)
        if tree.type == "dyn":
            return merged(emitted.given, (f"({emitted.text} is {wanted})",))
        text = emitted.text if wanted else f"(not {emitted.text})"
        return merged(emitted.given, single(text))

    def _branches(self, tree: Call, *, wanted: bool) -> tuple[str, ...]:
        condition = self._condition(tree.args[0])
        yes, no = (all_of(self._truths(arg, wanted=wanted)) for arg in tree.args[1:])
        if yes == no == "True":
            return condition.given
        return merged(condition.given, (f"({yes} if {condition.text} else {no})",))

    def _condition(self, tree: Node) -> Emitted:
        """Return a bool that decides between branches; of an open type only true and false decide."""
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
                return constant(tree)
            case Name():
                return self._name(tree)
            case ListOf():
                items = [self.value(item) for item in tree.items]
                inner = ", ".join(item.text for item in items)
                return Emitted(f"({inner}{',' if len(items) == 1 else ''})", givens(items))
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
            return self._held(f"op_dispatch({inner})", givens(args))
        operator = OVERLOADS[overloads[0]]
        if overloads[0] in _READERS and isinstance(tree.args[0], Const):
            return read_once(_READERS[overloads[0]](str(tree.args[0].value)))
        match form:
            case "compare":
                return Emitted(f"({args[0].text} {operator.text} {args[1].text})", givens(args))
            case "checked":
                return self._checked(operator.text, args)
            case "plain" | "join":
                return Emitted(operator.text.format(*(arg.text for arg in args)), givens(args))
            case "index":
                return self._index(tree, args)
            case "keep":
                return args[0]
        return self._run(operator, args, overloads[0])

    def _run(self, operator: Operator, args: list[Emitted], overload: str) -> Emitted:
        """Call a function, or say it in plain Python where bounds show that it cannot fail."""
        texts = [arg.text for arg in args]
        given = givens(args)
        bounds = (
            quotient_or_rest(overload, args)
            if overload in {"divide_int64", "modulo_int64"}
            else time_sum(operator, overload, args)
        )
        if bounds is not None:
            return Emitted(operator.quick.format(*texts), given, *bounds)
        text = operator.text.format(*texts)
        if not operator.fallible:
            return Emitted(text, given, operator.low, operator.high)
        return self._held(text, given, operator.low, operator.high)

    def _checked(self, symbol: str, args: list[Emitted]) -> Emitted:
        """Arithmetic on ints: plain where the bounds fit 64 bits, held and tested where they may not."""
        low, high = sum_or_product(symbol, args)
        text = f"({args[0].text} {symbol} {args[1].text})" if len(args) == 2 else f"(-{args[0].text})"
        if low >= INT_MIN and high <= INT_MAX:
            return Emitted(text, givens(args), low, high)
        name = self._temporary()
        tested = f"({INT_MIN} <= ({name} := {text}) <= {INT_MAX})"
        return Emitted(name, (*givens(args), tested), max(low, INT_MIN), min(high, INT_MAX))

    def _equality(self, tree: Call, args: list[Emitted]) -> Emitted:
        symbol = OVERLOADS[tree.overload].text
        left, right = (arg.text for arg in args)
        if all(arg.type in _SCALARS for arg in tree.args):
            return Emitted(f"({left} {symbol} {right})", givens(args))
        text = f"op_same({left}, {right})"
        return Emitted(text if symbol == "==" else f"(not {text})", givens(args))

    def _membership(self, tree: Call, args: list[Emitted]) -> Emitted:
        item, container = tree.args
        inner = container.type.removesuffix(")").removeprefix("list(").removeprefix("map(").partition(",")[0]
        if item.type == "dyn" or container.type == "dyn":
            return self._held(f"op_contains({args[0].text}, {args[1].text})", givens(args))
        if not {item.type, inner} <= _EXACT:  # Python finds a NaN in a list that holds it; CEL does not.
            return Emitted(f"op_contains({args[0].text}, {args[1].text})", givens(args))
        text = constant_set(container) if isinstance(container, ListOf) else args[1].text
        return Emitted(f"({args[0].text} in {text or args[1].text})", givens(args))

    def _index(self, tree: Call, args: list[Emitted]) -> Emitted:
        container, at = self._hold(args[0]), self._hold(args[1])
        inside = f"({at.text} in {container.text})"
        if tree.args[0].type.startswith("list("):
            inside = f"(0 <= {at.text} < len({container.text}))"
        elif tree.args[0].type.startswith("map(dyn"):
            return self._held(f"op_dispatch('_[_]', {args[0].text}, {args[1].text})", givens(args))
        return Emitted(f"{container.text}[{at.text}]", merged(container.given, at.given, (inside,)))

    def _map(self, tree: Call) -> Emitted:
        args = [self.value(arg) for arg in tree.args]
        keys = tree.args[::2]
        if len({key.value for key in keys if isinstance(key, Const)}) == len(keys):
            pairs = zip(args[::2], args[1::2], strict=True)
            inner = ", ".join(f"{key.text}: {value.text}" for key, value in pairs)
            return Emitted(f"{{{inner}}}", givens(args))
        return self._held(f"op_table({', '.join(arg.text for arg in args)})", givens(args))

    def _logic(self, tree: Call) -> Emitted:
        """`&&` and `||` as a value: one deciding side is enough, beside an error too."""
        left, right = (self._condition(arg) for arg in tree.args)
        word, decides = ("and", "False") if tree.function == "_&&_" else ("or", "True")
        if not left.given and not right.given:
            return Emitted(f"({left.text} {word} {right.text})")
        one, two = self._temporary(), self._temporary()
        first, second = (
            f"({name} := {or_none(side)}) is {decides}" for name, side in ((one, left), (two, right))
        )
        # A side that does not decide is the other bool or None; None beats the bool.
        rest = f"(None if {one} is None else {two})"
        return self._held(f"({decides} if {first} or {second} else {rest})", ())

    def _choice(self, tree: Call) -> Emitted:
        condition = self._condition(tree.args[0])
        yes, no = (self.value(arg) for arg in tree.args[1:])
        low, high = min(yes.low, no.low), max(yes.high, no.high)
        text = f"({or_none(yes)} if {condition.text} else {or_none(no)})"
        if not yes.given and not no.given:
            return Emitted(text, condition.given, low, high)
        return self._held(text, condition.given, low, high)

    def _own(self, function: Function, tree: Call) -> Emitted:
        """Call a function of the rule language."""
        args = [self.value(arg) for arg in tree.args]
        given = givens(args)
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
        return Emitted(f"(100 * {part.text} / {whole.text})", merged(part.given, whole.given, nonzero))

    # Temporaries

    def _temporary(self) -> str:
        self._count += 1
        return f"{self._prefix}{self._count}"

    def _held(self, text: str, given: tuple[str, ...], low: int = INT_MIN, high: int = INT_MAX) -> Emitted:
        """Keep what may be None in a temporary; it has a value where it is not None."""
        name = self._temporary()
        return Emitted(name, (*given, f"(({name} := {text}) is not None)"), low, high, text)

    def _hold(self, emitted: Emitted) -> Emitted:
        """Return the same value under a name, so that it may be written twice."""
        if all(part.isidentifier() and not keyword.iskeyword(part) for part in emitted.text.split(".")):
            return emitted
        if emitted.text.lstrip("-(").rstrip(")").isdigit():
            return emitted
        return self._held(emitted.text, emitted.given, emitted.low, emitted.high)
