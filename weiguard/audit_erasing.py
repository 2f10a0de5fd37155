"""An erasure from the command line: the key of a subject destroyed, and in the log that it was."""

from __future__ import annotations

import os
import sys
from zoneinfo import ZoneInfo

import msgspec

from engine.instants import rfc3339
from monitoring.erasing import SOURCE, erasure_events, held_of
from streams.embedded import Runner
from streams.refusing import RefusedError
from streams.stores.sqlite_reading import last_rules
from weiguard.audit_erasure_words import ERASED
from weiguard.audit_signer import signer_of
from weiguard.preparing import prepare_kept
from weiguard.running import opened
from weiguard.settings import Settings
from weiguard.signing import login
from weiguard.words import language


def run_erasure(subject: str, reason: str, by: str | None, settings: Settings, *, json: bool) -> None:
    """Erase a subject. Raises RefusedError, and then nothing was erased unless it says so."""
    _refuse_misuse(subject, reason, settings)
    lang = settings.lang or language(os.environ)
    decided_by, _ = last_rules(settings.db)
    if decided_by is not None:  # Whatever rules are at hand: those that decided go on.
        settings = settings.model_copy(update={"only": decided_by.only})
    with opened(prepare_kept(settings, as_decided=True), settings) as (prepared, store):
        held = held_of(store, subject, settings.tenant)
        engine = prepared.engine()
        runner = Runner(store, engine, signer=signer_of(settings))
        runner.resume()
        zone = ZoneInfo(settings.zone)
        times = {name: rfc3339(engine.clock(name) or 0, zone) for name in held.told_in}
        events = erasure_events(subject, by or login(), reason, times, store.last + 1)
        runner.erase(SOURCE, events, list(held.subjects))
        store.sweep()
    count = sum(held.inputs.values())
    if json:
        told = {"tenants": held.told_in, "inputs": count, "entries": held.entries}
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
        return
    tenants = ", ".join(held.told_in)
    sys.stdout.write(
        ERASED[lang].format(inputs=f"{count:,}", entries=f"{held.entries:,}", tenants=tenants) + "\n"
    )


def _refuse_misuse(subject: str, reason: str, settings: Settings) -> None:
    if not subject:
        raise RefusedError(
            "SUBJECT", "nothing", "a payer, contact, operator or account", "name whom to erase"
        )
    if not reason.strip():
        raise RefusedError("--reason", "nothing", "why, in a few words that may stand for good", "say why")
    if subject in reason:
        raise RefusedError(
            "--reason", "the subject itself", "words that name nobody, as they stay in the log for good",
            "name the request instead, by its number",
        )  # fmt: skip
    if not settings.db.is_file():
        raise RefusedError(str(settings.db), "no database", "one made by `weiguard run`", "name it with --db")
