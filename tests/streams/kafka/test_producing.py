"""Lines sent to a real Kafka: each arrives once, whole, in order, where its tenant is; what cannot be is refused."""

from __future__ import annotations

import asyncio
import gzip
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import MessageSizeTooLargeError

from engine.decoding import LONGEST
from streams.addressing import NOBODY, tenant_of
from streams.kafka import producing, reaching, sending
from streams.kafka.addressing import partition_of
from streams.kafka.naming import Cluster
from streams.kafka.producing import produce
from streams.kafka.sending import BATCH_BYTES, Input, Produced
from streams.refusing import RefusedError
from streams.sources.jsonl import JsonLines
from streams.stopping import Stop
from tests.logs.making import make_log
from tests.weiguard.calling import start

PARTITIONS = 4
LIMIT = 4 * 1024 * 1024
TENANTS = [f"店{n}" for n in range(20)]
ALL = b'{"specversion":"1.0","id":"t","source":"s","type":"clock.tick","time":"2026-03-10T10:00:00+08:00"}'


def event(n: int, tenant: str | None = None) -> bytes:
    named = {} if tenant is None else {"tenant": tenant}
    return msgspec.json.encode({"id": f"e{n}", "type": "ad.spend", **named, "data": {"pad": "长" * 20}})


@dataclass(frozen=True)
class Arrived:
    """A message as a worker gets it."""

    partition: int
    offset: int
    key: bytes
    value: bytes


class Topics:
    """A topic for one test, and what is on it."""

    def __init__(self, bootstrap: str) -> None:
        self.cluster = Cluster(tuple(bootstrap.split(",")), f"produce-{uuid4().hex[:12]}")

    def make(self, partitions: int = PARTITIONS, limit: int = LIMIT) -> None:
        topic = NewTopic(self.cluster.events, partitions, 1, topic_configs={"max.message.bytes": str(limit)})
        asyncio.run(self._ask("create_topics", [topic]))
        end = time.monotonic() + 20
        while (
            self.cluster.events not in self.names() and time.monotonic() < end
        ):  # A broker hears of it later.
            time.sleep(0.05)

    def names(self) -> list[str]:
        names: list[str] = asyncio.run(self._ask("list_topics"))
        return names

    def drop(self) -> None:
        asyncio.run(self._ask("delete_topics", [self.cluster.events]))

    async def _ask(self, what: str, *arguments: Any) -> Any:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.cluster.bootstrap)
        try:
            await admin.start()
            return await getattr(admin, what)(*arguments)
        finally:
            await admin.close()

    def arrived(self) -> list[Arrived]:
        """Return all messages, by partition and offset."""
        return asyncio.run(self._read())

    async def _read(self) -> list[Arrived]:
        consumer = AIOKafkaConsumer(bootstrap_servers=self.cluster.bootstrap, auto_offset_reset="earliest")
        await consumer.start()
        try:
            parts = [TopicPartition(self.cluster.events, number) for number in range(PARTITIONS)]
            ends = await consumer.end_offsets(parts)
            consumer.assign(parts)
            found: list[Arrived] = []
            while len(found) < sum(ends.values()):
                async with asyncio.timeout(20):
                    batches = await consumer.getmany(timeout_ms=1_000)
                found += [
                    Arrived(each.partition, each.offset, each.key, each.value)
                    for batch in batches.values()
                    for each in batch
                ]
            return sorted(found, key=lambda each: (each.partition, each.offset))
        finally:
            await consumer.stop()

    def values(self) -> list[bytes]:
        return [each.value for each in self.arrived()]


@pytest.fixture
def topics(kafka: str) -> Iterator[Topics]:
    found = Topics(kafka)
    found.make()
    yield found
    found.drop()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def send(
    topics: Topics,
    *paths: Path,
    stop: Stop | None = None,
    progress: Callable[[Produced], None] | None = None,
) -> Produced:
    sources = [JsonLines(str(path)) for path in paths]
    return asyncio.run(produce(sources, topics.cluster, stop, progress))


def refusal(topics: Topics, *paths: Path) -> str:
    with pytest.raises(RefusedError) as caught:
        send(topics, *paths)
    return str(caught.value)


