"""The topics on the brokers: looked at, made and mended. What they must be is said in judging.py.

The number of partitions is never changed: the key of a tenant would move to another.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from streams.kafka.judging import (
    DEFAULT_PARTITIONS,
    KINDS,
    SAFE_COPIES,
    Asked,
    Judged,
    Kind,
    Topic,
    judge,
    names,
    new_settings,
)
from streams.kafka.naming import Cluster
from streams.kafka.reaching import WITHIN_S, administrator, check, settings_of
from streams.refusing import RefusedError

_SETTINGS: Final = tuple(sorted(new_settings("events", 1)))
_UNKNOWN, _THERE_ALREADY = 3, 36  # Kafka's codes.
_OFTEN_S: Final = 0.1


def look(cluster: Cluster, asked: Asked) -> list[Judged]:
    """Judge the topics as they are. Raises RefusedError where Kafka does not show them."""
    with administrator(cluster) as admin:
        return judge(cluster, _found(admin, cluster), asked)


def input_topic(cluster: Cluster) -> Topic:
    """Return the input as it is; raises RefusedError where there is none. To ask by sending might make it."""
    with administrator(cluster) as admin:
        topic = _found(admin, cluster, ("events",)).get("events")
    if topic is None:
        raise RefusedError(
            cluster.bootstrap,
            f"no topic {cluster.events}",
            "the topics of the prefix",
            "`weiguard topics` makes them; or name another --prefix",
        )
    return topic


def establish(cluster: Cluster, asked: Asked, copies: int | None, say: Callable[[str], None]) -> list[Judged]:
    """Make the topics that are missing, mend settings that lose data, and judge what is there then.

    `copies` are those of new topics; None for three, or as many as there are brokers. Each change is said. Raises
    RefusedError, having changed nothing, where topics do not fit together or another number of partitions is asked.
    """
    with administrator(cluster) as admin:
        found = _found(admin, cluster)
        judged = judge(cluster, found, asked)
        _refuse_what_stays(judged)
        missing = [kind for kind in KINDS if kind not in found]
        if missing:
            partitions = found["events"].partitions if "events" in found else None
            count = partitions or asked.partitions or DEFAULT_PARTITIONS
            _make(admin, cluster, missing, count, _copies(admin, copies, say), say)
        for each in judged:
            if each.topic is not None:
                _mend(admin, each, say)
        return _settled(admin, cluster, asked)


def _refuse_what_stays(judged: Iterable[Judged]) -> None:
    for each in judged:
        for finding in each.losing:
            if finding.stays:
                raise finding.refusal()


def _found(admin: Any, cluster: Cluster, kinds: tuple[Kind, ...] = KINDS) -> dict[Kind, Topic]:
    """Return the topics that there are."""
    called = {name: kind for kind, name in names(cluster).items() if kind in kinds}
    described = [each for each in admin.describe_topics(list(called)) if each["error_code"] != _UNKNOWN]
    for each in described:
        check(each["name"], each["error_code"], None)
    settings = _settings(admin, [each["name"] for each in described])
    return {
        called[each["name"]]: Topic(
            each["name"],
            len(each["partitions"]),
            min((len(partition["replica_nodes"]) for partition in each["partitions"]), default=0),
            settings[each["name"]],
        )
        for each in described
    }


def _settings(admin: Any, topics: list[str]) -> dict[str, Mapping[str, str]]:
    """Return the settings of topics that exist. The client drops errors, so what is not shown was refused."""
    if not topics:
        return {}
    asked = [settings_of(topic, _SETTINGS) for topic in topics]
    answer = admin.describe_configs(asked, config_filter="all")["topic"]
    found: dict[str, Mapping[str, str]] = {}
    for topic in topics:
        values = {name: entry["value"] for name, entry in answer.get(topic, {}).items()}
        hidden = [name for name in _SETTINGS if values.get(name) is None]
        if hidden:
            raise RefusedError(
                topic,
                f"that Kafka does not show {', '.join(hidden)}",
                "the right to describe its settings",
                "have DESCRIBE_CONFIGS granted",
            )
        found[topic] = values
    return found


def _copies(admin: Any, asked: int | None, say: Callable[[str], None]) -> int:
    """Return how many copies new topics have."""
    brokers = sum(not broker.get("is_fenced", False) for broker in admin.describe_cluster()["brokers"])
    if asked is not None and asked > brokers:
        raise RefusedError(
            "--replication",
            str(asked),
            f"at most {brokers}, the number of brokers",
            "ask for fewer, or add brokers",
        )
    copies = asked or min(SAFE_COPIES, brokers)
    if copies < SAFE_COPIES:
        few = "" if asked else ", as many as there are brokers"
        say(f"new topics have {_counted(copies)}{few}; with {SAFE_COPIES} nothing is lost with a broker")
    return copies


def _make(
    admin: Any, cluster: Cluster, kinds: list[Kind], partitions: int, copies: int, say: Callable[[str], None]
) -> None:
    """Make topics one by one, the log first: state without its log would be refused from then on."""
    called = names(cluster)
    for kind in kinds:
        name = called[kind]
        wanted = {
            "num_partitions": partitions,
            "replication_factor": copies,
            "configs": new_settings(kind, copies),
        }
        answer = admin.create_topics({name: wanted}, raise_errors=False)["topics"][0]
        if (
            answer["error_code"] != _THERE_ALREADY
        ):  # Someone else was quicker; what came of it is judged at the end.
            check(name, answer["error_code"], answer["error_message"])
            say(f"{name}: made, with {partitions} partitions and {_counted(copies)}")
    admin.wait_for_topics([called[kind] for kind in kinds], timeout_ms=int(WITHIN_S * 1000))


def _counted(copies: int) -> str:
    return f"{copies} {'copy' if copies == 1 else 'copies'}"


def _mend(admin: Any, judged: Judged, say: Callable[[str], None]) -> None:
    """Set what loses data in one topic to what it must be."""
    values = {finding.setting: finding.value for finding in judged.losing}
    if not values:
        return
    # Its own look whether it knows the settings drops errors, and takes a right that is missing for an unknown name.
    answer = admin.alter_configs([settings_of(judged.name, values)], raise_on_unknown=False)["topic"][
        judged.name
    ]
    if answer != "OK":
        raise RefusedError(
            judged.name,
            f"“{answer}”",
            f"that Kafka takes {', '.join(f'{name}={value}' for name, value in values.items())}",
            "have ALTER_CONFIGS granted, or set it in Kafka's own way",
        )
    for finding in judged.losing:
        say(f"{judged.name}: {finding.setting}: {finding.found} → {finding.value}")


def _settled(admin: Any, cluster: Cluster, asked: Asked) -> list[Judged]:
    """Judge anew until nothing is wrong or the time is up: brokers hear of a change one after the other."""
    end = time.monotonic() + WITHIN_S
    while True:
        judged = judge(cluster, _found(admin, cluster), asked)
        if time.monotonic() > end or not any(each.losing for each in judged):
            return judged
        time.sleep(_OFTEN_S)
