"""The kinds of values that payload fields hold, with the limits that JSON and the calendar set."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

import msgspec

GREATEST: Final = (1 << 53) - 1  # JSON integers beyond are not exact in every reader.

Whole: TypeAlias = Annotated[int, msgspec.Meta(ge=-GREATEST, le=GREATEST)]
Amount: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=GREATEST)]  # Fen; a refund is an event of its own.
Day: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Instant: TypeAlias = str  # RFC 3339; decoding.py checks it.
Simhash: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-fA-F]{16}$")]


class Payload(msgspec.Struct, kw_only=True, gc=False):
    """What every payload is: required fields, and optional ones that are None (or a stated value) when absent."""
