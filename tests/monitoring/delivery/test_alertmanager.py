"""A real Alertmanager is told what stands, again and again, and what stands no more."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path

import pytest

from monitoring.delivery.dispatching import Dispatcher
from monitoring.delivery.letters import Letter
from monitoring.delivery.outcomes import Delivered, Outcome
from monitoring.delivery.posting import Postman
from monitoring.delivery.routes import Route, Routes
from monitoring.delivery.trial import trial_letter
from monitoring.delivery.waiting import Queue
from tests.monitoring.delivery import shop
from tests.monitoring.delivery.receiver import Reply, receiving
from tests.servers.alertmanager import LocalAlertmanager

SECOND = 10**6


class Told:
    """A dispatcher that tells a receiver, a step at a time; its clock can be ahead of the real one."""

    def __init__(self, database: Path, folder: Path, route: Route) -> None:
        self.queue = Queue(folder / "queue")
        self.dispatcher = Dispatcher(
            Routes((route,), "https://c.example"), self.queue, shop.shelf_of(database), random.random
        )
        self.ahead_us = 0

    def step(self) -> list[tuple[Letter, Outcome]]:
        """Send all that is due now; return what that came to."""
        return asyncio.run(self._step())

    async def _step(self) -> list[tuple[Letter, Outcome]]:
        now_us = time.time_ns() // 1_000 + self.ahead_us
        done: list[tuple[Letter, Outcome]] = []
        self.dispatcher.read_on()
        async with Postman() as postman:
            while letters := self.dispatcher.due(now_us):
                outcomes = [await postman.send(letter) for letter in letters]
                for letter, outcome in zip(letters, outcomes, strict=True):
                    done += [(letter, self.dispatcher.settle(letter, outcome, now_us))]
        return done


def levels(found: list[dict[str, dict[str, str]]]) -> list[str]:
    return sorted(each["labels"]["level"] for each in found)


def test_it_is_told_of_what_stands_and_of_what_does_not(
    alertmanager: LocalAlertmanager, tmp_path: Path
) -> None:
    path = tmp_path / "shop.db"
    told = Told(path, tmp_path, shop.alertmanager(url=alertmanager.url))
    shop.decide(path, [shop.payment("A1", 60, 10_000), shop.payment("A2", 61, 10_000)])
    told.step()
    found = alertmanager.wait(lambda found: len(found) == 2)
    assert levels(found) == ["warn", "warn"]
    assert found[0]["labels"]["alertname"] == "TAK-01"
    assert found[0]["annotations"]["message"] == "今日已收款 100.00 元，付款人 1 位。"
    link = found[0]["annotations"]["link"]
    assert link == found[0]["generatorURL"] == f"https://c.example/alerts/{found[0]['labels']['alert']}"
    shop.decide(path, [shop.payment("A1", 62, 20_000)])
    told.step()
    found = alertmanager.wait(lambda found: levels(found) == ["critical", "warn"])
    assert len({each["labels"]["alert"] for each in found}) == 2
    assert all(isinstance(outcome, Delivered) for _, outcome in told.step())


def test_it_forgets_what_is_retracted(alertmanager: LocalAlertmanager, tmp_path: Path) -> None:
    """A customer waited for an answer that came in time, and was only heard of later."""
    path = tmp_path / "shop.db"
    told = Told(path, tmp_path, shop.alertmanager(url=alertmanager.url))
    shop.decide(path, [shop.message("received", 0), shop.payment("A1", 3_000, 1)])
    assert [each["state"] for each in shop.told(path)] == ["raised"]
    told.step()
    alertmanager.wait(lambda found: len(found) == 1)
    shop.decide(path, [shop.message("sent", 60)])
    assert [each["state"] for each in shop.told(path)] == ["raised", "retracted"]
    told.step()
    alertmanager.wait(lambda found: not found)
    told.ahead_us = 3_600 * SECOND
    assert told.step() == []


def test_it_forgets_what_somebody_resolved_until_it_is_reopened(
    alertmanager: LocalAlertmanager, tmp_path: Path
) -> None:
    path = tmp_path / "shop.db"
    told = Told(path, tmp_path, shop.alertmanager(url=alertmanager.url))
    shop.decide(path, [shop.payment("A1", 60, 10_000)])
    (alert,) = {each["id"] for each in shop.told(path)}
    told.step()
    alertmanager.wait(lambda found: len(found) == 1)
    for number, (act, standing) in enumerate((("resolved", 0), ("reopened", 1)), 1):
        shop.decide(path, [shop.act(act, alert, 100 * number)])
        told.queue.told("am", [alert], 0)  # As when it is time.
        told.step()
        alertmanager.wait(lambda found, standing=standing: len(found) == standing)  # type: ignore[misc]  # bound at once


def test_it_is_told_again_though_it_has_forgotten_all(
    alertmanager: LocalAlertmanager, tmp_path: Path
) -> None:
    path = tmp_path / "shop.db"
    told = Told(path, tmp_path, shop.alertmanager(url=alertmanager.url))
    shop.decide(path, [shop.payment("A1", 60, 10_000), shop.payment("A2", 61, 10_000)])
    told.step()
    alertmanager.wait(lambda found: len(found) == 2)
    alertmanager.stop()
    told.ahead_us = 301 * SECOND
    ((_, outcome),) = told.step()
    assert not isinstance(outcome, Delivered)
    alertmanager.start()
    assert alertmanager.alerts() == []
    assert told.step() == []  # It is left alone for a moment.
    told.ahead_us += 11 * SECOND
    ((letter, _),) = told.step()
    assert len(letter.items) == 2
    alertmanager.wait(lambda found: len(found) == 2)


def test_what_nobody_speaks_of_any_more_is_kept_for_a_day(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with receiving(lambda _: Reply()) as receiver:
        told = Told(path, tmp_path, shop.alertmanager(url=receiver.url))
        shop.decide(path, [shop.payment("A1", 60, 10_000)])
        told.step()
        for hours, heard in ((1, 2), (23, 3), (25, 3)):
            told.ahead_us = hours * 3_600 * SECOND
            told.step()
            assert len(receiver.heard) == heard


@pytest.mark.parametrize("path", ["", "/", "/api/v2/alerts"])
def test_a_test_reaches_it_however_its_address_is_written(alertmanager: LocalAlertmanager, path: str) -> None:
    async def send() -> Outcome:
        async with Postman() as postman:
            return await postman.send(trial_letter(shop.alertmanager(url=alertmanager.url + path)))

    assert asyncio.run(send()) == Delivered()
    (found,) = alertmanager.wait(lambda found: len(found) == 1)
    assert found["labels"]["alertname"] == "TEST-00"
