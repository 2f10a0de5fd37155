"""What stands in a scratch file: the last record of every alert, and the facts by which it is compared."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from engine.alert import Record
from streams.comparing import compare
from streams.refusing import RefusedError
from streams.stores.standing import Standing, who

RECORD = Record(
    id="a_1", record=1, state="raised", rule="R-1", level="warn", tenant="t", key={"account": "A"},
    window={"kind": "event", "source": "s", "id": "1"}, at="2026-03-10T09:00:00+08:00", raised_at="", late=False,
    trigger={"source": "s", "id": "1"}, cause={}, values={"n": 1, "m": 2}, limits={}, evidence={}, ruleset="",
    message={"en": "m"}, action={},
)  # fmt: skip
ESCALATED = msgspec.structs.replace(RECORD, record=2, state="escalated", level="critical")
RETRACTED = msgspec.structs.replace(RECORD, record=3, state="retracted")


def written(path: Path, *records: Record) -> Path:
    standing = Standing(path)
    for record in records:
        standing.take([record])
    standing.close()
    return path


@pytest.mark.parametrize(
    ("records", "stands"),
    [
        pytest.param([RECORD], {"warn": 1}, id="raised"),
        pytest.param([RECORD, ESCALATED], {"critical": 1}, id="the last record stands"),
        pytest.param([RECORD, RETRACTED], {}, id="retracted"),
        pytest.param([RECORD, RETRACTED, ESCALATED], {"critical": 1}, id="raised again"),
    ],
)
def test_the_last_record_of_an_alert_stands(
    tmp_path: Path, records: list[Record], stands: dict[str, int]
) -> None:
    before, after = written(tmp_path / "before"), written(tmp_path / "after", *records)
    found = compare([(before, after)], tmp_path / "differing", 3)
    assert [rule.after for rule in found.rules] == ([stands] if stands else [])
    assert (found.raised, found.gone, found.changed) == (len(stands), 0, 0)


@pytest.mark.parametrize(
    ("field", "value", "fields"),
    [
        ("level", "info", {"level": 1}),
        ("values", {"m": 2, "n": 1}, {}),
        ("values", {"n": 2, "m": 2}, {"values": 1}),
        ("evidence", {"count": 2}, {"evidence": 1}),
        ("message", {"en": "other"}, {}),
        ("ruleset", "sha256:1", {}),
        ("raised_at", "later", {}),
    ],
)
def test_facts_alone_make_a_change(tmp_path: Path, field: str, value: object, fields: dict[str, int]) -> None:
    other = msgspec.structs.replace(RECORD, **{field: value})
    pair = written(tmp_path / "before", RECORD), written(tmp_path / "after", other)
    found = compare([pair], tmp_path / "differing", 3)
    assert (found.changed, found.rules[0].fields) == (len(fields), fields)


@pytest.mark.parametrize(
    ("key", "about"),
    [
        ({"payer": "P", "account": "A"}, {"account": "A"}),
        ({"owner": "O", "payer": "P"}, {"owner": "O"}),
        ({"event": "e1"}, {"event": "e1"}),
    ],
)
def test_an_alert_is_about_its_account(key: dict[str, str], about: dict[str, str]) -> None:
    assert who(key) == about


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    standing = Standing(tmp_path / "before")
    standing._file.execute("PRAGMA max_page_count = 3")  # noqa: SLF001  # else it is hard to fill
    large = [msgspec.structs.replace(RECORD, id=f"a_{n}", message={"en": "x" * 900}) for n in range(2_000)]
    with pytest.raises(RefusedError, match="a full disk"):
        standing.take(large)
