"""`weiguard audit`: keys, verification, proofs and exports, as their users call them."""

from __future__ import annotations

import functools
import json
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from monitoring.verifying import verify
from streams.audit.keys import read_signer, read_verifier
from streams.audit.notes import PRIVATE
from streams.sources.shops import events
from streams.stores.sqlite_reading import open_reader
from tests.weiguard.calling import COMMAND, environment
from tests.weiguard.conftest import Weiguard

NAME = "audit.example.cn/shop"
# Nobody settles, and COL-11 says so early.
MORE = list(islice((line for line in events(3) if b"settlement.posted" not in line), 700))
LINES = MORE[:500]


@pytest.fixture
def shop(weiguard: Weiguard) -> Path:
    """Make keys and a signed database in the working directory."""
    Path("events.jsonl").write_bytes(b"\n".join(LINES) + b"\n")
    assert weiguard("audit", "keygen", "--name", NAME, "--out", "k").status == 0
    done = weiguard("run", "events.jsonl", "--only", "COL-*", "--db", "shop.db", "--audit-key", "k")
    assert done.status == 0, done.err
    assert f"signed by {read_verifier(Path('k.pub')).short}" in done.err
    return Path("shop.db")


def alert_of(weiguard: Weiguard) -> str:
    """Return the id of some alert."""
    first = weiguard("alerts", "--db", "shop.db", "--records", "--json").out.splitlines()[0]
    return str(json.loads(first)["id"])


def test_a_key_is_made_once_and_read_by_its_owner_alone(weiguard: Weiguard) -> None:
    done = weiguard("audit", "keygen")
    private, public = Path("weiguard-audit.key"), Path("weiguard-audit.key.pub")
    assert done.out.strip() == str(read_verifier(public)) == str(read_signer(str(private), "").verifier)
    assert private.stat().st_mode & 0o777 == 0o600
    assert PRIVATE not in done.out + done.err
    again = weiguard("audit", "keygen")
    expected = "found a file; expected none: a key is never overwritten; name another with --out"
    assert (again.status, again.err) == (2, f"weiguard: weiguard-audit.key: {expected}\n")


def test_two_keys_differ(weiguard: Weiguard) -> None:
    first, second = weiguard("audit", "keygen"), weiguard("audit", "keygen", "--out", "other")
    assert first.out != second.out


def test_a_key_that_others_can_read_is_refused(weiguard: Weiguard, shop: Path) -> None:
    Path("k").chmod(0o640)
    done = weiguard("run", "events.jsonl", "--only", "COL-*", "--db", "shop.db", "--audit-key", "k")
    assert done.status == 2
    assert (
        "k: found a private key that others can read (mode 640); expected mode 600; run `chmod 600 k`"
        in done.err
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("nowhere", "nowhere: found “no such file or directory”; expected a private key"),
        ("k.pub", "k.pub: found a private key that others can read"),
        (f"{PRIVATE}nonsense", "WEIGUARD_AUDIT_KEY: found what is no private key"),
    ],
)
def test_what_is_no_key_is_refused_and_not_shown(
    weiguard: Weiguard, shop: Path, given: str, words: str
) -> None:
    done = weiguard("run", "events.jsonl", "--only", "COL-*", "--db", "shop.db", WEIGUARD_AUDIT_KEY=given)
    assert done.status == 2
    assert words in done.err
    assert "nonsense" not in done.err


def test_a_key_may_stand_in_a_variable(weiguard: Weiguard, shop: Path) -> None:
    key = Path("k").read_text().strip()
    done = weiguard("run", "events.jsonl", "--only", "COL-*", "--db", "shop.db", WEIGUARD_AUDIT_KEY=key)
    assert done.status == 0, done.err


def test_a_run_without_a_key_says_so_and_a_signed_log_needs_its_own(weiguard: Weiguard, shop: Path) -> None:
    done = weiguard("run", "events.jsonl", "--only", "COL-*", "--db", "plain.db")
    assert done.status == 0
    assert "entries, unsigned (no key; see weiguard audit keygen)" in done.err
    done = weiguard("run", "events.jsonl", "--only", "COL-*", "--db", "shop.db")
    assert done.status == 2
    assert "the audit log: found no key; expected audit.example.cn/shop+" in done.err


