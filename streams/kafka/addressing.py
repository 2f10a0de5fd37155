"""On which partition a tenant's log is.

A tenant's events stay in order because they are all on one partition. Which one is what every Kafka client would say of
the same key, so a line sent by another program joins the same log.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from aiokafka.partitioner import murmur2

_REMEMBERED: Final = (
    1 << 16
)  # Tenants whose hash is kept; it costs more than all else that is done with a line.
_SHORT: Final = 256  # Characters; longer names are not kept.


def partition_of(tenant: str, partitions: int) -> int:
    """Return the partition of a tenant, from 0, out of so many: that of Java's default partitioner."""
    hashed = _remembered(tenant) if len(tenant) <= _SHORT else _hash(tenant)
    return hashed % partitions


def _hash(tenant: str) -> int:
    hashed: int = murmur2(tenant.encode()) & 0x7FFFFFFF
    return hashed


_remembered = lru_cache(_REMEMBERED)(_hash)
