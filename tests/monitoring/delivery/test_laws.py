"""The laws of delivery under a made-up clock and receivers that fail as they like.

Nothing is lost, an alert's records arrive in order, and nothing arrives twice but what a crash cut off.
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.instants import micros
from monitoring.delivery import choosing
from monitoring.delivery.dispatching import Dispatcher
from monitoring.delivery.letters import Letter
from monitoring.delivery.outcomes import Dead, Delivered, Failed, Outcome, backoff_us
from monitoring.delivery.routes import DigestRule, Quiet, Route, Routes
from monitoring.delivery.waiting import Queue
from streams.refusing import RefusedError
from tests.monitoring.delivery import shop

SECOND = 10**6
START = 1_800_000_000 * SECOND
Sent = tuple[str, int]  # An alert and the number of its record.


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database in which a dozen alerts rise twice."""
    path = tmp_path_factory.mktemp("laws") / "shop.db"
    lines = [shop.payment(f"A{n}", step, 7_000) for step in range(1, 4) for n in range(12)]
    shop.decide(path, lines)
    assert len(shop.told(path)) == 24
    return path


class World:
    """A dispatcher whose clock and receivers are made up, and which may be killed."""

    def __init__(self, database: Path, folder: Path, routes: tuple[Route, ...], seed: int) -> None:
        self._database, self._path, self._routes = database, folder / "queue", Routes(routes)
        self._chance = random.Random(seed)
        self.now = START
        self.heard: dict[str, list[Letter]] = {each.name: [] for each in routes}
        self.flying: list[Letter] = []
        self.cut_off: set[str] = set()  # What was answered while nobody listened any more.
        self._begin()

    def _begin(self) -> None:
        self.queue = Queue(self._path)
        self.dispatcher = Dispatcher(
            self._routes, self.queue, shop.shelf_of(self._database), self._chance.random
        )

    def kill(self) -> None:
        """End the process: receivers may have what is on its way, and nobody knows."""
        for letter in self.flying:
            if self._chance.random() < 0.5:
                self._hear(letter)
                self.cut_off.add(letter.name)
        self.flying = []
        self.queue.__exit__(None, None, None)
        self._begin()

    def step(self) -> int:
        """Look for new records and send what is due; return how many were new."""
        added = self.dispatcher.read_on()
        self.flying += self.dispatcher.due(self.now)
        return added

    def answer(self, outcome: Outcome, *, at: int = 0) -> None:
        """Let the receiver of something on its way answer."""
        if not self.flying:
            return
        letter = self.flying.pop(at % len(self.flying))
        if isinstance(outcome, Delivered):
            self._hear(letter)
        self.dispatcher.settle(letter, outcome, self.now)

    def _hear(self, letter: Letter) -> None:
        self.heard[letter.route.name].append(letter)

    def drain(self) -> None:
        """Let time pass and every receiver take all, until nothing waits."""
        idle = 0  # Rounds in a row: what has room only now is read in the next.
        for _ in range(4_000):
            added = self.step()
            while self.flying:
                self.answer(Delivered())
            self.now += 30 * SECOND
            waits = any(self.queue.alive(each.name) for each in self._routes.routes)
            idle = 0 if added or waits else idle + 1
            if idle == 2:
                return
        raise AssertionError("something waits for ever")


@contextmanager
def world(database: Path, *routes: Route, seed: int = 0) -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder:
        made = World(database, Path(folder), routes, seed)
        yield made
        made.queue.__exit__(None, None, None)


def records(letters: list[Letter]) -> list[Sent]:
    """Return what single messages told of."""
    return [
        (each.message.alert, each.message.record) for each in letters if each.message and not each.gathered
    ]


def in_order(letters: list[Letter]) -> bool:
    """Return whether each alert's records came in order, but for what came again."""
    best: dict[str, int] = {}
    for alert, record in dict.fromkeys(records(letters)):
        if record < best.get(alert, 0):
            return False
        best[alert] = record
    return True


