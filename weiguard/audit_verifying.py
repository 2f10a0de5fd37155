"""A verification from the command line: what is looked at, what holds, and what does not."""

from __future__ import annotations

import os
import sys
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from monitoring.verifying import Note, Verified, verify
from monitoring.verifying_stored import needed, verify_stored
from monitoring.wording.words import Language
from streams.audit import completeness, proofs
from streams.audit.broken import BrokenError
from streams.audit.keys import read_verifier
from streams.audit.notes import COSIGNATURE, Verifier
from streams.audit.publishing import Folder, Published, Site
from streams.refusing import RefusedError
from streams.stores.sqlite_reading import open_reader
from weiguard.audit_completeness import say_completeness
from weiguard.audit_words import AUDIT, entries
from weiguard.failing import FOUND, say
from weiguard.progress import progress_bar
from weiguard.settings import Settings
from weiguard.words import SUMMARY, language

_MOST_SEEN = 1 << 16  # Bytes of a checkpoint kept from before.


@dataclass(frozen=True, slots=True)
class Order:
    """What a call of `audit verify` asks for, beside the settings."""

    subject: str | None
    keys: tuple[Path, ...]
    seen: tuple[Path, ...]
    json: bool = False
    witnesses: tuple[Path, ...] = ()


def run_verification(order: Order, settings: Settings) -> int:
    """Verify, say what holds, and return the status: 1 where something does not. Raises RefusedError."""
    lang = settings.lang or language(os.environ)
    verifiers = [read_verifier(path) for path in order.keys]
    witnesses = [read_verifier(path, COSIGNATURE) for path in order.witnesses]
    subject = order.subject or str(settings.db)
    try:
        if subject.endswith(proofs.SUFFIX):
            keys = needed(verifiers, subject)
            body = _read(subject, proofs.MOST_BYTES, "a proof", "weiguard audit prove")
            _say_proof(body, subject, keys, lang, json=order.json)
        elif subject.endswith(completeness.SUFFIX):
            keys = needed(verifiers, subject)
            named = "a proof of completeness"
            body = _read(subject, completeness.MOST_BYTES, named, "weiguard audit query --proof")
            say_completeness(body, subject, keys, lang, json=order.json)
        else:
            _say_log(
                _verified(subject, verifiers, notes_of(order.seen), witnesses), subject, lang, json=order.json
            )
    except BrokenError as broken:
        if order.json:
            parts = {"where": broken.where, "found": broken.found, "expected": broken.expected}
            _write({"ok": False, **parts})
        else:
            say(f"weiguard: {AUDIT[lang]['broken']}: {broken}")
        return FOUND
    return 0


def _verified(
    subject: str, verifiers: list[Verifier], seen: list[Note], witnesses: list[Verifier]
) -> Verified:
    log = published(subject)
    if log is None:
        if witnesses:
            raise RefusedError(
                "--witness", subject, "a published log", "leave it out: witnesses see what is published"
            )
        return _verified_database(Path(subject), verifiers, seen)
    with progress_bar(None) as show:
        return verify(log, needed(verifiers, subject), seen, show, witnesses)


def published(subject: str) -> Published | None:
    """Return the published log that is named, None where it is none."""
    if subject.startswith(("http://", "https://")):
        return Site(subject)
    return Folder(subject) if Path(subject).is_dir() else None


def _verified_database(path: Path, verifiers: list[Verifier], seen: list[Note]) -> Verified:
    """Verify the log of a database, and that it says what the database holds."""
    with open_reader(path) as reader, progress_bar(None) as show:
        return verify_stored(reader, verifiers, seen, show)


def notes_of(paths: Sequence[Path]) -> list[Note]:
    """Read checkpoints that were kept. Raises RefusedError."""
    found = []
    for path in paths:
        try:
            with path.open("rb") as file:
                found.append((str(path), file.read(_MOST_SEEN)))
        except OSError as error:
            raise RefusedError(
                str(path),
                f"“{(error.strerror or str(error)).lower()}”",
                "a checkpoint",
                "name its file with --seen",
            ) from None
    return found


def _say_log(found: Verified, subject: str, lang: Language, *, json: bool) -> None:
    checkpoint, words = found.checkpoint, AUDIT[lang]
    root = b64encode(checkpoint.root).decode()
    if json:
        _write(
            {
                "ok": True, "origin": checkpoint.origin or None, "size": checkpoint.size, "root": root,
                "checkpoints": found.checkpoints, "signed_by": str(found.signer) if found.signer else None,
                "inputs": found.inputs or None,
                "accounts": {
                    tenant: {"position": each.position, "counts": each.counts}
                    for tenant, each in sorted(found.accounts.items())
                },
            }
        )  # fmt: skip
        return
    size, checkpoints = entries(checkpoint.size, lang), f"{found.checkpoints:,}"
    lines = [words["holds"].format(name=subject, entries=size, root=root, checkpoints=checkpoints)]
    signer = found.signer.short if found.signer is not None else ""
    lines.append(words["signed"].format(signer=signer) if signer else words["unsigned"])
    if found.inputs:
        lines.append(words["retold"].format(inputs=f"{found.inputs:,}"))
    for tenant, each in sorted(found.accounts.items()):
        counts = " · ".join(f"{SUMMARY[lang][name]} {n:,}" for name, n in each.counts.items() if n)
        lines.append(
            words["account"].format(tenant=tenant or "-", position=f"{each.position:,}", counts=counts)
        )
    sys.stdout.write("\n".join(lines) + "\n")


def _read(subject: str, most: int, what: str, command: str) -> bytes:
    """Return a file, and one byte more than it may have where it is longer. Raises RefusedError."""
    try:
        with Path(subject).open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        found = f"“{(error.strerror or str(error)).lower()}”"
        raise RefusedError(subject, found, what, f"write one with `{command}`") from None


def _say_proof(
    body: bytes, subject: str, verifiers: Sequence[Verifier], lang: Language, *, json: bool
) -> None:
    proof = proofs.parse(body, subject)
    checkpoint = proof.verify(verifiers, subject)
    entry = proof.entry.decode("utf-8", "replace")
    if json:
        told = {"origin": checkpoint.origin, "size": checkpoint.size, "index": proof.index}
        _write({"ok": True, **told, "entry": msgspec.Raw(proof.entry)})
        return
    said = AUDIT[lang]["proved"].format(
        index=f"{proof.index:,}", size=f"{checkpoint.size:,}", origin=checkpoint.origin
    )
    sys.stdout.write(f"{said}\n{entry}\n")


def _write(value: dict[str, Any]) -> None:
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
