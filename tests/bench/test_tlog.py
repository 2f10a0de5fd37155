"""The bench of the audit log makes one that verifies, and proofs that hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import stored as making
from bench.proving import time_proofs, time_verification
from bench.published import SIGNER, alert_of, entries
from bench.tlog import text
from monitoring.proving import prove
from streams.stores.sqlite_reading import open_reader

SIZE = 2 * making.BATCH + 300  # Whole tiles, a partial one, and a batch that is not full.


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "FOLDER", tmp_path_factory.mktemp("bench"))
        made = making.stored(SIZE)
        assert making.stored(SIZE) == made, "it is made once"
    return made


def test_it_has_the_entries_it_says_and_verifies(database: Path) -> None:
    with open_reader(database) as reader:
        assert list(reader.audit.entries()) == list(entries(0, SIZE))
        assert len(list(reader.audit.heads())) == 3
    assert time_verification(database)["cpu_s"]


@pytest.mark.parametrize("number", [0, 255, 256, SIZE - 1])
def test_each_alert_has_a_proof(database: Path, number: int) -> None:
    with open_reader(database) as reader:
        _, _, proof = prove(reader, alert_of(number), None, None)
    assert proof.index == number
    assert proof.verify([SIGNER.verifier], "proof").size == SIZE


def test_times_are_told_in_milliseconds(database: Path) -> None:
    found = time_proofs(database, 20)
    median_ms, p99_ms = float(str(found["proof_median_ms"])), float(str(found["proof_p99_ms"]))
    assert 0 < median_ms <= p99_ms < 10_000


def test_what_misses_its_aim_is_told_as_that() -> None:
    met = {
        "entries": 1_000_000, "proofs": 10, "proof_median_ms": 1.0, "proof_p99_ms": 2.0, "memory_ratio": 1.0,
        "verified_per_cpu_s": 70_000, "verify_cpu_s": 13.0, "verify_peak_mib": 50.0, "tenth_peak_mib": 50.0,
    }  # fmt: skip
    assert "MISSED" not in text(met)
    assert text({**met, "proof_median_ms": 2.5, "memory_ratio": 2.0}).count("MISSED") == 2