moves = st.lists(
    st.one_of(
        st.tuples(st.just("step"), st.integers(0, 700)),
        st.tuples(st.just("taken"), st.integers(0, 9)),
        st.tuples(st.just("failed"), st.integers(0, 9)),
        st.tuples(st.just("held"), st.integers(0, 9)),
        st.tuples(st.just("kill"), st.just(0)),
    ),
    max_size=60,
)


def play(made: World, steps: list[tuple[str, int]]) -> None:
    for what, n in steps:
        match what:
            case "step":
                made.now += n * SECOND
                made.step()
            case "taken":
                made.answer(Delivered(), at=n)
            case "failed":
                made.answer(Failed("HTTP 500"), at=n)
            case "held":
                made.answer(Failed("HTTP 429", 60 * SECOND), at=n)
            case _:
                made.kill()


@given(steps=moves, seed=st.integers(0, 1_000))
def test_nothing_is_lost_or_out_of_order_however_receivers_fail(
    database: Path, steps: list[tuple[str, int]], seed: int
) -> None:
    wanted = Counter((each["id"], each["record"]) for each in shop.told(database))
    with world(database, shop.webhook(), shop.wecom(), seed=seed) as made:
        play(made, steps)
        made.drain()
        for letters in made.heard.values():
            found = Counter(records(letters))
            assert found.keys() == wanted.keys()
            again = {letter.name for letter in letters if found[records([letter])[0]] > 1}
            assert again <= made.cut_off
            assert in_order(letters)


@given(steps=moves, seed=st.integers(0, 1_000))
def test_with_digests_each_record_is_told_or_counted_once(
    database: Path, steps: list[tuple[str, int]], seed: int
) -> None:
    digest = DigestRule(after=3, within_us=60 * SECOND, every_us=600 * SECOND)
    with world(database, shop.webhook(digest=digest), seed=seed) as made:
        play(made, steps)
        made.drain()
        letters = list({letter.name: letter for letter in made.heard["hook"]}.values())
        gathered = sum(letter.gathered for letter in letters)
        assert len(records(letters)) + gathered == len(shop.told(database))
        assert all(sum(n for _, _, n in each.counts) == each.gathered for each in letters if each.gathered)
        assert in_order(letters)


def test_other_alerts_go_on_while_one_is_tried_again(database: Path) -> None:
    with world(database, shop.webhook()) as made:
        made.step()
        stuck = made.flying[0].message
        assert stuck is not None
        made.answer(Failed("HTTP 500"))
        for _ in range(40):
            made.step()
            for letter in list(made.flying):
                assert letter.message is not None
                ours = letter.message.id == stuck.id
                made.answer(Failed("HTTP 500") if ours else Delivered(), at=made.flying.index(letter))
            made.now += 10 * SECOND
        assert made.queue.alive("hook") == 2  # The one, and what came after it of the same alert.
        assert {alert for alert, _ in records(made.heard["hook"])} == {
            each["id"] for each in shop.told(database)
        } - {stuck.alert}


def test_who_fails_for_too_long_is_given_up_and_what_follows_goes(database: Path) -> None:
    with world(database, shop.webhook(give_up_us=3_600 * SECOND)) as made:
        made.step()
        name = made.flying[0].name
        while not made.queue.dead():
            for letter in list(made.flying):
                outcome: Outcome = Failed("HTTP 503") if letter.name == name else Delivered()
                made.answer(outcome, at=made.flying.index(letter))
            made.now += 30 * SECOND
            made.step()
        (dead,) = made.queue.dead()
        assert dead.name == name
        assert dead.dead is not None
        assert dead.dead.startswith("HTTP 503, ")
        assert 3_000 * SECOND < made.now - START < 4_300 * SECOND
        made.drain()
        assert len(records(made.heard["hook"])) == 23
        assert made.queue.retry(None) == 1
        made.drain()
        assert len(records(made.heard["hook"])) == 24
        assert made.heard["hook"][-1].name == name


def test_what_is_refused_is_dead_at_once(database: Path) -> None:
    with world(database, shop.webhook()) as made:
        made.step()
        made.answer(Dead("HTTP 410 Gone"))
        assert [each.dead for each in made.queue.dead()] == ["HTTP 410 Gone"]
        assert made.dispatcher.counts["hook", "dead"] == 1


