"""Rules that change while a run goes on, as its operator changes them: by a signal."""

from __future__ import annotations

import shutil
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from streams.refusing import RefusedError
from streams.stores.sqlite_reading import open_reader
from tests.weiguard.calling import start
from tests.weiguard.sessions import GOLDEN

WAIT_S = 60


def inputs(database: Path) -> int:
    """Return how many inputs a database holds; none as long as it is being made."""
    try:
        with open_reader(database) as reader:
            return reader.last
    except RefusedError:
        return 0


def test_on_sighup_changed_rules_decide_from_the_next_event_on(tmp_path: Path) -> None:
    """Wrong ones are told first, and change nothing."""
    shutil.copytree(GOLDEN / "mine", tmp_path / "rules")
    now = datetime.now(UTC).isoformat()
    paid = {"transaction_id": "T", "amount_fen": 15_000, "payer_id": "P"}
    line = {"specversion": "1.0", "id": "a", "source": "till", "type": "payment.received", "subject": "A1",
            "time": now, "data": paid}  # fmt: skip
    (tmp_path / "log").write_bytes(msgspec.json.encode(line) + b"\n")
    running = start("run", "log", "--follow", "--rules", "rules", "--approver", "wang", cwd=tmp_path)
    database, ends = tmp_path / "weiguard.db", time.monotonic() + WAIT_S
    while inputs(database) < 1:
        assert time.monotonic() < ends
        time.sleep(0.1)
    limits = tmp_path / "rules" / "limits.yaml"
    text = limits.read_text(encoding="utf-8")
    assert running.stderr is not None
    for changed, told in (
        (text.replace("value: 10m", "value: ten"), b"the rules were not changed; those in use go on"),
        (text.replace("value: 20000", "value: 10000"), b"1 rule changed from here on: TAK-01 (refold)"),
    ):
        limits.write_text(changed, encoding="utf-8")
        running.send_signal(signal.SIGHUP)
        while told not in (said := running.stderr.readline()):
            assert said, "it goes on until it said so"
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=WAIT_S)
    assert running.returncode == 0
    with open_reader(database) as reader:
        records = [msgspec.json.decode(each.body) for each in reader.records()]
    assert [(each["state"], each["level"]) for each in records] == [
        ("raised", "warn"),
        ("escalated", "critical"),
    ]
    assert records[1]["cause"]["source"] == "weiguard/rules"
