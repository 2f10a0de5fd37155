"""`weiguard replay`, `schema` and the help, as their users call them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from engine.event import EVENTS
from engine.fold import Engine
from tests.streams.running import made, program
from tests.weiguard.calling import COMMAND, environment
from tests.weiguard.conftest import Weiguard

LOG = made(2, 120)


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join(LOG))
    return path


def records(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


def test_standing_alerts_are_those_of_the_engine(weiguard: Weiguard, events: Path) -> None:
    engine = Engine(program())
    for line in LOG:
        engine.feed(line)
    out = records(weiguard("replay", "events.jsonl", "--standing").out)
    assert [(each["id"], each["level"]) for each in out] == [
        (each.id, each.level) for each in engine.standing()
    ]
    for each in out:
        assert each.keys().isdisjoint({"record", "state", "cause", "late", "raised_at"})


def test_the_clock_runs_on_to_the_time_asked_for(weiguard: Weiguard, tmp_path: Path) -> None:
    message = {"specversion": "1.0", "id": "m1", "source": "s", "type": "message.received", "subject": "A1",
               "time": "2026-03-09T10:00:00+08:00", "data": {"conversation_id": "V1", "chat": "direct"}}  # fmt: skip
    (tmp_path / "log").write_bytes(msgspec.json.encode(message))
    assert weiguard("replay", "log", "--only", "SLA-01").out == ""
    raised = records(
        weiguard("replay", "log", "--only", "SLA-01", "--until", "2026-03-12T00:00:00+08:00").out
    )
    assert raised
    assert {json.dumps(each["cause"]) for each in raised} == {'{"source": "weiguard", "id": "until"}'}


def test_one_tenants_records(weiguard: Weiguard, events: Path) -> None:
    every = records(weiguard("replay", "events.jsonl").out)
    tenants = {str(each["tenant"]) for each in every}
    assert tenants == {"t1", "t2"}
    for tenant in tenants:
        for more in ([], ["--standing"]):
            found = records(weiguard("replay", "events.jsonl", "--tenant", tenant, *more).out)
            assert {each["tenant"] for each in found} == {tenant}
    assert records(weiguard("replay", "events.jsonl", "--tenant", "t1").out) == [
        each for each in every if each["tenant"] == "t1"
    ]


@pytest.mark.parametrize("more", [[], ["--standing"]])
def test_parquet_holds_the_same(weiguard: Weiguard, events: Path, tmp_path: Path, more: list[str]) -> None:
    weiguard("replay", "events.jsonl", "--format", "parquet", "--out", "records.parquet", *more)
    rows = pq.read_table(tmp_path / "records.parquet").to_pylist()
    wanted = records(weiguard("replay", "events.jsonl", *more).out)
    assert rows
    for row, record in zip(rows, wanted, strict=True):
        assert row.keys() == record.keys()
        for name, value in record.items():
            assert (json.loads(row[name]) if isinstance(value, dict) else row[name]) == value


def test_parquet_without_its_extra_says_what_to_install(
    weiguard: Weiguard, events: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    done = weiguard("replay", "events.jsonl", "--format", "parquet", "--out", "r.parquet")
    assert done.status == 2
    assert "install weiguard[parquet]" in done.err


def test_the_output_may_be_a_file(weiguard: Weiguard, events: Path, tmp_path: Path) -> None:
    assert weiguard("replay", "events.jsonl", "--out", "records.jsonl").out == ""
    assert (tmp_path / "records.jsonl").read_text("utf-8") == weiguard(
        "replay", "events.jsonl", "--out", "-"
    ).out


@pytest.mark.parametrize("out", ["/dev/full", "-"])
def test_a_full_disk_is_told_and_not_taken_for_a_mistake_of_weiguard(
    events: Path, tmp_path: Path, out: str
) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, "replay", "events.jsonl", "--out", out],
            cwd=tmp_path, env=environment(), stdout=full, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert "found “no space left on device”; expected a place" in done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


def test_a_broken_tail_is_refused_after_what_came_before_it(
    weiguard: Weiguard, events: Path, tmp_path: Path
) -> None:
    import gzip  # noqa: PLC0415  # this test alone

    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"\n".join(LOG * 20))[:-3])
    done = weiguard("replay", "cut.gz")
    assert done.status == 2
    assert "cut.gz: found gzip data that cannot be unpacked" in done.err


def test_an_internal_error_is_told_in_one_paragraph(
    weiguard: Weiguard, events: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("no")

    monkeypatch.setattr(Engine, "feed", broken)
    done = weiguard("replay", "events.jsonl")
    assert done.status == 70
    assert "internal error: ZeroDivisionError: no" in done.err
    assert "Traceback" not in done.err
    assert "Traceback" in weiguard("replay", "events.jsonl", WEIGUARD_DEBUG="1").err


def test_the_schema_of_events_names_every_type(weiguard: Weiguard) -> None:
    schema = json.loads(weiguard("schema", "events").out)
    tags = {definition["properties"]["type"]["enum"][0] for definition in schema["$defs"].values()
            if "enum" in definition.get("properties", {}).get("type", {})}  # fmt: skip
    assert tags == set(EVENTS)


def test_the_schema_of_alerts_has_the_records_fields(weiguard: Weiguard, events: Path) -> None:
    schema = json.loads(weiguard("schema", "alert").out)
    (definition,) = (each for name, each in schema["$defs"].items() if name == "Record")
    assert set(definition["properties"]) == set(records(weiguard("replay", "events.jsonl").out)[0])


@pytest.mark.parametrize(
    "command",
    [
        ["run"],
        ["replay"],
        ["backtest"],
        ["alerts"],
        ["explain"],
        ["correct"],
        ["schema"],
        ["demo"],
        *(["rules", name] for name in ("list", "show", "check", "test", "hash", "eval")),
    ],
    ids=" ".join,
)
def test_every_help_has_an_example(weiguard: Weiguard, command: list[str]) -> None:
    done = weiguard(*command, "--help")
    assert done.status == 0
    assert f"Example: weiguard {' '.join(command)}" in " ".join(done.out.split())
