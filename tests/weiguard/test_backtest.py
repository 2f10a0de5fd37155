"""`weiguard backtest`: held against two replays that are compared here, in another way."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rules.loading import SHIPPED, load
from streams.stores.standing import Standing
from tests.streams.running import made
from tests.weiguard.conftest import Weiguard
from tests.weiguard.sessions import GOLDEN
from weiguard import backtesting, preparing

PACKS = ("collection", "service", "engine")
LIMITS = {
    "personal_daily_warn: {value: 4000000": "personal_daily_warn: {value: 1000000",
    "personal_daily: {value: 5000000": "personal_daily: {value: 2000000",
    "freeze_appeal: {value: 24h": "freeze_appeal: {value: 12h",
    "reply_direct: {value: 5m": "reply_direct: {value: 4m",
    "freeze_release_warn: {value: 15d": "freeze_release_warn: {value: 16d",
}
FACTS = ("level", "at", "trigger", "values", "limits", "evidence")
CHANGES = ("raised", "gone", "changed")
Edit = Callable[[str], str]


def history() -> list[bytes]:
    """Return a log of four tenants in turn, with a correction, ticks for all, and lines that nobody can read."""
    logs = [made(2, 130), [raw.replace(b'"t1"', b'"t3"').replace(b'"t2"', b'"t4"') for raw in made(3, 130)]]
    lines = [raw for pair in zip(*logs, strict=False) for raw in pair]
    fields = {"specversion": "1.0", "source": "tests", "id": "all"}
    last = max(json.loads(raw).get("receivedtime", "") for raw in lines if raw.startswith(b'{"spec'))
    tick = {**fields, "type": "clock.tick", "time": last}
    asked = {**fields, "type": "correction.requested", "time": last, "tenant": "t1", "data": {"by": "me"}}
    broken = {**tick, "time": "noon"}
    return [b"{", *lines, *map(msgspec.json.encode, (tick, broken, asked)), b"\xff", b"[" * 400]


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the rules of three packs, `old`, and with five limits changed and a rule left out, `new`."""
    folder = tmp_path_factory.mktemp("rules")
    for name in ("old", "new"):
        for pack in PACKS:
            for kind in ("catalog", "limits"):
                place = folder / name / kind
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy(SHIPPED / kind / f"{pack}.yaml", place)
    for path in (folder / "new" / "limits").iterdir():
        text = path.read_text("utf-8")
        for was, now in LIMITS.items():
            text = text.replace(was, now)
        path.write_text(text, "utf-8")
    collection = folder / "new" / "catalog" / "collection.yaml"
    parts = collection.read_text("utf-8").split("\n  - id: ")
    collection.write_text("\n  - id: ".join(part for part in parts if not part.startswith("COL-11")), "utf-8")
    return folder


_load = cache(load)


