"""`python -m bench.tlog [--entries N] [--proofs N] [--json]`: what proofs and verification cost in a large audit log.

Each part runs in a process of its own, whose memory the operating system counts; the log is made before and kept.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Final

from bench.measuring import ChildError, child
from bench.stored import stored

PROOF_MS: Final = 2.0  # The most that a proof may take, as a median.
MEMORY: Final = 1.3  # The most that ten times the entries may cost in memory.


def main() -> int:
    """Measure and print; 1 where a part fails or misses its aim."""
    options = _parser().parse_args()
    try:
        found = measured(options.entries, options.proofs)
    except ChildError as failed:
        print(failed, file=sys.stderr)
        return 1
    print(json.dumps(found, indent=1) if options.json else text(found))
    return 0 if found["proof_median_ms"] <= PROOF_MS and found["memory_ratio"] <= MEMORY else 1


def measured(entries: int, proofs: int) -> dict[str, float]:
    """Measure a log of so many entries, and one of a tenth of them for its memory. Raises ChildError."""
    database, tenth = stored(entries), stored(max(entries // 10, 1))
    proved = child(["prove", str(database), str(proofs)])
    verified, small = (child(["verify_stored", str(each)]) for each in (database, tenth))
    seconds = float(str(verified.told["cpu_s"]))
    return {
        "entries": entries,
        "proofs": proofs,
        **{name: round(float(str(ms)), 3) for name, ms in proved.told.items()},
        "verified_per_cpu_s": round(entries / seconds),
        "verify_cpu_s": round(seconds, 2),
        "verify_peak_mib": round(verified.peak_kib / 1024, 1),
        "tenth_peak_mib": round(small.peak_kib / 1024, 1),
        "memory_ratio": round(verified.peak_kib / small.peak_kib, 2),
    }


def text(found: dict[str, float]) -> str:
    """Return it for people."""
    proof = "met" if found["proof_median_ms"] <= PROOF_MS else "MISSED"
    memory = "met" if found["memory_ratio"] <= MEMORY else "MISSED"
    proofs = f"median {found['proof_median_ms']:.2f} ms, 99 % {found['proof_p99_ms']:.2f} ms"
    mebibytes = f"{found['verify_peak_mib']:.0f} MiB, a tenth of it {found['tenth_peak_mib']:.0f} MiB"
    rows = [
        f"an audit log of {found['entries']:,} entries, in a database",
        f"proof of an alert, of {found['proofs']:,}: {proofs} (most {PROOF_MS:.0f} ms in the median: {proof})",
        f"verification: {found['verified_per_cpu_s']:,} entries a second of CPU, {found['verify_cpu_s']:.1f} s",
        f"memory to verify: {mebibytes}: {found['memory_ratio']:.2f} (most {MEMORY:.1f}: {memory})",
    ]
    return "\n".join(rows)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.tlog", description="What proofs and verification cost in a large audit log."
    )
    parser.add_argument("--entries", type=int, default=1_000_000, help="of the log (default: a million)")
    parser.add_argument("--proofs", type=int, default=1_000, help="how many are made (default: a thousand)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
