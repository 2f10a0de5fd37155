"""The audit log in a database, verified where it is: its tree, that it says what the inputs say, and its index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from monitoring.queries import check_index
from monitoring.retelling import check_types, retell
from monitoring.verifying import Note, Verified, verify, verify_unsigned
from streams.audit.broken import BrokenError
from streams.audit.notes import Verifier
from streams.audit.publishing import Stored
from streams.refusing import RefusedError
from streams.stores.sqlite_reading import SqliteReader


def verify_stored(
    reader: SqliteReader,
    verifiers: Sequence[Verifier],
    seen: Sequence[Note],
    show: Callable[[int, int], None],
) -> Verified:
    """Verify the log of a database, and that it says what the database holds. A run may go on writing meanwhile.

    Raises BrokenError at the first place that is not as it must be; also where there are verifiers or checkpoints, and
    nobody signed it.
    """
    with reader.at_once():
        check_types(reader)
        log = Stored(reader.audit, str(reader.path))
        if log.head.note is None and not verifiers and not seen:
            found = verify_unsigned(log, show)
        elif log.head.note is None:
            raise BrokenError(
                str(reader.path), "an audit log that nobody signed", "a signed one, as a key is given"
            )
        else:
            found = verify(log, needed(verifiers, str(reader.path)), seen, show)
        inputs = retell(reader, found.told_from, show)
        check_index(reader)
    return replace(found, inputs=inputs)


def needed(verifiers: Sequence[Verifier], subject: str) -> Sequence[Verifier]:
    """Return the verifiers of what is signed. Raises RefusedError where there is none."""
    if not verifiers:
        raise RefusedError(subject, "no --key", "the public key of who signs it", "name its file with --key")
    return verifiers
