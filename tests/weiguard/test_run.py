"""`weiguard run`, `alerts`, `explain` and `correct`, as their users call them."""

from __future__ import annotations

import gzip
import json
import os
import pty
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from streams.stores.sqlite_reading import open_reader
from streams.ticks import CLOCK
from tests.streams.running import made
from tests.weiguard.calling import COMMAND, environment, start
from tests.weiguard.conftest import Weiguard

LOG = made(2, 120)
COUNTED = "SELECT count(*) FROM inputs JOIN sources ON id = source WHERE name <> ?"


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join(LOG) + b"\n")
    return path


def summary(err: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(err.splitlines()[-1])
    return found


def test_it_gives_what_a_replay_gives(weiguard: Weiguard, events: Path) -> None:
    ran = weiguard("run", "events.jsonl", "--json")
    replayed = weiguard("replay", "events.jsonl", "--json")
    assert (ran.status, ran.out) == (0, "")
    assert summary(ran.err) == summary(replayed.err)
    assert weiguard("alerts", "--records", "--json").out == replayed.out != ""


def test_the_same_call_goes_on_where_it_stopped(weiguard: Weiguard, events: Path) -> None:
    events.write_bytes(b"\n".join(LOG[:50]) + b"\n")
    weiguard("run", "events.jsonl")
    events.write_bytes(b"\n".join(LOG) + b"\n")
    assert summary(weiguard("run", "events.jsonl", "--json").err)["inputs"] == len(LOG) - 50
    assert summary(weiguard("run", "events.jsonl", "--json").err)["inputs"] == 0
    assert weiguard("alerts", "--records", "--json").out == weiguard("replay", "events.jsonl").out


def test_several_sources_are_read_one_after_the_other(
    weiguard: Weiguard, events: Path, tmp_path: Path
) -> None:
    (tmp_path / "one.jsonl").write_bytes(b"\n".join(LOG[:50]))
    (tmp_path / "two.gz").write_bytes(gzip.compress(b"\n".join(LOG[50:])))
    weiguard("run", "one.jsonl", "two.gz")
    assert weiguard("alerts", "--records", "--json").out == weiguard("replay", "events.jsonl").out


def test_a_file_that_is_named_twice_is_read_once(events: Path, tmp_path: Path) -> None:
    running = start("run", "events.jsonl", "./events.jsonl", "--follow", cwd=tmp_path)
    reach(tmp_path / "weiguard.db", len(LOG))
    time.sleep(0.5)  # As long as a second reading would take.
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=30)
    assert count(tmp_path / "weiguard.db") == len(LOG)


def test_the_summary_is_for_people(weiguard: Weiguard, events: Path) -> None:
    with events.open("ab") as file:
        file.write(b"{broken\n")
    done = weiguard("run", "events.jsonl")
    assert f"inputs {len(LOG) + 1}: decided" in done.err
    assert f'line {len(LOG) + 1}: line: found "{{broken"; expected JSON' in done.err
    assert done.err.count("Traceback") == 0
    assert "输入" in weiguard("run", "events.jsonl", "--lang", "zh").err


def test_quarantined_lines_are_a_failure_only_where_that_is_asked(weiguard: Weiguard, tmp_path: Path) -> None:
    (tmp_path / "broken").write_bytes(b"{broken\n")
    assert weiguard("run", "broken", "--db", "a.db").status == 0
    assert weiguard("run", "broken", "--db", "b.db", "--strict").status == 1
    assert weiguard("replay", "broken").status == 0
    assert weiguard("replay", "broken", "--strict").status == 1


