"""The metrics: they agree with what was decided, never go back, and their labels are bounded by contract and rules."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from prometheus_client.openmetrics import exposition, parser

from engine.disposition import DISPOSITIONS, OTHER
from engine.fold import Engine
from engine.payloads import PAYLOADS
from engine.program import LEVELS
from monitoring.counting import BOUNDS_S, Durations, OpenAlerts, said
from monitoring.metrics import Metrics
from streams.commit import Committed
from streams.embedded import Runner
from streams.ports import Block
from streams.refusing import RefusedError
from streams.stores.memory import MemoryStore
from tests.contracts.store import record
from tests.monitoring.scraping import Series, by, scraped
from tests.streams.running import block_of, made, program
from tests.streams.shadowing import SOME, shadowed

STATES = ("raised", "escalated", "lowered", "amended", "retracted")
NAMES = {  # Those of the contract whose parts exist.
    "weiguard_events_total", "weiguard_alerts_total", "weiguard_decide_seconds", "weiguard_commit_seconds",
    "weiguard_clock_lag_seconds", "weiguard_open_alerts", "weiguard_state_cells", "weiguard_late_refolds_total",
    "weiguard_undecided_total", "weiguard_kafka_lag", "weiguard_build_info", "weiguard_audit_entries_total",
    "weiguard_audit_tree_size", "weiguard_audit_failures_total", "weiguard_shadow_records_total",
}  # fmt: skip
WAITING = {  # Those of the contract that come with feed, intake and delivery.
    "weiguard_feed_clients", "weiguard_queue_depth", "weiguard_delivery_total",
}  # fmt: skip


def new_metrics(now_us: int = 0) -> Metrics:
    return Metrics(program().ruleset, "0.0.1", lambda: now_us)


def running(metrics: Metrics, store: MemoryStore | None = None) -> Runner:
    """Return a resumed runner that is watched."""
    runner = Runner(store or MemoryStore(), Engine(program()), observers=[metrics.observe])
    runner.resume()
    metrics.watch(runner.engine, said(each.body for each in runner.store.records()))
    metrics.audit = metrics.audit or runner.audit  # A process keeps one.
    return runner


def fed(lines: list[bytes], metrics: Metrics, store: MemoryStore | None = None) -> Runner:
    """Return a runner that took lines in batches."""
    runner = running(metrics, store)
    for at in range(0, len(lines), 50):
        runner.take("log", block_of(lines[at : at + 50], at))
    return runner


def value(series: Series, name: str) -> float:
    """Return a metric without labels."""
    return series[name, frozenset()]


def of_weiguard(metrics: Metrics) -> Series:
    """Return what is not about the process alone."""
    return {name: n for name, n in scraped(metrics.registry).items() if name[0].startswith("weiguard_")}


def collected(metrics: Metrics) -> Series:
    """Return what `scraped` would, without the way through text, which takes most of the time."""
    families = metrics.registry.collect()
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def counters(series: Series) -> Series:
    """Return what may never go back."""
    return {
        name: count
        for name, count in series.items()
        if name[0].startswith("weiguard_") and name[0].endswith(("_total", "_bucket", "_count"))
    }


def test_the_names_are_those_of_the_contract() -> None:
    metrics = new_metrics()
    fed(made(2, 300), metrics)
    # The library takes `_total` and `_info` off a family's name and puts them back where it is written.
    suffixes = {"counter": "_total", "info": "_info"}
    found = {family.name + suffixes.get(family.type, "") for family in metrics.registry.collect()}
    assert {name for name in found if name.startswith("weiguard_")} == NAMES
    assert not NAMES & WAITING
    bare = {"weiguard_" + name for name in ("decide_seconds", "commit_seconds")}
    kinds = ("_bucket", "_count", "_sum")
    empty = {
        "weiguard_kafka_lag",
        "weiguard_shadow_records_total",
    }  # There are no partitions here, and no shadows.
    wanted = (NAMES - bare - empty) | {name + kind for name in bare for kind in kinds}
    assert {name for name, _ in of_weiguard(metrics)} == wanted


def test_the_process_tells_of_itself() -> None:
    """By the names that every process gives these things."""
    found = scraped(new_metrics().registry)
    assert value(found, "process_resident_memory_bytes") > 10_000_000
    assert value(found, "process_cpu_seconds_total") > 0
    assert value(found, "process_start_time_seconds") > 1.7e9


def test_they_read_as_open_metrics_too() -> None:
    metrics = new_metrics()
    fed(made(2, 60), metrics)
    text = exposition.generate_latest(metrics.registry).decode()  # type: ignore[no-untyped-call]  # it has no types
    families = parser.text_string_to_metric_families(text)  # type: ignore[no-untyped-call]  # nor has this
    assert len([family for family in families if family.name.startswith("weiguard_")]) == len(NAMES)


def test_what_may_come_to_be_stands_at_0_before() -> None:
    """Prometheus sees no increase in a series that begins at 1."""
    metrics = new_metrics()
    runner = running(metrics)
    before = scraped(metrics.registry)
    faces = {rule: [face for face in program().faces if face.rule == rule] for rule in program().rules}
    for rule, its in faces.items():
        for level in LEVELS[1 : max(face.top for face in its) + 1]:
            for state in STATES:
                labels = frozenset({("rule", rule), ("level", level), ("state", state)})
                assert before["weiguard_alerts_total", labels] == 0
    assert len(by(before, "weiguard_events_total", "type", "disposition")) == (len(PAYLOADS) + 1) * 5
    for seed in range(3):
        lines = made(seed, 300)
        runner.take("log", block_of(lines, seed * len(lines)))
    after = counters(scraped(metrics.registry))
    assert after.keys() == counters(before).keys()


def test_a_new_process_has_counted_nothing() -> None:
    found = {name: count for name, count in of_weiguard(new_metrics()).items() if count}
    build = frozenset({("version", "0.0.1"), ("ruleset", program().ruleset)})
    assert found == {("weiguard_build_info", build): 1}


@pytest.mark.parametrize("seed", range(3))
def test_they_agree_with_what_was_committed(seed: int) -> None:
    metrics, store = new_metrics(), MemoryStore()
    runner = fed([*made(seed, 300), b"{broken"], metrics, store)
    found = scraped(metrics.registry)
    inputs = Counter(each.disposition for each in store.inputs())
    records = [msgspec.json.decode(each.body) for each in store.records()]
    assert +by(found, "weiguard_events_total", "disposition") == {(name,): n for name, n in inputs.items()}
    told = Counter((each["rule"], each["level"], each["state"]) for each in records)
    assert +by(found, "weiguard_alerts_total", "rule", "level", "state") == told
    last = {each["id"]: each for each in records}
    stand = Counter(each["level"] for each in last.values() if each["state"] != "retracted")
    assert +by(found, "weiguard_open_alerts", "level") == {(name,): n for name, n in stand.items()}
    undecided = {(rule,): n for rule, n in runner.engine.undecided.items()}
    assert +by(found, "weiguard_undecided_total", "rule") == undecided
    tenants = runner.engine.tenants.values()
    assert value(found, "weiguard_state_cells") == sum(len(cells) for each in tenants for cells in each.cells)
    assert value(found, "weiguard_late_refolds_total") == sum(each.refolds for each in tenants)
    batches = -(-(len(list(store.inputs()))) // 50)
    for name in ("weiguard_decide_seconds", "weiguard_commit_seconds"):
        assert value(found, f"{name}_count") == batches
        assert value(found, f"{name}_sum") > 0


def test_what_shadow_rules_find_is_counted_apart() -> None:
    metrics, store = new_metrics(), MemoryStore()
    runner = Runner(store, Engine(shadowed(SOME)), observers=[metrics.observe])
    metrics.watch(runner.engine)
    labels = ("rule", "level", "state")
    begun = by(scraped(metrics.registry), "weiguard_shadow_records_total", *labels)
    assert {rule for rule, _, _ in begun} == SOME, "a rule that may find something stands at 0"
    assert begun.total() == 0
    runner.take("log", block_of(made(3, 300), 0))
    found = scraped(metrics.registry)
    shadows = [msgspec.json.decode(each.body) for each in store.shadows()]
    told = Counter((each["rule"], each["level"], each["state"]) for each in shadows)
    assert +by(found, "weiguard_shadow_records_total", *labels) == told != Counter()
    alerts = by(found, "weiguard_alerts_total", "rule")
    assert alerts.total() == len(list(store.records())) > 0
    assert not {rule for (rule,), count in alerts.items() if count} & SOME
    assert by(found, "weiguard_open_alerts").total() < len(list(store.records())), "none of them is open"


def test_some_log_has_something_to_say_of_everything() -> None:
    """Else the test above would compare nothing with nothing."""
    found = Counter[str]()
    for seed in range(3):
        metrics = new_metrics()
        fed(made(seed, 300), metrics)
        for (name, _), count in scraped(metrics.registry).items():
            found[name] += int(count)
    assert min(found[f"weiguard_{name}"] for name in (
        "events_total", "alerts_total", "open_alerts", "undecided_total", "state_cells", "late_refolds_total"
    )) > 0  # fmt: skip


def test_what_a_restart_decides_again_is_not_counted_again() -> None:
    store = MemoryStore()
    lines = made(2, 300)
    first, second = new_metrics(), new_metrics()
    fed(lines[:200], first, store)
    stood = by(scraped(first.registry), "weiguard_open_alerts", "level")
    runner = running(second, store)
    found = scraped(second.registry)
    assert +by(found, "weiguard_events_total") == +by(found, "weiguard_alerts_total") == {}
    assert value(found, "weiguard_late_refolds_total") == 0
    assert by(found, "weiguard_open_alerts", "level") == stood
    assert stood.total() > 0
    runner.take("log", block_of(lines[200:], 200))
    assert by(scraped(second.registry), "weiguard_events_total").total() == len(lines) - 200


def test_what_an_engine_counted_stays_when_it_is_forgotten() -> None:
    metrics = new_metrics()
    gone = fed(made(2, 300), metrics)
    before = scraped(metrics.registry)
    metrics.forget(gone.engine)
    after = scraped(metrics.registry)
    assert counters(after) == counters(before) != {}
    assert by(after, "weiguard_open_alerts") == {(): 0}
    assert value(after, "weiguard_state_cells") == 0
    running(metrics, gone.store)  # type: ignore[arg-type]  # it is one in memory
    back = scraped(metrics.registry)
    assert counters(back) == counters(before)
    assert by(back, "weiguard_open_alerts") == by(before, "weiguard_open_alerts")


def test_engines_are_added_up() -> None:
    logs = [made(seed, 120) for seed in (1, 2)]
    both, each = new_metrics(), [new_metrics(), new_metrics()]
    for log, metrics in zip(logs, each, strict=True):
        fed(log, metrics)
        fed(log, both)
    wanted: Counter[tuple[str, ...]] = Counter()
    for metrics in each:
        wanted.update(by(scraped(metrics.registry), "weiguard_events_total", "type", "disposition"))
    assert by(scraped(both.registry), "weiguard_events_total", "type", "disposition") == wanted


def test_a_correction_takes_nothing_back() -> None:
    """It puts a new tenant, which begins to count at 0, in the place of the old one."""
    metrics = new_metrics()
    runner = fed(made(2, 300), metrics)
    before = scraped(metrics.registry)
    assert value(before, "weiguard_late_refolds_total") > 0
    for name, tenant in sorted(runner.engine.tenants.items()):
        runner.take("corrections", Block([correction(name)], None))
        assert runner.engine.tenants[name] is not tenant, "nothing was corrected"
        after = scraped(metrics.registry)
        assert counters(after).keys() >= counters(before).keys()
        assert all(after[series] >= count for series, count in counters(before).items())
        before = after


def correction(tenant: str) -> bytes:
    """Return an event that asks for a tenant's correction, later than all others."""
    return msgspec.json.encode({
        "specversion": "1.0", "id": tenant, "source": "s", "tenant": tenant, "type": "correction.requested",
        "time": "2100-01-01T00:00:00Z", "data": {"by": "me", "reason": "too late"},
    })  # fmt: skip


