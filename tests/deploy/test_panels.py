"""Every query of every dashboard, asked of a real Prometheus that scraped a real process, gives data.

No Grafana can be had here: that it draws the panels well is seen by nobody in a test.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec
import pytest

from deploy.grafana.frame import CHANGES, marks
from deploy.grafana.words import Say
from rules.loading import SHIPPED
from streams.sources.shops import events
from tests.deploy.asking import Asked, dashboard, numbers, queries
from tests.servers.prometheus import LocalPrometheus, Span
from tests.streams.kafka.conftest import prepared, produced
from tests.streams.kafka.fleet import Fleet
from tests.weiguard.calling import start
from tests.weiguard.test_listening import Running

PARTS: Final = 3  # The history is handed over so, each part once Prometheus has seen the one before.
SHADOW: Final = "TAX-04"
RULES: Final = (
    "COL-01",
    "SLA-01",
    "COL-15",
    SHADOW,
)  # One is amended, one takes back, one has undecided events.
EMBEDDED: Final = [asked for page in ("risk", "rules", "rule", "engine") for asked in queries(page)]


@dataclass(frozen=True, slots=True)
class Scraped:
    """A process that Prometheus scraped, from before its first input to after its last."""

    server: LocalPrometheus
    instance: str
    span: Span
    lines: int

    def numbers(self, asked: Asked, rule: str = RULES[0]) -> list[float]:
        return numbers(self.server, asked, self.instance, self.span, rule)


def clock(server: LocalPrometheus) -> float:
    """Return Prometheus's time."""
    return float(server.ask("query", query="time()")["result"][1])


def history() -> list[bytes]:
    """Return the demo's history and stories, with changes of rules that somebody made halfway."""
    lines = list(events(size=1))
    half = len(lines) // 2
    data = {
        "rule": "COL-01", "ruleset": "sha256:0", "limit": "personal_daily", "value": 1, "key": "a",
        "author": "li", "approver": "wang",
    }  # fmt: skip
    here = {
        name: msgspec.json.decode(lines[half])[name]
        for name in ("specversion", "tenant", "time", "receivedtime")
    }
    changes = [{**here, "id": kind, "type": kind, "source": "office", "data": data} for kind in CHANGES]
    return [*lines[:half], *map(msgspec.json.encode, changes), *lines[half:]]


def hushed(folder: Path) -> None:
    """Copy the shipped rules, one of them as a shadow."""
    for part in ("catalog", "limits", "lexicons"):
        shutil.copytree(SHIPPED / part, folder / part)
    for path in (folder / "catalog").iterdir():
        text = path.read_text("utf-8")
        path.write_text(text.replace(f"- id: {SHADOW}\n", f"- id: {SHADOW}\n    shadow: true\n"), "utf-8")


