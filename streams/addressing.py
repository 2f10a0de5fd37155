"""To which tenant a line belongs, told without reading the rest of it."""

from __future__ import annotations

from typing import Final

import msgspec

from engine.decoding import LONGEST, Refusal, decode

NOBODY: Final = ""  # The tenant of what cannot be read; it is sent all the same, to be quarantined whole.
_DEFAULT: Final = "default"
_TICK: Final = "clock.tick"


class _Addressed(msgspec.Struct, gc=False):
    type: str = ""
    tenant: str | None = None


_ADDRESSED: Final = msgspec.json.Decoder(_Addressed)


def tenant_of(line: bytes) -> str | None:
    """Return a line's tenant: NOBODY where it cannot be read, None where it speaks to all tenants. Never raises."""
    if len(line) > LONGEST:
        return NOBODY
    try:
        read = _ADDRESSED.decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return NOBODY
    if read.type == _TICK and not read.tenant:
        # One that is wrong otherwise moves no clock: it is quarantined once, not on every partition.
        return NOBODY if isinstance(decode(line), Refusal) else None
    return _DEFAULT if read.tenant is None else read.tenant