def test_an_overlong_line_is_kept_whole(weiguard: Weiguard, tmp_path: Path) -> None:
    line = b'{"id":"' + b"x" * 3_000_000 + b'"}'
    (tmp_path / "long").write_bytes(LOG[0] + b"\n" + line + b"\n" + LOG[1] + b"\n")
    assert "found 1,048,577 bytes; expected at most 1,048,576" in weiguard("run", "long").err
    with open_reader(tmp_path / "weiguard.db") as reader:
        _, stored, _ = reader.inputs()
        whole = stored.raw + reader.rest(2)
    same = whole == line  # Not in the assertion: to tell in what megabytes differ takes minutes.
    assert same


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["run"], "run: found no source; expected files of events", id="no source"),
        pytest.param(
            ["run", "none.jsonl"], "none.jsonl: found “no such file or directory”", id="no such file"
        ),
        pytest.param(["run", ".", "--db", "x.db"], "found “is a directory”", id="a folder"),
        pytest.param(
            ["run", "-", "--follow"], "--follow: found standard input", id="standard input cannot be followed"
        ),
        pytest.param(
            ["run", "events.jsonl", "--only", "XYZ-*"],
            "--only: found XYZ-*, which matches no rule",
            id="no rule",
        ),
        pytest.param(
            ["run", "events.jsonl", "--rules", "none"],
            "--rules: found none, which is no folder",
            id="no rules",
        ),
        pytest.param(
            ["run", "events.jsonl", "--db", "events.jsonl"], "file is not a database", id="no database"
        ),
        pytest.param(["alerts", "--db", "none.db"], "none.db: found no database", id="nothing to look at"),
        pytest.param(
            ["alerts", "--since", "yesterday"],
            "--since: found 'yesterday'; expected an instant",
            id="no instant",
        ),
        pytest.param(
            ["correct", "--by", "me", "--db", "none.db"], "found no database", id="nothing to correct"
        ),
        pytest.param(["explain", "a_0", "--db", "none.db"], "found no database", id="nothing to explain"),
        pytest.param(
            ["replay", "events.jsonl", "--until", "soon"], "--until: found 'soon'", id="until no instant"
        ),
        pytest.param(
            ["replay", "events.jsonl", "--out", "events.jsonl"], "the file of events itself", id="over itself"
        ),
        pytest.param(
            ["replay", "events.jsonl", "--out", "no/where"],
            "--out: found no/where: “no such file",
            id="nowhere",
        ),
        pytest.param(
            ["replay", "events.jsonl", "--format", "parquet"],
            "parquet on standard output",
            id="parquet to a pipe",
        ),
        pytest.param(["schema", "nothing"], "nothing", id="no schema"),
        pytest.param(["nonsense"], "nonsense", id="no command"),
    ],
)
def test_a_wrong_call_is_refused_with_words(
    weiguard: Weiguard, events: Path, arguments: list[str], words: str
) -> None:
    done = weiguard(*arguments)
    assert done.status == 2
    assert words in done.err
    assert "Traceback" not in done.err
    assert done.out == ""


def test_a_pattern_without_rules_beside_one_with_is_warned_of(weiguard: Weiguard, events: Path) -> None:
    done = weiguard("run", "events.jsonl", "--only", "COL-*", "--only", "XYZ-*")
    assert done.status == 0
    assert "--only: XYZ-* matches no rule" in done.err


def test_other_rules_need_a_refold(weiguard: Weiguard, events: Path) -> None:
    weiguard("run", "events.jsonl")
    refused = weiguard("run", "events.jsonl", "--only", "COL-*")
    assert refused.status == 2
    assert "--refold" in refused.err
    assert weiguard("run", "--refold", "--only", "COL-*").status == 0
    assert (
        weiguard("alerts", "--records", "--json").out
        == weiguard("replay", "events.jsonl", "--only", "COL-*").out
    )
    assert weiguard("run", "events.jsonl", "--only", "COL-*").status == 0


