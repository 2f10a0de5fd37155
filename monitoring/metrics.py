"""Every metric, its labels and their bounds.

No label names an account, a payer, an address, a device, an order, a licence or a tenant, or holds what somebody typed:
types are those of the contract and `other`, rules those of the program. So the number of series is known beforehand.

What counts inputs, alert records and undecided expressions stands at 0 before there is any: Prometheus sees an increase
between two samples alone, and the first alert of a rule must not be the one that it misses.

Nothing is counted an event: inputs are counted by the engine anyway, and read when somebody asks. What a batch adds is
counted once it is committed.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeAlias, get_args

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from engine.alert import Record, State
from engine.disposition import DISPOSITIONS, OTHER
from engine.fold import Engine
from engine.payloads import PAYLOADS
from engine.program import LEVELS
from monitoring.counting import Durations, OpenAlerts, Said, Watched
from streams.commit import Committed

if TYPE_CHECKING:
    from streams.audit.log import AuditLog

_INPUTS: Final[dict[tuple[str, str], int]] = dict.fromkeys(
    product((*sorted(PAYLOADS), OTHER), DISPOSITIONS), 0
)
_STATES: Final[tuple[str, ...]] = get_args(State)
_Name: TypeAlias = tuple[str, str, str]  # Rule, level, state.


class Metrics(Collector):
    """The metrics of one process, in a registry of their own; memory, CPU and files of the process are there too.

    `observe` is an observer of its runner. An engine is watched once it is restored, and forgotten when another process
    goes on with it.
    """

    def __init__(self, program_ruleset: str, version: str, now: Callable[[], int] | None = None) -> None:
        """`now`: the wall clock in UTC microseconds."""
        self.registry = CollectorRegistry(auto_describe=True)
        self.lags: Callable[[], Mapping[int, int]] = (
            dict  # Kafka's partitions, and how many inputs wait in each.
        )
        # Clients of the feed, and inputs that arrived and wait; None where there is neither.
        self.listening: Callable[[], int] | None = None
        self.waiting: Callable[[], int] | None = None
        self.audit: AuditLog | None = None  # Where one is kept; without it no metric tells of one.
        self._build = {"version": version, "ruleset": program_ruleset}
        self._now = now or _now_us
        self._watched: dict[Engine, Watched] = {}
        self._gone = _Counts()  # What engines had counted that are watched no more.
        self._alerts: dict[_Name, int] = {}
        self._shadows: dict[_Name, int] = {}
        self._undecided: dict[str, int] = {}  # By rule: those that may come to be undecided, at 0.
        self._open = OpenAlerts()
        self._decide, self._commit = Durations(), Durations()
        # Between those who ask, and those who watch and forget; nobody who decides waits for it.
        self._lock = Lock()
        self.registry.register(self)
        ProcessCollector(registry=self.registry)

    def observe(self, committed: Committed) -> None:
        """Count one batch that is durable now."""
        self._decide.add(committed.decide_s)
        self._commit.add(committed.commit_s)
        _count(self._alerts, committed.records)
        _count(self._shadows, committed.shadows)
        for record in committed.records:
            self._open.take(record)

    def watch(self, engine: Engine, standing: Iterable[Said] = ()) -> None:
        """Count what an engine decides from now on. `standing`: the last records of the alerts of its tenants."""
        for record in standing:
            self._open.take(record)
        self.begin(engine)
        with self._lock:
            assert engine not in self._watched, "an engine is watched once"
            self._watched[engine] = Watched(engine)

    def begin(self, engine: Engine) -> None:
        """Let the counters of an engine's rules stand at 0, where they have not counted yet: rules may change."""
        for face in engine.program.faces:
            for level, state in product(LEVELS[1 : face.top + 1] if face.written else (), _STATES):
                self._alerts.setdefault((face.rule, level, state), 0)
                if face.shadow:
                    self._shadows.setdefault((face.rule, level, state), 0)
        with self._lock:
            self._undecided.update(dict.fromkeys(engine.program.undecided, 0))

    def forget(self, engine: Engine) -> None:
        """Let go of an engine and of its tenants' alerts; what it has counted stays counted."""
        with self._lock:
            self._gone.add(self._watched.pop(engine))
        for tenant in engine.tenants:
            self._open.drop(tenant)

    def collect(self) -> Iterator[Metric]:
        """Yield every metric as it is now."""
        with self._lock:
            watched = list(self._watched.values())
            counts = _Counts(self._gone)
            undecided = self._undecided.copy()
            for each in watched:
                counts.add(each)
        yield from self._of_inputs(counts)
        yield from self._of_alerts(undecided | counts.undecided)
        yield _durations(
            "weiguard_decide_seconds", "Time to decide; one observation is one batch.", self._decide
        )
        yield _durations(
            "weiguard_commit_seconds", "Time to commit; one observation is one batch.", self._commit
        )
        yield from self._of_state(watched, counts)
        if self.audit is not None:
            yield from _of_audit(self.audit)
        if self.listening is not None:
            yield _gauge("weiguard_feed_clients", "Clients that listen to the feed.", {(): self.listening()})
        if self.waiting is not None:
            help_ = "Inputs that arrived by HTTP and are not decided yet."
            yield _gauge("weiguard_queue_depth", help_, {(): self.waiting()})
        help_ = "Inputs of a partition that are not decided yet."
        lags = {(str(number),): lag for number, lag in self.lags().items()}
        yield _gauge("weiguard_kafka_lag", help_, lags, "partition")
        build = self._build | ({"ruleset": watched[-1].engine.program.ruleset} if watched else {})
        yield InfoMetricFamily("weiguard_build", "What decides: the version and the rule set.", build)

    def _of_inputs(self, counts: _Counts) -> Iterator[Metric]:
        help_ = "Inputs by type and by what became of them; a type outside the contract is `other`."
        yield _counter("weiguard_events_total", help_, {**_INPUTS, **counts.events}, "type", "disposition")

    def _of_alerts(self, undecided: Mapping[str, int]) -> Iterator[Metric]:
        help_ = "Alert records committed, by what changed."
        yield _counter("weiguard_alerts_total", help_, self._alerts.copy(), "rule", "level", "state")
        help_ = "Records that shadow rules would have written, by what changed; nobody is told of them."
        shadows = self._shadows.copy()
        yield _counter("weiguard_shadow_records_total", help_, shadows, "rule", "level", "state")
        standing = {(level,): count for level, count in self._open.counts.copy().items()}
        yield _gauge(
            "weiguard_open_alerts", "Alerts that stand, as far as this process knows.", standing, "level"
        )
        help_ = "Expressions of a rule that had no value for an event."
        by_rule = {(rule,): count for rule, count in undecided.items()}
        yield _counter("weiguard_undecided_total", help_, by_rule, "rule")

    def _of_state(self, watched: list[Watched], counts: _Counts) -> Iterator[Metric]:
        tenants = [tenant for each in watched for tenant in each.tenants()]
        newest_us = max((tenant.clock for tenant in tenants), default=-1)
        lag = {(): (self._now() - newest_us) / 10**6} if newest_us >= 0 else {}
        help_ = "How far the newest clock of a tenant is behind the wall clock; nothing before there is one."
        yield _gauge("weiguard_clock_lag_seconds", help_, lag)
        cells = {(): sum(sum(map(len, tenant.cells)) for tenant in tenants)}
        yield _gauge("weiguard_state_cells", "Cells that are remembered.", cells)
        help_ = "How often something was folded again because an event came late."
        yield _counter("weiguard_late_refolds_total", help_, {(): counts.refolds})


