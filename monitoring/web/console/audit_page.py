"""The audit log for auditors: queries and exports, which the log tells of before they are answered, and proof."""

from __future__ import annotations

import asyncio
import io
from base64 import b64encode
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from starlette.responses import Response

from monitoring.filtering import instant_or_day
from monitoring.queries import Answer, Found, answer
from monitoring.sheets import write_sheet
from monitoring.verifying import Verified
from monitoring.verifying_stored import verify_stored
from monitoring.web.answers import Refusal
from monitoring.web.audit import Audit
from monitoring.web.console.pages import Pages
from monitoring.web.console.visit import Visit
from monitoring.web.desk import Desk
from streams.audit.broken import BrokenError
from streams.audit.notes import verifier_of
from streams.audit.query import Query
from streams.refusing import RefusedError
from streams.stores.sqlite_index import catch_up
from streams.stores.sqlite_reading import SqliteReader

PAGE: Final = 50
MOST: Final = 40_000  # Entries of an export.
FIELDS: Final = (
    "tenant", "from", "until", "rule", "level", "kind", "key", "account", "owner", "actor", "alert", "text",
)  # fmt: skip
COLUMNS: Final = ("leaf", "kind", "tenant", "rule", "level", "alert", "at", "entry")
_AGAIN_S: Final = 10


class AuditPage:
    """The audit log."""

    def __init__(self, desk: Desk, pages: Pages, audit: Audit, zone: Callable[[], ZoneInfo]) -> None:
        self._desk, self._pages, self._audit, self._zone = desk, pages, audit, zone
        self._verifying = asyncio.Lock()

    async def page(self, visit: Visit) -> Response:
        """Show the form; nothing is asked yet."""
        return self._pages.show(visit, "audit.html", fields=FIELDS, form={}, found=None, rows=())

    async def ask(self, visit: Visit) -> Response:
        """Let the log say who asks, and show what is found. Raises Refusal, RefusedError."""
        found, rows = await self._answered(visit, PAGE)
        return self._pages.show(
            visit,
            "audit_rows.html" if visit.partial else "audit.html",
            fields=FIELDS, form=visit.form, found=found, rows=[_row(each) for each in rows],
        )  # fmt: skip

    async def export(self, visit: Visit) -> Response:
        """Let the log say who exports what, and answer with all of it as a file. Raises Refusal, RefusedError."""
        kind = visit.form.get("as", "")
        if kind not in ("csv", "jsonl"):
            raise RefusedError("as", repr(kind[:40]), "csv or jsonl", "choose one")
        _, rows = await self._answered(visit, None)
        if len(rows) > MOST:
            raise RefusedError("the export", f"more than {MOST:,} entries", "fewer", "narrow the query")
        body = b"".join(each.entry + b"\n" for each in rows) if kind == "jsonl" else table(rows)
        headers = {"Content-Disposition": f'attachment; filename="weiguard-audit.{kind}"'}
        media = "text/csv; charset=utf-8" if kind == "csv" else "application/x-ndjson"
        return Response(body, headers=headers, media_type=media)

    async def verify(self, visit: Visit) -> Response:
        """Verify the log by the key that it names itself, and show what holds. Raises Refusal."""
        if self._verifying.locked():
            why = RefusedError("the log", "that it is being verified", "a quiet moment")
            raise Refusal(503, why, _AGAIN_S)
        async with self._verifying:
            done = await self._desk.look(_verified)
        broken = done if isinstance(done, BrokenError) else None
        root = b64encode(done.checkpoint.root).decode() if isinstance(done, Verified) else ""
        return self._pages.show(visit, "verified.html", done=done, broken=broken, root=root)

    async def _answered(self, visit: Visit, limit: int | None) -> tuple[Answer, list[Found]]:
        query = _query(visit.form, self._zone(), limit)
        asked = await self._audit.note(query, visit.user.name)

        def read(reader: SqliteReader) -> tuple[Answer, list[Found]]:
            catch_up(reader.path, lambda _, __: None)
            try:
                found = answer(reader, query, asked)
                return found, list(islice(found.rows, MOST + 1))
            except BrokenError as error:
                why = RefusedError(error.where, error.found, error.expected, "verify the log")
                raise Refusal(500, why) from None

        return await self._desk.look(read)


def _query(form: Mapping[str, str], zone: ZoneInfo, limit: int | None) -> Query:
    """Return what a form asks for; empty fields ask for nothing. Raises RefusedError."""
    given = {name: form[name].strip() for name in (*FIELDS, "after") if form.get(name, "").strip()}
    name, equals, value = given.get("key", "").rpartition("=")
    lists: dict[str, Any] = {
        f"{each}s": tuple(given.get(each, "").replace(",", " ").split()) for each in ("rule", "level", "kind")
    }
    texts: dict[str, Any] = {
        each: given.get(each) for each in ("account", "owner", "actor", "alert", "text", "tenant")
    }
    return Query(
        **lists,
        **texts,
        since=instant_or_day("from", given.get("from"), zone),
        until=instant_or_day("until", given.get("until"), zone),
        key=(name if equals else "", value) if "key" in given else None,
        oldest_first=form.get("order") == "oldest",
        limit=limit,
        after=given.get("after") if limit is not None else None,
    )


def _verified(reader: SqliteReader) -> Verified | BrokenError:
    key = reader.audit.key()
    try:
        return verify_stored(reader, [verifier_of(key)] if key is not None else [], [], lambda _, __: None)
    except BrokenError as error:
        return error


def _row(found: Found) -> dict[str, str]:
    """Return an entry by its columns."""
    told = found.told
    record = told.get("record") or {}
    at = record.get("at") or told.get("event", {}).get("time") or told.get("clock") or ""
    return {
        "leaf": str(found.facets.leaf), "kind": str(told.get("kind", "")), "tenant": str(told.get("tenant") or ""),
        "rule": str(record.get("rule", "")), "level": str(record.get("level", "")), "alert": str(record.get("id", "")),
        "at": str(at), "entry": msgspec.json.encode(told).decode(),
    }  # fmt: skip


def table(rows: list[Found]) -> bytes:
    """Return entries as CSV."""
    out = io.StringIO()
    write_sheet(out, COLUMNS, ([row[name] for name in COLUMNS] for row in map(_row, rows)))
    return out.getvalue().encode()
