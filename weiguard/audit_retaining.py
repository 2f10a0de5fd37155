"""How long what a database keeps can be read, by which law, and what has ended: `weiguard audit retention`."""

from __future__ import annotations

import os
import sys
from typing import Any

import msgspec

from engine.instants import rfc3339
from engine.windows import Zone
from streams.sealing.retention import terms
from streams.stores.sqlite_reading import open_reader
from weiguard.audit_retention_words import RETENTION
from weiguard.settings import Settings
from weiguard.words import language


def show_retention(settings: Settings, *, json: bool) -> None:
    """Show the terms, and what of a database has ended where there is one. Raises RefusedError."""
    entries, ended = _of_database(settings) if settings.db.is_file() else (None, {})
    kept = {"addresses": settings.keep_addresses, "audit": settings.keep_audit}
    if json:
        told: dict[str, Any] = {
            kind: {
                "kept": kept[kind], "least": term.least, "most": term.most, "source": term.source,
                "confidence": term.confidence, "reviewed": term.reviewed,
            }
            for kind, term in terms().items()
        }  # fmt: skip
        told["addresses"]["ended"] = ended
        told["audit"]["entries"] = entries
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
        return
    lang = settings.lang or language(os.environ)
    words = RETENTION[lang]
    lines = [
        words[kind].format(kept=kept[kind], least=term.least, most=term.most, source=term.source[lang])
        for kind, term in terms().items()
    ]
    lines += [words["ended"].format(tenant=tenant, day=day[:10]) for tenant, day in ended.items()]
    if entries is not None:
        lines += [] if ended else [words["none"]]
        lines.append(words["entries"].format(entries=f"{entries:,}"))
    sys.stdout.writelines(f"{line}\n" for line in lines)


def _of_database(settings: Settings) -> tuple[int, dict[str, str]]:
    """Return how many entries a database's audit log has, and by tenant from when on addresses can be read."""
    with open_reader(settings.db) as reader:
        head, weeks = reader.audit.head(), reader.seals.weeks
        zone = Zone(settings.zone).info
        ended = {name: us for name in reader.tenants() if (us := weeks.ended_us(name))}
        return head.size if head is not None else 0, {
            name: rfc3339(us, zone) for name, us in sorted(ended.items())
        }