class TestAddress:
    @pytest.mark.parametrize(
        ("tenant", "hashed"),
        [  # From the tests of the Java client.
            ("21", -973932308),
            ("foobar", -790332482),
            ("a-little-bit-long-string", -985981536),
            ("a-little-bit-longer-string", -1486304829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
            ("abc", 479470107),
        ],
    )
    def test_a_tenant_is_where_the_java_client_puts_it(self, tenant: str, hashed: int) -> None:
        assert partition_of(tenant, 2**31) == hashed & 0x7FFFFFFF
        assert partition_of(tenant, 12) == (hashed & 0x7FFFFFFF) % 12

    @pytest.mark.parametrize(
        ("line", "tenant"),
        [
            pytest.param(event(1, "t1"), "t1", id="a tenant is taken as it is named"),
            pytest.param(event(1), "default", id="without one it is default"),
            pytest.param(b'{"tenant":null}', "default", id="null is none"),
            pytest.param(b'{"tenant":"\\u5e97"}', "店", id="escapes are read"),
            pytest.param(ALL, None, id="a tick without a tenant speaks to all"),
            pytest.param(ALL[:-1] + b',"tenant":"t1"}', "t1", id="a tick with one speaks to it"),
            pytest.param(b'{"type":"clock.tick"}', NOBODY, id="a tick that is wrong speaks to nobody"),
            pytest.param(b"", NOBODY, id="nothing"),
            pytest.param(b"\xff{", NOBODY, id="no text"),
            pytest.param(b"[1]", NOBODY, id="no object"),
            pytest.param(b'{"tenant":5}', NOBODY, id="no name"),
            pytest.param(b'{"tenant":"\\ud800"}', NOBODY, id="half a character"),
            pytest.param(b'{"a":' + b"[" * 100_000, NOBODY, id="a nesting bomb"),
            pytest.param(
                b'{"tenant":"t1","a":"' + b"a" * LONGEST + b'"}', NOBODY, id="a line too long to be decided"
            ),
        ],
    )
    def test_whose_a_line_is(self, line: bytes, tenant: str | None) -> None:
        assert tenant_of(line) == tenant


@pytest.mark.parametrize(
    ("partitions", "limit", "expected"),
    [
        pytest.param(4, LIMIT, BATCH_BYTES, id="half a mebibyte"),
        pytest.param(4, 1_000, 1_000, id="never more than the topic takes"),
        pytest.param(1_024, LIMIT, 32 * 1024, id="of many partitions less, for one request carries all"),
    ],
)
def test_how_large_a_batch_is(partitions: int, limit: int, expected: int) -> None:
    assert Input("t", partitions, limit).batch_bytes == expected


class TestSent:
    def test_every_line_arrives_once_in_the_order_of_its_tenant(self, topics: Topics, path: Path) -> None:
        lines = [event(n, TENANTS[n * 7 % len(TENANTS)]) for n in range(30_000)]
        path.write_bytes(b"\n".join(lines) + b"\n")
        told = send(topics, path)
        assert told == Produced(PARTITIONS, 30_000, path.stat().st_size, 30_000)
        arrived = topics.arrived()
        for tenant in TENANTS:
            of = [line for line in lines if tenant_of(line) == tenant]
            assert [each.value for each in arrived if each.key == tenant.encode()] == of
        assert len(arrived) == len(lines)
        assert {each.partition for each in arrived} == set(range(PARTITIONS))
        assert all(each.partition == partition_of(each.key.decode(), PARTITIONS) for each in arrived)

    def test_offsets_have_no_gaps(self, topics: Topics, path: Path) -> None:
        path.write_bytes(b"".join(event(n) + b"\n" for n in range(5_000)))
        send(topics, path)
        send(topics, path)
        assert [each.offset for each in topics.arrived()] == list(range(10_000))

    def test_a_log_of_the_engine_arrives_as_it_is(self, topics: Topics, path: Path) -> None:
        lines = [msgspec.json.encode(line) for line in make_log(7, 500)]
        path.write_bytes(b"\n".join(lines))
        send(topics, path)
        assert sorted(topics.values()) == sorted(lines)

    def test_a_tick_for_all_is_on_every_partition_in_its_place(self, topics: Topics, path: Path) -> None:
        before = [event(n, tenant) for n, tenant in enumerate(TENANTS)]
        after = [event(n, tenant) for n, tenant in enumerate(TENANTS, 100)]
        path.write_bytes(b"\n".join([*before, ALL, *after]))
        assert send(topics, path).arrived == 2 * len(TENANTS) + 1
        arrived = topics.arrived()
        for number in range(PARTITIONS):
            on = [each for each in arrived if each.partition == number]
            (tick,) = [place for place, each in enumerate(on) if each.value == ALL]
            assert on[tick].key == b""
            assert all(each.value in before for each in on[:tick])
            assert all(each.value in after for each in on[tick + 1 :])

    def test_what_cannot_be_read_arrives_whole(self, topics: Topics, path: Path) -> None:
        lines = [b"", b"\xff\x00", b"not JSON", b"   ", b"[" * 5_000, b'{"tenant":1}', b"null"]
        path.write_bytes(b"\n".join(lines) + b"\n")
        send(topics, path)
        arrived = topics.arrived()
        assert [each.value for each in arrived] == lines
        assert {(each.key, each.partition) for each in arrived} == {(b"", partition_of("", PARTITIONS))}

    def test_ends_of_lines_and_packing_are_taken_off(
        self, topics: Topics, path: Path, tmp_path: Path
    ) -> None:
        packed = tmp_path / "events.gz"
        path.write_bytes(b"\xef\xbb\xbf" + event(1) + b"\r\n" + event(2))
        packed.write_bytes(gzip.compress(event(3) + b"\n" + event(4)))
        assert send(topics, path, packed).lines == 4
        assert topics.values() == [event(n) for n in (1, 2, 3, 4)]

    def test_an_empty_file_is_no_line(self, topics: Topics, path: Path) -> None:
        path.touch()
        assert send(topics, path) == Produced(PARTITIONS)

    def test_an_overlong_line_is_sent_whole(self, topics: Topics, path: Path) -> None:
        lines = [event(1), b"a" * 3_000_000, b"b" * (LONGEST + 1), b"c" * (BATCH_BYTES - 50), event(2)]
        path.write_bytes(b"\n".join(lines))
        assert send(topics, path).arrived == 5
        arrived = topics.arrived()
        assert sorted(each.value for each in arrived) == sorted(lines)
        assert [each.value for each in arrived if each.key == b""] == lines[1:4]

    def test_a_line_that_just_fits_is_sent(self, topics: Topics, path: Path) -> None:
        path.write_bytes(b"a" * (LIMIT - 80))
        assert send(topics, path).arrived == 1


class TestStopped:
    def test_what_was_taken_is_sent_to_its_end(self, topics: Topics, path: Path) -> None:
        lines = [event(n) for n in range(30_000)]
        path.write_bytes(b"\n".join(lines))
        stop = Stop()

        def ask(_: Produced) -> None:
            stop.asked = signal.SIGINT

        told = send(topics, path, stop=stop, progress=ask)
        assert 0 < told.lines == told.arrived < len(lines)
        assert topics.values() == lines[: told.lines]

    def test_a_pipe_is_sent_while_it_is_waited_for(self, topics: Topics, tmp_path: Path) -> None:
        calling = start(
            "produce", "-", "--brokers", topics.cluster.bootstrap, "--prefix", topics.cluster.prefix,
            cwd=tmp_path,
        )  # fmt: skip
        assert calling.stdin is not None
        calling.stdin.write(event(1) + b"\n")
        calling.stdin.flush()
        hung = threading.Timer(30, calling.kill)
        hung.start()
        while not (values := topics.values()) and calling.poll() is None:
            pass
        assert values == [event(1)]
        calling.send_signal(signal.SIGINT)
        out, err = calling.communicate()
        hung.cancel()
        assert (calling.returncode, out) == (130, b"")
        assert err.decode().splitlines() == [
            f"1 line sent to {topics.cluster.events}, over 4 partitions",
            "interrupted; the same call sends all lines again, and those that were sent are recognised as duplicates",
        ]


class TestRefused:
    def test_an_unreachable_kafka(self, path: Path) -> None:
        path.write_bytes(event(1))
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))  # Nobody listens there.
            topics = Topics(f"127.0.0.1:{closed.getsockname()[1]}")
            said = refusal(topics, path)
        assert said == (
            f"{topics.cluster.bootstrap}: found no broker that answers "
            f"({topics.cluster.bootstrap} “connection refused”); "
            "expected a Kafka broker; start it, or name another with --brokers or WEIGUARD_BROKERS"
        )

    def test_a_kafka_that_says_nothing(self, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
        monkeypatch.setattr(reaching, "WITHIN_S", 1)
        path.write_bytes(event(1))
        with socket.create_server(("127.0.0.1", 0)) as mute:
            said = refusal(Topics(f"127.0.0.1:{mute.getsockname()[1]}"), path)
        assert "found something that does not answer as Kafka does" in said

    def test_a_missing_topic_which_is_not_made_by_asking(self, kafka: str, path: Path) -> None:
        path.write_bytes(event(1))
        topics = Topics(kafka)
        assert refusal(topics, path) == (
            f"{kafka}: found no topic {topics.cluster.events}; expected the topics of the prefix; "
            "`weiguard topics` makes them; or name another --prefix"
        )
        assert topics.cluster.events not in topics.names()

    @pytest.mark.parametrize("size", [LIMIT - 20, LIMIT + 1, 3 * LIMIT])
    def test_a_line_larger_than_the_topic_takes(self, topics: Topics, path: Path, size: int) -> None:
        path.write_bytes(event(1) + b"\n" + event(2) + b"\n" + b"a" * size + b"\n" + event(3) + b"\n")
        assert refusal(topics, path) == (
            f"{path}:3: found a line of {size:,} bytes; expected one that the topic {topics.cluster.events} takes: "
            "at most 4,194,304 bytes with its key; take the line out, or raise the topic's max.message.bytes; "
            "lines that have arrived: 2; sent again, they are recognised as duplicates"
        )
        assert topics.values() == [event(1), event(2)]

    def test_a_source_that_breaks_off(self, topics: Topics, path: Path, tmp_path: Path) -> None:
        path.write_bytes(event(1))
        assert refusal(topics, path, tmp_path / "missing").endswith(
            "lines that have arrived: 1; sent again, they are recognised as duplicates"
        )
        assert topics.values() == [event(1)]
        assert refusal(topics, tmp_path / "missing").endswith("; nothing was sent")

    def test_a_topic_that_turns_out_to_take_less(
        self, monkeypatch: pytest.MonkeyPatch, topics: Topics, path: Path
    ) -> None:
        class Refusing(AIOKafkaProducer):  # type: ignore[misc]  # it ships no types
            async def send_batch(self, *_: Any, **__: Any) -> Any:
                refused = asyncio.get_running_loop().create_future()
                refused.set_exception(MessageSizeTooLargeError())
                return refused

        monkeypatch.setattr(producing, "AIOKafkaProducer", Refusing)
        path.write_bytes(event(1))
        said = refusal(topics, path)
        assert said.startswith(f"{topics.cluster.bootstrap}: found “[Error 10] MessageSizeTooLargeError")
        assert said.endswith("; then call it again: nothing was sent")

    def test_a_kafka_that_stops_answering(
        self, monkeypatch: pytest.MonkeyPatch, topics: Topics, path: Path
    ) -> None:
        class Stuck(AIOKafkaProducer):  # type: ignore[misc]  # it ships no types
            async def send_batch(self, batch: Any, topic: str, *, partition: int) -> Any:
                self._sender._muted_partitions.add(TopicPartition(topic, partition))  # noqa: SLF001  # as on its way
                return await super().send_batch(batch, topic, partition=partition)

        monkeypatch.setattr(producing, "AIOKafkaProducer", Stuck)
        monkeypatch.setattr(sending, "STALLED_SECONDS", 1)
        path.write_bytes(event(1))
        assert "found a Kafka that stopped answering" in refusal(topics, path)


class TestCalled:
    def test_it_says_what_was_sent(self, topics: Topics, tmp_path: Path) -> None:
        (tmp_path / "a.jsonl").write_bytes(event(1) + b"\n" + event(2) + b"\n")
        named = ("--brokers", topics.cluster.bootstrap, "--prefix", topics.cluster.prefix)
        calling = start("produce", "a.jsonl", "a.jsonl", *named, "--json", cwd=tmp_path)
        out, err = calling.communicate(timeout=60)
        assert (calling.returncode, out) == (0, b"")
        size = os.path.getsize(tmp_path / "a.jsonl")  # noqa: PTH202  # shorter
        told = {"topic": topics.cluster.events, "partitions": 4, "lines": 2, "bytes": size}
        assert msgspec.json.decode(err) == told

    def test_a_refusal_is_one_paragraph(self, kafka: str, tmp_path: Path) -> None:
        calling = start("produce", "a.jsonl", "--brokers", kafka, "--prefix", "missing", cwd=tmp_path)
        out, err = calling.communicate(timeout=60)
        assert (calling.returncode, out) == (2, b"")
        assert err.decode().startswith(f"weiguard: {kafka}: found no topic missing.events; ")
        assert err.count(b"\n") == 1