@pytest.fixture(scope="module")
def run(prometheus: LocalPrometheus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    """Decide the demo's history part by part, so that Prometheus sees the counters grow."""
    lines = history()
    folder = tmp_path_factory.mktemp("run")
    hushed(folder / "rules")
    process = start("run", "-", "--rules", "rules", "--listen", "127.0.0.1:0", cwd=folder)
    try:
        running = Running(process)
        instance = running.url.removeprefix("http://")
        prometheus.scrape(instance)
        mine = f'weiguard_events_total{{instance="{instance}"}}'
        prometheus.until(f'count(weiguard_alerts_total{{instance="{instance}"}}) > 0')
        begun = clock(prometheus)
        assert process.stdin is not None
        for part in range(PARTS):
            at, to = part * len(lines) // PARTS, (part + 1) * len(lines) // PARTS
            process.stdin.write(b"".join(line + b"\n" for line in lines[at:to]))
            process.stdin.flush()
            prometheus.until(f"sum({mine}) == {to}")
        yield Scraped(prometheus, instance, Span(begun - 1, clock(prometheus) + 1), len(lines))
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("asked", EMBEDDED, ids=lambda asked: f"{asked.page}: {asked.panel}")
def test_every_panel_has_data(run: Scraped, asked: Asked) -> None:
    """And not zeros alone: what a history brings up is shown."""
    found = [run.numbers(asked, rule) for rule in (RULES if asked.page == "rule" else RULES[:1])]
    assert all(found), "no data"
    assert any(map(any, found)), "zeros alone"


def test_the_numbers_are_those_of_the_history(run: Scraped) -> None:
    # Asked at the moment of the last sample: past it Prometheus extrapolates.
    (sample,) = run.server.now(f'timestamp(weiguard_build_info{{instance="{run.instance}"}})', run.span.end)
    then = replace(run, span=Span(run.span.start, float(sample["value"][1])))
    everything = Asked("engine", "", "sum(increase(weiguard_events_total[$__range]))", instant=True)
    (counted,) = then.numbers(everything)
    assert counted == pytest.approx(run.lines, rel=0.05), "Prometheus extrapolates, but by little"
    (raised,) = then.numbers(next(asked for asked in EMBEDDED if asked.panel == "Alerts raised"))
    (all_,) = run.server.now(f'sum(weiguard_alerts_total{{state="raised",instance="{run.instance}"}})')
    assert raised == pytest.approx(float(all_["value"][1]), rel=0.05)


@pytest.mark.parametrize("mark", marks(Say("en")), ids=lambda mark: str(mark.name))
def test_changes_of_rules_are_marked(run: Scraped, mark: object) -> None:
    assert run.numbers(Asked("", "", str(getattr(mark, "expr")), instant=False))  # noqa: B009  # the SDK's field


@pytest.mark.parametrize("page", ["risk", "rules", "rule", "engine"])
def test_every_variable_has_values(run: Scraped, page: str) -> None:
    asked = [each["query"] for each in dashboard(page)["templating"]["list"] if each["type"] == "query"]
    assert len(asked) >= 2
    for query in asked:
        assert label_values(run.server, query.replace("$job", "weiguard"))


def label_values(server: LocalPrometheus, query: str) -> list[str]:
    """Return what Grafana would offer to choose from."""
    found = re.fullmatch(r"label_values\((.+), (\w+)\)", query)
    assert found is not None, query
    names: list[str] = server.ask(f"label/{found[2]}/values", **{"match[]": found[1]})
    return names


def test_prometheus_could_work_out_every_rule(run: Scraped) -> None:
    run.server.until('{__name__="instance:weiguard_busy:ratio5m"}')
    rules = [rule for group in run.server.ask("rules")["groups"] for rule in group["rules"]]
    assert len(rules) == 26
    assert {rule["health"] for rule in rules} == {"ok"}
    recorded = {rule["name"] for rule in rules if rule["type"] == "recording" and "kafka" not in rule["name"]}
    assert all(run.server.now(name) for name in recorded - {"rule:weiguard_alerts_retracted:ratio1d"})


@pytest.mark.slow
def test_every_panel_of_kafka_has_data(prometheus: LocalPrometheus, kafka: str, tmp_path: Path) -> None:
    lines = list(events(shops=6))
    cluster = prepared(kafka)
    with Fleet(cluster, tmp_path / "fleet", "--listen", "127.0.0.1:0") as fleet:
        fleet.start("a")
        said = re.compile(r"metrics on http://(\S+)/metrics")
        fleet.until(lambda: said.search(fleet.said("a")) is not None, "an address")
        (instance,) = said.findall(fleet.said("a"))
        prometheus.scrape(instance)
        begun = clock(prometheus)
        done = f'sum(weiguard_events_total{{instance="{instance}"}})'
        prometheus.until(f"{done} == 0")
        # In parts: a rate needs samples before and after, and a quick worker is done with all of it between two.
        for part in range(4):
            log = tmp_path / f"shops-{part}.jsonl"
            begin, end = len(lines) * part // 4, len(lines) * (part + 1) // 4
            log.write_bytes(b"".join(line + b"\n" for line in lines[begin:end]))
            produced(cluster, log)
            prometheus.until(f"{done} == {end}")
        worker = Scraped(prometheus, instance, Span(begun - 1, clock(prometheus) + 1), len(lines))
        for asked in queries("kafka"):
            assert worker.numbers(asked), asked
        for each in dashboard("kafka")["templating"]["list"]:
            if each["type"] == "query":
                assert label_values(prometheus, each["query"].replace("$job", "weiguard"))
