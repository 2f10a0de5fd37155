"""Bounds of integers: where arithmetic surely stays inside its range, nothing has to be tested when it runs."""

from __future__ import annotations

from rules.emitted import Emitted
from rules.operators import Operator
from rules.times import SPAN_BOUND


def sum_or_product(symbol: str, args: list[Emitted]) -> tuple[int, int]:
    """Return bounds of a sum, difference, product or, with one argument, negation."""
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


def quotient_or_rest(overload: str, args: list[Emitted]) -> tuple[int, int] | None:
    """Return bounds of a quotient or rest that Python computes alike: nothing negative or by zero; else None."""
    one, two = args
    if one.low < 0 or two.low <= 0:
        return None
    if overload == "divide_int64":
        return one.low // two.high, one.high // two.low
    return 0, min(one.high, two.high - 1)


def time_sum(operator: Operator, overload: str, args: list[Emitted]) -> tuple[int, int] | None:
    """Return bounds of a sum or difference of times that cannot leave its range; None where it can."""
    if not operator.quick:
        return None
    spans = [arg for arg, kind in zip(args, overload.split("_")[1:], strict=True) if kind == "duration"]
    if any(span.low < -SPAN_BOUND or span.high > SPAN_BOUND for span in spans):
        return None
    low, high = sum_or_product("+" if overload.startswith("add") else "-", args)
    return (low, high) if operator.low <= low and high <= operator.high else None