def test_a_robot_hears_twenty_messages_a_minute(database: Path) -> None:
    """In every span of a minute, two routes together, and whatever was answered before a restart."""
    with world(database, shop.wecom(), shop.wecom("other")) as made:
        times: list[int] = []
        while made.queue.place("robot") is None or made.queue.alive("robot") + made.queue.alive("other"):
            made.step()
            while made.flying:
                made.answer(Delivered())
                times.append(made.now)
                if len(times) == 11:
                    made.kill()
            made.now += SECOND // 2
        assert len(times) == 48
        assert max(sum(1 for each in times if at - 60 * SECOND < each <= at) for at in times) == 20


def test_a_robot_that_has_heard_too_much_is_left_alone(database: Path) -> None:
    with world(database, shop.wecom()) as made:
        made.step()
        made.answer(Failed("errcode 45009", 60 * SECOND))
        made.now += 59 * SECOND
        made.step()
        assert made.flying == []
        made.now += SECOND
        made.step()
        assert len(made.flying) == 1


def test_a_receiver_on_which_all_fails_is_left_alone_longer_and_longer(database: Path) -> None:
    with world(database, shop.webhook()) as made:
        tried = 0
        for _ in range(600):  # Ten minutes.
            made.step()
            while made.flying:
                made.answer(Failed("no connection"))
                tried += 1
            made.now += SECOND
        assert 20 < tried < 400


def test_the_same_failure_waits_no_longer_than_ten_minutes() -> None:
    def most(attempts: int) -> int:
        return backoff_us(attempts, lambda: 0.999_999)

    assert [round(most(n) / SECOND) for n in (1, 2, 3, 10, 11, 1_000)] == [1, 2, 4, 512, 600, 600]
    assert backoff_us(5, lambda: 0.0) == 0


def test_a_new_route_begins_with_what_comes(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    shop.decide(path, [shop.payment("A1", 1, 10_000)])
    with world(path, shop.webhook(from_start=False)) as made:
        made.drain()
        shop.decide(path, [shop.payment("A2", 2, 10_000)])
        made.drain()
        assert [letter.items[0].record.key for letter in made.heard["hook"]] == [{"account": "A2"}]


@pytest.mark.parametrize(("page", "backlog"), [(1, 100), (4, 100), (4, 3), (100, 1)])
def test_wherever_a_page_of_the_log_ends_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: int, backlog: int
) -> None:
    """One payment carries the clock past what a dozen customers waited for: its input writes a dozen records."""
    monkeypatch.setattr(choosing, "PAGE", page)
    monkeypatch.setattr(choosing, "BACKLOG", backlog)
    path = tmp_path / "shop.db"
    lines = [shop.payment(f"A{n}", n, 10_000) for n in range(3)]
    lines += [shop.message("received", 10, f"V{n}") for n in range(12)]
    lines += [shop.payment(f"B{n}", 3_000 + n, 10_000) for n in range(3)]
    shop.decide(path, lines)
    wanted = [(each["id"], each["record"]) for each in shop.told(path)]
    assert len(wanted) == 18
    with world(path, shop.webhook()) as made:
        made.step()
        assert made.queue.alive("hook") <= backlog + 12 + page
        made.drain()
        assert sorted(records(made.heard["hook"])) == sorted(wanted)