@contextmanager
def served(folder: str) -> Iterator[str]:
    """Serve a folder as static files; yield its address."""
    handler = functools.partial(_Quiet, directory=folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def test_what_is_exported_verifies_as_files_behind_an_address_and_in_the_database(
    weiguard: Weiguard, shop: Path
) -> None:
    assert weiguard("audit", "export", "log", "--db", "shop.db").status == 0
    folder = weiguard("audit", "verify", "log", "--key", "k.pub", "--json")
    assert folder.status == 0, folder.err
    told = json.loads(folder.out)
    assert (told["ok"], told["origin"], told["inputs"]) == (True, NAME, None)
    with served("log") as url:
        site = weiguard("audit", "verify", url, "--key", "k.pub", "--json")
        nowhere = weiguard("audit", "verify", f"{url}/nowhere", "--key", "k.pub")
    assert json.loads(site.out) == told
    assert (nowhere.status, "found no file; expected the log's checkpoint" in nowhere.err) == (1, True)
    database = weiguard("audit", "verify", "shop.db", "--key", "k.pub", "--json")
    assert json.loads(database.out) == {**told, "inputs": len(LINES)}
    default = weiguard("audit", "verify", "--db", "shop.db", "--key", "k.pub", "--json")
    assert default.out == database.out


def test_a_change_is_told_with_its_place_and_status_1(weiguard: Weiguard, shop: Path) -> None:
    weiguard("audit", "export", "log", "--db", "shop.db")
    tile = next(Path("log/tile/0").rglob("*.p/*"))
    tile.write_bytes(bytes(len(tile.read_bytes())))
    done = weiguard("audit", "verify", "log", "--key", "k.pub")
    assert done.status == 1
    expected = f"{tile}: found other hashes; expected those of the entries below it"
    assert done.err == f"weiguard: does not hold: {expected}\n"
    plain = json.loads(weiguard("audit", "verify", "log", "--key", "k.pub", "--json").out)
    assert (plain["ok"], plain["where"]) == (False, str(tile))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("verify", "log"), "log: found no --key; expected the public key of who signs it"),
        (("verify", "log", "--key", "k"), "k: found a private key; expected a public key"),
        (("verify", "log", "--key", "nowhere"), "nowhere: found “no such file or directory”"),
        (
            ("verify", "log", "--key", "k.pub", "--seen", "nowhere"),
            "expected a checkpoint; name its file with --seen",
        ),
        (("verify", "nowhere.db", "--key", "k.pub"), "nowhere.db: found no database"),
        (
            ("verify", "nowhere.tlog-proof", "--key", "k.pub"),
            "expected a proof; write one with `weiguard audit prove`",
        ),
        (("prove", "a_nothing", "--db", "shop.db"), "found no alert a_nothing"),
        (("export", "log", "--db", "plain.db"), "plain.db: found an audit log that nobody signed"),
        (
            ("keygen", "--name", "a b", "--out", "other"),
            "--name: found 'a b'; expected a name without spaces",
        ),
        (("rotate", "--to", "k", "--db", "shop.db"), "--audit-key: found no key"),
    ],
)
def test_a_wrong_call_is_refused(
    weiguard: Weiguard, shop: Path, arguments: tuple[str, ...], words: str
) -> None:
    weiguard("audit", "export", "log", "--db", "shop.db")
    weiguard("run", "events.jsonl", "--only", "COL-*", "--db", "plain.db")
    done = weiguard("audit", *arguments)
    assert done.status == 2
    assert words in done.err


