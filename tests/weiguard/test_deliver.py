"""`weiguard deliver` as its users meet it: beside a run, killed and started again, in a flood, before the deaf."""

from __future__ import annotations

import json
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.monitoring.delivery import shop
from tests.monitoring.delivery.receiver import Heard, Receiver, Reply, receiving
from tests.monitoring.scraping import by
from tests.weiguard.calling import start
from tests.weiguard.conftest import Weiguard
from tests.weiguard.test_listening import ANY_PORT, Running

KEY = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
DELIVER = ("deliver", "--db", "shop.db")


def write_routes(folder: Path, receiver: Receiver, more: str = "") -> None:
    """Write a routes file with one webhook that begins with the first record."""
    (folder / "secret").write_text(KEY)
    (folder / "routes.yaml").write_text(
        f"routes:\n  - name: hook\n    webhook: {receiver.url}/s3cret-path\n    secret: ${{file:secret}}\n"
        f"    from: start\n{more}"
    )


def in_order(heard: list[Heard]) -> bool:
    """Return whether the first of each of an alert's records came in order."""
    best: dict[str, int] = {}
    for name in dict.fromkeys(each.id for each in heard):
        alert, _, record = name.rpartition(".")
        if int(record) < best.get(alert, 0):
            return False
        best[alert] = int(record)
    return True


@pytest.mark.slow
def test_nothing_is_lost_or_repeated_by_kills_at_random_instants(tmp_path: Path) -> None:
    """Twelve kills, a receiver that fails at a seventh of all requests; what comes twice has one id."""
    chance = random.Random(7)
    shop.decide(tmp_path / "shop.db", [shop.payment(f"A{n}", s, 7_000) for s in (1, 2, 3) for n in range(80)])
    wanted = {f"{each['id']}.{each['record']}" for each in shop.told(tmp_path / "shop.db")}
    assert len(wanted) == 160
    taken: list[Heard] = []

    def script(heard: Heard) -> Reply:
        what = chance.random()
        if what < 0.15:
            return Reply(0 if what < 0.07 else 503, after_s=0.01)
        taken.append(heard)
        return Reply(after_s=0.02)

    with receiving(script) as receiver:
        write_routes(tmp_path, receiver)
        kills = 0
        while kills < 12:
            running = start(*DELIVER, cwd=tmp_path)
            before = len(receiver.heard)
            receiver.wait(lambda heard, before=before: len(heard) > before)  # type: ignore[misc]  # bound at once
            time.sleep(chance.random() * 0.3)
            running.kill()
            running.communicate()
            kills += 1
        running = start(*DELIVER, cwd=tmp_path)
        receiver.wait(lambda _: {each.id for each in taken} == wanted, within_s=120)
        time.sleep(1)
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate(timeout=60)
        assert running.returncode == 0, said
    times = Counter(each.id for each in taken)
    assert sum(times.values()) - len(wanted) <= kills * 4  # What was on its way at a kill, four at a time.
    assert in_order(taken)
    assert b"s3cret-path" not in said


def test_a_flood_is_one_message_with_a_counter(tmp_path: Path, weiguard: Weiguard) -> None:
    shop.decide(tmp_path / "shop.db", [shop.payment(f"A{n}", n, 30_000) for n in range(500)])
    with receiving(lambda _: Reply(body=b'{"errcode": 0}')) as receiver:
        digest = "    digest: {after: 10, within: 1s, every: 1s}\n"
        robot = f"  - name: duty\n    wecom: ${{DUTY_ROBOT}}\n    from: start\n    lang: en\n{digest}"
        write_routes(tmp_path, receiver, digest + robot)
        running = start(*DELIVER, cwd=tmp_path, DUTY_ROBOT=f"{receiver.url}/robot?key=s3cret")
        receiver.wait(lambda heard: len(heard) == 22)
        time.sleep(1.5)
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate(timeout=60)
        assert running.returncode == 0, said
        heard = receiver.heard
    assert len(heard) == 22
    hooks, robots = ([each for each in heard if each.path.startswith(path)] for path in ("/s3cret", "/robot"))
    assert Counter("digest" in each.said for each in hooks) == {False: 10, True: 1}
    (digest_,) = [each.said["digest"] for each in hooks if "digest" in each.said]
    assert digest_["count"] == 490
    assert sum(each["count"] for each in digest_["by"]) == 490
    assert len(digest_["first"]) == 20
    texts = [each.said["markdown"]["content"] for each in robots]
    assert [text.splitlines()[0] for text in texts if "in one message" in text] == [
        "**490 alert records in one message**"
    ]
    assert b"s3cret" not in said
    assert b"s3cret" not in b"".join(path.read_bytes() for path in tmp_path.glob("shop.db.deliveries*"))
    assert weiguard(*DELIVER, "--dead").err == "weiguard: no dead letters\n"


