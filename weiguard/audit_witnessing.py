"""A witness from the command line: who looks at the log of another, and signs what it was shown."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from monitoring.verifying import verify
from streams.audit.broken import BrokenError
from streams.audit.keys import read_signer, read_verifier
from streams.audit.notes import COSIGNATURE
from streams.refusing import RefusedError
from weiguard.audit_verifying import notes_of, published
from weiguard.failing import FOUND, say
from weiguard.progress import progress_bar


@dataclass(frozen=True, slots=True)
class Order:
    """What a call of `audit witness` asks for."""

    subject: str
    keys: tuple[Path, ...]
    witness_key: Path
    out: Path


def run_witness(order: Order) -> int:
    """Verify a log and sign its checkpoint; return 1 where it does not hold. Raises RefusedError."""
    signer = read_signer(str(order.witness_key), "--witness-key", COSIGNATURE)
    log = published(order.subject)
    if log is None:
        raise RefusedError(order.subject, "no published log", "its folder or address", "name one of these")
    if not order.keys:
        raise RefusedError(
            order.subject, "no --key", "the public key of who signs it", "name its file with --key"
        )
    seen = notes_of([order.out] if order.out.exists() else [])
    try:
        with progress_bar(None) as show:
            found = verify(log, [read_verifier(path) for path in order.keys], seen, show)
    except BrokenError as broken:
        say(f"weiguard: not signed: {broken}")
        return FOUND
    part = order.out.with_name(f"{order.out.name}.part")
    part.write_bytes(signer.cosign(found.note, int(time.time())))
    part.replace(order.out)
    sys.stdout.write(f"{order.out}\n")
    say(
        f"weiguard: {signer.verifier.short} signed {found.checkpoint.size:,} entries of {found.checkpoint.origin}"
    )
    return 0
