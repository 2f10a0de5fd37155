"""Topics on a real broker: made once, left alone when well, mended where they could lose data, never re-partitioned."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from streams.kafka.judging import KINDS, Asked, Judged, Kind, names, new_settings
from streams.kafka.naming import Cluster
from streams.kafka.reaching import administrator, settings_of
from streams.kafka.topics import establish, input_topic, look
from streams.refusing import RefusedError
from tests.servers.local_kafka import LocalKafka
from tests.streams.kafka.reading import PATIENCE_S

LATENESS_US = 25 * 3_600 * 10**6
ASKED = Asked(LATENESS_US)


@pytest.fixture
def cluster(kafka: str) -> Iterator[Cluster]:
    with _own(kafka) as own:
        yield own


@contextmanager
def _own(bootstrap: str) -> Iterator[Cluster]:
    """Yield a prefix that no other test has, and take its topics away again."""
    own = Cluster(tuple(bootstrap.split(",")), f"topics-{uuid4().hex[:12]}")
    yield own
    with administrator(own) as admin:
        admin.delete_topics(list(names(own).values()), raise_errors=False)


def made(
    cluster: Cluster, partitions: int | None = None, copies: int | None = None
) -> tuple[list[Judged], list[str]]:
    """Establish the topics; return what is there and what was said."""
    said: list[str] = []
    return establish(cluster, Asked(LATENESS_US, partitions), copies, said.append), said


def set_to(cluster: Cluster, kind: Kind, setting: str, value: str) -> None:
    """Set it, and wait until the brokers have heard of it: one after the other, and each look may ask another."""
    with administrator(cluster) as admin:
        answer = admin.alter_configs([settings_of(names(cluster)[kind], {setting: value})])
    assert list(answer["topic"].values()) == ["OK"]
    settled(lambda: _setting(cluster, kind, setting) == value)


def _setting(cluster: Cluster, kind: Kind, setting: str) -> str:
    topic = look(cluster, ASKED)[KINDS.index(kind)].topic
    assert topic is not None
    return topic.settings[setting]


def settled(holds: Callable[[], bool], in_a_row: int = 5) -> None:
    """Wait until something holds so many looks in a row."""
    end = time.monotonic() + PATIENCE_S
    held = 0
    while held < in_a_row:
        held = held + 1 if holds() else 0
        assert held or time.monotonic() < end, "the brokers do not agree"
        time.sleep(0.05)


def losing(cluster: Cluster) -> list[tuple[str, str, str]]:
    found = [finding for judged in look(cluster, ASKED) for finding in judged.losing]
    return [(each.topic.removeprefix(f"{cluster.prefix}."), each.setting, each.found) for each in found]


def test_topics_are_made_and_then_left_alone(cluster: Cluster) -> None:
    assert losing(cluster) == [(kind, "topic", "none") for kind in KINDS]
    judged, said = made(cluster, partitions=3, copies=1)
    assert [each.topic.partitions for each in judged if each.topic] == [3] * 4
    for kind, each in zip(KINDS, judged, strict=True):
        assert each.topic is not None
        assert each.topic.settings.items() >= new_settings(kind, 1).items()
    assert said == [
        "new topics have 1 copy; with 3 nothing is lost with a broker",
        *(f"{name}: made, with 3 partitions and 1 copy" for name in names(cluster).values()),
    ]
    assert losing(cluster) == []
    assert input_topic(cluster).partitions == 3
    assert made(cluster) == (judged, [])
    assert made(cluster, partitions=3) == (judged, [])
    assert look(cluster, ASKED) == judged


def test_a_missing_topic_is_made_like_the_others(cluster: Cluster) -> None:
    made(cluster, partitions=2, copies=1)
    with administrator(cluster) as admin:
        admin.delete_topics([cluster.state])
    _, said = made(cluster, copies=1)
    assert said[1:] == [f"{cluster.state}: made, with 2 partitions and 1 copy"]


SHORT_MS = str(74 * 3_600_000 - 1)
THREE_YEARS_MS = str(1_095 * 86_400_000)


@pytest.mark.parametrize(
    ("kind", "setting", "value"),
    [
        ("events", "cleanup.policy", "compact"),
        ("events", "cleanup.policy", "compact,delete"),
        ("events", "retention.ms", SHORT_MS),
        ("events", "retention.bytes", "1000000"),
        ("events", "min.insync.replicas", "2"),
        ("events", "max.message.bytes", "1048588"),
        ("events", "unclean.leader.election.enable", "true"),
        ("alerts", "cleanup.policy", "compact"),
        ("alerts", "retention.ms", "604799999"),
        ("alerts", "retention.bytes", "1000000"),
        ("quarantine", "retention.ms", "604799999"),
        ("state", "cleanup.policy", "compact,delete"),
        ("state", "cleanup.policy", "delete"),
        ("state", "max.message.bytes", "1048588"),
        ("state", "unclean.leader.election.enable", "true"),
    ],
)
def test_a_setting_that_loses_data_is_found_and_mended(
    cluster: Cluster, kind: Kind, setting: str, value: str
) -> None:
    made(cluster, partitions=1, copies=1)
    set_to(cluster, kind, setting, value)
    assert losing(cluster) == [(kind, setting, value)]
    _, said = made(cluster)
    assert said == [f"{names(cluster)[kind]}: {setting}: {value} → {new_settings(kind, 1)[setting]}"]
    assert losing(cluster) == []


def test_a_longer_retention_than_is_needed_is_left_alone(cluster: Cluster) -> None:
    made(cluster, partitions=1, copies=1)
    set_to(cluster, "events", "retention.ms", str(74 * 3_600_000))
    set_to(cluster, "alerts", "retention.ms", THREE_YEARS_MS)
    judged, said = made(cluster)
    assert said == []
    assert [each.topic.settings["retention.ms"] for each in judged[:2] if each.topic] == [
        "266400000",
        THREE_YEARS_MS,
    ]
    assert [finding.setting for finding in judged[1].findings if not finding.loses] == [
        "replication",
        "retention.ms",
    ]


@pytest.mark.parametrize("partitions", [pytest.param(4, id="more"), pytest.param(1, id="fewer")])
def test_the_number_of_partitions_is_never_changed(cluster: Cluster, partitions: int) -> None:
    before, _ = made(cluster, partitions=2, copies=1)
    set_to(cluster, "events", "retention.ms", SHORT_MS)
    with pytest.raises(RefusedError, match=r"another partition, .* --prefix") as refused:
        made(cluster, partitions=partitions)
    assert (refused.value.where, refused.value.found) == (f"{cluster.events}: partitions", "2")
    assert losing(cluster) == [("events", "retention.ms", SHORT_MS)], "nothing was changed"
    assert before[0].topic is not None


def test_state_without_its_log_is_refused(cluster: Cluster) -> None:
    made(cluster, partitions=1, copies=1)
    with administrator(cluster) as admin:
        admin.delete_topics([cluster.events])
    with pytest.raises(RefusedError, match="up to the position where the old one ended"):
        made(cluster)
    with pytest.raises(RefusedError, match="no topic"):
        input_topic(cluster)


def test_more_copies_than_brokers_are_refused(cluster: Cluster) -> None:
    with administrator(cluster) as admin:
        brokers = len(admin.describe_cluster()["brokers"])
    with pytest.raises(RefusedError, match=f"at most {brokers}, the number of brokers"):
        made(cluster, copies=brokers + 1)
    assert losing(cluster) == [(kind, "topic", "none") for kind in KINDS], "nothing was made"


def test_brokers_that_are_not_there_are_refused_in_words() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # It does not listen.
        nobody = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(RefusedError) as refused:
            look(Cluster((nobody,)), ASKED)
    assert str(refused.value) == (
        f"{nobody}: found no broker that answers ({nobody} “connection refused”); expected a Kafka broker; "
        "start it, or name another with --brokers or WEIGUARD_BROKERS"
    )


def test_a_port_that_answers_otherwise_is_refused_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        cluster = Cluster((f"127.0.0.1:{silent.getsockname()[1]}",))
        with pytest.raises(RefusedError, match="does not answer as Kafka does"), administrator(cluster, 1.0):
            pass


@pytest.mark.slow
def test_three_brokers_keep_three_copies_two_of_them_in_step(three_brokers: LocalKafka) -> None:
    with _own(three_brokers.bootstrap) as cluster:
        judged, said = made(cluster, partitions=2)
        assert [(each.topic.copies, each.findings) for each in judged if each.topic] == [(3, ())] * 4
        assert len(said) == 4, "nothing is said of few copies"
        set_to(cluster, "state", "min.insync.replicas", "1")
        assert losing(cluster) == [("state", "min.insync.replicas", "1")]
        assert made(cluster)[1] == [f"{cluster.state}: min.insync.replicas: 1 → 2"]
        settled(lambda: losing(cluster) == [])


@pytest.mark.slow
def test_rights_that_are_missing_are_named(tmp_path: Path) -> None:
    """Everything is allowed but what a topic's own access list takes away."""
    guarded = {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "true",
    }
    with LocalKafka(tmp_path, extra=guarded) as local:
        for denied, words in (
            ("ALTER_CONFIGS", "ALTER_CONFIGS granted"),
            ("DESCRIBE_CONFIGS", "the right to describe its settings"),
            ("DESCRIBE", "the rights to describe, create and alter topics"),
        ):
            cluster = Cluster((local.bootstrap,), denied.lower())
            made(cluster, partitions=1, copies=1)
            set_to(cluster, "events", "retention.ms", SHORT_MS)
            deny(cluster, cluster.events, denied)
            with pytest.raises(RefusedError, match=words):
                made(cluster)


def deny(cluster: Cluster, topic: str, operation: str) -> None:
    """Take a right to a topic from everybody, and leave the others."""
    from kafka.admin import (  # noqa: PLC0415  # after streams.kafka.reaching, which silences its import
        ACL,
        ACLOperation,
        ACLPermissionType,
        ResourcePattern,
        ResourceType,
    )

    pattern = ResourcePattern(ResourceType.TOPIC, topic)
    everybody = ("User:*", "*")
    acls = [
        ACL(everybody[0], everybody[1], ACLOperation.ALL, ACLPermissionType.ALLOW, pattern),
        ACL(everybody[0], everybody[1], ACLOperation[operation], ACLPermissionType.DENY, pattern),
    ]
    with administrator(cluster) as admin:
        assert admin.create_acls(acls)["failed"] == []
