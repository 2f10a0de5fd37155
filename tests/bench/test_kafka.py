"""The bench on Kafka spreads its log as it says, and its tables have every figure; how quick it is, no test asks."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from bench.kafka import throughput
from bench.kafka.latency import Latency, half
from bench.kafka.restore import Restored
from bench.kafka.table import Found, report, text
from bench.kafka.takeover import Taken
from bench.kafka.tenants import remote, spread_log, tenants
from bench.kafka.throughput import Rate, taken
from bench.kafka.traffic import Mark
from bench.log import Parameters
from streams.kafka.addressing import partition_of

SMALL = Parameters(events=5_000, accounts=200, owners=60, registered=200, days=2)
MADE_UP = Found(
    {
        "embedded": Rate("run", 100, [1.0, 1.0], [2.0, 2.0], [1.0, 1.0]),
        "worker": Rate("a worker", 100, [2.0, 2.0], [3.0, 3.0], [1.0, 1.0]),
    },
    [Latency(1_000, [0.01] * 98 + [0.2, 0.3])],
    {"survivor": Taken("by the other", [6.0], [7.0]), "again": Taken("by itself", [2.0, 4.0], [3.0, 5.0])},
    Restored(500_000, 2.0, 1.0, 600_000, 100 << 20),
)


@pytest.mark.parametrize("partitions", [1, 3, 4, 8, 12])
def test_every_partition_has_as_many_tenants(partitions: int) -> None:
    found = Counter(partition_of(name, partitions) for name in tenants(partitions))
    assert len(found) == partitions
    assert len(set(found.values())) == 1


def test_an_owner_and_its_accounts_have_one_tenant() -> None:
    tenant_of: dict[int, set[str]] = {}
    for line in spread_log(SMALL, 4):
        event = json.loads(line)
        owner = int((event.get("subject") or event["data"]["owner_id"])[1:]) % SMALL.owners
        tenant_of.setdefault(owner, set()).add(event["tenant"])
    assert {len(names) for names in tenant_of.values()} == {1}
    assert {name for names in tenant_of.values() for name in names} == set(tenants(4))


def test_some_events_raise_an_alert_each() -> None:
    changed = [line for line in remote(spread_log(SMALL, 4)) if '"face_to_face":false' in line]
    assert 0.02 < len(changed) / SMALL.events < 0.05
    assert all('"code_kind":"personal_static"' in line for line in changed)


def test_the_time_begins_with_the_first_batch_and_leaves_out_its_inputs() -> None:
    marks = [Mark(1, 60, 13.0), Mark(0, 40, 10.0), Mark(0, 140, 12.0)]
    assert taken(marks, 200) == pytest.approx(3.0 * 200 / 160)


def test_half_a_rate_is_round() -> None:
    assert [half(rate) for rate in (100.0, 1_900.0, 18_999.0)] == [500, 500, 9_000]


def test_the_report_has_every_figure() -> None:
    told = report(MADE_UP)
    assert json.loads(json.dumps(told)) == told
    assert told["throughput"]["worker"]["events_a_second"] == 50
    assert told["throughput"]["worker"]["us_per_event"] == 20_000
    assert [(row["what"], row["ratio"]) for row in told["comparisons"]] == [
        ("events a CPU second", 0.5),
        ("events/s", 0.5),
    ]
    assert (told["latency"][0]["p50_ms"], told["latency"][0]["p99_ms"]) == (10, 300)
    assert (told["takeover"]["again"]["first_s"], told["takeover"]["again"]["longest_s"]) == (3.0, 5.0)
    assert (told["restore"]["seconds_a_million_cells"], told["restore"]["mib_a_million_cells"]) == (4.0, 200)


def test_the_tables_say_which_aims_are_met() -> None:
    verdicts = [row.split()[-1] for row in text(MADE_UP).splitlines() if re.search("met$|MISSED$", row)]
    assert verdicts == ["MISSED", "MISSED", "met", "met"]


def test_nothing_measured_is_an_empty_table() -> None:
    assert text(Found({}, [], {})) == ""


@pytest.mark.slow
def test_a_worker_is_measured_on_a_real_kafka(kafka: str) -> None:
    """A worker, and what is read of its positions: a rate and a cost come out, and the topics are gone."""
    found = throughput.measure(tuple(kafka.split(",")), SMALL, 4, 1, ("worker", "raw"))
    told = report(Found(found, [], {}))
    assert told["throughput"].keys() == {"worker", "raw"}
    assert all(one["events"] == 5_000 and one["events_a_second"] > 0 for one in told["throughput"].values())
    assert [row["case"] for row in told["comparisons"]] == ["worker"]
