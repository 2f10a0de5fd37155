"""A worker from the command line: topics looked at first, then partition after partition until it is stopped."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass

from streams.kafka.judging import Asked
from streams.kafka.naming import Cluster
from streams.kafka.topics import look
from streams.kafka.worker import LostError, Order, Worker
from streams.refusing import RefusedError
from streams.replaying import quiet_collector
from weiguard.failing import LOST, say
from weiguard.preparing import prepare
from weiguard.settings import Settings
from weiguard.topics import greatest_lateness_us


@dataclass(frozen=True, slots=True)
class Call:
    """What a call of `worker` asks for, beside the settings."""

    instance: str | None
    ticks: bool
    session_s: float
    listen: str | None


def run_worker(call: Call, settings: Settings) -> int:
    """Work, and return the exit status. Raises RefusedError where topics, input or state are not as they must be."""
    prepared = prepare(settings)
    cluster = settings.cluster()
    order = Order(
        cluster,
        _partitions(cluster, greatest_lateness_us(settings)),
        prepared.engine,
        every=settings.checkpoint,
        session_s=call.session_s,
        instance=call.instance,
        ticks=call.ticks,
    )
    try:
        with quiet_collector():
            asyncio.run(_work(order))
    except LostError as error:
        say(f"weiguard: worker: {error}; what was committed stands, start it again")
        return LOST
    return 0


def _partitions(cluster: Cluster, lateness_us: int) -> int:
    """Look at the topics; return the partitions of the input. Raises RefusedError where they would lose data."""
    judged = look(cluster, Asked(lateness_us))
    for finding in (finding for each in judged for finding in each.losing):
        raise RefusedError("worker", str(finding), "", "`weiguard topics` mends what can be mended")
    partitions = next(each.topic.partitions for each in judged if each.name == cluster.events and each.topic)
    say(f"weiguard: worker on {cluster.events}, {partitions} partitions")
    return partitions


async def _work(order: Order) -> None:
    worker = Worker(order)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, worker.stop)
    await worker.run()
