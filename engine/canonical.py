"""One value, one sequence of bytes, one id: canonical JSON (RFC 8785) for values without floats."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import rfc8785


def canonical(value: Any) -> bytes:
    """Return the canonical JSON of a value. Raises rfc8785.CanonicalizationError for integers beyond ±(2^53 - 1)."""
    return rfc8785.dumps(value)


def digest(value: Any) -> str:
    """Return the SHA-256 of a value's canonical JSON in hexadecimal."""
    return sha256(canonical(value)).hexdigest()
