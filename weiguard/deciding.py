"""A person's decision about rules, from the command line: one event, written out or decided in a database.

Written out it can go wherever events go: into a file, a pipe or a topic. In a database it stands at the tenant's clock,
and so moves nothing else, unless another time is named; one in the past acts like late reference data.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from engine.approving import readable
from engine.canonical import canonical
from engine.instants import micros, rfc3339
from rules.model import RuleSet
from rules.planning.receiving import limit_readers
from rules.suggesting import nearest
from streams.embedded import Runner
from streams.refusing import RefusedError
from streams.stores.sqlite import SqliteStore
from weiguard.audit_signer import signer_of
from weiguard.preparing import load_rules, match_patterns, prepare_kept
from weiguard.running import Watcher, opened
from weiguard.settings import Settings
from weiguard.signing import login
from weiguard.words import language

SOURCE: Final = "weiguard/rules"
_AN_INSTANT: Final = "an RFC 3339 instant such as 2026-04-01T00:00:00+08:00"


@dataclass(frozen=True, slots=True)
class Signed:
    """Who decides, who approves, why, from when (None: now) and until when (None: for good)."""

    author: str | None
    approver: str
    reason: str
    since: str | None
    until: str | None

    def fields(self) -> dict[str, Any]:
        """Return what every decision holds. Raises RefusedError where the two are one person, or an end is none."""
        author = self.author or login()
        if author == self.approver:
            raise RefusedError(
                "--approver",
                author,
                "another person than the author (four eyes)",
                "let somebody else approve it",
            )
        if self.until is not None and not readable(self.until):
            raise RefusedError(
                "--until", repr(self.until), f"a day such as 2026-04-01, or {_AN_INSTANT}", "write it so"
            )
        named = {"reason": self.reason or None, "until": self.until}
        return {
            "author": author,
            "approver": self.approver,
            **{n: v for n, v in named.items() if v is not None},
        }

    def time(self, default_us: int | None, zone: ZoneInfo) -> str:
        """Return from when it holds: as it was named, else an instant (None: now). Raises RefusedError."""
        if self.since is None:
            now = int(datetime.now(UTC).timestamp()) * 10**6
            return rfc3339(now if default_us is None else default_us, zone)
        try:
            return rfc3339(micros(self.since), zone)
        except ValueError:
            raise RefusedError("--from", repr(self.since), _AN_INSTANT, "write it with its offset") from None


def override(
    limit: str,
    value: str,
    scope: Mapping[str, str | None],
    signed: Signed,
    settings: Settings,
    db: Path | None,
) -> None:
    """Override a limit. `scope`: `account` or `owner_id`, or neither for the whole tenant. Raises RefusedError."""
    named = {name: each for name, each in scope.items() if each is not None}
    if len(named) > 1:
        raise RefusedError("--owner", "an account too", "one of the two", "make two overrides")
    read = _value(value)
    _check_limit(load_rules(settings), limit, value, read)
    _write("override.set", {"limit": limit, "value": read, **named, **signed.fields()}, signed, settings, db)


def suppress_alerts(
    rule: str, key: Mapping[str, str], signed: Signed, settings: Settings, db: Path | None, *, end: bool
) -> None:
    """Suppress the alerts of a rule (or of all that a pattern matches) and key, or end that. Raises RefusedError."""
    match_patterns("rules suppress", [rule], load_rules(settings).rules())
    kind = "suppression.ended" if end else "suppression.added"
    _write(kind, {"rule": rule, "key": dict(key), **signed.fields()}, signed, settings, db)


def key_of(parts: list[str]) -> dict[str, str]:
    """Read dimensions of a key given as NAME=VALUE. Raises RefusedError."""
    key: dict[str, str] = {}
    for part in parts:
        name, equals, value = part.partition("=")
        if not (name and equals):
            raise RefusedError(
                "--key", part, "a dimension and its value, such as account=A1", "write NAME=VALUE"
            )
        key[name] = value
    return key


def _value(text: str) -> Any:
    """Return a value as JSON says it; what is no JSON is a text."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def _check_limit(rules: RuleSet, name: str, given: str, value: Any) -> None:
    limit = rules.limits.get(name)
    if limit is None:
        near = nearest(name, rules.limits)
        raise RefusedError(
            "rules override", f"no limit {name}", "a limit's name",
            f"did you mean {near}?" if near else "`weiguard rules docs` lists them all",
        )  # fmt: skip
    if limit.table is not None:
        raise RefusedError(
            "rules override", f"{name}, which has one value for each kind", "a limit of one value",
            "change it in a rule set of your own",
        )  # fmt: skip
    if limit_readers(rules.limits)[0](name, value):
        raise RefusedError(
            "rules override", given, f"a value of {name}, which counts {limit.unit}", "change it"
        )


def _write(kind: str, data: dict[str, Any], signed: Signed, settings: Settings, db: Path | None) -> None:
    if db is not None:
        _into(kind, data, signed, settings.model_copy(update={"db": db}))
        return
    event = _event(kind, data, settings.tenant or "default", signed.time(None, ZoneInfo(settings.zone)))
    sys.stdout.write(msgspec.json.encode(event).decode() + "\n")


def _event(kind: str, data: dict[str, Any], tenant: str, time: str) -> dict[str, Any]:
    """Return the event; the same decision of the same time has the same id, so that it counts once."""
    said = [tenant, time, kind, msgspec.json.encode(data).decode()]
    return {
        "specversion": "1.0", "id": f"{kind.partition('.')[0]}-{sha256(canonical(said)).hexdigest()[:16]}",
        "source": SOURCE, "type": kind, "tenant": tenant, "time": time, "data": data,
    }  # fmt: skip


def _into(kind: str, data: dict[str, Any], signed: Signed, settings: Settings) -> None:
    """Write a decision into a database, and say what came of it."""
    if not settings.db.is_file():
        raise RefusedError(str(settings.db), "no database", "one made by `weiguard run`", "name it with --db")
    with opened(prepare_kept(settings), settings) as (prepared, store):
        tenant = _tenant(settings, store)
        watcher = Watcher(lambda _lines, _bytes: None, tenant)
        engine = prepared.engine()
        runner = Runner(store, engine, observers=[watcher], signer=signer_of(settings))
        runner.resume()
        time = signed.time(engine.clock(tenant), ZoneInfo(settings.zone))
        runner.append(SOURCE, _event(kind, data, tenant, time))
        runner.end()
    watcher.summary.show(settings.lang or language(os.environ), json=False)


def _tenant(settings: Settings, store: SqliteStore) -> str:
    """Return the tenant asked for, or the only one there is. Raises RefusedError."""
    tenants = store.tenants()
    if settings.tenant is None and len(tenants) == 1:
        return tenants[0]
    if settings.tenant not in tenants:
        raise RefusedError(
            "--tenant", settings.tenant or "none", f"one of {', '.join(tenants) or 'none: the log is empty'}",
            "name one of these",
        )  # fmt: skip
    return settings.tenant
