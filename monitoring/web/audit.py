"""`GET /v1/audit`: a query of the audit log, which stands in the log itself before anybody is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from secrets import token_hex
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.instants import rfc3339
from engine.windows import Zone
from monitoring.completing import answer_completely
from monitoring.filtering import instant_or_day
from monitoring.queries import answer as answered
from monitoring.queries import not_taken, query_events, tenants_of
from monitoring.web.access import LOCAL, Access
from monitoring.web.answers import Refusal, answer
from monitoring.web.asking import check_names, tenants_for, whole_of
from monitoring.web.desk import Desk
from monitoring.web.tokens import Token
from streams.audit.broken import BrokenError
from streams.audit.query import Query
from streams.commit import CODE
from streams.embedded import Runner
from streams.refusing import RefusedError
from streams.sources.arriving import Arriving, ClosedError, FullError
from streams.stores.sqlite_index import catch_up
from streams.stores.sqlite_reading import SqliteReader

MOST: Final = 1_000  # Entries of a page.
_TEXTS: Final = ("account", "owner", "actor", "alert", "text", "after")
_LISTS: Final = {"rules": "rule", "levels": "level", "kinds": "kind"}
_PROOF, _COMPLETE = "proof", "completeness"
_KNOWN: Final = ("from", "until", *_LISTS.values(), "key", *_TEXTS, "tenant", "order", "limit", "by", _PROOF)
_AGAIN_S: Final = 5


class Audit:
    """The audit log for those who ask over HTTP."""

    def __init__(
        self, desk: Desk, access: Access, arriving: Arriving | None, login: Callable[[], str]
    ) -> None:
        """`login`: who asks where a request says neither who it is nor bears a token."""
        self._desk, self._access, self._arriving, self._login = desk, access, arriving, login
        self.runner: Runner | None = None  # Who writes the log; set once there is one.

    async def query(self, request: Request) -> Response:
        """Answer with a page of entries, and with the size and root of the log that it was read at."""
        token = self._access.check(request, "audit")
        check_names(request, *_KNOWN)
        zone = ZoneInfo(self._writer()[0].engine.settings.zone)
        query = _query(request, token, zone)
        named = request.query_params.get("by") or self._login()
        asked = await self.note(query, named if token is LOCAL else token.name)
        days = Zone(zone.key)
        return answer(await self._desk.look(lambda reader: _answer(reader, query, asked, days)))

    async def note(self, query: Query, by: str) -> str:
        """Let the log say who asks what; return the id of the query's events once they are durable. Raises Refusal."""
        runner, arriving = self._writer()
        zone = ZoneInfo(runner.engine.settings.zone)
        tenants = await self._desk.look(lambda reader: tenants_of(reader, query))
        times = [rfc3339(runner.engine.clock(tenant) or 0, zone) for tenant in tenants]
        asked = f"query-{token_hex(8)}"
        lines = [msgspec.json.encode(each) for each in query_events(query, by, tenants, asked, times)]
        try:
            rows = await asyncio.wrap_future(arriving.put(lines))
        except (FullError, ClosedError):
            why = RefusedError("GET /v1/audit", "that the log takes nothing now", "an open log")
            raise Refusal(503, why, _AGAIN_S) from None
        if any(row[5] != CODE["decided"] for row in rows):
            raise not_taken(next((row[6] for row in rows if row[6]), ""))
        return asked

    def _writer(self) -> tuple[Runner, Arriving]:
        """Return who writes the log, and by what way. Raises Refusal where nobody does."""
        if self.runner is None or self._arriving is None:
            mend = "a query stands in the log before it is answered; ask where the log is written"
            raise Refusal(503, RefusedError("the audit log", "nobody who writes it", mend=mend), _AGAIN_S)
        return self.runner, self._arriving


def _query(request: Request, token: Token, zone: ZoneInfo) -> Query:
    """Return what is asked for. Raises RefusedError, Refusal."""
    given = request.query_params
    order = given.get("order", "newest")
    if order not in ("newest", "oldest"):
        raise RefusedError("?order", repr(order), "newest or oldest", "write one of these")
    named = given.get("tenant")
    tenants = tenants_for(token, (named,) if named is not None else ())
    if len(tenants) > 1:
        why = RefusedError(
            "?tenant", "none", f"one of {', '.join(tenants)}", "a query is of one tenant or of all"
        )
        raise Refusal(403, why)
    if given.get(_PROOF, _COMPLETE) != _COMPLETE:
        raise RefusedError(f"?{_PROOF}", repr(given[_PROOF]), _COMPLETE, "write that")
    proof = _PROOF in given
    name, equals, value = given.get("key", "").rpartition("=")
    asked: dict[str, Any] = {field: tuple(given.getlist(name)) for field, name in _LISTS.items()}
    asked |= {name: given.get(name) for name in _TEXTS}
    return Query(
        **asked,
        since=instant_or_day("?from", given.get("from"), zone),
        until=instant_or_day("?until", given.get("until"), zone),
        key=(name if equals else "", value) if "key" in given else None,
        tenant=tenants[0] if tenants else None,
        oldest_first=order == "oldest",
        limit=None if proof and "limit" not in given else whole_of(request, "limit", 100, 1, MOST),
        proof=proof,
    )


def _answer(reader: SqliteReader, query: Query, asked: str, days: Zone) -> dict[str, Any]:
    """Return what is found, with the proof that nothing is left out where that is asked for."""
    catch_up(reader.path, lambda _, __: None)
    try:
        proof = {}
        if query.proof:
            found, shown = answer_completely(reader, query, asked, days, "?")
            proof["proof"] = msgspec.Raw(shown.encode())
        else:
            found = answered(reader, query, asked)
        entries = [{"leaf": each.facets.leaf, "entry": msgspec.Raw(each.entry)} for each in found.rows]
    except BrokenError as error:
        why = RefusedError(error.where, error.found, error.expected, "look with `weiguard audit verify`")
        raise Refusal(500, why) from None
    return {
        "asked": asked, "size": found.head.size, "root": found.root, "entries": entries, "next": found.next,
        **proof,
    }  # fmt: skip
