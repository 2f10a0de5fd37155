"""One alert's place in the audit log, as a proof that holds without the database, and without us."""

from __future__ import annotations

from functools import cache

from engine.merkle import inclusion_proof
from monitoring.explaining import records_of
from streams.audit.checkpoints import opened
from streams.audit.notes import Signer, verifier_of
from streams.audit.proofs import Proof
from streams.audit.publishing import Stored
from streams.audit.tiles import perfect_in
from streams.refusing import RefusedError
from streams.stores.sqlite_reading import SqliteReader


def prove(
    reader: SqliteReader, alert: str, record: int | None, signer: Signer | None
) -> tuple[str, int, Proof]:
    """Return the alert's id, the number of its record (None: the last) and the proof of that record's entry.

    Raises RefusedError where there is no such record, or nobody signs the log.
    """
    records = records_of(reader, alert)
    chosen = (
        records[-1] if record is None else next((each for each in records if each.record == record), None)
    )
    if chosen is None:
        raise RefusedError("--record", f"{record}", f"1 to {len(records)}", "`weiguard explain` shows them")
    stored = Stored(reader.audit, str(reader.path), signer)
    note = stored.signed()
    key = reader.audit.key() or (str(signer.verifier) if signer is not None else "")
    checkpoint, _ = opened(note, [verifier_of(key)], str(reader.path))
    leaf = reader.audit.leaf_of(chosen.alert, chosen.record)
    assert leaf is not None, "no record without its leaf"
    entry = next(reader.audit.entries(leaf, leaf + 1))
    tile = cache(reader.audit.tile)  # The way up asks for each of a few tiles up to eight times.
    hashes = inclusion_proof(leaf, checkpoint.size, perfect_in(tile))
    return chosen.alert, chosen.record, Proof(entry, leaf, tuple(hashes), note)
