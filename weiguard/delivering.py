"""Delivery from the command line: routes read first, then sent until it is stopped, or one of the small jobs beside."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from monitoring.delivery.choosing import Shelf
from monitoring.delivery.counts import DeliveryMetrics
from monitoring.delivery.delivering import Delivering
from monitoring.delivery.dispatching import Dispatcher
from monitoring.delivery.letters import Letter
from monitoring.delivery.outcomes import Dead, Delivered, Failed, Outcome
from monitoring.delivery.posting import Postman
from monitoring.delivery.queue_schema import beside
from monitoring.delivery.reading import read_routes
from monitoring.delivery.routes import Routes
from monitoring.delivery.trial import trial_letter
from monitoring.delivery.waiting import Queue
from monitoring.serving import Address, serving
from streams.refusing import RefusedError
from streams.stores.locking import Lock
from streams.stores.sqlite_reading import open_reader
from weiguard.failing import FOUND, WRONG, counted, say
from weiguard.settings import Settings

ALL: Final = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """The small jobs of a call, each instead of delivering."""

    check: bool
    test: str | None
    dead: bool
    retry: str | None

    def asked(self) -> list[str]:
        """Return the flags that were given."""
        given = {"--check": self.check, "--test": self.test, "--dead": self.dead, "--retry": self.retry}
        return [flag for flag, value in given.items() if value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a call of `deliver` asks for, beside the settings."""

    routes: Path
    jobs: Jobs
    once: bool
    listen: Address | None
    json: bool


def run_delivery(order: Order, settings: Settings) -> int:
    """Deliver, or do one small job; return the exit status. Raises RefusedError."""
    jobs, queue = order.jobs, beside(settings.db)
    if len(jobs.asked()) > 1:
        raise RefusedError("the call", " and ".join(jobs.asked()), "one of them", "call it once for each")
    if jobs.dead:
        return _list_dead(queue, json=order.json)
    if jobs.retry is not None:
        return _retry(queue, jobs.retry)
    found = read_routes(order.routes, os.environ)
    if found.problems:
        for problem in found.problems:
            say(str(problem))
        say(f"weiguard: {counted(len(found.problems), 'problem')} in the routes; nothing was sent")
        return FOUND if jobs.check else WRONG
    if jobs.check:
        _list_routes(found.routes)
        return 0
    if jobs.test is not None:
        return asyncio.run(_test(found.routes, jobs.test))
    return _deliver(order, found.routes, settings.db)


def _deliver(order: Order, routes: Routes, db: Path) -> int:
    @contextmanager
    def shelf() -> Iterator[Shelf]:
        with open_reader(db) as reader:
            yield Shelf(reader)

    with shelf():  # There must be one, before anything is made beside it.
        pass
    path = beside(db)
    with closing(Lock(path)), Queue(path) as queue:
        dispatcher = Dispatcher(routes, queue, shelf, random.SystemRandom().random)
        _say_what_waits(queue, routes)
        failures = asyncio.run(_run(order, dispatcher))
    return FOUND if order.once and failures else 0


async def _run(order: Order, dispatcher: Dispatcher) -> int:
    """Deliver until it is stopped; return how many attempts failed."""
    failures = 0

    def heard(letter: Letter, outcome: Outcome) -> None:
        nonlocal failures
        failures += not isinstance(outcome, Delivered)
        _say_outcome(letter, outcome)

    async with Postman() as postman:
        delivering = Delivering(dispatcher, postman.send, heard)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, delivering.stop)
        with _served(order.listen, dispatcher, delivering):
            await delivering.run(once=order.once)
    return failures


@contextmanager
def _served(listen: Address | None, dispatcher: Dispatcher, delivering: Delivering) -> Iterator[None]:
    if listen is None:
        yield
        return
    from monitoring.web.application import bare

    metrics = DeliveryMetrics(dispatcher.counts)
    ready = lambda: (delivering.caught_up, "caught up" if delivering.caught_up else "reading")  # noqa: E731  # a check
    with serving(listen, bare(metrics.registry, lambda: (True, "alive"), ready)) as taken:
        say(f"weiguard: metrics on http://{taken}/metrics")
        yield


def _say_outcome(letter: Letter, outcome: Outcome) -> None:
    """Tell of what did not go well; what did is counted alone."""
    route = f"{letter.route.name} ({letter.route.to.host})"
    match outcome:
        case Failed(reason=reason):
            say(f"weiguard: deliver: {route}: {letter.name}: attempt {letter.attempt}: {reason}; again later")
        case Dead(reason=reason):
            say(
                f"weiguard: deliver: {route}: {letter.name}: {reason}; it waits among the dead letters (--dead)"
            )


def _say_what_waits(queue: Queue, routes: Routes) -> None:
    for name, (waiting, dead) in queue.totals().items():
        if routes.named(name) is None:
            say(f"weiguard: deliver: {counted(waiting, 'message')} of {name} stay: no such route in the file")
        elif waiting or dead:
            letters = counted(dead, "dead letter")
            say(f"weiguard: deliver: {name}: {counted(waiting, 'message')} waiting, {letters}")


def _list_routes(routes: Routes) -> None:
    for route in routes.routes:
        sys.stdout.write(f"{route.name}  {route.to.kind} {route.to.host}\n")


async def _test(routes: Routes, name: str) -> int:
    route = routes.named(name)
    if route is None:
        known = ", ".join(each.name for each in routes.routes)
        raise RefusedError("--test", f"the route {name}", f"one of {known}", "name one of these")
    async with Postman() as postman:
        outcome = await postman.send(trial_letter(route))
    if isinstance(outcome, Delivered):
        sys.stdout.write(f"{name}: {route.to.host} has taken it\n")
        return 0
    say(f"weiguard: {name}: {route.to.host}: {outcome.reason}")
    return FOUND


def _list_dead(path: Path, *, json: bool) -> int:
    with _opened(path) as queue:
        letters = queue.dead()
    rows = [
        {
            "number": each.id, "route": each.route, "message": each.name, "level": each.level, "rule": each.rule,
            "records": each.parts or 1, "attempts": each.attempts, "reason": each.dead,
        }
        for each in letters
    ]  # fmt: skip
    if json:
        sys.stdout.write(f"{msgspec.json.encode(rows).decode()}\n")
        return 0
    for row in rows:
        what = row["rule"] or f"{row['records']:,} records"
        sys.stdout.write(
            f"{row['number']}  {row['route']}  {row['message']}  {row['level']} {what}  {row['reason']}\n"
        )
    if not rows:
        say("weiguard: no dead letters")
    return 0


def _retry(path: Path, asked: str) -> int:
    if asked != ALL and not asked.isdecimal():
        raise RefusedError("--retry", repr(asked), "a number that --dead shows, or all", "name one of these")
    with _opened(path) as queue:
        number = None if asked == ALL else int(asked[:18])
        done = queue.retry(number)
        if not done and number is not None:
            raise RefusedError(
                "--retry",
                f"no dead letter {asked}",
                "a number that --dead shows, or all",
                "name one of these",
            )
    say(f"weiguard: {counted(done, 'dead letter')} will be sent again by `weiguard deliver`")
    return 0


def _opened(path: Path) -> Queue:
    if not path.is_file():
        raise RefusedError(
            str(path), "nothing there", "what `weiguard deliver` makes", "name the database with --db"
        )
    return Queue(path)
