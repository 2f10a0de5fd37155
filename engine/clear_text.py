"""Where an input line holds an identity or card number in clear.

Nearly all lines hold none, so the bytes are looked at before anything is read: `may_hold` is quick and never says no
where there is a number. Only then is the line read, as it was sent: fields that nobody knows are looked at too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from engine.clear_numbers import LONGEST, SHORTEST, holds_number, masked

MOST: Final = 20  # Fields that are named of one line.
_LONGEST: Final = 120  # Signs of a field's path.
_PASSED_OVER: Final = "tenant"  # It names whose line this is, in every record; the deployment chooses it.

# Each digit becomes a zero; so does what ends a digit, a space or a stroke that is not ASCII (it becomes 0x90).
_FOLDED: Final = bytes.maketrans(
    b"123456789\x91\x92\x93\x94\x95\x96\x97\x98\x99\x8d\x87\x89\xaf", b"0" * 9 + b"\x90" * 13
)
_ENOUGH: Final = b"0" * SHORTEST
_TOO_MANY: Final = b"0" * (LONGEST + 1)
_WIDE: Final = re.compile(rb"\xef\xbc[\x8d\x90-\x99]|\xe2\x80[\x87\x89\x90-\x93\xaf]")
# Digits, and the spaces and strokes that group them, as JSON may escape them.
_ESCAPED: Final = re.compile(
    rb"\\u(?:00[23][0-9Dd]|00[Aa]0|[Ff]{2}(?:0[Dd]|1[0-9])|3000|20(?:07|09|2[Ff]|1[0-3])|2212)"
)
_TOUCHED: Final = re.compile(
    rb"\\u[0-9A-Fa-f]{4}[0-9]"
)  # The digits of an escape hide where a number begins.
_NAME: Final = re.compile(r"[\w-]{1,40}")


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as it was written: a name that comes twice has both its values."""


def may_hold(raw: bytes) -> bool:
    """Say whether a number may stand in a line; False is certain."""
    joined = raw.translate(_FOLDED, b" -")
    escaped = b"\\u" in raw
    if _ENOUGH in joined and (
        _bounded(raw.translate(_FOLDED)) or (escaped and _TOUCHED.search(raw) is not None)
    ):
        return True
    if escaped and _ESCAPED.search(raw):
        return True
    return not raw.isascii() and _wide(joined, raw)


def _bounded(zeros: bytes) -> bool:
    """Say whether a run of digits is as long as a number and not longer, or digits are grouped."""
    return _ENOUGH in zeros.replace(_TOO_MANY, b"") or b"0000 0000" in zeros or b"0000-0000" in zeros


def _wide(joined: bytes, raw: bytes) -> bool:
    """Say whether a digit, a space or a stroke is not ASCII."""
    if b"\xc2\xa0" in raw or b"\xe3\x80\x80" in raw or b"\xe2\x88\x92" in raw:
        return True
    suspect = b"\xef\xbc\x90" in joined or b"\xe2\x80\x90" in joined
    return suspect and _WIDE.search(raw) is not None


def clear_text(raw: bytes) -> tuple[str, ...]:
    """Return the fields of a line that hold a number in clear, sorted: `data.text`, `data.cards[1]`.

    Of many the first 20 are named, in the order of the line, which must be one that `decode` could read. A path never
    shows a number: a name that is one, or that is no word of at most 40 letters and digits, is shown as an asterisk.
    Integers count as the texts they are written as.
    """
    if not may_hold(raw):
        return ()
    whole = json.loads(raw.decode(), object_pairs_hook=_Pairs, parse_int=str)
    found: set[str] = set()
    for path in _fields(whole):
        found.add(path)
        if len(found) == MOST:
            break
    return tuple(sorted(found))


def _fields(whole: Any) -> Iterator[str]:
    waiting: list[tuple[str, Any]] = [("", _Pairs(pair for pair in whole if pair[0] != _PASSED_OVER))]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, _Pairs):
            waiting += [each for pair in reversed(value) for each in _entry(path, *pair)]
        elif isinstance(value, list):
            waiting += [(_below(path, f"[{index}]"), value[index]) for index in reversed(range(len(value)))]
        elif isinstance(value, str) and holds_number(value):
            yield path


def _entry(path: str, name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield an entry's value and, after it, the name where that is a number: the last is looked at first."""
    yield _below(path, _shown(name)), value
    if holds_number(name):
        yield _below(path, "*"), name


def _shown(name: str) -> str:
    return name if _NAME.fullmatch(name) and not holds_number(name) else "*"


def _below(path: str, step: str) -> str:
    """Return the path of what is within a field; the path ends where it would become too long to read."""
    longer = f"{path}{'.' if path and not step.startswith('[') else ''}{step}"
    return longer if len(longer) <= _LONGEST else path


def without_numbers(value: Any) -> Any:
    """Return a JSON value as it may be shown: an asterisk for each digit of the numbers in its texts and integers."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, int) and not isinstance(value, bool) and holds_number(text := str(value)):
        return masked(text)
    if isinstance(value, list):
        return list(map(without_numbers, value))  # One frame a level: a line may be 500 deep.
    if isinstance(value, dict):
        return dict(zip(map(masked, value), map(without_numbers, value.values()), strict=True))
    return value