def _count(counts: dict[_Name, int], records: Iterable[Record]) -> None:
    for record in records:
        name = (record.rule, record.level, record.state)
        counts[name] = counts.get(name, 0) + 1


class _Counts:
    """What engines have counted together."""

    def __init__(self, before: _Counts | None = None) -> None:
        self.events: Counter[tuple[str, str]] = Counter(before.events) if before is not None else Counter()
        self.undecided: Counter[str] = Counter(before.undecided) if before is not None else Counter()
        self.refolds: int = before.refolds if before is not None else 0

    def add(self, watched: Watched) -> None:
        self.events.update(watched.events())
        self.undecided.update(watched.undecided())
        self.refolds += watched.refolds()


def _of_audit(log: AuditLog) -> Iterator[Metric]:
    size = log.committed
    help_ = "Entries committed to the audit log."
    yield _counter("weiguard_audit_entries_total", help_, {(): size - log.begun})
    yield _gauge("weiguard_audit_tree_size", "Entries that the audit log has.", {(): size})
    help_ = "Batches that could not be committed with their audit entries; none of their alerts was shown."
    yield _counter("weiguard_audit_failures_total", help_, {(): log.failures})


def _counter(name: str, help_: str, values: Mapping[Any, float], *labels: str) -> Metric:
    family = CounterMetricFamily(name, help_, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family


def _gauge(name: str, help_: str, values: Mapping[Any, float], *labels: str) -> Metric:
    family = GaugeMetricFamily(name, help_, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family


def _durations(name: str, help_: str, durations: Durations) -> Metric:
    return HistogramMetricFamily(name, help_, durations.buckets(), durations.sum_s)


def _now_us() -> int:
    return time.time_ns() // 1_000