def test_what_a_refold_tells_anew_is_not_delivered_anew(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    shop.decide(path, [shop.payment("A1", 1, 10_000), shop.payment("A2", 2, 10_000)])
    with world(path, shop.webhook()) as made:
        made.drain()
        shop.decide(path, [shop.payment("A3", 3, 10_000)])
        shop.decide(path, [shop.payment("A4", 4, 10_000)], refold=True)
        made.kill()
        shop.decide(path, [shop.payment("A4", 4, 10_000)])
        made.drain()
        keys = [letter.items[0].record.key["account"] for letter in made.heard["hook"]]
        assert keys == ["A1", "A2", "A3", "A4"]


def test_another_database_is_not_gone_on_with(database: Path, tmp_path: Path) -> None:
    shop.decide(tmp_path / "other.db", [shop.payment("A1", 1, 10_000)])
    with world(database, shop.webhook()) as made:
        made.step()
        other = Dispatcher(
            Routes((shop.webhook(),)), made.queue, shop.shelf_of(tmp_path / "other.db"), random.random
        )
        with pytest.raises(RefusedError, match=r"found 1 inputs where the route hook has read 36"):
            other.read_on()


def test_the_queue_holds_no_name(database: Path, tmp_path: Path) -> None:
    """What is erased from the database does not go on living beside it."""
    with Queue(tmp_path / "queue") as queue:
        dispatcher = Dispatcher(Routes((shop.webhook(),)), queue, shop.shelf_of(database), random.random)
        dispatcher.read_on()
        assert queue.alive("hook") == 24
    held: Any = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"TAK-01" in held
    assert not [name for name in (b'"A1"', b"payer", "付款".encode(), b"yuan") if name in held]


NIGHT = Quiet(ZoneInfo("Asia/Shanghai"), (time(0), time(6)), levels=("critical",))
MIDNIGHT = micros("2026-03-10T00:00:00+08:00")


def test_quiet_hours_wait_and_let_the_gravest_through_with_what_stands_before_it(
    database: Path, tmp_path: Path
) -> None:
    """Of the alerts that are critical by now the warning goes first, though it would wait by itself."""
    path = tmp_path / "shop.db"
    shop.decide(path, [shop.payment(f"A{n}", 1, 10_000) for n in range(6)])
    with world(path, shop.webhook(quiet=NIGHT)) as made:
        made.now = MIDNIGHT
        made.step()
        assert made.flying == []
        shop.decide(path, [shop.payment("A3", 2, 20_000)])
        for _ in range(3):
            made.step()
            while made.flying:
                made.answer(Delivered())
        assert [letter.items[0].record.level for letter in made.heard["hook"]] == ["warn", "critical"]
        made.now = MIDNIGHT + 6 * 3_600 * SECOND
        made.drain()
        assert len(made.heard["hook"]) == 7


def test_what_a_quiet_night_held_back_is_one_message_in_the_morning(database: Path) -> None:
    digest = DigestRule(after=3, within_us=60 * SECOND, every_us=600 * SECOND)
    quiet = replace(NIGHT, levels=())
    with world(database, shop.webhook(quiet=quiet, digest=digest)) as made:
        made.now = MIDNIGHT
        for _ in range(6):
            made.step()
            assert made.flying == []
            made.now += 3_599 * SECOND
        made.now = MIDNIGHT + 6 * 3_600 * SECOND
        made.drain()
        assert [letter.gathered for letter in made.heard["hook"]] == [0, 0, 0, 21]


def test_a_digest_that_fails_is_sent_again_whole_and_alone(database: Path) -> None:
    digest = DigestRule(after=1, within_us=60 * SECOND, every_us=SECOND)
    with world(database, shop.wecom(digest=digest)) as made:
        names: list[str] = []
        for _ in range(100):
            made.step()
            for letter in list(made.flying):
                if letter.gathered:
                    names.append(letter.name)
                made.answer(Failed("HTTP 500") if letter.gathered and len(names) < 4 else Delivered())
            made.now += 5 * SECOND
        assert len(names) == 4
        assert len(set(names)) == 1
        assert [letter.gathered for letter in made.heard["robot"]] == [0, 23]


def test_a_digest_that_nobody_takes_is_one_dead_letter(database: Path) -> None:
    digest = DigestRule(after=1, within_us=60 * SECOND, every_us=SECOND)
    with world(database, shop.wecom(digest=digest)) as made:
        for _ in range(20):
            made.step()
            for letter in list(made.flying):
                made.answer(Dead("errcode 93000") if letter.gathered else Delivered())
            made.now += 10 * SECOND
        (dead,) = made.queue.dead()
        assert (dead.parts, dead.level) == (23, "critical")
        assert made.dispatcher.counts["robot", "dead"] == 23
        assert made.queue.retry(dead.id) == 1
        made.drain()
        assert made.heard["robot"][-1].gathered == 23
