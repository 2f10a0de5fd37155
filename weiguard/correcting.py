"""A correction from the command line: one `correction.requested` a tenant, written into the log and decided there.

The event stands at the tenant's clock and so moves nothing else: no deadline passes because somebody asked today.
"""

from __future__ import annotations

import os
from zoneinfo import ZoneInfo

from engine.instants import rfc3339
from streams.embedded import Runner
from streams.refusing import RefusedError
from weiguard.audit_signer import signer_of
from weiguard.preparing import prepare_kept
from weiguard.running import Watcher, opened
from weiguard.settings import Settings
from weiguard.signing import login
from weiguard.words import language

SOURCE = "weiguard/correct"


def run_correction(by: str | None, reason: str, settings: Settings, *, json: bool) -> int:
    """Correct, and return the exit status. `by`: None for whoever is logged in. Raises RefusedError."""
    by = by or login()
    if not settings.db.is_file():
        raise RefusedError(str(settings.db), "no database", "one made by `weiguard run`", "name it with --db")
    with opened(prepare_kept(settings), settings) as (prepared, store):
        watcher = Watcher(lambda _lines, _bytes: None, settings.tenant)
        engine = prepared.engine()
        runner = Runner(store, engine, observers=[watcher], signer=signer_of(settings))
        runner.resume()
        tenants = store.tenants()
        if settings.tenant is not None and settings.tenant not in tenants:
            raise RefusedError(
                "--tenant",
                settings.tenant,
                f"one of {', '.join(tenants) or 'none: the log is empty'}",
                "name one of these",
            )
        for tenant in [settings.tenant] if settings.tenant is not None else tenants:
            at = rfc3339(engine.clock(tenant) or 0, ZoneInfo(settings.zone))
            runner.append(
                SOURCE,
                {
                    "specversion": "1.0", "id": f"correction-{store.last + 1}", "source": SOURCE,
                    "type": "correction.requested", "tenant": tenant, "time": at, "data": {"by": by, "reason": reason},
                },
            )  # fmt: skip
        runner.end()
    watcher.summary.show(settings.lang or language(os.environ), json=json)
    return 0
