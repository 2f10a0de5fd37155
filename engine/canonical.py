"""One value, one sequence of bytes, one id: canonical JSON (RFC 8785) for values without floats.

For ASCII keys and without floats, what msgspec writes in the order of keys are the bytes of the RFC; tests hold it
against the library that knows the RFC, which takes twenty times as long. Anything else is asserted not to be there.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

import msgspec

from engine.payloads.fields import GREATEST

_SORTED: Final = msgspec.json.Encoder(order="sorted")


def canonical(value: Any) -> bytes:
    """Return the canonical JSON of a value.

    Keys must be ASCII, numbers whole and within ±(2^53 - 1): anything else is an AssertionError, a fault of ours.
    """
    _check(value)
    return _SORTED.encode(value)


def digest(value: Any) -> str:
    """Return the SHA-256 of a value's canonical JSON in hexadecimal."""
    return sha256(canonical(value)).hexdigest()


def _check(value: Any) -> None:
    if value.__class__ is str:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            assert isinstance(key, str), "keys are texts"
            assert key.isascii(), "keys are ASCII texts"
            if item.__class__ is not str:
                _check(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _check(item)
    elif isinstance(value, int):
        assert -GREATEST <= value <= GREATEST, "whole numbers are exact in every reader"
    else:
        assert value is None or isinstance(value, str), f"no {type(value).__name__} in canonical JSON"