@pytest.fixture
def shop(weiguard: Weiguard, rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Weiguard:
    """Return what calls weiguard in a folder with a history and both rule sets, each read once for all tests."""
    monkeypatch.setattr(preparing, "load", _load)
    for name in ("old", "new"):
        (tmp_path / name).symlink_to(rules / name)
    (tmp_path / "log").write_bytes(b"\n".join(history()))
    return weiguard


def compared(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> dict[str, Any]:
    """Compare what two replays say stands: the sums of the answer, found without any of its code."""
    before, after = ({each["id"]: each for each in side} for side in (old, new))
    differing = {
        "raised": [after[name] for name in after.keys() - before.keys()],
        "gone": [before[name] for name in before.keys() - after.keys()],
        "changed": [
            after[name]
            for name in after.keys() & before.keys()
            if any(after[name][fact] != before[name][fact] for fact in FACTS)
        ],
    }
    fields = Counter(
        (each["rule"], name)
        for each in differing["changed"]
        for name in FACTS
        if each[name] != before[each["id"]][name]
    )
    moved = Counter(
        (each["rule"], before[each["id"]]["level"], each["level"]) for each in differing["changed"]
    )
    return {
        **{name: len(some) for name, some in differing.items()},
        "levels": {
            name: Counter((each["rule"], each["level"]) for each in some)
            for name, some in {"before": old, "after": new, **differing}.items()
            if name != "changed"
        },
        "fields": fields,
        "moved": moved,
        "days": {
            name: Counter(each["at"][:10] for each in side)
            for name, side in (("before", old), ("after", new))
        },
        "keys": Counter((each["tenant"], about(each["key"])) for some in differing.values() for each in some),
    }


def about(key: dict[str, str]) -> str:
    """Return the account of a key, else its owner, else all of it."""
    return key.get("account") or key.get("owner") or json.dumps(key)


def sums(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the same of an answer."""
    rules = answer["rules"]
    return {
        **{name: answer[name] for name in CHANGES},
        "levels": {
            name: Counter({(rule["rule"], level): n for rule in rules for level, n in rule[name].items()})
            for name in ("before", "after", "raised", "gone")
        },
        "fields": Counter({(rule["rule"], name): n for rule in rules for name, n in rule["fields"].items()}),
        "moved": Counter(
            {(rule["rule"], each["from"], each["to"]): each["count"] for rule in rules for each in rule["changed"]}
        ),
        "days": {
            name: Counter({each["day"]: each[name] for each in answer["days"] if each[name]})
            for name in ("before", "after")
        },
        "keys": Counter(
            {(each["tenant"], about(each["key"])): sum(each[name] for name in CHANGES) for each in answer["keys"]}
        ),
    }  # fmt: skip


def backtest(weiguard: Weiguard, *more: str, events: str = "log") -> dict[str, Any]:
    done = weiguard("backtest", events, "--rules", "new", "--against", "old", "--json", *more)
    assert (done.status, done.err) == (0, "")
    answer: dict[str, Any] = json.loads(done.out)
    return answer


def standing(weiguard: Weiguard, rules: str, *more: str) -> list[dict[str, Any]]:
    done = weiguard("replay", "log", "--standing", "--rules", rules, *more)
    return [json.loads(line) for line in done.out.splitlines()]


@pytest.mark.parametrize(
    "more",
    [
        pytest.param((), id="all"),
        pytest.param(("--tenant", "t1"), id="one tenant", marks=pytest.mark.slow),
        pytest.param(("--only", "COL-*", "--only", "SLA-01"), id="some rules", marks=pytest.mark.slow),
        pytest.param(
            ("--until", "2027-01-01T00:00:00+08:00"), id="the clock runs on", marks=pytest.mark.slow
        ),
    ],
)
def test_the_answer_is_that_of_two_replays(shop: Weiguard, more: tuple[str, ...]) -> None:
    by_hand = compared(standing(shop, "old", *more), standing(shop, "new", *more))
    answer = backtest(shop, *more, "--jobs", "2")
    assert min(by_hand[name] for name in CHANGES) > 0, "nothing is compared where nothing differs"
    told = sums(answer)
    keys, most = by_hand.pop("keys"), told.pop("keys")
    assert told == by_hand
    assert all(keys[key] == count for key, count in most.items())
    assert sorted(most.values(), reverse=True) == sorted(keys.values(), reverse=True)[:20]


def test_the_number_of_processes_changes_nothing(shop: Weiguard) -> None:
    one, *more = (backtest(shop, "--jobs", jobs) for jobs in ("1", "2", "6"))
    assert one["changed"]
    assert more == [one, one]


@pytest.mark.slow
def test_inputs_are_counted_as_replay_counts_them(shop: Weiguard) -> None:
    counts = {}
    for side, rules in (("before", "old"), ("after", "new")):
        told = shop("replay", "log", "--rules", rules, "--json")
        counts[side] = {
            name: json.loads(told.err)[name] for name in ("dispositions", "undecided", "unlisted")
        }
    for jobs in ("1", "6"):
        answer = backtest(shop, "--jobs", jobs)
        assert {side: {name: answer[side][name] for name in counts[side]} for side in counts} == counts


@pytest.mark.parametrize("jobs", ["1", pytest.param("6", marks=pytest.mark.slow)])
def test_bad_lines_are_told_with_their_places_in_the_file(shop: Weiguard, jobs: str) -> None:
    replayed = shop("replay", "log", "--rules", "new")
    done = shop("backtest", "log", "--rules", "new", "--against", "old", "--jobs", jobs)
    lines = [line for line in done.err.splitlines() if line.startswith(("line ", "… and "))]
    assert len(lines) > 2
    assert lines == [line for line in replayed.err.splitlines() if line.startswith(("line ", "… and "))]


@pytest.mark.slow
def test_examples_are_the_gravest_and_oldest(shop: Weiguard) -> None:
    before, after = (
        {each["id"]: each for each in standing(shop, rules, "--only", "COL-*")} for rules in ("old", "new")
    )
    answer = backtest(shop, "--only", "COL-*", "--examples", "4")
    assert any(len(some) == 4 for rule in answer["rules"] for some in rule["examples"].values())
    for rule in answer["rules"]:
        for change, some in rule["examples"].items():
            total = (
                sum(rule[change].values()) if change != "changed" else sum(e["count"] for e in rule[change])
            )
            assert len(some) == min(4, total)
            order = [("critical", "warn", "info").index(each["level"]) for each in some]
            assert order == sorted(order)
            for each in some:
                source = (before if change == "gone" else after)[each["id"]]
                assert each["event"] == source["trigger"]
                assert {name: each[name] for name in ("at", "key", "window", "message")} == {
                    name: source[name] for name in ("at", "key", "window", "message")
                }
                if change == "changed":
                    was = before[each["id"]]
                    assert each["fields"] == [name for name in FACTS if was[name] != source[name]]
                    assert {name: each["was"][name] for name in each["fields"]} == {
                        name: was[name] for name in each["fields"]
                    }
    assert not any(rule["examples"] for rule in backtest(shop, "--examples", "0")["rules"])


@pytest.mark.slow
def test_pipes_and_packed_files_say_the_same(
    shop: Weiguard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = (tmp_path / "log").read_bytes()
    (tmp_path / "log.gz").write_bytes(gzip.compress(raw))
    plain = backtest(shop, "--jobs", "2")
    assert backtest(shop, "--jobs", "2", events="log.gz") == plain
    for sent in (raw, gzip.compress(raw)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(sent))))
        assert backtest(shop, "--jobs", "2", events="-") == plain


@pytest.mark.parametrize("jobs", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_of_nothing_nothing_differs(shop: Weiguard, tmp_path: Path, jobs: str) -> None:
    (tmp_path / "empty").write_bytes(b"")
    answer = backtest(shop, "--jobs", jobs, events="empty")
    assert [answer[name] for name in (*CHANGES, "rules", "days", "keys")] == [0, 0, 0, [], [], []]
    done = shop("backtest", "empty", "--rules", "new", "--against", "old")
    assert "No alert differs." in done.out


@pytest.mark.parametrize(
    ("file", "edit", "expected"),
    [
        pytest.param("limits.yaml", lambda text: text.replace("20000", "25000"), (0, 0, 2),
                     id="a limit: one alert is no more critical, and one has another limit"),
        pytest.param("takings.yaml", lambda text: text[: text.index("  - id: TAK-02")], (0, 1, 0),
                     id="a rule taken out"),
        pytest.param("takings.yaml", lambda text: text.replace("id: TAK-02", "id: TAK-02\n    shadow: true"), (0, 1, 0),
                     id="a rule that only watches"),
        pytest.param("limits.yaml", lambda text: text.replace("10m", "9m"), (1, 1, 0), id="a window that moves"),
        pytest.param("takings.yaml", lambda text: text.replace(" yuan today", " yuan on this day"), (0, 0, 0),
                     id="other words"),
    ],
)  # fmt: skip
def test_a_change_and_what_it_does(
    weiguard: Weiguard, tmp_path: Path, file: str, edit: Edit, expected: tuple[int, int, int]
) -> None:
    shutil.copytree(GOLDEN, tmp_path, dirs_exist_ok=True)
    shutil.copytree(GOLDEN / "mine", tmp_path / "edited")
    path = tmp_path / "edited" / file
    path.write_text(edit(path.read_text("utf-8")), "utf-8")
    for rules, against, wanted in (
        ("edited", "mine", expected),
        ("mine", "edited", expected[1::-1] + expected[2:]),
    ):
        done = weiguard(
            "backtest", "events.jsonl", "--rules", rules, "--against", against, "--json", "--jobs", "1"
        )
        answer = json.loads(done.out)
        assert tuple(answer[name] for name in CHANGES) == wanted
        assert "same rules" not in done.err


def test_a_history_that_grows_meanwhile_is_refused(
    shop: Weiguard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Growing(Standing):
        def close(self) -> None:
            super().close()
            with (tmp_path / "log").open("ab") as file:
                file.write(b"\n{}\n")

    monkeypatch.setattr(backtesting, "Standing", Growing)
    done = shop("backtest", "log", "--rules", "new", "--against", "old", "--jobs", "1")
    assert done.status == 2
    assert "log: found that it changed while it was read" in done.err


def test_nothing_is_left_behind(shop: Weiguard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    backtest(shop, "--jobs", "2")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"\n".join(history()))[:-3])
    done = shop("backtest", "cut.gz", "--rules", "new", "--against", "old", "--jobs", "2")
    assert (done.status, "cut.gz: found gzip data that cannot be unpacked" in done.err) == (2, True)
    assert list(scratch.iterdir()) == []
