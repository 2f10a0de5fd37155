"""Base64 that has one spelling for each sequence of bytes, so that nothing signed can be written in two ways."""

from __future__ import annotations

from base64 import b64decode, b64encode


def decoded(text: str) -> bytes:
    """Return what base64 (RFC 4648, section 4) stands for. Raises ValueError where it is none, or not the usual one."""
    found = b64decode(text, validate=True)
    if b64encode(found).decode() != text:
        raise ValueError("base64 with other bits in its padding")
    return found