def test_the_clock_lag_is_that_of_the_newest_tenant() -> None:
    at_us = 1_773_100_800 * 10**6
    metrics = new_metrics(at_us)
    assert ("weiguard_clock_lag_seconds", frozenset()) not in scraped(metrics.registry)
    runner = running(metrics)
    assert ("weiguard_clock_lag_seconds", frozenset()) not in scraped(metrics.registry)
    for tenant, behind_us in (("t1", 90_000_000), ("t2", 1_500_000)):
        runner.engine.tenant(tenant).clock = at_us - behind_us
    assert value(scraped(metrics.registry), "weiguard_clock_lag_seconds") == 1.5


def test_kafka_says_how_much_waits_in_each_partition() -> None:
    metrics = new_metrics()
    metrics.lags = lambda: {0: 7, 11: 0}
    found = by(scraped(metrics.registry), "weiguard_kafka_lag", "partition")
    assert found == {("0",): 7, ("11",): 0}
    metrics.lags = lambda: {11: 2}
    assert by(scraped(metrics.registry), "weiguard_kafka_lag", "partition") == {("11",): 2}


def of_audit(metrics: Metrics) -> tuple[float, float, float]:
    """Return entries committed, the size of the log, and failures."""
    found = scraped(metrics.registry)
    names = ("entries_total", "tree_size", "failures_total")
    entries, size, failures = (value(found, f"weiguard_audit_{name}") for name in names)
    return entries, size, failures


