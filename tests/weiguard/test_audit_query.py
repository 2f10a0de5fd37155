"""`weiguard audit query` as its users call it: formats, pages, who asked, and when nobody is answered."""

from __future__ import annotations

import csv
import io
import json
import re
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from streams.sources.shops import events
from streams.stores.locking import Lock
from streams.stores.sqlite_reading import open_reader
from tests.weiguard.conftest import Weiguard

LINES = list(islice(events(3), 600))
# A spreadsheet would run the first cell; the second is a text like any other.
DECISIONS = [("=1+2", "wang"), ("li", "@wang"), ("li", "wang")]


@pytest.fixture
def shop(weiguard: Weiguard) -> Path:
    """Make a key and a signed database with decisions in it."""
    lines = [*LINES]
    for number, (author, approver) in enumerate(DECISIONS):
        data = {
            "limit": "personal_daily",
            "value": 1,
            "author": author,
            "approver": approver,
            "account": "A1",
        }
        event = {
            "specversion": "1.0", "id": f"d{number}", "source": "desk", "type": "override.set", "tenant": "shops",
            "time": "2025-10-20T00:00:00+08:00", "data": data,
        }  # fmt: skip
        lines.append(json.dumps(event).encode())
    Path("events.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    assert weiguard("audit", "keygen", "--name", "a.cn/shop", "--out", "k").status == 0
    assert (
        weiguard("run", "events.jsonl", "--only", "MTX-*", "--db", "shop.db", "--audit-key", "k").status == 0
    )
    return Path("shop.db")


CALL = ("audit", "query", "--db", "shop.db", "--audit-key", "k", "--only", "MTX-*", "--by", "li.auditor")


def entries_of(path: Path) -> list[dict[str, Any]]:
    with open_reader(path) as reader:
        return [json.loads(entry) for entry in reader.audit.entries()]


def test_a_table_says_what_it_was_read_at_and_how_to_go_on(weiguard: Weiguard, shop: Path) -> None:
    size = len(entries_of(shop))
    done = weiguard(*CALL, "--account", "A1", "--limit", "2")
    assert done.status == 0, done.err
    assert re.search(
        rf"^2 found, read at {size + 1} entries, root [A-Za-z0-9+/]{{43}}=$", done.out, re.MULTILINE
    )
    cursor = re.search(r"--after (\S+)", done.err)
    assert cursor is not None
    rest = weiguard(*CALL, "--account", "A1", "--limit", "2", "--after", cursor[1])
    assert f"1 found, read at {size + 1} entries" in rest.out
    assert "--after" not in rest.err
    assert "=1+2" in rest.out
    chinese = weiguard(*CALL, "--text", "无此内容词", "--lang", "zh")
    assert chinese.out.startswith("没有符合的记录；读自 ")


def test_lines_of_json_end_with_what_was_asked(weiguard: Weiguard, shop: Path) -> None:
    done = weiguard(*CALL, "--actor", "wang", "--from", "2025-10-20", "--until", "2025-10-21", "--json")
    *found, last = map(json.loads, done.out.splitlines())
    assert [each["entry"]["event"]["id"] for each in found] == ["d2", "d0"]
    told = last["answer"]
    asked = {"actor": "wang", "from": "2025-10-19T16:00:00+00:00", "until": "2025-10-20T16:00:00+00:00"}
    assert (told["query"], told["rows"], told["next"]) == (asked, 2, None)
    assert told["checkpoint"].startswith(f"a.cn/shop\n{told['tree_size']}\n{told['tree_root']}\n")
    newest = [entry for entry in entries_of(shop) if entry["kind"] == "audit.queried"][-1]
    assert (newest["event"]["id"], newest["event"]["data"]["by"]) == (told["asked"], "li.auditor")
    assert json.loads(newest["event"]["data"]["query"]) == asked


def test_a_sheet_holds_no_formula(weiguard: Weiguard, shop: Path) -> None:
    done = weiguard(*CALL, "--kind", "override.set", "--oldest", "--format", "csv", "--out", "a.csv")
    assert "3 found" in done.err
    text = Path("a.csv").read_bytes().decode()
    assert text.startswith("\ufeffleaf,tenant,kind,")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert [(row["actor"], row["approver"]) for row in rows] == [
        ("'=1+2", "wang"),
        ("li", "'@wang"),
        ("li", "wang"),
    ]
    assert not [
        cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    ]
    assert json.loads(rows[0]["entry"])["event"]["data"]["author"] == "=1+2", (
        "the entry itself is not touched"
    )
    assert {int(row["tree_size"]) for row in rows} == {len(entries_of(shop)) - 1}
    assert not list(Path().glob("*.part"))
    assert weiguard(*CALL, "--kind", "override.set", "--format", "csv").out.startswith("\ufeffleaf,")


def test_columns_hold_the_same(weiguard: Weiguard, shop: Path) -> None:
    weiguard(*CALL, "--kind", "alert", "--oldest", "--format", "parquet", "--out", "a.parquet")
    rows = pq.read_table("a.parquet").to_pylist()
    alerts = [entry for entry in entries_of(shop) if entry["kind"] == "alert"]
    assert alerts
    assert [json.loads(row["entry"]) for row in rows] == alerts
    assert [(row["alert"], row["rule"], row["level"]) for row in rows] == [
        (each["record"]["id"], each["record"]["rule"], each["record"]["level"]) for each in alerts
    ]
    assert all(type(row["leaf"]) is type(row["tree_size"]) is int for row in rows)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        pytest.param(["--format", "parquet"], "--out: found standard output", id="parquet goes to a file"),
        pytest.param(["--from", "yesterday"], "--from: found 'yesterday'; expected a day", id="no instant"),
        pytest.param(["--tenant", "x"], "--tenant: found x; expected one of shops", id="no such tenant"),
        pytest.param(["--hand-over", "--asked", "q"], "--asked: found --hand-over too", id="one of the two"),
        pytest.param(["--asked", "q"], "the query: found no entry q of it in the log", id="never asked"),
        pytest.param(["--only", "FRD-*"], "--refold", id="other rules than the database's"),
        pytest.param(["--audit-key", "nowhere"], "expected a private key", id="no key"),
        pytest.param(["--db", "none.db"], "none.db: found no database", id="no database"),
        pytest.param(
            ["--db", "none.db", "--asked", "q"], "none.db: found no database", id="nor one asked before"
        ),
    ],
)
def test_who_cannot_be_written_down_is_not_answered(
    weiguard: Weiguard, shop: Path, more: list[str], words: str
) -> None:
    done = weiguard(*CALL, *more)
    assert (done.status, done.out) == (2, "")
    assert words in done.err
    assert not Path("none.db").exists()


