"""How the engine does: whether it is ready, how far clocks are, what waits, and what became of every input."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from starlette.responses import Response

from engine.instants import rfc3339
from monitoring.serving import Check
from monitoring.web.console.pages import Pages
from monitoring.web.console.visit import Visit
from monitoring.web.desk import Desk
from streams.embedded import Runner
from streams.sources.arriving import Arriving
from streams.stores.sqlite_reading import SqliteReader

_SHOWN: Final = 200  # Tenants.


@dataclass(frozen=True, slots=True)
class Vitals:
    """Where the page reads what no database holds."""

    ready: Check
    arriving: Arriving | None
    clients: Callable[[], int]
    runner: Callable[[], Runner | None]


class HealthPage:
    """How the engine does."""

    def __init__(self, desk: Desk, pages: Pages, vitals: Vitals, zone: Callable[[], ZoneInfo]) -> None:
        self._desk, self._pages, self._vitals, self._zone = desk, pages, vitals, zone

    async def page(self, visit: Visit) -> Response:
        """Show it as it is now."""

        def read(reader: SqliteReader) -> tuple[dict[str, int], list[str]]:
            return reader.dispositions(), reader.tenants()

        dispositions, tenants = await self._desk.look(read)
        now_us, zone = time.time_ns() // 1_000, self._zone()
        clocks = {tenant: self._desk.clock(tenant) for tenant in tenants[:_SHOWN]}
        told = {
            name: (rfc3339(at, zone), (now_us - at) // 10**6) for name, at in clocks.items() if at is not None
        }
        is_ready, word = self._vitals.ready()
        runner, arriving = self._vitals.runner(), self._vitals.arriving
        return self._pages.show(
            visit,
            "health.html",
            ready=is_ready,
            word=word,
            dispositions=dispositions,
            clocks=told,
            queue=arriving.depth if arriving is not None else 0,
            clients=self._vitals.clients(),
            audit=runner.audit if runner is not None else None,
            ruleset=runner.engine.program.ruleset if runner is not None else "",
        )
