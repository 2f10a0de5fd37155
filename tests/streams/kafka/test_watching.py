"""A worker ends where Kafka takes nothing any more, and only there: no broker is needed to see that."""

from __future__ import annotations

import asyncio

import pytest

from engine.fold import Engine
from streams.kafka import worker
from streams.kafka.naming import Cluster
from streams.kafka.worker import LostError, Order, Worker


def no_engine() -> Engine:
    raise AssertionError("nothing is assigned")


@pytest.mark.parametrize(
    ("lags", "lost"),
    [
        pytest.param({}, False, id="nothing is open"),
        pytest.param({0: 0, 1: 0}, False, id="idle for long"),
        pytest.param({0: 0, 1: 7}, True, id="inputs wait and none is committed"),
    ],
)
def test_only_waiting_inputs_make_a_worker_give_up(
    monkeypatch: pytest.MonkeyPatch, lags: dict[int, int], lost: bool
) -> None:
    monkeypatch.setattr(worker, "_LOOK_S", 0.01)
    monkeypatch.setattr(worker, "STALLED_S", 0.1)
    monkeypatch.setattr(Worker, "lags", lambda _: lags)

    async def watch() -> None:
        one = Worker(Order(Cluster(("127.0.0.1:1",), "none"), 4, no_engine))
        watching = asyncio.create_task(one._watch())  # noqa: SLF001  # the part that is tried
        await asyncio.sleep(0.4)
        watching.cancel()
        assert isinstance(one._failure, LostError) is lost  # noqa: SLF001  # likewise
        assert one.alive()[0] is not lost

    asyncio.run(watch())