def test_a_log_that_is_signed_answers_nobody_without_its_key(weiguard: Weiguard, shop: Path) -> None:
    done = weiguard("audit", "query", "--db", "shop.db", "--only", "MTX-*")
    assert (done.status, done.out) == (2, "")
    assert "found no key; expected a.cn/shop" in done.err


def test_a_running_engine_takes_a_query_that_is_handed_over(weiguard: Weiguard, shop: Path) -> None:
    """While another process writes the database its query goes the way of all events, and is answered from then on."""
    asked = ("--account", "A1", "--format", "jsonl")
    lock = Lock(shop)
    refused = weiguard(*CALL, *asked)
    assert (refused.status, refused.out) == (2, "")
    assert "--hand-over writes its event" in refused.err
    handed = weiguard(*CALL, *asked, "--hand-over")
    named = re.search(r"--asked (query-[0-9a-f]{16})", handed.err)
    assert named is not None
    early = weiguard(*CALL, *asked, "--asked", named[1])
    assert (early.status, early.out) == (2, "")
    lock.close()
    with Path("events.jsonl").open("a") as file:
        file.write(handed.out)
    assert (
        weiguard("run", "events.jsonl", "--only", "MTX-*", "--db", "shop.db", "--audit-key", "k").status == 0
    )
    lock = Lock(shop)  # And it goes on running.
    done = weiguard(*CALL, *asked, "--asked", named[1])
    assert (done.status, len(done.out.splitlines())) == (0, 4), done.err
    other = weiguard(*CALL, "--account", "A2", "--format", "jsonl", "--asked", named[1])
    assert (other.status, other.out) == (2, "")
    lock.close()


def test_a_damaged_entry_ends_with_1(weiguard: Weiguard, shop: Path) -> None:
    import sqlite3  # noqa: PLC0415  # by hand, as who tampers would

    assert weiguard(*CALL, "--account", "A1").status == 0
    with sqlite3.connect(shop) as db:
        db.execute("UPDATE audit_facets SET account = 'A1' WHERE kind = 'ingest.commit'")
    done = weiguard(*CALL, "--account", "A1")
    assert done.status == 1
    assert "found account 'A1' in the index; expected None, as it says" in done.err
    verified = weiguard("audit", "verify", "shop.db", "--key", "k.pub")
    assert (verified.status, "--reindex" in verified.err) == (1, True)
    assert weiguard(*CALL, "--account", "A1", "--reindex").status == 0
    assert weiguard("audit", "verify", "shop.db", "--key", "k.pub").status == 0
