"""A query of the audit log from the command line: first into the log, then answered, and never the other way round."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from engine.instants import rfc3339
from engine.windows import Zone
from monitoring.completing import answer_completely
from monitoring.filtering import instant_or_day
from monitoring.queries import Answer, answer, ask, query_events, tenants_of
from streams.audit.broken import BrokenError
from streams.audit.completeness import Completeness
from streams.audit.query import Query
from streams.embedded import Runner
from streams.refusing import RefusedError
from streams.stores.locking import InUseError
from streams.stores.sqlite_index import catch_up
from streams.stores.sqlite_reading import SqliteReader, open_reader
from weiguard.audit_answers import Format, write
from weiguard.audit_completeness import check_name, write_completeness
from weiguard.audit_signer import signer_of
from weiguard.audit_words import AUDIT, QUERIED
from weiguard.failing import FOUND, say
from weiguard.preparing import prepare_kept
from weiguard.progress import progress_bar
from weiguard.running import opened
from weiguard.settings import Settings
from weiguard.signing import login
from weiguard.words import language


@dataclass(frozen=True, slots=True)
class Order:
    """What a call of `audit query` asks for, beside the settings. `out` None: standard output.

    `hand_over`: only write the event that tells of the query; `asked`: its id, where the log has it already; `proof`:
    where the proof goes that the answer is complete, where the query asks for one.
    """

    query: Query
    by: str | None = None
    format: Format = "text"
    out: Path | None = None
    hand_over: bool = False
    asked: str | None = None
    reindex: bool = False
    proof: Path | None = None


def query_of(
    filters: Mapping[str, Any],
    patterns: Mapping[str, Sequence[str] | None],
    key: str | None,
    times: tuple[str | None, str | None],
    settings: Settings,
) -> Query:
    """Read a query as people write it. Raises RefusedError."""
    name, equals, value = (key or "").rpartition("=")
    zone = ZoneInfo(settings.zone)
    asked: dict[str, Any] = {each: tuple(given or ()) for each, given in patterns.items()}
    asked |= filters
    asked["since"] = instant_or_day("--from", times[0], zone)
    asked["until"] = instant_or_day("--until", times[1], zone)
    asked["key"] = None if key is None else (name if equals else "", value)
    return Query(**asked, tenant=settings.tenant)


def run_query(order: Order, settings: Settings) -> int:
    """Ask and answer; return the status: 1 where the log or the index is damaged. Raises RefusedError."""
    _refuse_misuse(order, settings)
    if order.hand_over:
        _hand_over(order, settings)
        return 0
    lang = settings.lang or language(os.environ)
    try:
        asked = order.asked or _ask(order, settings)
        with progress_bar(None) as show:
            catch_up(settings.db, show, anew=order.reindex)
        with open_reader(settings.db) as reader:
            found, proof = _answer(reader, order, asked, settings)
            count = write(found, order.format, order.out, ZoneInfo(settings.zone), lang)
    except BrokenError as broken:
        say(f"weiguard: {AUDIT[lang]['broken']}: {broken}")
        return FOUND
    said = QUERIED[lang]
    if order.out is not None or order.format == "csv":
        say(said["read"].format(rows=f"{count:,}", size=f"{found.head.size:,}", root=found.root))
    if found.next is not None:
        say(said["next"].format(cursor=found.next))
    if proof is not None and order.proof is not None:
        until = order.query.until
        day = rfc3339(until, ZoneInfo(settings.zone))[:10] if until is not None else None
        write_completeness(proof, order.proof, day, lang)
    return 0


def _answer(
    reader: SqliteReader, order: Order, asked: str, settings: Settings
) -> tuple[Answer, Completeness | None]:
    if order.proof is None:
        return answer(reader, order.query, asked), None
    return answer_completely(reader, order.query, asked, Zone(settings.zone))


def _ask(order: Order, settings: Settings) -> str:
    """Let the log say who asks; only this process may write the database then."""
    try:
        with opened(prepare_kept(settings), settings) as (prepared, store):
            runner = Runner(store, prepared.engine(), signer=signer_of(settings))
            runner.resume()
            asked = ask(runner, order.query, order.by or login(), ZoneInfo(settings.zone))
            runner.end()
    except InUseError as busy:
        raise RefusedError(
            busy.where, busy.found, "one that can take the query into its log, before anybody is answered",
            "stop that process, or hand the query over to it: --hand-over writes its event, for a file that "
            "`weiguard run --follow` reads, and --asked answers it from then on",
        ) from None  # fmt: skip
    return asked


def _hand_over(order: Order, settings: Settings) -> None:
    """Write the events that tell of the query, for wherever events go; whoever reads them there decides them."""
    with open_reader(settings.db) as reader:
        tenants = tenants_of(reader, order.query)
    now = rfc3339(int(datetime.now(UTC).timestamp()) * 10**6, ZoneInfo(settings.zone))
    asked, by = f"query-{secrets.token_hex(8)}", order.by or login()
    for event in query_events(order.query, by, tenants, asked, [now] * len(tenants)):
        sys.stdout.write(msgspec.json.encode(event).decode() + "\n")
    say(f"weiguard: --asked {asked}")


def _refuse_misuse(order: Order, settings: Settings) -> None:
    if not settings.db.is_file():
        raise RefusedError(str(settings.db), "no database", "one made by `weiguard run`", "name it with --db")
    if order.format == "parquet" and order.out is None:
        raise RefusedError("--out", "standard output", "a file, as parquet is read from its end", "name one")
    if order.proof is not None:
        check_name(order.proof)
    if order.hand_over and order.asked is not None:
        raise RefusedError("--asked", "--hand-over too", "one of the two", "hand it over first, then ask")
