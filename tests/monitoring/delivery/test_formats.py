"""How letters are written for each receiver."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.alert import Record
from monitoring.delivery import alertmanager, webhook, wecom
from monitoring.delivery.letters import Item, Letter
from monitoring.delivery.routes import Language, Route
from monitoring.delivery.waiting import Standing, Waiting
from tests.monitoring.delivery import shop

NOW = 1_773_108_000 * 10**6  # 2026-03-10T10:00:00+08:00.


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> list[Item]:
    """Return an alert that is raised and escalated."""
    path = tmp_path_factory.mktemp("formats") / "shop.db"
    shop.decide(path, [shop.payment("A1", 1, 10_000), shop.payment("A1", 2, 20_000)])
    with shop.shelf_of(path)() as shelf:
        found = [shelf.record(each["id"], each["record"]) for each in shop.told(path)]
    return [item for item in found if item is not None]


def letter(route: Route, *items: Item, **more: Any) -> Letter:
    return Letter(route, f"{items[0].record.id}.1", 1, NOW, items, **more)


def changed(item: Item, **more: Any) -> Item:
    """Return an item whose record says something else."""
    record = msgspec.structs.replace(item.record, **more)
    return replace(item, record=record, body=msgspec.json.encode(record))


def digest_of(route: Route, items: list[Item], counts: list[tuple[str, str, int]]) -> Letter:
    many = sum(n for _, _, n in counts)
    message = Waiting(9, route.name, "digest.9.a.1", 0, "", "critical", 0, 0, many, None)
    return Letter(
        route, message.name, 1, NOW, tuple(items), message, tuple(counts), console="https://c.example"
    )


def content(made: Letter) -> str:
    text: str = json.loads(wecom.compose(made).body)["markdown"]["content"]
    return text


def test_a_webhook_is_signed_as_its_standard_says() -> None:
    """By the example that the libraries of Standard Webhooks are tested with."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'
    assert webhook.signature(key, signed) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_webhook_says_the_record_as_it_was_told(items: list[Item]) -> None:
    post = webhook.compose(letter(shop.webhook(), items[0]))
    assert post.body == items[0].body
    assert msgspec.json.decode(post.body, type=Record) == items[0].record
    assert post.headers["webhook-id"] == f"{items[0].record.id}.1"
    assert post.headers["webhook-timestamp"] == "1773108000"
    assert (post.headers["weiguard-route"], post.headers["weiguard-attempt"]) == ("hook", "1")


def test_a_key_is_changed_without_a_gap(items: list[Item]) -> None:
    route = shop.webhook()
    two = replace(route, to=replace(route.to, keys=(shop.KEY, bytes(24))))
    one, both = (
        webhook.compose(letter(each, items[0])).headers["webhook-signature"] for each in (route, two)
    )
    assert both.split(" ")[0] == one
    assert len(set(both.split(" "))) == 2


def test_a_digest_for_a_webhook_counts_and_holds_the_first(items: list[Item]) -> None:
    counts = [("TAK-01", "critical", 300), ("TAK-01", "warn", 200)]
    said = json.loads(webhook.compose(digest_of(shop.webhook(), items, counts)).body)["digest"]
    assert said["count"] == 500
    assert said["by"][0] == {"rule": "TAK-01", "level": "critical", "count": 300}
    assert said["first"] == [json.loads(item.body) for item in items]


GOLDEN: dict[Language, str] = {
    "zh": (
        '**<font color="warning">严重</font> 升级 TAK-01 当日收款**\n> 租户：t1\n> 对象：account=A1\n'
        "> 时间：2026-03-10T09:00:02+08:00\n今日已收款 300.00 元，付款人 1 位。\n处置：停止收款至次日。\n"
        "[在控制台查看](https://c.example/alerts/{id})"
    ),
    "en": (
        '**<font color="warning">Critical</font> Escalated TAK-01 Takings of a day**\n> Tenant: t1\n'
        "> About: account=A1\n> At: 2026-03-10T09:00:02+08:00\n300.00 yuan today, from 1 payers.\n"
        "To do: Stop collecting until tomorrow.\n[Open in the console](https://c.example/alerts/{id})"
    ),
}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_robot_says_what_happened_and_what_to_do(items: list[Item], lang: Language) -> None:
    made = letter(shop.wecom(lang=lang), items[1], console="https://c.example")
    assert content(made) == GOLDEN[lang].replace("{id}", items[1].record.id)


