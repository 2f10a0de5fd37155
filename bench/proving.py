"""How long proofs of alerts take, and the verification of the log they are in, in a database made for it."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random
from statistics import median

from bench.published import SIGNER, alert_of
from monitoring.proving import prove
from monitoring.verifying import verify
from streams.audit.publishing import Stored
from streams.stores.sqlite_reading import open_reader


def time_proofs(database: Path, count: int) -> dict[str, object]:
    """Prove alerts drawn by chance, from the look-up by id to the encoded proof; times in milliseconds of a clock."""
    rng, spent = Random(1), []
    with open_reader(database) as reader:
        head = reader.audit.head()
        assert head is not None
        for _ in range(count):
            alert = alert_of(rng.randrange(head.size))
            begun = time.perf_counter()
            _, _, proof = prove(reader, alert, None, None)
            body = proof.encode()
            spent.append((time.perf_counter() - begun) * 1_000)
            assert body
        proof.verify([SIGNER.verifier], alert)  # What is timed is a proof.
    spent.sort()
    return {"proof_median_ms": median(spent), "proof_p99_ms": spent[int(len(spent) * 0.99)]}


def time_verification(database: Path) -> dict[str, object]:
    """Verify every entry, tile and checkpoint; the time is that of the CPU, in seconds."""
    with open_reader(database) as reader:
        begun = time.process_time()
        verify(Stored(reader.audit, str(database)), [SIGNER.verifier], [], lambda _, __: None)
        return {"cpu_s": time.process_time() - begun}
