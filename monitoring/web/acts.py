"""`POST /v1/alerts/ID/ACT`, `POST /v1/alerts/acts`: what people do about alerts.

Each act is an event in the log before it is answered. One is looked at and written at a time, so that of two people who
click at once the second is told of the first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.instants import rfc3339
from monitoring.handling import Asked, Handling, Wish, rose
from monitoring.web.access import LOCAL, Access
from monitoring.web.answers import Refusal, answer, told
from monitoring.web.bodies import body_of
from monitoring.web.desk import Clock, Desk
from monitoring.web.tokens import Token
from streams.commit import CODE, InputRow
from streams.embedded import Runner
from streams.handling import Act
from streams.refusing import RefusedError
from streams.sources.arriving import Arriving, ClosedError, FullError
from streams.sources.received import BODY, JSON
from streams.stores.sqlite_acts import Case
from streams.stores.sqlite_reading import SqliteReader

SOURCE: Final = "weiguard/console"
MOST: Final = 500  # Alerts of a batch.
MOST_BODY: Final = 256 << 10  # Bytes.
_AGAIN_S: Final = 1  # When to come again where the queue is full.
_LATER_S: Final = 5  # And where nothing is taken.
T = TypeVar("T")


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of an act."""

    reason: str | None = None
    assignee: str | None = None
    until: str | None = None
    by: str | None = None
    seen: int | None = None
    record: int | None = None


class _Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a batch."""

    act: str
    alerts: list[Asked]
    reason: str | None = None
    assignee: str | None = None
    until: str | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one alert.

    `status` is 200, or 400, 404 or 409 with the reason in `why`. `written`: an act stands in the log; it does not where
    the same was so already. Where somebody was faster, `acts` are those that were not seen, and `record` the alert's
    last record as JSON where it rose.
    """

    alert: str
    status: int = 200
    written: bool = False
    handling: Handling | None = None
    why: RefusedError | None = None
    acts: tuple[Act, ...] = ()
    record: bytes | None = None

    def told(self) -> dict[str, Any]:
        """Return it as it is answered."""
        body: dict[str, Any] = {"alert": self.alert, "status": self.status, "handling": self.handling}
        if self.why is None:
            return {**body, "written": self.written}
        record = msgspec.Raw(self.record) if self.record is not None else None
        return {**body, **told(self.why), "acts": self.acts, "record": record}


class Acts:
    """What is done about alerts, over HTTP and by the console."""

    def __init__(
        self, desk: Desk, access: Access, arriving: Arriving | None, login: Callable[[], str]
    ) -> None:
        """`login`: who acts where a request says neither who it is nor bears a token."""
        self._desk, self._access, self._arriving, self._login = desk, access, arriving, login
        self._turn = asyncio.Lock()
        self.runner: Runner | None = None  # Who writes the log; set once there is one.

    async def one(self, request: Request) -> Response:
        """Do something about one alert; answer once that is durable. Raises Refusal, RefusedError."""
        token = self._access.check(request, "act")
        words = await _read(request, _Words, "{}")
        asked = _checked(
            Asked, {"id": request.path_params["alert"], "seen": words.seen, "record": words.record}
        )
        (done,) = await self.act(
            [asked], request.path_params["act"], self._by(token, words.by), words.reason, words.assignee,
            words.until, token.tenants,
        )  # fmt: skip
        return answer(done.told(), done.status)

    async def many(self, request: Request) -> Response:
        """Do the same about many alerts; answer what became of each. Raises Refusal, RefusedError."""
        token = self._access.check(request, "act")
        batch = await _read(request, _Batch)
        done = await self.act(
            batch.alerts, batch.act, self._by(token, batch.by), batch.reason, batch.assignee, batch.until,
            token.tenants,
        )  # fmt: skip
        return answer({"done": [each.told() for each in done]})

    def _by(self, token: Token, named: str | None) -> str:
        return (named or self._login()) if token is LOCAL else token.name

    async def act(
        self,
        alerts: Sequence[Asked],
        kind: str,
        by: str,
        reason: str | None = None,
        assignee: str | None = None,
        until: str | None = None,
        tenants: tuple[str, ...] | None = None,
    ) -> list[Done]:
        """Do something about alerts, each other ones; return what became of each, in their order, once it is durable.

        `kind`: one of monitoring.handling.VERBS. `until`: RFC 3339. `tenants`: whose alerts may be touched, None for
        all; others are not there. Raises RefusedError where the wish itself is wrong, Refusal (429, 503) where the log
        takes nothing now.
        """
        wish = Wish.of(kind, by, reason, assignee, until)
        if len(alerts) > MOST:
            raise RefusedError("alerts", f"{len(alerts):,}", f"at most {MOST}", "send them in parts")
        if len({each.id for each in alerts}) < len(alerts):
            raise RefusedError("alerts", "one of them twice", "each once", "leave one out")
        # Whoever asked may go away; whose turn comes next must still find what is written now.
        return await asyncio.shield(asyncio.ensure_future(self._in_turn(wish, alerts, tenants)))

    async def _in_turn(
        self, wish: Wish, alerts: Sequence[Asked], tenants: tuple[str, ...] | None
    ) -> list[Done]:
        async with self._turn:
            clock = self._desk.clock
            done, writing = await self._desk.look(
                lambda reader: _judged(reader, wish, alerts, tenants, clock)
            )
            rows = await self._put([self._line(wish, alert, case) for alert, case in writing.items()])
        handled = await self._desk.look(lambda reader: reader.handled(writing, clock))
        for alert, row in zip(writing, rows, strict=True):
            if row[5] == CODE["decided"]:
                done[alert] = Done(alert, written=True, handling=handled[alert])
            else:
                done[alert] = Done(alert, 400, handling=handled[alert], why=_not_taken(row[6]))
        return [done[each.id] for each in alerts]

    def _line(self, wish: Wish, alert: str, case: Case) -> bytes:
        """Return an act as the log has it, at the tenant's clock."""
        assert self.runner is not None, "there is a database"
        zone = ZoneInfo(self.runner.engine.settings.zone)
        words = {"reason": wish.reason, "assignee": wish.assignee, "until": wish.until}
        data = {"alert_id": alert, "by": wish.by, "record": case.record} | {
            name: text for name, text in words.items() if text
        }
        return msgspec.json.encode(
            {
                "specversion": "1.0", "id": f"act-{token_hex(8)}", "source": SOURCE,
                "type": f"alert.{wish.kind}", "tenant": case.tenant,
                "time": rfc3339(self._desk.clock(case.tenant) or 0, zone), "data": data,
            }
        )  # fmt: skip

    async def _put(self, lines: list[bytes]) -> list[InputRow]:
        """Write lines into the log; raises Refusal where it takes nothing."""
        if not lines:
            return []
        if self._arriving is None:
            raise _closed()
        try:
            return await asyncio.wrap_future(self._arriving.put(lines))
        except FullError:
            mend = f"do it again after {_AGAIN_S} s"
            why = RefusedError("the queue", "that it is full", "room", mend)
            raise Refusal(429, why, _AGAIN_S) from None
        except ClosedError:
            raise _closed() from None


