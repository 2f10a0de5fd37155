"""A run from the command line: sources into a database, and what is said meanwhile and at its end."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitoring.describing import texts
from streams.audit.notes import Signer, verifier_of
from streams.commit import Committed
from streams.embedded import Runner
from streams.large_state import large_state
from streams.ports import Observer, Source
from streams.refusing import RefusedError
from streams.replaying import SHOWN, Refused
from streams.sources.jsonl import JsonLines
from streams.sources.opening import STDIN
from streams.stopping import Stop
from streams.stores.deciding import decided_by
from streams.stores.sqlite import SqliteStore, open_store
from weiguard.audit_signer import signer_of
from weiguard.audit_words import AUDIT, entries
from weiguard.failing import FOUND, INTERRUPTED, say
from weiguard.leaving import keep_to_the_end
from weiguard.preparing import Prepared, prepare, prepare_kept
from weiguard.progress import progress_bar
from weiguard.reloading import Reloading
from weiguard.replaying import say_refused
from weiguard.settings import Settings
from weiguard.summary import Summary
from weiguard.words import language

if TYPE_CHECKING:
    from monitoring.serving import Address
    from weiguard.listening import Window


@dataclass(frozen=True, slots=True)
class Order:
    """What a call of `run` asks for, beside the settings."""

    sources: tuple[str, ...]
    follow: bool = False
    refold: bool = False
    json: bool = False
    strict: bool = False
    listen: Address | None = None  # Where metrics and health are served.
    reload: bool = False  # Begin by the rules that the database keeps, and change to those of the files.
    author: str | None = None  # Who answers for changed rules, and who approved them.
    approver: str | None = None


@dataclass(slots=True)
class Watcher:
    """Hears of every batch, counts it and shows how far the run is."""

    show: Callable[[int, int], None]
    tenant: str | None
    summary: Summary = field(default_factory=Summary)
    inputs: int = 0
    bytes: int = 0

    def __call__(self, committed: Committed) -> None:
        """Take note of what is durable now."""
        self.inputs += committed.inputs
        self.bytes += committed.bytes
        self.summary.dispositions.update(committed.dispositions)
        self.summary.add(
            record for record in committed.records if self.tenant is None or record.tenant == self.tenant
        )
        self.show(self.inputs, self.bytes)


def run_sources(order: Order, settings: Settings) -> int:
    """Run, and return the exit status. Raises RefusedError; what was committed before stays."""
    _refuse_misuse(order)
    prepared = prepare(settings) if order.refold else prepare_kept(settings, as_decided=order.reload)
    signer = signer_of(settings)
    stop = Stop()
    with ExitStack() as stack:
        window = None
        if order.listen is not None:
            from weiguard.listening import shown

            window = stack.enter_context(shown(order.listen, prepared.program.ruleset, settings))
        _, store = stack.enter_context(opened(prepared, settings, refold=order.refold))
        stack.enter_context(stop.listening())
        before = store.last
        summary, finished = _decide(order, settings, prepared, store, window, stop, signer)
        _tell(summary, store, before, order, settings)
    lives = order.follow or (window is not None and window.arriving.begun)
    if not finished and not (lives and stop.asked in (signal.SIGINT, signal.SIGTERM)):
        return INTERRUPTED
    return FOUND if order.strict and summary.dispositions["quarantined"] else 0


def _decide(
    order: Order,
    settings: Settings,
    prepared: Prepared,
    store: SqliteStore,
    window: Window | None,
    stop: Stop,
    signer: Signer | None,
) -> tuple[Summary, bool]:
    """Read the sources; return what became of what was in them, and whether they were read to their ends."""
    named = [JsonLines(path, follow=order.follow) for path in order.sources]
    files = list({source.name: source for source in named}.values())  # Named twice, it is one source.
    sources: list[Source] = [*files, *([window.arriving] if window is not None else [])]
    sizes = [source.size for source in files]
    whole = None if order.follow or None in sizes else sum(size or 0 for size in sizes)
    with progress_bar(whole) as show, large_state():
        watcher = Watcher(show, settings.tenant)
        observers: list[Observer] = [watcher]
        if window is not None:
            observers.append(window.observe)
        engine = prepared.engine()
        keep_to_the_end(engine)
        now = _now_us if order.follow or window is not None else None
        runner = Runner(store, engine, observers=observers, every=settings.checkpoint, now=now, signer=signer)
        if order.refold:
            runner.refold()
        else:
            runner.resume()
        if window is not None:
            window.open(runner, store)
        # What was counted when it was decided first is not counted again.
        undecided, unlisted = Counter(engine.undecided), Counter(engine.tally.unlisted)
        reloading = Reloading(prepared, settings, order.author, order.approver)
        if order.reload:
            reloading.change(runner)

        def between() -> None:
            if reloading.look(runner) and window is not None:
                window.metrics.begin(engine)

        with reloading.listening():
            runner.run(sources, stop, between)
        watcher.summary.undecided = Counter(engine.undecided) - undecided
        watcher.summary.unlisted = Counter(engine.tally.unlisted) - unlisted
    return watcher.summary, runner.caught_up


def _refuse_misuse(order: Order) -> None:
    if not order.sources and not order.refold and not order.reload and order.listen is None:
        raise RefusedError(
            "run",
            "no source",
            "files of events, or - for standard input",
            "name one, as in `weiguard run events.jsonl`, or --listen for events to be sent",
        )
    if order.follow and STDIN in order.sources:
        raise RefusedError(
            "--follow",
            "standard input",
            "files to follow",
            "leave out --follow: it is read to its end anyway",
        )


@contextmanager
def opened(
    prepared: Prepared, settings: Settings, *, refold: bool = False
) -> Iterator[tuple[Prepared, SqliteStore]]:
    """Open the database to write, and close it whatever happens."""
    by = decided_by(prepared.program, prepared.settings, settings.only, prepared.since)
    rules = texts(prepared.rules, prepared.program)
    seed = bytes.fromhex(settings.subject_seed) if settings.subject_seed is not None else None
    with open_store(settings.db, by, rules, refold=refold, archive=prepared.archive, seed=seed) as store:
        store.seals.addresses_us = settings.addresses_us
        yield prepared, store


def _tell(summary: Summary, store: SqliteStore, before: int, order: Order, settings: Settings) -> None:
    lang = settings.lang or language(os.environ)
    if not order.json:
        count = summary.dispositions["quarantined"]
        stored = store.quarantined(before, SHOWN) if count else []
        refused = [Refused(each.line, each.reason) for each in stored]
        say_refused(refused, count, lang)
    summary.show(lang, json=order.json)
    head = store.audit.head()
    if head is not None and not order.json:
        key = store.audit.key()
        signer = verifier_of(key).short if key is not None else ""
        say(
            AUDIT[lang]["keyed" if signer else "unkeyed"].format(
                entries=entries(head.size, lang), signer=signer
            )
        )
    if order.refold and not order.json:
        say(f"{store.last:,} inputs decided anew")


def _now_us() -> int:
    return time.time_ns() // 1_000