def size_of(runner: Runner) -> int:
    head = runner.store.audit.head()
    assert head is not None
    return head.size


def test_the_audit_log_is_counted_as_it_is_committed_and_a_restart_counts_anew() -> None:
    metrics, again = new_metrics(), new_metrics()
    runner = fed(made(2, 300), metrics)
    size = size_of(runner)
    assert of_audit(metrics) == (size, size, 0)
    runner = running(again, runner.store)  # type: ignore[arg-type]  # it is one in memory
    assert of_audit(again) == (0, size, 0)
    runner.end()
    assert size_of(runner) > size
    assert of_audit(again) == (size_of(runner) - size, size_of(runner), 0)


def test_a_batch_that_could_not_be_committed_is_a_failure_of_the_audit_log_and_no_growth(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    metrics = new_metrics()
    runner = fed(made(2, 300), metrics)
    before = of_audit(metrics)

    def full(_: Any) -> None:
        raise RefusedError("the disk", "that it is full")

    monkeypatch.setattr(runner.store, "commit", full)
    with pytest.raises(RefusedError):
        runner.take("log", block_of(made(3, 300), 300))
    assert of_audit(metrics) == (*before[:2], 1)


def test_where_no_audit_log_is_kept_no_metric_tells_of_one() -> None:
    assert not [name for name, _ in scraped(new_metrics().registry) if "audit" in name]


HOSTILE = ["x" * 1_000, 'a"b\n', "", "other", "payment.received ", "告警", "{type}", *map(str, range(500))]


def hostile() -> list[bytes]:
    """Return a log that tries to become labels: unknown types, and odd values wherever text may stand."""
    kinds = [*HOSTILE, "payment.received", "login.attempted"]
    return [
        msgspec.json.encode({
            "specversion": "1.0", "id": f"{n} {text}", "source": text, "tenant": text or "default", "subject": text,
            "type": kind, "time": "2026-03-10T09:00:00+08:00",
            "data": {"transaction_id": text, "amount_fen": 9_000_000, "payer_id": text, "ip": text, "result": text},
        })
        for n, (kind, text) in enumerate(zip(kinds * 2, reversed(kinds * 2), strict=True))
    ] + [b"", b"{", b"\xff" * 50, b'{"type":"' + b"y" * 1_000 + b'"}']  # fmt: skip


def test_labels_are_bounded_by_the_contract_and_the_rules() -> None:
    metrics = new_metrics()
    metrics.lags = lambda: dict.fromkeys(range(12), 1)
    fed([*hostile(), *made(1, 300), *made(2, 300)], metrics)
    rules = set(program().rules)
    allowed: dict[str, set[str]] = {
        "type": {*PAYLOADS, OTHER},
        "disposition": set(DISPOSITIONS),
        "rule": rules,
        "level": set(LEVELS[1:]),
        "state": set(STATES),
        "partition": {str(n) for n in range(12)},
        "le": {*map(str, BOUNDS_S), "+Inf"},
        "version": {"0.0.1"},
        "ruleset": {program().ruleset},
    }
    found = scraped(metrics.registry)
    for _, pairs in found:
        for label, text in pairs:
            assert text in allowed[label]
    most = {
        "weiguard_events_total": (len(PAYLOADS) + 1) * len(DISPOSITIONS),
        "weiguard_alerts_total": len(rules) * 3 * len(STATES),
        "weiguard_undecided_total": len(rules),
        "weiguard_open_alerts": 3,
        "weiguard_kafka_lag": 12,
    }
    found = of_weiguard(metrics)
    counted = Counter(name for name, _ in found)
    assert all(count <= most.get(name, len(BOUNDS_S) + 1) for name, count in counted.items())
    assert by(found, "weiguard_events_total", "type")[OTHER,] > len(HOSTILE)


@pytest.fixture
def quick_switches() -> Iterator[None]:
    """Let threads take turns much more often than they do, so that every place is met where they may."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("quick_switches")
@pytest.mark.slow
def test_whoever_scrapes_while_events_are_decided_sees_counts_that_only_grow() -> None:
    metrics = new_metrics()
    lines = [*hostile(), *made(1, 400), *made(2, 400)]
    done = threading.Event()
    scrapes: tuple[list[Series], list[Series]] = ([], [])
    failed: list[BaseException] = []

    def scrape(found: list[Series]) -> None:
        try:
            while not done.is_set():
                found.append(collected(metrics))
        except BaseException as error:  # noqa: BLE001  # it is for the main thread to say
            failed.append(error)

    threads = [threading.Thread(target=scrape, args=(found,)) for found in scrapes]
    for thread in threads:
        thread.start()
    try:
        for at in range(0, len(lines), 100):  # Partitions come and go, too.
            runner = fed(lines[at : at + 100], metrics)
            metrics.forget(runner.engine)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert failed == []
    assert by(scraped(metrics.registry), "weiguard_events_total").total() == len(lines)
    for found in scrapes:
        assert len(found) > 5
        for before, after in pairwise(found):
            assert all(after[name] >= count for name, count in counters(before).items())


def test_observing_a_batch_counts_its_durations() -> None:
    metrics = new_metrics()
    metrics.observe(Committed(3, 300, {"decided": 3}, [], decide_s=0.02, commit_s=4.0))
    found = scraped(metrics.registry)
    assert value(found, "weiguard_decide_seconds_sum") == 0.02
    assert value(found, "weiguard_commit_seconds_sum") == 4.0
    buckets = by(found, "weiguard_commit_seconds_bucket", "le")
    assert (buckets["2.5",], buckets["5.0",], buckets["+Inf",]) == (0, 1, 1)


@pytest.mark.parametrize(
    ("seconds", "first"),
    [
        pytest.param(0.0, "0.001", id="no time at all"),
        pytest.param(0.001, "0.001", id="a bound is within"),
        pytest.param(0.0011, "0.0025", id="beyond a bound"),
        pytest.param(30.0, "30.0", id="the last bound"),
        pytest.param(31.0, "+Inf", id="beyond the last"),
    ],
)
def test_a_duration_is_in_every_bucket_that_holds_it(seconds: float, first: str) -> None:
    durations = Durations()
    durations.add(seconds)
    assert next(name for name, count in durations.buckets() if count) == first
    assert durations.buckets()[-1] == ("+Inf", 1)


@pytest.mark.parametrize(
    ("changes", "open_"),
    [
        pytest.param([("raised", "warn")], {"warn": 1}, id="raised"),
        pytest.param([("raised", "warn"), ("escalated", "critical")], {"critical": 1}, id="escalated"),
        pytest.param([("raised", "critical"), ("lowered", "info")], {"info": 1}, id="lowered"),
        pytest.param([("raised", "warn"), ("amended", "warn")], {"warn": 1}, id="amended"),
        pytest.param([("raised", "warn"), ("retracted", "warn")], {}, id="retracted"),
        pytest.param(
            [("raised", "warn"), ("retracted", "warn"), ("raised", "info")], {"info": 1}, id="again"
        ),
        pytest.param([("amended", "warn")], {"warn": 1}, id="what was said before is not known"),
        pytest.param([("retracted", "warn")], {}, id="retracted, and it is not known what"),
    ],
)
def test_an_alert_stands_as_its_last_record_says(
    changes: list[tuple[str, str]], open_: dict[str, int]
) -> None:
    alerts = OpenAlerts()
    for number, (state, level) in enumerate(changes, 1):
        alerts.take(msgspec.structs.replace(record("a_1", number), state=state, level=level))
    assert Counter(alerts.counts) == Counter(open_)
    alerts.drop("t1")
    alerts.drop("t2")
    assert set(alerts.counts.values()) == {0}
