"""To which tenant a line belongs, and on which partition that tenant's log is.

A tenant's events stay in order because they are all on one partition. Which one is what every Kafka client would say of
the same key, so a line sent by another program joins the same log.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import msgspec
from aiokafka.partitioner import murmur2

from engine.decoding import LONGEST, Refusal, decode

NOBODY: Final = ""  # The tenant of what cannot be read; it is sent all the same, to be quarantined whole.
_DEFAULT: Final = "default"
_TICK: Final = "clock.tick"
_REMEMBERED: Final = (
    1 << 16
)  # Tenants whose hash is kept; it costs more than all else that is done with a line.
_SHORT: Final = 256  # Characters; longer names are not kept.


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


def partition_of(tenant: str, partitions: int) -> int:
    """Return the partition of a tenant, from 0, out of so many: that of Java's default partitioner."""
    hashed = _remembered(tenant) if len(tenant) <= _SHORT else _hash(tenant)
    return hashed % partitions


def _hash(tenant: str) -> int:
    hashed: int = murmur2(tenant.encode()) & 0x7FFFFFFF
    return hashed


_remembered = lru_cache(_REMEMBERED)(_hash)
