"""A worker from the command line: topics looked at first, then partition after partition until it is stopped."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from engine.fold import Engine
from monitoring.metrics import Metrics
from streams.kafka.judging import Asked
from streams.kafka.naming import Cluster
from streams.kafka.reaching import UnreachableError
from streams.kafka.topics import look
from streams.kafka.worker import LostError, Order, Worker
from streams.large_state import large_state
from weiguard.failing import LOST, WRONG, clear_endings, say
from weiguard.leaving import leave
from weiguard.preparing import prepare
from weiguard.settings import Settings
from weiguard.topics import greatest_lateness_us

if TYPE_CHECKING:
    from monitoring.serving import Address


@dataclass(frozen=True, slots=True)
class Call:
    """What a call of `worker` asks for, beside the settings."""

    instance: str | None
    ticks: bool
    session_s: float
    listen: Address | None


def run_worker(call: Call, settings: Settings) -> int:
    """Work, and return the exit status: LOST where no broker answers.

    Raises RefusedError where topics, input or state are not as they must be.
    """
    prepared = prepare(settings)
    cluster = settings.cluster()
    try:
        partitions = _partitions(cluster, settings)
    except UnreachableError as error:  # A supervisor starts it again while the brokers come up.
        say(f"weiguard: {error}")
        return LOST
    metrics = Metrics(prepared.program.ruleset, version("weiguard"))

    def opened(number: int, engine: Engine) -> None:
        metrics.watch(engine, (record for tenant in engine.tenants.values() for record in tenant.stands()))
        say(f"weiguard: worker: partition {number} is open")

    def closed(number: int, engine: Engine) -> None:
        metrics.forget(engine)
        say(f"weiguard: worker: partition {number} is closed")

    order = Order(
        cluster,
        partitions,
        prepared.engine,
        every=settings.checkpoint,
        session_s=call.session_s,
        instance=call.instance,
        ticks=call.ticks,
        observers=[metrics.observe],
        opened=opened,
        closed=closed,
    )
    say(f"weiguard: worker on {cluster.events}, {partitions} partitions")
    with large_state(forks=True):
        asyncio.run(_work(order, metrics, call.listen))
    return 0


def _partitions(cluster: Cluster, settings: Settings) -> int:
    """Look at the topics; return the partitions of the input. Raises RefusedError where they would lose data."""
    judged = look(cluster, Asked(greatest_lateness_us(settings), audit_us=settings.audit_us))
    for finding in (finding for each in judged for finding in each.losing):
        raise finding.refusal()
    return next(each.topic.partitions for each in judged if each.name == cluster.events and each.topic)


async def _work(order: Order, metrics: Metrics, listen: Address | None) -> None:
    worker = Worker(order)
    metrics.lags = worker.lags
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, worker.stop)
    with _served(listen, metrics, worker):
        # It ends at once where it fails: what is left to be closed waits for a Kafka that may never answer.
        try:
            with clear_endings():
                await _until_stopped(worker)
        except SystemExit as end:
            leave(end.code if isinstance(end.code, int) else WRONG)


async def _until_stopped(worker: Worker) -> None:
    try:
        await worker.run()
    except LostError as error:
        say(f"weiguard: worker: lost its place: {error}; what was committed stands, start it again")
        leave(LOST)


@contextmanager
def _served(listen: Address | None, metrics: Metrics, worker: Worker) -> Iterator[None]:
    if listen is None:
        yield
        return
    from monitoring.serving import serving
    from monitoring.web.application import bare

    with serving(listen, bare(metrics.registry, worker.alive, worker.caught_up)) as taken:
        say(f"weiguard: metrics on http://{taken}/metrics")
        yield
