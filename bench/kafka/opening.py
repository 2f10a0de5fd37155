"""Partitions opened one after the other with the code that a worker opens them with, and what that took."""

from __future__ import annotations

import asyncio
import time

from bench.kafka.broker import Place
from streams.kafka.partition import Partition
from streams.large_state import large_state
from weiguard.preparing import prepare
from weiguard.settings import settings_from


async def opened(place: Place, every: int) -> dict[str, float]:
    """Open all partitions; return the seconds, CPU seconds, cells, and inputs decided again."""
    prepared = prepare(settings_from({}))
    told = {"seconds": 0.0, "cpu_s": 0.0, "cells": 0.0, "again": 0.0}
    with large_state(forks=True):
        for number in range(place.partitions):
            part = Partition(
                place.cluster, number, place.partitions, prepared.engine(), every, asyncio.Lock()
            )
            begun, before = time.perf_counter(), time.process_time()
            await part.start()
            told["seconds"] += time.perf_counter() - begun
            told["cpu_s"] += time.process_time() - before
            told["again"] += part.restored.again
            tenants = part.deciding.engine.tenants.values()
            told["cells"] += sum(sum(map(len, tenant.cells)) for tenant in tenants)
            await part.close()
    return told
