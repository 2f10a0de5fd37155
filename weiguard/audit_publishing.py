"""The audit log given away: as a folder of files, or as the proof of one alert."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from monitoring.proving import prove
from streams.audit.proofs import SUFFIX
from streams.audit.publishing import Stored, export
from streams.stores.sqlite_reading import open_reader
from weiguard.audit_signer import signer_of
from weiguard.audit_words import AUDIT, entries
from weiguard.failing import say
from weiguard.progress import progress_bar
from weiguard.settings import Settings
from weiguard.words import language


def write_proof(alert: str, record: int | None, out: str | None, settings: Settings) -> None:
    """Write the proof of an alert's record. Raises RefusedError."""
    with open_reader(settings.db) as reader:
        name, _, proof = prove(reader, alert, record, signer_of(settings))
    body = proof.encode()
    if out == "-":
        sys.stdout.write(body.decode())
        return
    path = Path(out or f"{name}{SUFFIX}")
    path.write_bytes(body)
    sys.stdout.write(f"{path}\n")


def write_export(folder: Path, settings: Settings) -> None:
    """Write the log into a folder. Raises RefusedError."""
    lang = settings.lang or language(os.environ)
    with open_reader(settings.db) as reader, progress_bar(None) as show:
        stored = Stored(reader.audit, str(settings.db), signer_of(settings))
        found = export(stored, folder, show)
    say(AUDIT[lang]["exported"].format(origin=found.origin, entries=entries(found.size, lang), folder=folder))
