"""Faust agents as its guide shows them: they take one event at a time, and only count.

One counts in a variable, what Faust costs at the least; one decodes JSON and counts by tenant in a Table, which keeps
its counts in a topic, as a worker keeps its state.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import time
from typing import Any, cast

import faust

from bench.kafka.broker import TABLE, Place


async def count(place: Place, inputs: int, *, table: bool) -> None:
    """Count so many events; say `ready` once all partitions are assigned, and `done` with the seconds at the end.

    The time is from the first event to the last. `table`: whether to count by tenant in a Table.
    """
    logging.disable(logging.CRITICAL)
    done = asyncio.Event()
    with tempfile.TemporaryDirectory() as folder:
        app = faust.App(
            place.cluster.prefix,
            broker=[f"kafka://{broker}" for broker in place.cluster.brokers],
            store="memory://",
            datadir=folder,
            web_enabled=False,
            topic_disable_leader=True,
            topic_allow_declare=table,  # The Table's topic is Faust's own.
            topic_partitions=place.partitions,
            consumer_auto_offset_reset="earliest",
        )
        kept = app.Table(TABLE, default=int) if table else None
        topic = app.topic(
            place.cluster.events, key_serializer="raw", value_serializer="json" if table else "raw"
        )

        @app.agent(topic)
        async def _counting(events: Any) -> None:
            seen, begun = 0, 0.0
            async for event in events:
                seen += 1
                if kept is not None:
                    kept[event["tenant"]] += 1
                begun = begun or time.perf_counter()
                if seen == inputs:
                    say(f"done {time.perf_counter() - begun}")
                    done.set()

        async def assigned(_app: Any, assigned: set[Any], **_: Any) -> None:
            if sum(tp.topic == place.cluster.events for tp in assigned) == place.partitions:
                say("ready")
                if not inputs:
                    done.set()

        app.on_partitions_assigned.connect(cast("Any", assigned), weak=False)
        await app.start()
        await done.wait()
        await app.stop()


def say(text: str) -> None:
    """Tell the bench."""
    print(text, file=sys.stderr, flush=True)
