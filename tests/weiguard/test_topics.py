"""`weiguard topics`: what it prints, and the statuses that scripts rely on."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from streams.kafka.naming import Cluster
from tests.weiguard.conftest import Weiguard
from weiguard.settings import settings_from
from weiguard.topics import greatest_lateness_us


@pytest.fixture
def cluster(kafka: str) -> Cluster:
    return Cluster(tuple(kafka.split(",")), f"call-{uuid4().hex[:12]}")


def test_a_set_is_looked_at_made_and_well(weiguard: Weiguard, cluster: Cluster) -> None:
    where = ("--brokers", cluster.bootstrap, "--prefix", cluster.prefix)
    before = weiguard("topics", "--check", *where)
    assert (before.status, before.err) == (1, "")
    assert before.out.splitlines()[1].split() == [cluster.events, "-", "-", "missing"]
    assert before.out.splitlines()[5].startswith(
        f"{cluster.events}, {cluster.alerts}, {cluster.quarantine}, "
    )
    making = weiguard("topics", *where, "--replication", "1", "--partitions", "2")
    assert making.status == 0
    assert making.err.splitlines()[1] == f"weiguard: {cluster.events}: made, with 2 partitions and 1 copy"
    head, first, *_, last = making.out.splitlines()
    assert head.split() == ["topic", "partitions", "copies", "is"]
    assert first.split() == [cluster.events, "2", "1", "1", "warning"]
    assert last.startswith("warning: ")
    after = weiguard("topics", "--check", *where)
    assert (after.status, after.out, after.err) == (0, making.out, "")


def test_rows_for_machines(weiguard: Weiguard, cluster: Cluster) -> None:
    where = ("--brokers", cluster.bootstrap, "--prefix", cluster.prefix, "--json")
    missing = json.loads(weiguard("topics", "--check", *where).out)
    assert [row["topic"] for row in missing] == [
        cluster.events,
        cluster.alerts,
        cluster.quarantine,
        cluster.state,
    ]
    assert missing[0].items() >= {"partitions": None, "replication": None, "settings": {}}.items()
    assert missing[0]["findings"][0]["loses"] is True
    rows = json.loads(weiguard("topics", *where, "--replication", "1").out)
    assert {row["partitions"] for row in rows} == {4}
    assert rows[3]["settings"]["cleanup.policy"] == "compact"
    assert [set(finding) for finding in rows[0]["findings"]] == [
        {"setting", "found", "expected", "why", "mend", "loses"}
    ]


def test_another_number_of_partitions_is_a_finding_to_check_and_refused_to_make(
    weiguard: Weiguard, cluster: Cluster
) -> None:
    where = ("--brokers", cluster.bootstrap, "--prefix", cluster.prefix, "--replication", "1")
    weiguard("topics", *where)
    looked = weiguard("topics", "--check", "--partitions", "8", *where)
    assert looked.status == 1
    assert "1 danger" in looked.out
    refused = weiguard("topics", "--partitions", "8", *where)
    assert (refused.status, refused.out) == (2, "")
    assert refused.err.startswith(f"weiguard: {cluster.events}: partitions: found 4; expected 8, because ")
    assert refused.err.count("\n") == 1


def test_brokers_that_do_not_answer_are_one_paragraph(weiguard: Weiguard) -> None:
    done = weiguard("topics", "--check", "--brokers", "127.0.0.1:1")
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("weiguard: 127.0.0.1:1: found no broker that answers")
    assert done.err.count("\n") == 1


def test_the_greatest_lateness_of_any_tenant_counts(weiguard: Weiguard) -> None:
    assert greatest_lateness_us(settings_from({}, {"WEIGUARD_LATENESS": "2h"})) == 7_200 * 10**6
    tenants = {"tenants": {"a": {"lateness": "3h"}, "b": {"lateness": "1h"}}, "lateness": "2h"}
    assert greatest_lateness_us(settings_from(tenants, {})) == 10_800 * 10**6