def test_dead_letters_are_seen_and_sent_again(tmp_path: Path, weiguard: Weiguard) -> None:
    shop.decide(tmp_path / "shop.db", [shop.payment("A1", 1, 10_000), shop.payment("A2", 2, 10_000)])
    with receiving(lambda heard: Reply(422 if heard.said["key"]["account"] == "A1" else 200)) as receiver:
        write_routes(tmp_path, receiver)
        done = weiguard(*DELIVER, "--once")
        assert done.status == 1
        assert "HTTP 422 Unprocessable" in done.err
        listed = weiguard(*DELIVER, "--dead", "--json")
        (row,) = json.loads(listed.out)
        assert (row["route"], row["rule"], row["level"], row["attempts"]) == ("hook", "TAK-01", "warn", 1)
        assert weiguard(*DELIVER, "--once").status == 0
        assert weiguard(*DELIVER, "--retry", str(row["number"])).status == 0
        receiver.script = lambda _: Reply()
        assert weiguard(*DELIVER, "--once").status == 0
        assert json.loads(weiguard(*DELIVER, "--dead", "--json").out) == []
        assert len(receiver.heard) == 3
        assert receiver.heard[-1].id == row["message"]


def test_a_receiver_that_hangs_holds_up_nobody_who_decides(tmp_path: Path, weiguard: Weiguard) -> None:
    shop.decide(tmp_path / "shop.db", [shop.payment(f"A{n}", n, 10_000) for n in range(10)])
    with receiving(lambda _: Reply(after_s=30)) as receiver:
        write_routes(tmp_path, receiver)
        running = start(*DELIVER, cwd=tmp_path)
        receiver.wait(lambda heard: len(heard) == 4)
        began = time.monotonic()
        shop.decide(tmp_path / "shop.db", [shop.payment(f"B{n}", n + 100, 10_000) for n in range(200)])
        assert time.monotonic() - began < 15
        assert len(shop.told(tmp_path / "shop.db")) == 210
        refused = weiguard(*DELIVER, "--once")  # Two at once would send everything twice.
        assert (refused.status, "in use by process" in refused.err) == (2, True)
        running.kill()
        running.communicate()


def test_it_tells_prometheus_and_goes_on_with_what_comes(tmp_path: Path) -> None:
    shop.decide(tmp_path / "shop.db", [shop.payment("A1", 1, 10_000)])
    with receiving(lambda heard: Reply(500 if heard.headers["weiguard-attempt"] == "1" else 200)) as receiver:
        write_routes(tmp_path, receiver)
        run = Running(start(*DELIVER, *ANY_PORT, cwd=tmp_path))
        receiver.wait(lambda heard: len(heard) == 2)
        shop.decide(tmp_path / "shop.db", [shop.payment("A2", 2, 10_000)])
        receiver.wait(lambda heard: len(heard) == 4)
        run.caught_up()
        _until(lambda: by(run.scrape(), "weiguard_delivery_total", "outcome")[("delivered",)] == 2)
        found = by(run.scrape(), "weiguard_delivery_total", "route", "outcome")
        assert dict(found) == {
            ("hook", "delivered"): 2, ("hook", "retried"): 2, ("hook", "dead"): 0, ("hook", "digested"): 0,
        }  # fmt: skip
        status, said = run.ended()
        assert status == 0, said
        assert "attempt 1: HTTP 500 Internal Server Error; again later" in said


def test_a_wrong_routes_file_ends_it_before_anything_is_sent(tmp_path: Path, weiguard: Weiguard) -> None:
    shop.decide(tmp_path / "shop.db", [shop.payment("A1", 1, 10_000)])
    (tmp_path / "routes.yaml").write_text("routes:\n  - name: duty\n    wecom: ${NO_SUCH_VARIABLE}\n")
    assert weiguard(*DELIVER, "--once").status == 2
    assert weiguard(*DELIVER, "--check").status == 1
    assert not (tmp_path / "shop.db.deliveries").exists()


def test_a_route_that_is_gone_is_said_and_its_messages_stay(tmp_path: Path, weiguard: Weiguard) -> None:
    shop.decide(tmp_path / "shop.db", [shop.payment("A1", 1, 10_000)])
    with receiving(lambda _: Reply(500)) as receiver:
        write_routes(tmp_path, receiver)
        assert weiguard(*DELIVER, "--once").status == 1
        routes = tmp_path / "routes.yaml"
        routes.write_text(routes.read_text().replace("name: hook", "name: other"))
        done = weiguard(*DELIVER, "--once")
    assert "1 message of hook stay: no such route in the file" in done.err


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)
