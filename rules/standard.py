"""What CEL's own operators and functions do to numbers and texts that are known only when a rule runs.

Every function is total: where CEL gives an error it returns None, and the compiled rule goes on as "no value".
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Final

INT_MIN: Final = -(1 << 63)
INT_MAX: Final = (1 << 63) - 1
SPACE: Final = " \t\n\v\f\r"

_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.ASCII | re.IGNORECASE)
_HEXADECIMAL = re.compile(
    r"[+-]?0x([0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(p[+-]?[0-9]+)?", re.ASCII | re.IGNORECASE
)
_NAMED = re.compile(r"([+-]?)(?:(inf|infinity)|nan(?:\([0-9a-z_]*\))?)", re.ASCII | re.IGNORECASE)
_TRUTHS = {"true": True, "True": True, "TRUE": True, "t": True, "1": True,
           "false": False, "False": False, "FALSE": False, "f": False, "0": False}  # fmt: skip


# Arithmetic


def div(a: int, b: int) -> int | None:
    """Divide towards zero; None for a zero divisor and where the quotient leaves 64 bits."""
    if b == 0:
        return None
    quotient = abs(a) // abs(b)
    result = quotient if (a < 0) == (b < 0) else -quotient
    return result if result <= INT_MAX else None


def mod(a: int, b: int) -> int | None:
    """Return the rest of `div`, with the sign of `a`; None where the division has no value."""
    if b == 0 or (a == INT_MIN and b == -1):
        return None
    return abs(a) % abs(b) * (-1 if a < 0 else 1)


def quotient(a: float, b: float) -> float:
    """Divide two doubles as IEEE 754 says: by zero gives an infinity or NaN, never an error."""
    if b != 0.0:
        return a / b
    if a == 0.0 or a != a:  # noqa: PLR0124 (NaN differs from itself)
        return -math.nan if a == 0.0 else a  # The sign that x86 gives; it shows in string().
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


# Conversions


def int_of_double(x: float) -> int | None:
    """Cut the fraction off; None for NaN and outside 64 bits."""
    return int(x) if -(2.0**63) < x < 2.0**63 else None


def int_of_text(text: str) -> int | None:
    """Read a decimal integer; None where the text is none or leaves 64 bits."""
    digits = text.strip(SPACE)
    if len(digits) > 4000 or not _INTEGER.fullmatch(digits):
        return None
    value = int(digits)
    return value if INT_MIN <= value <= INT_MAX else None


def double_of_text(text: str) -> float | None:
    """Read a double: decimal, hexadecimal, inf or nan; None where the text is none of them."""
    digits = text.strip(SPACE)
    if named := _NAMED.fullmatch(digits):
        return math.copysign(math.inf if named[2] else math.nan, -1.0 if named[1] == "-" else 1.0)
    if _DECIMAL.fullmatch(digits):
        return float(digits)
    return _hexadecimal(digits) if _HEXADECIMAL.fullmatch(digits) else None


def _hexadecimal(digits: str) -> float:
    try:
        return float.fromhex(digits)
    except OverflowError:
        return math.inf if not digits.startswith("-") else -math.inf


def bool_of_text(text: str) -> bool | None:
    """Read true or false; None for other texts."""
    return _TRUTHS.get(text)


def text_of_double(x: float) -> str:
    """Write the shortest digits that read back the same, with an exponent below 1e-4 and from 1e6."""
    if not math.isfinite(x):
        return ("-" if math.copysign(1.0, x) < 0 else "") + ("nan" if math.isnan(x) else "inf")
    sign, digits, exponent = Decimal(repr(x)).normalize().as_tuple()
    assert isinstance(exponent, int), "a finite number has an exponent"
    figures = "".join(map(str, digits))
    power = exponent + len(figures) - 1 if x else 0
    if power < -4 or power >= 6:
        point = "." if len(figures) > 1 else ""
        text = f"{figures[0]}{point}{figures[1:]}e{power:+03d}"
    elif power < 0:
        text = f"0.{'0' * (-power - 1)}{figures}"
    else:
        whole = figures[: power + 1].ljust(power + 1, "0")
        text = whole + ("." + figures[power + 1 :] if len(figures) > power + 1 else "")
    return ("-" if sign else "") + text


def text_of_bool(x: bool) -> str:  # noqa: FBT001 (the value itself)
    """Write true or false."""
    return "true" if x else "false"