def test_a_followed_file_is_decided_as_it_grows_until_someone_stops_it(events: Path, tmp_path: Path) -> None:
    events.write_bytes(b"\n".join(LOG[:40]) + b"\n")
    running = start("run", "events.jsonl", "--follow", cwd=tmp_path)
    reach(tmp_path / "weiguard.db", 40)
    with events.open("ab") as file:
        file.write(b"\n".join(LOG[40:70]) + b"\n" + LOG[70][:20])
    reach(tmp_path / "weiguard.db", 70)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert (running.returncode, out) == (0, b"")
    assert count(tmp_path / "weiguard.db") == 70
    assert b"inputs 7" in err  # A minute may have begun meanwhile: then a tick is among them.
    assert b"Traceback" not in err


def reach(database: Path, inputs: int) -> None:
    """Wait until a database holds so many inputs."""
    for _ in range(600):
        time.sleep(0.05)
        if database.is_file() and count(database) >= inputs:
            return
    raise AssertionError(f"{inputs} inputs are not reached")


def count(database: Path) -> int:
    """Return how many inputs a database holds beside the ticks of the clock, 0 while it is being made."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        found: int = connection.execute(COUNTED, (CLOCK,)).fetchone()[0]
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()
    return found


@pytest.mark.parametrize("command", [["run", "-"], ["replay", "-", "--out", "records"]])
def test_an_interrupted_call_sums_up_and_says_so(tmp_path: Path, command: list[str]) -> None:
    running = start(*command, cwd=tmp_path)
    assert running.stdin is not None
    # More than a pipe holds: once it is all written, the reader is at work.
    running.stdin.write((b"\n".join(LOG) + b"\n") * 20)
    running.stdin.flush()
    time.sleep(2)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=30)
    assert running.returncode == 130
    assert f"inputs {20 * len(LOG):,}".encode() in err
    assert b"Traceback" not in err


def test_whoever_reads_the_records_may_stop_reading(events: Path, tmp_path: Path) -> None:
    events.write_bytes(b"\n".join(line for n in range(40) for line in made(n, 100)) + b"\n")
    running = start("replay", "events.jsonl", cwd=tmp_path)
    assert running.stdout is not None
    running.stdout.read(10)
    running.stdout.close()
    assert running.stderr is not None
    err = running.stderr.read()
    running.stderr.close()
    assert running.stdin is not None
    running.stdin.close()
    assert running.wait(30) == 0
    assert b"Traceback" not in err
    assert b"Broken pipe" not in err


def test_progress_shows_on_a_terminal(events: Path, tmp_path: Path) -> None:
    outside, inside = pty.openpty()
    done = subprocess.run(
        [*COMMAND, "run", "events.jsonl"],
        cwd=tmp_path,
        env=environment(TERM="xterm"),
        stderr=inside,
        check=False,
    )
    os.close(inside)
    shown = b""
    try:
        while piece := os.read(outside, 65_536):
            shown += piece
    except OSError:
        pass  # A terminal whose other end is closed says so.
    os.close(outside)
    assert done.returncode == 0
    assert b"\x1b[" in shown
    assert b"100%" in shown


class TestAlerts:
    @pytest.fixture(autouse=True)
    def database(self, weiguard: Weiguard, events: Path) -> None:
        weiguard("run", "events.jsonl")

    def test_standing_ones_are_those_of_a_replay(self, weiguard: Weiguard) -> None:
        listed = [json.loads(line) for line in weiguard("alerts", "--json").out.splitlines()]
        standing = [
            json.loads(line) for line in weiguard("replay", "events.jsonl", "--standing").out.splitlines()
        ]
        assert [{name: each[name] for name in standing[0]} for each in listed] == standing
        assert "cause" not in standing[0]
        assert [each["id"] for each in standing] == sorted(each["id"] for each in standing)

    @pytest.mark.parametrize("records", [[], ["--records"]])
    @pytest.mark.parametrize(
        ("option", "value", "field"),
        [
            ("--rule", "COL-*", "rule"),
            ("--level", "critical", "level"),
            ("--tenant", "t1", "tenant"),
            ("--state", "raised", "state"),
        ],
    )
    def test_filters(
        self, weiguard: Weiguard, records: list[str], option: str, value: str, field: str
    ) -> None:
        everything = [json.loads(line) for line in weiguard("alerts", "--json", *records).out.splitlines()]
        some = [
            json.loads(line)
            for line in weiguard("alerts", "--json", option, value, *records).out.splitlines()
        ]
        wanted = [each for each in everything if each[field].startswith(value.rstrip("*"))]
        assert some == wanted

    def test_filters_by_key_and_time(self, weiguard: Weiguard) -> None:
        everything = [json.loads(line) for line in weiguard("alerts", "--json").out.splitlines()]
        name, value = next((name, value) for each in everything for name, value in each["key"].items())
        for wish in (value, f"{name}={value}"):
            found = [
                json.loads(line) for line in weiguard("alerts", "--json", "--key", wish).out.splitlines()
            ]
            assert found
            assert all(value in each["key"].values() for each in found)
        assert weiguard("alerts", "--json", "--key", f"no={value}").out == ""
        middle = sorted(each["at"] for each in everything)[len(everything) // 2]
        before = weiguard("alerts", "--json", "--until", middle).out.splitlines()
        after = weiguard("alerts", "--json", "--since", middle).out.splitlines()
        assert (len(before) + len(after), len(after) > 0) == (len(everything), True)

    def test_the_table_has_the_words(self, weiguard: Weiguard) -> None:
        first = json.loads(weiguard("alerts", "--json").out.splitlines()[0])
        for lang in ("zh", "en"):
            shown = weiguard("alerts", "--lang", lang).out
            assert first["message"][lang] in shown
            assert first["id"] in shown
        assert weiguard("alerts", "--rule", "NONE").out == "No alerts.\n"

    def test_every_alert_is_explained_from_the_database_alone(self, weiguard: Weiguard, events: Path) -> None:
        events.unlink()
        for line in weiguard("alerts", "--records", "--json").out.splitlines()[:10]:
            record = json.loads(line)
            told = json.loads(weiguard("explain", record["id"], "--json").out)
            assert record in told["records"]
            assert told["rule"]["id"] == record["rule"]
            named = {
                *record["evidence"]["first"],
                *record["evidence"]["last"],
                record["trigger"]["id"],
                record["cause"]["id"],
            }
            assert named <= {event["id"] for event in told["events"]} | set(told["missing"])
            assert not {event["id"] for event in told["events"]} & set(told["missing"])
            assert record["trigger"]["id"] in {event["id"] for event in told["events"]}
            for lang in ("zh", "en"):
                shown = weiguard("explain", record["id"][:20], "--lang", lang).out
                assert told["records"][-1]["message"][lang] in shown
                assert record["rule"] in shown

    def test_an_alert_must_be_named(self, weiguard: Weiguard) -> None:
        assert "expected one; give more of the id" in weiguard("explain", "a_").err
        done = weiguard("explain", "b_1")
        assert (done.status, done.out) == (2, "")
        assert "found no alert b_1" in done.err

    def test_a_correction_stands_in_the_log_and_is_replayed_alike(
        self, weiguard: Weiguard, tmp_path: Path
    ) -> None:
        done = weiguard(
            "correct", "--by", "zhang.san", "--reason", "bill imported", "--tenant", "t1", "--json"
        )
        assert (done.status, summary(done.err)["inputs"]) == (0, 1)
        database = sqlite3.connect(tmp_path / "weiguard.db")
        log = [raw for (raw,) in database.execute("SELECT raw FROM inputs ORDER BY seq")]
        database.close()
        assert json.loads(log[-1])["data"] == {"by": "zhang.san", "reason": "bill imported"}
        (tmp_path / "log").write_bytes(b"\n".join(log))
        assert weiguard("alerts", "--records", "--json").out == weiguard("replay", "log").out
        assert weiguard("correct", "--by", "me", "--tenant", "none").status == 2
