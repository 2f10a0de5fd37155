"""A backtest from the command line: one history under two rule sets, and what differs at its end.

Each rule set decides in processes of its own, the tenants shared out among them where there are cores enough. Every
process reads the whole history and keeps what stands in a file, so memory grows with what windows hold alone.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from engine.alert import Record
from monitoring.wording.words import Language
from streams.apart import Report, Work, apart, one_by_one
from streams.comparing import compare
from streams.large_state import large_state
from streams.refusing import RefusedError
from streams.replaying import Replayed, replay
from streams.sharing import Share, tenants_at_start
from streams.sources.jsonl import JsonLines
from streams.sources.spooling import spool
from streams.stores.standing import Standing
from weiguard.backtest_answer import Answer, Decided, answer_of, first_refused
from weiguard.backtest_page import show
from weiguard.failing import FOUND, say
from weiguard.leaving import keep_to_the_end
from weiguard.preparing import Prepared, prepare_both
from weiguard.progress import progress_bar
from weiguard.replaying import say_refused, until_us
from weiguard.settings import Settings
from weiguard.summary import inputs_line
from weiguard.words import BACKTEST, SUMMARY, language

_SIDES: Final = ("after", "before")  # The rule set asked about, and the one it is compared with.


@dataclass(frozen=True, slots=True)
class Order:
    """What a call asks for, beside the settings. No `against`: the shipped rules; no `jobs`: as many as cores."""

    events: str
    against: Path | None
    until: str | None
    examples: int
    jobs: int | None
    json: bool
    strict: bool


@dataclass(frozen=True, slots=True)
class _Task:
    """What one process decides, and the file where what stands is put."""

    prepared: Prepared
    share: Share
    file: Path
    until: int | None
    tenant: str | None


def run_backtest(order: Order, settings: Settings) -> int:
    """Decide, compare and show; return the exit status. Raises RefusedError or RuleProblems."""
    until = until_us(order.until)
    lang = settings.lang or language(os.environ)
    _refuse_misuse(order, settings)
    prepared = dict(zip(_SIDES, prepare_both(settings, order.against), strict=True))
    if prepared["after"].rules.hash == prepared["before"].rules.hash:
        say(f"weiguard: --rules and --against are the same rules, {prepared['after'].rules.hash}")
    with tempfile.TemporaryDirectory(prefix="weiguard-") as name, _read_twice(order.events, name) as source:
        folder = Path(name)
        jobs = order.jobs or _cores()
        shares = max(1, min(jobs // len(_SIDES), tenants_at_start(source)))
        tasks = {
            side: [
                _Task(prepared[side], Share(source, each, shares), folder / f"{side}-{each}", until, settings.tenant)
                for each in range(shares)
            ]
            for side in _SIDES
        }  # fmt: skip
        found = _all_done([task for side in _SIDES for task in tasks[side]], jobs, source)
        if len({each.lines for each in found}) > 1:
            raise RefusedError(
                order.events,
                "that it changed while it was read",
                "a history that is at rest",
                "copy it first",
            )
        decided = {"after": found[:shares], "before": found[shares:]}
        pairs = [
            (before.file, after.file) for before, after in zip(tasks["before"], tasks["after"], strict=True)
        ]
        answer = answer_of(prepared, decided, compare(pairs, folder / "differing", order.examples))
    if order.json:
        sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
    else:
        _tell(answer, decided, lang)
        show(answer, {**prepared["before"].rules.rules(), **prepared["after"].rules.rules()}, lang)
    quarantined = answer.before.dispositions["quarantined"] + answer.after.dispositions["quarantined"]
    return FOUND if order.strict and quarantined else 0


def _refuse_misuse(order: Order, settings: Settings) -> None:
    if settings.rules is None and order.against is None:
        raise RefusedError(
            "backtest",
            "neither --rules nor --against",
            "two rule sets",
            "name a folder of rules; the other is the shipped catalogue unless you name it too",
        )


def _cores() -> int:
    """Return the cores this process may use, where the system tells that; else those there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _read_twice(events: str, folder: str) -> Iterator[JsonLines]:
    """Return a source that can be read as often as needed; a pipe is put into a file first. Raises RefusedError."""
    source = JsonLines(events)
    if not source.lasting:
        copy = Path(folder) / "events"
        with progress_bar(None) as show_read:
            spool(events, copy, show_read)
        source = JsonLines(str(copy))
    yield source


def _all_done(tasks: list[_Task], jobs: int, source: JsonLines) -> list[Decided]:
    works: list[Work[Decided]] = [partial(_decide, task) for task in tasks]
    if jobs == 1:
        with progress_bar(source.size) as show_read:
            return one_by_one(works, show_read)
    with apart() as working:
        for work in works:
            working.start(work)
        with progress_bar(
            source.size
        ) as show_read:  # It begins a thread, so no process may be started after it.
            return working.results(show_read)


def _decide(task: _Task, report: Report) -> Decided:
    """Decide one share under one rule set. Raises RefusedError."""
    engine, share = task.prepared.engine(), task.share
    keep_to_the_end(engine)
    standing = Standing(task.file)
    placed = 0

    def take(records: list[Record], _lines: Sequence[bytes] = ()) -> None:
        standing.take(each for each in records if task.tenant in (None, each.tenant))

    def progress(told: Replayed) -> None:
        nonlocal placed
        for nth in range(placed, len(told.refused)):
            refused = told.refused[nth]
            told.refused[nth] = msgspec.structs.replace(refused, line=share.line(refused.line))
        placed = len(told.refused)
        report(share.lines, share.bytes_read)

    with large_state():
        told = replay(share, engine, take, progress=progress)
    if task.until is not None:
        take(engine.until(task.until))
    standing.close()
    dispositions = Counter(engine.tally.by_disposition())
    dispositions["decided"] -= share.uncounted
    return Decided(
        share.lines, dispositions, Counter(engine.undecided), Counter(engine.tally.unlisted), told.refused
    )


def _tell(answer: Answer, decided: dict[str, list[Decided]], lang: Language) -> None:
    """Say on stderr what became of the inputs; of the rule set compared with only where it is something else."""
    after, before = answer.after, answer.before
    say_refused(first_refused(decided["after"]), after.dispositions["quarantined"], lang)
    say(inputs_line(after.dispositions, lang))
    if before.dispositions != after.dispositions:
        say(f"{BACKTEST[lang]['before']} (--against): {inputs_line(before.dispositions, lang)}")
    for name, counts in (("undecided", after.undecided), ("unlisted", after.unlisted)):
        if counts:
            told = " · ".join(f"{each} {count:,}" for each, count in counts.items())
            say(f"{SUMMARY[lang][name]}: {told}")
