"""Proofs of completeness from the command line: written beside an answer, and verified without the database."""

from __future__ import annotations

import sys
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

import msgspec

from monitoring.wording.words import Language
from streams.audit import completeness
from streams.audit.completeness import SUFFIX, Complete, Completeness
from streams.audit.notes import Verifier
from streams.refusing import RefusedError
from weiguard.audit_answers import whole
from weiguard.audit_words import AUDIT, QUERIED, entries
from weiguard.failing import say


def check_name(path: Path) -> None:
    """Raise RefusedError where a file has a name by which `audit verify` would not know what it is."""
    if path.suffix != SUFFIX:
        raise RefusedError(
            "--proof", str(path), f"a file whose name ends in {SUFFIX}", f"name it {path.name}{SUFFIX}"
        )


def write_completeness(proof: Completeness, path: Path, asked_until: str | None, lang: Language) -> None:
    """Write a proof, whole or not at all, and say what it does not reach. `asked_until`: the day that was asked for."""
    with whole(path) as part:
        part.write_bytes(proof.encode())
    said = QUERIED[lang]
    say(said["proof"].format(file=path, until=proof.until))
    if asked_until is None or asked_until > proof.until:
        say(said["open"].format(until=proof.until))


def say_completeness(
    body: bytes, subject: str, verifiers: Sequence[Verifier], lang: Language, *, json: bool
) -> None:
    """Verify a proof and say what it shows. Raises BrokenError."""
    complete = completeness.verify(completeness.parse(body, subject), verifiers, subject)
    sys.stdout.write(_plain(complete) if json else _text(complete, lang))


def _text(found: Complete, lang: Language) -> str:
    proof, checkpoint, words = found.proof, found.checkpoint, AUDIT[lang]
    about = "whole" if proof.account is None else "whom"
    said = words["complete" if found.days else "nothing"].format(
        entries=entries(len(found.entries), lang),
        origin=checkpoint.origin,
        whom=words[about].format(account=proof.account, tenant=proof.tenant),
        since=proof.since or words["first"],
        until=proof.until,
        days=f"{len(found.days):,}",
    )
    read_at = words["read_at"].format(size=f"{checkpoint.size:,}", root=b64encode(checkpoint.root).decode())
    said += f"\n  {read_at}\n  {words['rests']}\n  {words['told_on']}"
    lines = [said, *(entry.decode() for entry in found.entries)]
    return "\n".join(lines) + "\n"


def _plain(found: Complete) -> str:
    proof, checkpoint = found.proof, found.checkpoint
    told = {
        "ok": True, "origin": checkpoint.origin, "size": checkpoint.size, "root": b64encode(checkpoint.root).decode(),
        "tenant": proof.tenant, "account": proof.account, "from": proof.since, "until": proof.until,
        "days": {day: len(some) for day, some in found.days},
        "entries": [msgspec.Raw(entry) for entry in found.entries],
    }  # fmt: skip
    return msgspec.json.encode(told).decode() + "\n"
