"""Which Kafka is measured, and topics for one case of it, which are gone afterwards."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from streams.kafka.judging import Asked, names
from streams.kafka.naming import Cluster
from streams.kafka.reaching import administrator
from streams.kafka.topics import establish, look
from streams.refusing import RefusedError
from weiguard.settings import settings_from
from weiguard.topics import greatest_lateness_us

_WITHIN_S: Final = 10.0  # For topics to be gone.
_OFTEN_S: Final = 0.05
_GONE: Final = (0, 3)  # Kafka's codes: deleted, and was not there.


@dataclass(frozen=True, slots=True)
class Place:
    """The topics of one case and their number of partitions."""

    cluster: Cluster
    partitions: int

    @property
    def options(self) -> list[str]:
        """The options that name the topics to a command of weiguard."""
        return ["--brokers", self.cluster.bootstrap, "--prefix", self.cluster.prefix]


TABLE: Final = "counts"  # Of the plain agent.


@contextmanager
def reached(brokers: str | None) -> Iterator[tuple[str, ...]]:
    """Yield the brokers that are named; otherwise start one and end it. Raises RefusedError where none can be had."""
    if brokers:
        yield tuple(brokers.split(","))
        return
    from tests.servers.kafka_jars import UnavailableError  # noqa: PLC0415 - only where none is named.
    from tests.servers.local_kafka import LocalKafka  # noqa: PLC0415 - only where none is named.

    with tempfile.TemporaryDirectory() as folder:
        say("a Kafka of one broker is started")
        try:
            with LocalKafka(Path(folder)) as kafka:
                yield (kafka.bootstrap,)
        except UnavailableError as error:
            raise RefusedError(
                "bench", f"no Kafka ({error})", "one to measure", "name one with --brokers"
            ) from None


@contextmanager
def topics(brokers: tuple[str, ...], case: str, partitions: int) -> Iterator[Place]:
    """Make the topics `bench-<case>.…`, empty, and delete them afterwards. Raises RefusedError."""
    place = Place(Cluster(brokers, f"bench-{case}"), partitions)
    _delete(place.cluster)
    lateness_us = greatest_lateness_us(settings_from({}))
    establish(place.cluster, Asked(lateness_us, partitions), None, lambda _: None)
    try:
        yield place
    finally:
        with suppress(RefusedError):
            _delete(place.cluster)
            with administrator(place.cluster) as admin:
                admin.delete_groups([place.cluster.prefix])


def _delete(cluster: Cluster) -> None:
    """Delete topics as far as they are there, and wait until they are gone; their group's offsets go with them."""
    with administrator(cluster) as admin:
        topics = [*names(cluster).values(), f"{cluster.prefix}-{TABLE}-changelog"]  # The last one is Faust's.
        found = admin.delete_topics(topics, raise_errors=False)["topics"]
    for each in found:
        if each["error_code"] not in _GONE:
            what = f"code {each['error_code']} in answer"
            raise RefusedError(each["name"], what, "that Kafka deletes it", "delete it by hand")
    end = time.monotonic() + _WITHIN_S
    while any(each.topic is not None for each in look(cluster, Asked(0))) and time.monotonic() < end:
        time.sleep(_OFTEN_S)


def say(text: str) -> None:
    """Tell how far it is."""
    print(f"bench: {text}", file=sys.stderr, flush=True)
