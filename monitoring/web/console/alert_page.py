"""The page of one alert: what its rule says, what was counted, the events behind it, every record; proof and replay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from starlette.responses import Response

from engine.alert import Record
from engine.instants import micros, rfc3339
from monitoring.describing import limits_of
from monitoring.explaining import Explained, explain
from monitoring.proving import prove
from monitoring.reexecuting import Replayed, Wish, replay
from monitoring.web.answers import Refusal
from monitoring.web.console import chart
from monitoring.web.console.changes import Told, told
from monitoring.web.console.handling_page import SNOOZES_H, Handled, handled_of
from monitoring.web.console.pages import Pages
from monitoring.web.console.sight import seen
from monitoring.web.console.visit import Visit
from monitoring.web.desk import Desk
from monitoring.wording.record_values import case_of, told_values
from monitoring.wording.rule_page import case_lines, sourced, sourced_limit
from monitoring.wording.words import Language
from streams.audit.broken import BrokenError
from streams.audit.proofs import SUFFIX
from streams.refusing import RefusedError
from streams.stores.sqlite_reading import SqliteReader

_AGAIN_S: Final = 10


@dataclass(frozen=True, slots=True)
class Shown:
    """All that the page shows of an alert.

    `events`: with their times in the tenant's zone; `leaves`: the places of its records in the audit log.
    """

    last: Record
    explained: Explained
    rule: dict[str, Any]
    sentences: list[str]
    source: str
    limits: dict[str, str]
    bars: list[chart.Bar]
    values: dict[str, str]
    told: list[Told]
    events: list[dict[str, Any]]
    dots: list[chart.Dot]
    leaves: dict[int, int | None]
    signed: bool


class AlertPage:
    """One alert for those who may see it."""

    def __init__(self, desk: Desk, pages: Pages, zone: Callable[[], ZoneInfo]) -> None:
        self._desk, self._pages, self._zone = desk, pages, zone
        self._replaying = asyncio.Lock()

    async def page(self, visit: Visit) -> Response:
        """Show an alert. Raises Refusal where there is none, or who asks may not see it."""
        name, lang, everything, clock = _name(visit), visit.lang, visit.may("aml"), self._desk.clock
        zone = self._zone()

        def read(reader: SqliteReader) -> tuple[Shown, Handled]:
            shown = _shown(reader, name, lang, zone, everything=everything)
            return shown, handled_of(reader, name, clock, everything=everything)

        shown, handled = await self._desk.look(read)
        return self._pages.show(
            visit, "alert.html", shown=shown, handled=handled, alert=name, done=None, snoozes=SNOOZES_H
        )

    async def proof(self, visit: Visit) -> Response:
        """Answer with the proof of a record, the last where none is named. Raises Refusal, RefusedError."""
        name, everything = _name(visit), visit.may("aml")
        number = visit.request.query_params.get("record", "")
        if number and not (number.isascii() and number.isdecimal() and len(number) < 9):
            raise RefusedError(
                "?record", repr(number[:60]), "the number of a record", "leave it out for the last"
            )

        def read(reader: SqliteReader) -> bytes:
            seen(reader, name, everything=everything)
            return prove(reader, name, int(number) if number else None, None)[2].encode()

        body = await self._desk.look(read)
        headers = {"Content-Disposition": f'attachment; filename="{name}{SUFFIX}"'}
        return Response(body, headers=headers, media_type="application/octet-stream")

    async def replay(self, visit: Visit) -> Response:
        """Decide the alert's tenant again, and show whether it comes to the same bytes. Raises Refusal."""
        name, everything = _name(visit), visit.may("aml")
        if self._replaying.locked():
            why = RefusedError(
                "the replay", "another one that runs", "none", f"come again after {_AGAIN_S} s"
            )
            raise Refusal(503, why, _AGAIN_S)

        def read(reader: SqliteReader) -> Replayed | BrokenError:
            last = seen(reader, name, everything=everything)[-1]
            try:
                return replay(reader, Wish(last.id, last.tenant), lambda _, __: None)
            except BrokenError as error:
                return error

        async with self._replaying:
            done = await self._desk.look(read)
        broken = done if isinstance(done, BrokenError) else None
        return self._pages.show(visit, "replayed.html", done=done, broken=broken)


def _name(visit: Visit) -> str:
    name: str = visit.request.path_params["alert"]
    return name


def _shown(reader: SqliteReader, name: str, lang: Language, zone: ZoneInfo, *, everything: bool) -> Shown:
    seen(reader, name, everything=everything)
    explained = explain(reader, name)
    last, rule = explained.records[-1], explained.rule
    case = case_of(rule, last)
    head = reader.audit.head()
    known = rule.get("limits", {})
    return Shown(
        last=last,
        explained=explained,
        rule=rule,
        sentences=list(case_lines(case, lang, languages=())) if case else [],
        source=sourced(rule, lang) if rule else "",
        limits={each: sourced_limit(known[each], lang) for each in limits_of(case) if each in known},
        bars=chart.bars(rule, last, lang),
        values=told_values(rule, last, lang)[0],
        told=told(rule, explained.records, lang),
        events=[{**each, "time": _here(each.get("time"), zone)} for each in explained.events],
        dots=chart.dots(explained.events),
        leaves={each.record: reader.audit.leaf_of(name, each.record) for each in explained.records},
        signed=head is not None and head.note is not None,
    )


def _here(time: object, zone: ZoneInfo) -> str:
    """Return an event's time in a zone, whichever it was sent in; as it is where it cannot be read."""
    try:
        return rfc3339(micros(str(time)), zone)
    except ValueError:
        return str(time)