def _closed() -> Refusal:
    mend = f"do it again after {_LATER_S} s"
    return Refusal(503, RefusedError("the log", "that it takes nothing now", "an open one", mend), _LATER_S)


def _judged(
    reader: SqliteReader,
    wish: Wish,
    alerts: Sequence[Asked],
    tenants: tuple[str, ...] | None,
    clock: Clock,
) -> tuple[dict[str, Done], dict[str, Case]]:
    """Return what became of alerts about which nothing is to be written, and all that is told of the others."""
    done: dict[str, Done] = {}
    writing: dict[str, Case] = {}
    with reader.at_once():
        cases = reader.acts.cases([each.id for each in alerts])
        for asked in alerts:
            case = cases.get(asked.id)
            if case is None or (tenants is not None and case.tenant not in tenants):
                why = RefusedError(
                    "the alert", f"none {asked.id[:80]!r}", "the id of one", "look at /v1/alerts"
                )
                done[asked.id] = Done(asked.id, 404, why=why)
                continue
            clock_us = clock(case.tenant)
            handling = case.handling(clock_us)
            refused = wish.why_not(case, handling, asked, clock_us)
            if wish.is_done(case, handling) and case.state != "retracted":
                done[asked.id] = Done(asked.id, handling=handling)
            elif refused is not None:
                done[asked.id] = _refused(reader, asked, case, handling, refused)
            else:
                writing[asked.id] = case
    return done, writing


def _refused(reader: SqliteReader, asked: Asked, case: Case, handling: Handling, why: RefusedError) -> Done:
    """Return why nothing was done, with what came that was not seen."""
    unseen = () if asked.seen is None else tuple(act for _, act in case.acts[asked.seen :])
    record = reader.of_alert(asked.id)[-1].body if rose(case, asked) else None
    status = 400 if why.where == "until" else 409
    return Done(asked.id, status, handling=handling, why=why, acts=unseen, record=record)


def _not_taken(reason: str) -> RefusedError:
    return RefusedError(
        "the act", f"that the log does not take it ({reason})", "one that can stand in the log",
        "leave out what must not stand there",
    )  # fmt: skip


async def _read(request: Request, shape: type[T], default: str | None = None) -> T:
    """Return the body of a request as a value; raises Refusal, RefusedError."""
    body = await body_of(request, MOST_BODY)
    if not body.strip() and default is not None:
        body = default.encode()
    kind = request.headers.get("content-type", JSON[0]).partition(";")[0].strip().lower()
    if kind != JSON[0] and body.strip() != (default or "").encode():
        why = RefusedError("content-type", repr(kind[:80]), JSON[0], "say what the body is")
        raise Refusal(415, why)
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise _wrong(error) from None


def _checked(shape: type[T], value: dict[str, Any]) -> T:
    try:
        return msgspec.convert(value, shape)
    except msgspec.MsgspecError as error:
        raise _wrong(error) from None


def _wrong(error: Exception) -> RefusedError:
    """Return the refusal of a body, which says at which of its fields."""
    return RefusedError(BODY, f"“{error}”", "a JSON object with the fields of /v1/openapi.json", "mend it")
