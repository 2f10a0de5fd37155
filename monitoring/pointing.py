"""In what two JSON texts differ, field by field, so that a difference has a place and not only two long lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

_ANY: Final = msgspec.json.Decoder()
_MOST: Final = 120  # Characters of a value that are shown.
_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """Where something is, the field in it (empty: all of it), what was found there, and what was expected."""

    where: str
    field: str
    found: str
    expected: str

    def __str__(self) -> str:
        where = f"{self.where}, {self.field}" if self.field else self.where
        return f"{where}: found {self.found}; expected {self.expected}"


def differences(where: str, found: bytes, expected: bytes) -> tuple[Difference, ...]:
    """Return in what two JSON texts that are not the same bytes differ; `expected` can be read."""
    try:
        pairs = list(_differing("", _ANY.decode(found), _ANY.decode(expected)))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return (Difference(where, "", "what cannot be read", cut(expected.decode())),)
    if not pairs:  # The same values, in other words.
        pairs = [("", cut(found.decode("utf-8", "replace")), cut(expected.decode()))]
    return tuple(Difference(where, *pair) for pair in pairs)


def _differing(path: str, found: Any, expected: Any) -> Iterator[tuple[str, str, str]]:
    if isinstance(found, dict) and isinstance(expected, dict):
        for name in sorted({*found, *expected}):
            below = f"{path}.{name}" if path else name
            yield from _differing(below, found.get(name, _ABSENT), expected.get(name, _ABSENT))
    elif found != expected or type(found) is not type(expected):
        yield path, _written(found), _written(expected)


def _written(value: Any) -> str:
    return "nothing" if value is _ABSENT else cut(msgspec.json.encode(value).decode())


def cut(text: str) -> str:
    """Return a text as it is shown: whole, or its beginning."""
    return text if len(text) <= _MOST else f"{text[:_MOST]}…"
