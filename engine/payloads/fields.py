"""The kinds of values that payload fields hold, with the limits that JSON and the calendar set."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Final, TypeAlias

import msgspec

GREATEST: Final = (1 << 53) - 1  # JSON integers beyond are not exact in every reader.

Whole: TypeAlias = Annotated[int, msgspec.Meta(ge=-GREATEST, le=GREATEST)]
Amount: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=GREATEST)]  # Fen; a refund is an event of its own.
Balance: TypeAlias = Whole  # Fen, negative where more was taken back than given: settlements, red invoices.
DAY_PATTERN: Final = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
SIMHASH_PATTERN: Final = "^[0-9a-fA-F]{16}$"
A_DAY: Final = "a date, YYYY-MM-DD"
WORDS: Final = {DAY_PATTERN: A_DAY, SIMHASH_PATTERN: "16 hexadecimal digits"}
# decoding.py checks that there is such a day, and that an instant is RFC 3339.
Day: TypeAlias = Annotated[str, msgspec.Meta(pattern=DAY_PATTERN)]
Instant: TypeAlias = str
# The length is said too, because `$` lets a newline follow.
Simhash: TypeAlias = Annotated[str, msgspec.Meta(pattern=SIMHASH_PATTERN, min_length=16, max_length=16)]


class Payload(msgspec.Struct, kw_only=True, gc=False):
    """What every payload is: required fields, and optional ones that are None (or a stated value) when absent."""


@cache
def fields_of(payload: type[Payload]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """Return what a payload's fields are. Kept: msgspec reads the annotations anew at each asking."""
    return msgspec.structs.fields(payload)