def test_a_robot_says_what_stands_no_more_and_asks_for_nothing(items: list[Item]) -> None:
    text = content(letter(shop.wecom(), changed(items[1], state="retracted")))
    assert "撤回" in text
    assert "停止收款" not in text


def test_a_value_mentions_nobody_and_is_no_link(items: list[Item]) -> None:
    evil = "<@all> [pay](http://evil.example)\n# now `x` **b**"
    made = changed(items[0], key={"account": evil}, message={"zh": evil, "en": evil}, tenant="<@all>")
    text = content(letter(shop.wecom(), made))
    assert "<@" not in text
    assert "](" not in text
    assert "\n#" not in text
    assert text.count("**") == 2


@pytest.mark.parametrize("length", [*range(1_200, 1_420, 7), 100_000])
def test_what_is_too_long_is_cut_at_a_character_and_keeps_its_link(items: list[Item], length: int) -> None:
    made = changed(items[0], message={"zh": "收" * length, "en": ""})
    text = content(letter(shop.wecom(), made, console="https://c.example"))
    assert len(text.encode()) <= wecom.MOST_BYTES
    assert text.endswith(f"[在控制台查看](https://c.example/alerts/{items[0].record.id})")
    assert "\ufffd" not in text
    whole = "收" * length in text
    assert whole or len(text.encode()) > wecom.MOST_BYTES - 4


def test_a_robot_says_a_flood_in_one_message(items: list[Item]) -> None:
    counts = [("TAK-01", "critical", 300), *((f"TAK-{n:02}", "warn", 1) for n in range(2, 202))]
    text = content(digest_of(shop.wecom(), items, counts))
    assert text.startswith("**500 条预警记录合并为一条**\n- 严重 TAK-01：300 条\n- 预警 TAK-02：1 条\n")
    assert "\n- 其余规则：186 条\n" in text
    assert f"> [TAK-01](https://c.example/alerts/{items[0].record.id}) account=A1 今日已收款" in text


def test_a_level_that_changes_ends_the_alert_of_the_level_before(items: list[Item]) -> None:
    before = Standing(items[0].record.id, 1, "warn", 0, 0)
    post = alertmanager.compose(letter(shop.alertmanager(), items[1], before=before))
    warn, critical = json.loads(post.body)
    assert (warn["labels"]["level"], critical["labels"]["level"]) == ("warn", "critical")
    assert {**warn["labels"], "level": ""} == {**critical["labels"], "level": ""}
    assert warn["endsAt"] == "2026-03-10T01:59:00+00:00"
    assert critical["endsAt"] == "2026-03-10T02:20:00+00:00"
    assert critical["startsAt"] == "2026-03-10T01:00:02+00:00"
    assert critical["labels"] | {"alert": ""} == {
        "alertname": "TAK-01", "level": "critical", "tenant": "t1", "pack": "takings", "alert": "",
    }  # fmt: skip
    assert post.url == "http://127.0.0.1:1/api/v2/alerts"


def test_nothing_ends_before_it_starts(items: list[Item]) -> None:
    """An event's time may be ahead of our clock."""
    item = changed(items[0], state="retracted", at="2030-01-01T00:00:00+08:00")
    (alert,) = json.loads(alertmanager.compose(letter(shop.alertmanager(), item)).body)
    assert alert["startsAt"] == alert["endsAt"]


def test_the_reader_of_a_record_finds_it_and_nothing_like_it(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    shop.decide(path, [shop.payment("A1", 1, 10_000)])
    (only,) = shop.told(path)
    with shop.shelf_of(path)() as shelf:
        assert shelf.record(only["id"], 1) is not None
        assert shelf.record(only["id"], 2) is None
        assert shelf.record(only["id"][:-1], 1) is None
