"""Ways to spoil what is good: bytes of a line, values of an event, lines of a rule file.

Everything is drawn from a `random.Random`, so a seed names what was sent.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any, Final

# Values that JSON can say and that some reader somewhere takes for another.
ODD: Final[tuple[Any, ...]] = (
    None, True, False, 0, -0.0, -1, 1, 1.0, 0.5, 1e308, 5e-324, (1 << 53) - 1, 1 << 53, -(1 << 53), (1 << 63) - 1,
    1 << 63, -(1 << 63), 1 << 64, 10**30, "", " ", "0", "1", "true", "null", "NaN", "Infinity", "-", "x" * 256,
    "x" * 257, "x" * 5_000, "\x00", "a\x00b", "\n", "\r\n", "\x7f", "\x85", "\u2028", "\ufeff", "\ufffe", "\U0010ffff",
    "é", "e\u0301", "ǆ", "İ", "\u202e", "购" * 300, "🀄" * 100, "a/b", "/", "..", "'; DROP TABLE inputs; --",
    "{collected|yuan}", "%s%n", "__class__", "type", [], {}, [[]], [None], [{}], {"": ""}, {"__proto__": {}},
    ["a"] * 100, [["x"], 1], "2026-03-10", "2026-02-30", "9999-12-31", "0001-01-01", "2026-W11-2",
    "2026-03-10T09:00:00+08:00", "1970-01-01T00:00:00Z", "9998-12-31T23:59:59Z", "9998-12-31T23:59:59-23:59",
    "1970-01-01T00:00:00+14:00", "2016-12-31T23:59:60Z", "2026-03-10T09:00:00-00:00", "2026-03-10t09:00:00z",
    "2026Q1", "2026-03",
)  # fmt: skip
# Pieces of text that are put into a line as they are.
SPLINTERS: Final[tuple[bytes, ...]] = (
    b"\x00", b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\\u0000", b"\\ud800", b"\\udc00", b"\\", b'"',
    b"{", b"}", b"[", b"]", b",", b":", b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-0", b"00", b"9" * 400, b"'",
    b"//", b"/*", b"null", b"\t", b"\r", b"\x0b", b"\x1f", b"\xe2\x80\xa8", b'"type":"post.published",',
    b'"data":{},', b'"id":"again",', b"[" * 300, b'{"a":' * 300, b'"zzz":[[[[[]]]]],',
)  # fmt: skip


def bent_event(whole: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Return an event with one to three of its attributes or fields odd, missing, moved or new."""
    whole = json.loads(json.dumps(whole))
    for _ in range(rng.randint(1, 3)):
        part = whole["data"] if rng.random() < 0.7 and isinstance(whole.get("data"), dict) else whole
        rng.choice(_BENDS)(part, rng)
    return whole


def _odd(rng: random.Random) -> Any:
    return copy.deepcopy(rng.choice(ODD))  # Its lists are bent further where they end up.


def _odd_value(part: dict[str, Any], rng: random.Random) -> None:
    if part:
        part[rng.choice(sorted(part))] = _odd(rng)


def _missing(part: dict[str, Any], rng: random.Random) -> None:
    if part:
        del part[rng.choice(sorted(part))]


def _swapped(part: dict[str, Any], rng: random.Random) -> None:
    if part:
        one, two = rng.choice(sorted(part)), rng.choice(sorted(part))
        part[one], part[two] = part[two], part[one]


def _unknown(part: dict[str, Any], rng: random.Random) -> None:
    part[rng.choice(("", "zzz", "Type", "amount_yuan", "\x00", "data", "__init__", "购"))] = _odd(rng)


def _version(part: dict[str, Any], rng: random.Random) -> None:
    part["schemaversion"] = rng.choice((0, 1, 2, -1, 1.0, "1", None, True, False, 1 << 70))


def _timed(part: dict[str, Any], rng: random.Random) -> None:
    name = rng.choice(("time", "receivedtime", "valid_from", "valid_to", "opened_at", "verified_until"))
    part[name] = rng.choice([value for value in ODD if isinstance(value, str)])


_BENDS: Final[tuple[Callable[[dict[str, Any], random.Random], None], ...]] = (
    _odd_value, _odd_value, _odd_value, _missing, _swapped, _unknown, _version, _timed,
)  # fmt: skip


def bent_bytes(raw: bytes, rng: random.Random) -> bytes:
    """Return a line with one to four of its bytes or pieces changed, doubled, cut out or put in."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(raw) + 1)
        to = min(len(raw), at + rng.choice((0, 1, 1, 2, 8, 40)))
        piece = rng.choice((b"", bytes([rng.randrange(256)]), rng.choice(SPLINTERS), raw[at:to] * 2))
        raw = raw[:at] + piece + raw[to:]
    return raw.replace(b"\n", b" ")
