"""The demo from end to end: every story is found by the shipped rules, and the summary accounts for every event."""

from __future__ import annotations

import io
import re
import socket
from collections import defaultdict
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from urllib.request import urlopen

import pytest
from rich.console import Console

from engine.alert import Record
from engine.fold import Engine
from rules.loading import load
from rules.planning.compiling import compile_rules
from streams.embedded import Runner
from streams.sources.shops import FIRST_DAY, events
from streams.sources.shops.stories import STORIES
from tests.monitoring.scraping import by, parsed
from weiguard.commands.demo_show import ADDRESS, INTERRUPTED, OPENING, Play, Wishes, show

STORIED = sorted({rule for story in STORIES for rule in story.rules} | {"QUA-01", "QUA-07"})


@pytest.fixture(scope="module")
def records() -> dict[str, list[Record]]:
    """Every record of the whole log by rule."""
    engine = Engine(compile_rules(load()))
    found: dict[str, list[Record]] = defaultdict(list)
    for line in events():
        for record in engine.feed(line).records:
            found[record.rule].append(record)
    return found


@pytest.mark.parametrize("rule", STORIED)
def test_every_story_is_found_on_the_day_it_is_told(rule: str, records: dict[str, list[Record]]) -> None:
    told = [record for record in records[rule] if record.raised_at.startswith(FIRST_DAY.isoformat())]
    assert told, f"{rule} says nothing on the day"


def test_late_payments_move_an_alert(records: dict[str, list[Record]]) -> None:
    moved = [r for r in records["COL-01"] if r.key == {"account": "personal-03-0"} and r.late]
    assert {record.state for record in moved} >= {"amended"}


def test_an_answer_that_was_in_time_takes_its_alert_back(records: dict[str, list[Record]]) -> None:
    assert [record.state for record in records["SLA-01"]].count("retracted") == 1


@pytest.fixture(scope="module")
def shown() -> str:
    out = io.StringIO()
    assert show(Wishes(speed=0, lang="en", once=True), Console(file=out, width=140)) == 0
    return out.getvalue()


def test_the_day_is_shown_in_the_order_of_arrival(shown: str) -> None:
    times = [line[:14] for line in shown.splitlines() if line[2:3] == "-" and line[8:9] == ":"]
    assert len(times) > 40
    assert times == sorted(times)


def test_the_summary_accounts_for_every_event(shown: str) -> None:
    lines = shown.splitlines()
    header = next(place for place, line in enumerate(lines) if "┃ decided ┃" in line)
    counts = [int(cell.replace(",", "")) for cell in lines[header + 2].replace("│", " ").split()]
    assert sum(counts) == sum(1 for _ in events())
    assert counts[1:] == [3, 1, 1, 2]  # Copies, a conflict, a late one; an unreadable and a far-ahead one.


def test_it_is_the_same_show_twice(shown: str) -> None:
    out = io.StringIO()
    show(Wishes(speed=0, lang="en", once=True), Console(file=out, width=140))
    assert _without_times(out.getvalue()) == _without_times(shown)


def _without_times(text: str) -> list[str]:
    return [line for line in text.splitlines() if "processor time" not in line]


def test_without_once_metrics_stay_until_somebody_ends_it(capsys: pytest.CaptureFixture[str]) -> None:
    """At the address that it printed, be another program where the contract would have it."""
    out = io.StringIO()
    seen: list[str] = []

    def look(*_: object) -> None:
        (url,) = re.findall(r"metrics on (http://127\.0\.0\.1:\d+)/metrics\n", capsys.readouterr().err)
        for path in ("readyz", "metrics"):
            with urlopen(f"{url}/{path}", timeout=10) as answer:  # noqa: S310  # our own
                seen.append(answer.read().decode())

    with ExitStack() as taken:
        with suppress(OSError):  # Somebody else's is as good.
            taken.enter_context(socket.create_server((ADDRESS.host, ADDRESS.port)))
        assert show(Wishes(speed=0, lang="en"), Console(file=out, width=140), look) == 0
    ready, metrics = seen
    assert ready == "caught up\n"
    assert by(parsed(metrics), "weiguard_events_total").total() == sum(1 for _ in events())
    assert out.getvalue().endswith("Ctrl-C ends it.\n")


def test_an_interrupted_show_still_sums_up(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Play.run

    def interrupted(self: Play, runner: Runner, batches: Iterable[list[bytes]]) -> None:
        whole(self, runner, [next(iter(batches))[:100]])
        raise KeyboardInterrupt

    monkeypatch.setattr(Play, "run", interrupted)
    out = io.StringIO()
    assert show(Wishes(speed=0, lang="zh"), Console(file=out, width=140)) == INTERRUPTED
    assert "已中断" in out.getvalue()
    assert "100" in out.getvalue()


def test_the_day_opens_at_midnight_in_china() -> None:
    assert OPENING.isoformat() == "2026-03-10T00:00:00+08:00"
