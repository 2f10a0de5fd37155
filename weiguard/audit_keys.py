"""Keys from the command line: made, read from settings, and put in another's place."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final

from engine.instants import rfc3339
from engine.windows import Zone
from streams.audit.keys import make_signer, read_signer, write_keys
from streams.audit.notes import COSIGNATURE, ED25519
from streams.embedded import Runner
from streams.refusing import RefusedError
from weiguard.audit_signer import signer_of
from weiguard.failing import say
from weiguard.preparing import prepare_kept
from weiguard.running import opened
from weiguard.settings import Settings
from weiguard.signing import login

SOURCE: Final = "weiguard/audit"
TENANT: Final = "weiguard"  # Keys are no tenant's: what is said of them stands under a name of its own.


def make_keys(out: Path, name: str | None, *, witness: bool) -> None:
    """Make a key, of a log or of a witness; the public one is the answer. Raises RefusedError."""
    try:
        signer = make_signer(name, COSIGNATURE if witness else ED25519)
    except ValueError as error:
        raise RefusedError("--name", repr(name), str(error), "give another") from None
    public = write_keys(signer, out)
    sys.stdout.write(f"{signer.verifier}\n")
    say(f"weiguard: private key in {out}, to be kept; public key in {public}, to be given away")


def rotate_key(to: Path, by: str | None, reason: str, settings: Settings) -> None:
    """Let another key sign from now on. Raises RefusedError."""
    old, new = signer_of(settings), read_signer(str(to), "--to")
    if old is None:
        raise RefusedError(
            "--audit-key", "no key", "the one that signs now", "name its file with --audit-key"
        )
    if new.name != old.name:
        raise RefusedError(
            str(to),
            f"a key named {new.name}",
            old.name,
            f"make it with `weiguard audit keygen --name {old.name}`",
        )
    if not settings.db.is_file():
        raise RefusedError(str(settings.db), "no database", "one made by `weiguard run`", "name it with --db")
    with opened(prepare_kept(settings), settings) as (prepared, store):
        runner = Runner(store, prepared.engine(), signer=old)
        runner.resume()
        at = rfc3339(time.time_ns() // 1_000, Zone(settings.zone).info)
        data = {"old": str(old.verifier), "new": str(new.verifier), "by": by or login(), "reason": reason}
        runner.rotate(
            new,
            {
                "specversion": "1.0", "id": f"key-{store.last + 1}", "source": SOURCE, "type": "audit.key_rotated",
                "tenant": TENANT, "time": at, "data": data,
            },
        )  # fmt: skip
        runner.end()
    say(f"weiguard: {new.verifier.short} signs from now on; give its public key to whoever verifies the log")
