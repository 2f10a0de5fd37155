"""Proofs of completeness as their users make and verify them: offline, in both languages, never unknown to the log."""

from __future__ import annotations

import json
import re
from itertools import islice
from pathlib import Path

import pytest

from streams.sources.shops import events
from streams.stores.sqlite_reading import open_reader
from tests.weiguard.conftest import Weiguard

RUN = ("--only", "MTX-*", "--db", "shop.db")
QUERY = ("audit", "query", *RUN, "--audit-key", "k", "--by", "li.auditor")
VERIFY = ("audit", "verify", "--key", "k.pub")


@pytest.fixture
def shop(weiguard: Weiguard) -> Path:
    """Make a key and a signed database of some days."""
    Path("events.jsonl").write_bytes(b"\n".join(islice(events(3), 900)) + b"\n")
    assert weiguard("audit", "keygen", "--name", "a.cn/shop", "--out", "k").status == 0
    assert weiguard("run", "events.jsonl", *RUN, "--audit-key", "k").status == 0
    return Path("shop.db")


def test_an_account_is_proved_and_verified_without_the_database(weiguard: Weiguard, shop: Path) -> None:
    days = ("--from", "2025-10-12", "--until", "2025-10-13")
    done = weiguard(*QUERY, "--account", "wechat-07-2", *days, "--proof", "a.completeness", "--json")
    assert done.status == 0, done.err
    assert "proof of completeness until 2025-10-13: a.completeness; " in done.err
    assert "not closed" not in done.err
    *rows, answer = map(json.loads, done.out.splitlines())
    assert answer["answer"]["query"] == {
        "account": "wechat-07-2", "from": "2025-10-11T16:00:00+00:00", "proof": True,
        "until": "2025-10-12T16:00:00+00:00",
    }  # fmt: skip
    shop.unlink()
    held = weiguard(*VERIFY, "a.completeness")
    assert held.status == 0, held.err
    said, read_at, *_ = held.out.splitlines()
    assert said == (
        "all 1 entry that a.cn/shop told of the account wechat-07-2 of tenant shops "
        "from 2025-10-12 until 2025-10-13, on 1 days"
    )
    assert (
        read_at == f"  read at {answer['answer']['tree_size']} entries, root {answer['answer']['tree_root']}"
    )
    assert json.loads(held.out.splitlines()[-1]) == rows[0]["entry"]
    plain = json.loads(weiguard(*VERIFY, "a.completeness", "--json").out)
    assert plain["entries"] == [rows[0]["entry"]]
    assert (plain["ok"], plain["days"]) == (True, {"2025-10-12": 1})
    chinese = weiguard(*VERIFY, "a.completeness", "--lang", "zh").out
    assert (
        "起至 2025-10-13 前就租户 shops 的账号 wechat-07-2 说过的 1 条记录全部在此，见于其中 1 天\n"
        in chinese
    )


def test_that_there_is_nothing_is_proved_too_and_what_is_open_is_said(weiguard: Weiguard, shop: Path) -> None:
    done = weiguard(*QUERY, "--account", "nobody", "--proof", "no.completeness")
    assert done.status == 0, done.err
    closed = re.search(r"^days from (\S+) on are not closed yet: nothing of them", done.err, re.MULTILINE)
    assert closed is not None
    said = weiguard(*VERIFY, "no.completeness").out
    assert said.startswith(
        f"a.cn/shop told nothing of the account nobody of tenant shops from its first entry until {closed[1]}\n"
    )
    said = weiguard(*VERIFY, "no.completeness", "--lang", "zh").out
    assert said.startswith(
        f"a.cn/shop 自 第一条记录 起至 {closed[1]} 前没有就租户 shops 的账号 nobody 说过什么\n"
    )


def test_all_of_a_tenant_is_proved(weiguard: Weiguard, shop: Path) -> None:
    done = weiguard(
        *QUERY, "--tenant", "shops", "--proof", "all.completeness", "--format", "csv", "--out", "x.csv"
    )
    assert done.status == 0, done.err
    found = json.loads(weiguard(*VERIFY, "all.completeness", "--json").out)
    assert len(found["entries"]) == sum(found["days"].values()) > 10
    assert f"{len(found['entries'])} found, read at " in done.err


def test_a_proof_that_was_changed_is_refused(weiguard: Weiguard, shop: Path) -> None:
    weiguard(*QUERY, "--account", "wechat-07-2", "--proof", "a.completeness")
    path = Path("a.completeness")
    path.write_text(path.read_text().replace("warn", "info"))
    done = weiguard(*VERIFY, "a.completeness")
    assert done.status == 1
    assert done.err.startswith(
        "weiguard: does not hold: a.completeness, 2025-10-12: found 1 entries that lead to "
    )
    assert weiguard(*VERIFY, "a.completeness", "--json").out.startswith(
        '{"ok":false,"where":"a.completeness, 2025-10-12"'
    )


def test_whoever_asks_for_a_proof_stands_in_the_log(weiguard: Weiguard, shop: Path) -> None:
    weiguard(*QUERY, "--account", "wechat-07-2", "--proof", "a.completeness")
    with open_reader(shop) as reader:
        told = [json.loads(entry) for entry in reader.audit.entries()]
    (asked,) = [each for each in told if each["kind"] == "audit.queried"]
    assert asked["event"]["data"] == {"by": "li.auditor", "query": '{"account":"wechat-07-2","proof":true}'}


@pytest.mark.parametrize(
    ("call", "words"),
    [
        pytest.param(
            (*QUERY, "--account", "A1", "--proof", "a.json"),
            "--proof: found a.json; expected a file whose name ends in .completeness; name it a.json.completeness",
            id="a file that nobody would know for a proof",
        ),
        pytest.param(
            (*QUERY, "--account", "A1", "--level", "warn", "--proof", "a.completeness"),
            "--proof: found another filter, or a page; expected --account, --tenant, --from and --until alone",
            id="a part of an account",
        ),
        pytest.param(
            (*VERIFY, "nowhere.completeness"),
            "nowhere.completeness: found “no such file or directory”; expected a proof of completeness",
            id="no such file",
        ),
        pytest.param(
            ("audit", "verify", "nowhere.completeness"), "found no --key; expected the public key", id="no key"
        ),
    ],
)  # fmt: skip
def test_calls_that_cannot_be_right(
    weiguard: Weiguard, shop: Path, call: tuple[str, ...], words: str
) -> None:
    done = weiguard(*call)
    assert (done.status, words in done.err) == (2, True), done.err


def test_an_unsigned_log_proves_nothing(weiguard: Weiguard) -> None:
    Path("events.jsonl").write_bytes(b"\n".join(islice(events(3), 900)) + b"\n")
    assert weiguard("run", "events.jsonl", *RUN).status == 0
    done = weiguard("audit", "query", *RUN, "--account", "A1", "--proof", "a.completeness")
    assert done.status == 2
    assert (
        "found an audit log that nobody signed; expected a signed one, as a proof is of a checkpoint"
        in done.err
    )
    assert not Path("a.completeness").exists()
