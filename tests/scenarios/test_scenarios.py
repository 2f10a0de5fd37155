"""Every scenario gives exactly its records, through the command that an auditor would use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.engine.driving import shipped
from tests.weiguard.calling import start

FOLDER: Final = Path(__file__).parents[1] / "data" / "scenarios"
RAISES: Final = ("raised", "escalated")  # What a scenario expects; in a log in order nothing else is said.


def replayed(name: str, expected: dict[str, Any], cwd: Path) -> list[dict[str, Any]]:
    """Replay a scenario in a process of its own and return its records."""
    only = [word for rule in expected["only"] if rule in shipped().rules() for word in ("--only", rule)]
    until = ["--until", expected["until"]] if "until" in expected else []
    running = start("replay", str(FOLDER / f"{name}.jsonl"), *only, *until, cwd=cwd)
    out, err = running.communicate(timeout=120)
    assert running.returncode == 0, err.decode()
    return [json.loads(line) for line in out.splitlines()]


def brief(record: dict[str, Any], *, on: bool, cause: bool) -> tuple[str, ...]:
    """Return of a record, expected or given, what the expectation speaks of."""
    key = record["key"]
    values = sorted(map(str, key.values() if isinstance(key, dict) else key))
    day = (record.get("on") or record["at"])[:10] if on else ""
    said = record["cause"] if cause else ""
    return record["rule"], record["level"], *values, day, said["id"] if isinstance(said, dict) else said


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("S01a", id="S01a: exactly 50,000.00 is allowed"),
        pytest.param("S01b", id="S01b: one fen more is not"),
        pytest.param("S02", id="S02: midnight in Shanghai, and a day that jumps straight to critical"),
        pytest.param("S03", id="S03: a refund gives no headroom back"),
        pytest.param("S04", id="S04: duplicate and conflicting notifications"),
        pytest.param("S06", id="S06: an order split under the limit, beside a registered instalment plan"),
        pytest.param(
            "S08", id="S08: half-open rolling windows; inbound requests do not count; templated greetings"
        ),
        pytest.param(
            "S10", id="S10: impossible travel, a new city, failures and then success, ten minutes sharp"
        ),
        pytest.param("S11", id="S11: an expiry ladder over a leap day, and the renewal that ends it"),
    ],
)
def test_a_day_gives_its_records_and_no_others(name: str, tmp_path: Path) -> None:
    expected = json.loads((FOLDER / f"{name}.expect.json").read_text("utf-8"))
    given = replayed(name, expected, tmp_path)
    assert {record["state"] for record in given} <= set(RAISES)
    wanted = [record for record in expected["records"] if record["rule"] in shipped().rules()]
    assert wanted, "no rule of the scenario is in the catalogue"
    left = list(given)
    for record in wanted:
        on, cause = "on" in record, "cause" in record
        matching = [
            each for each in left if brief(each, on=on, cause=cause) == brief(record, on=on, cause=cause)
        ]
        assert matching, f"not given: {record}"
        left.remove(matching[0])
    assert left == []


def test_the_table_names_every_scenario() -> None:
    marks: Any = test_a_day_gives_its_records_and_no_others.pytestmark  # type: ignore[attr-defined]  # set by the mark
    named = [row.values[0] for row in marks[0].args[1]]
    assert named == sorted(path.name.removesuffix(".expect.json") for path in FOLDER.glob("*.expect.json"))
