"""Who signs the audit log, as the settings say."""

from __future__ import annotations

from streams.audit.keys import read_signer
from streams.audit.notes import Signer
from weiguard.settings import Settings


def signer_of(settings: Settings) -> Signer | None:
    """Return who signs, None where nobody does. Raises RefusedError where the key is none or others can read it."""
    return read_signer(settings.audit_key, "WEIGUARD_AUDIT_KEY") if settings.audit_key is not None else None