def test_a_database_is_verified_as_it_is_in_one_moment(
    weiguard: Weiguard, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run writes on, right between looking at the tree and telling the inputs again."""

    def verify_while_it_grows(*arguments: Any) -> Any:
        found = verify(*arguments)
        Path("events.jsonl").write_bytes(b"\n".join(MORE) + b"\n")
        done = subprocess.run(
            [*COMMAND, "run", "events.jsonl", "--only", "COL-*", "--db", "shop.db", "--audit-key", "k"],
            env=environment(),
            check=True,
            capture_output=True,
        )
        assert done.returncode == 0
        return found

    monkeypatch.setattr("monitoring.verifying_stored.verify", verify_while_it_grows)
    with open_reader(shop) as reader:
        before = reader.last
    done = weiguard("audit", "verify", "shop.db", "--key", "k.pub", "--json")
    assert done.status == 0, done.err
    assert json.loads(done.out)["inputs"] == before
    with open_reader(shop) as reader:
        assert reader.last > before


def test_a_proof_of_an_alert_verifies_without_the_database(weiguard: Weiguard, shop: Path) -> None:
    alert = alert_of(weiguard)
    made = weiguard("audit", "prove", alert[:12], "--db", "shop.db")
    assert made.out.strip() == f"{alert}.tlog-proof"
    shop.unlink()
    done = weiguard("audit", "verify", f"{alert}.tlog-proof", "--key", "k.pub", "--json")
    told = json.loads(done.out)
    assert (done.status, told["origin"], told["entry"]["record"]["id"]) == (0, NAME, alert)
    proof = Path(f"{alert}.tlog-proof")
    proof.write_text(proof.read_text().replace("index ", "index 1"))
    done = weiguard("audit", "verify", f"{alert}.tlog-proof", "--key", "k.pub")
    assert (done.status, "does not hold" in done.err) == (1, True)


def test_a_record_is_proved_by_its_number(weiguard: Weiguard, shop: Path) -> None:
    alert = alert_of(weiguard)
    first = weiguard("audit", "prove", alert, "--record", "1", "--out", "-", "--db", "shop.db")
    assert first.out.startswith("c2sp.org/tlog-proof@v1\n")
    assert (
        "--record: found 99; expected 1 to"
        in weiguard("audit", "prove", alert, "--record", "99", "--db", "shop.db").err
    )


def test_an_export_is_added_to_and_never_put_in_another_s_place(weiguard: Weiguard, shop: Path) -> None:
    weiguard("audit", "export", "log", "--db", "shop.db")
    Path("kept").write_bytes(Path("log/checkpoint").read_bytes())
    with Path("events.jsonl").open("ab") as file:
        file.write(b"\n".join(islice(events(4), 300)) + b"\n")
    weiguard("run", "events.jsonl", "--only", "COL-*", "--db", "shop.db", "--audit-key", "k")
    assert weiguard("audit", "export", "log", "--db", "shop.db").status == 0
    done = weiguard("audit", "verify", "log", "--key", "k.pub", "--seen", "kept")
    assert done.status == 0, done.err
    weiguard("run", "events.jsonl", "--only", "COL-01", "--db", "other.db", "--audit-key", "k")
    done = weiguard("audit", "export", "log", "--db", "other.db")
    assert done.status == 2
    assert "log/checkpoint: found" in done.err
    done = weiguard("audit", "verify", "other.db", "--key", "k.pub", "--seen", "kept")
    assert (done.status, "kept: found" in done.err) == (1, True)


def test_another_key_takes_over_and_the_log_says_so(weiguard: Weiguard, shop: Path) -> None:
    weiguard("audit", "keygen", "--name", NAME, "--out", "new")
    weiguard("audit", "keygen", "--name", "another/name", "--out", "strange")
    call = ("audit", "rotate", "--only", "COL-*", "--db", "shop.db", "--audit-key", "k", "--by", "li", "--to")
    assert "found a key named another/name; expected audit.example.cn/shop" in weiguard(*call, "strange").err
    done = weiguard(*call, "new")
    assert done.status == 0, done.err
    refused = weiguard("run", "events.jsonl", "--only", "COL-*", "--db", "shop.db", "--audit-key", "k")
    assert (refused.status, "`weiguard audit rotate` puts another in its place" in refused.err) == (2, True)
    assert (
        weiguard("run", "events.jsonl", "--only", "COL-*", "--db", "shop.db", "--audit-key", "new").status
        == 0
    )
    both = weiguard("audit", "verify", "shop.db", "--key", "k.pub", "--key", "new.pub", "--json")
    assert json.loads(both.out)["signed_by"] == Path("new.pub").read_text().strip()
    alone = weiguard("audit", "verify", "shop.db", "--key", "k.pub")
    assert (alone.status, "does not hold" in alone.err) == (1, True)


def test_it_speaks_chinese_too(weiguard: Weiguard, shop: Path) -> None:
    done = weiguard("audit", "verify", "shop.db", "--key", "k.pub", "--lang", "zh")
    assert "均成立" in done.out
    assert "逐字节相同" in done.out


def test_an_unsigned_database_verifies_and_says_what_that_is_worth(weiguard: Weiguard, shop: Path) -> None:
    weiguard("run", "events.jsonl", "--only", "COL-*", "--db", "plain.db")
    done = weiguard("audit", "verify", "plain.db")
    assert done.status == 0, done.err
    assert "unsigned: without a key this shows that nothing is damaged" in done.out
    keyed = weiguard("audit", "verify", "plain.db", "--key", "k.pub")
    assert (keyed.status, "found an audit log that nobody signed" in keyed.err) == (1, True)


def test_a_witness_signs_what_continues_and_nothing_else(weiguard: Weiguard, shop: Path) -> None:
    weiguard("audit", "keygen", "--witness", "--name", "witness.example.cn", "--out", "w")
    weiguard("audit", "export", "log", "--db", "shop.db")
    sign = ("audit", "witness", "log", "--key", "k.pub", "--witness-key", "w", "--out", "witnessed")
    demand = ("audit", "verify", "log", "--key", "k.pub", "--witness", "w.pub")
    assert weiguard(*demand).status == 1
    done = weiguard(*sign)
    assert done.status == 0, done.err
    Path("log/checkpoint").write_bytes(Path("witnessed").read_bytes())
    assert weiguard(*demand).status == 0
    assert weiguard(*sign).status == 0, "again, as nothing changed"
    weiguard("run", "events.jsonl", "--only", "COL-01", "--db", "other.db", "--audit-key", "k")
    weiguard("audit", "export", "forked", "--db", "other.db")
    before = Path("witnessed").read_bytes()
    refused = weiguard("audit", "witness", "forked", *sign[3:])
    assert (refused.status, "not signed: witnessed: found" in refused.err) == (1, True)
    assert Path("witnessed").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("verify", "log", "--key", "w.pub"), "w.pub: found the key of a witness; expected the key of a log"),
        (
            ("verify", "log", "--key", "k.pub", "--witness", "k.pub"),
            "found the key of a log; expected the key of a wit",
        ),
        (
            ("verify", "shop.db", "--key", "k.pub", "--witness", "w.pub"),
            "--witness: found shop.db; expected a published",
        ),
        (
            ("witness", "shop.db", "--key", "k.pub", "--witness-key", "w", "--out", "x"),
            "found no published log",
        ),
        (("witness", "log", "--witness-key", "w", "--out", "x"), "log: found no --key"),
        (
            ("witness", "log", "--key", "k.pub", "--witness-key", "k", "--out", "x"),
            "k: found the key of a log",
        ),
    ],
)
def test_keys_of_logs_and_witnesses_are_told_apart(
    weiguard: Weiguard, shop: Path, arguments: tuple[str, ...], words: str
) -> None:
    weiguard("audit", "keygen", "--witness", "--name", "witness.example.cn", "--out", "w")
    weiguard("audit", "export", "log", "--db", "shop.db")
    done = weiguard("audit", *arguments)
    assert done.status == 2
    assert words in done.err


def test_what_people_decide_stands_in_the_signed_log(weiguard: Weiguard, shop: Path) -> None:
    call = (
        "rules",
        "suppress",
        "COL-01",
        "--author",
        "li",
        "--approver",
        "wang",
        "--only",
        "COL-*",
        "--db",
        "shop.db",
    )
    assert "--audit-key or WEIGUARD_AUDIT_KEY" in weiguard(*call).err
    done = weiguard(*call, WEIGUARD_AUDIT_KEY="k")
    assert done.status == 0, done.err
    with open_reader(shop) as reader:
        entries = [json.loads(entry) for entry in reader.audit.entries()]
    (told,) = [entry for entry in entries if entry["kind"] == "suppression.added"]
    assert told["event"]["data"]["approver"] == "wang"
    assert weiguard("audit", "verify", "shop.db", "--key", "k.pub").status == 0


def test_a_replay_tells_an_alert_that_is_shown_no_more_from_one_that_never_was(
    weiguard: Weiguard, shop: Path
) -> None:
    alert = alert_of(weiguard)
    assert weiguard("audit", "replay", alert[:20], "--db", "shop.db").status == 0
    with sqlite3.connect(shop) as database:
        database.execute("DELETE FROM records WHERE alert = ?", (alert,))
    database.close()
    done = weiguard("audit", "replay", alert, "--db", "shop.db", "--json")
    assert done.status == 1
    told = json.loads(done.out)
    assert told["leaves"]
    assert {leaf["identical"] for leaf in told["leaves"]} == {False}
    assert told["leaves"][0]["differences"][0]["found"] == "no such record"
    assert weiguard("audit", "replay", f"a_{0:032x}", "--db", "shop.db").status == 2


def test_a_replay_needs_no_rules_but_those_that_the_database_kept(weiguard: Weiguard, shop: Path) -> None:
    done = weiguard("audit", "replay", "--all", "--db", "shop.db", "--json", WEIGUARD_RULES="nowhere")
    assert (done.status, json.loads(done.out)["ok"]) == (0, True)
    with sqlite3.connect(shop) as database:
        database.execute("DELETE FROM rulesets")
    database.close()
    done = weiguard("audit", "replay", "--all", "--db", "shop.db", "--json")
    assert done.status == 1
    told = json.loads(done.out)
    assert (told["ok"], told["found"], told["expected"]) == (
        False,
        "no copy of it",
        "the rule set that decided here",
    )
