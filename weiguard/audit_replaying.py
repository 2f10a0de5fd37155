"""A replay as proof from the command line: what is decided again, what is identical, and what is not."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar

import msgspec

from engine.alert import Record
from monitoring.explaining import records_of
from monitoring.pointing import Difference
from monitoring.reexecuting import Replayed, Wish, replay
from monitoring.wording.words import Language
from streams.audit.broken import BrokenError
from streams.large_state import large_state
from streams.refusing import RefusedError
from streams.stores.sqlite_reading import SqliteReader, open_reader
from weiguard.audit_replay_words import REPLAY
from weiguard.audit_words import entries
from weiguard.failing import FOUND, say
from weiguard.progress import progress_bar
from weiguard.settings import Settings
from weiguard.words import language

_WHOLE: Final = re.compile("a_[0-9a-f]{32}")
Told = TypeVar("Told")


class _Entry(msgspec.Struct):
    record: Record


@dataclass(frozen=True, slots=True)
class Order:
    """What a call of `audit replay` asks for, beside the settings."""

    alert: str | None = None
    day: str | None = None
    tenant: str | None = None
    everything: bool = False
    json: bool = False


def run_replay(order: Order, settings: Settings) -> int:
    """Decide again, say what came out, and return the status: 1 where it is not what is stored. Raises RefusedError."""
    lang = settings.lang or language(os.environ)
    _refuse_misuse(order)
    day = _day(order.day) if order.day is not None else None
    try:
        with open_reader(settings.db) as reader:
            wish = _wish(reader, order, day)
            with progress_bar(reader.last) as show, large_state():
                done = replay(reader, wish, show)
    except BrokenError as broken:
        if order.json:
            _write({"ok": False, "where": broken.where, "found": broken.found, "expected": broken.expected})
        else:
            say(f"weiguard: {REPLAY[lang]['broken']}: {broken}")
        return FOUND
    if day is not None and done.ok and not done.wanted:
        raise RefusedError("--day", f"{day}, on which nothing was told", "a day of the log", "name another")
    if order.json:
        _write(_plain(wish, done))
    else:
        sys.stdout.write("\n".join(_lines(wish, done, lang)) + "\n")
    return 0 if done.ok else FOUND


def _refuse_misuse(order: Order) -> None:
    given = {
        "ALERT": order.alert is not None,
        "--day": order.day is not None,
        "--tenant": order.tenant is not None,
        "--all": order.everything,
    }
    named = [name for name, is_given in given.items() if is_given]
    if not named:
        mend = "name one, as in `weiguard audit replay a_17be2949`"
        raise RefusedError("audit replay", "nothing to decide again", "ALERT, --day, --tenant or --all", mend)
    if len(named) > 1 and named != ["--day", "--tenant"]:
        expected = "one of them, or --day with --tenant"
        raise RefusedError("audit replay", " and ".join(named), expected, f"leave out {named[1]}")


def _day(given: str) -> date:
    try:
        found = date.fromisoformat(given)
    except ValueError:
        found = date.max
    if found == date.max or found.isoformat() != given:
        raise RefusedError("--day", given, "a day, as 2026-03-09", "write year, month and day")
    return found


def _wish(reader: SqliteReader, order: Order, day: date | None) -> Wish:
    """Return what is asked for in whole names. Raises RefusedError, or BrokenError where the alert is no record."""
    if order.alert is not None:
        return _alert(reader, order.alert)
    if order.tenant is not None and order.tenant not in reader.tenants():
        known = ", ".join(reader.tenants()[:5]) or "none yet"
        raise RefusedError(
            "--tenant", order.tenant, f"a tenant of the database ({known})", "name one of them"
        )
    return Wish(None, order.tenant, day)


def _alert(reader: SqliteReader, given: str) -> Wish:
    """Return an alert and whose it is. One that is shown no more is looked for in the log, by its whole id."""
    if _WHOLE.fullmatch(given) and not reader.of_alert(given):
        entry = reader.audit.first_of(given)
        if entry is not None:
            return Wish(given, _read(entry, _Entry, f"the entry of {given}").record.tenant)
    last = records_of(reader, given)[-1]
    record = _read(last.body, Record, f"alerts, record {last.record} of {last.alert}")
    return Wish(last.alert, record.tenant)


def _read(body: bytes, as_: type[Told], where: str) -> Told:
    try:
        return msgspec.json.decode(body, type=as_)
    except msgspec.MsgspecError:
        raise BrokenError(where, "what cannot be read", "an alert record") from None


def _lines(wish: Wish, done: Replayed, lang: Language) -> Iterator[str]:
    words = REPLAY[lang]
    about = "alert" if wish.alert else "day" if wish.day else "tenant" if wish.tenant else "all"
    name = wish.alert or (wish.day and wish.day.isoformat()) or wish.tenant or ""
    yield words[about].format(name=name, wanted=f"{done.wanted:,}", identical=f"{done.wanted_identical:,}")
    for leaf in done.leaves:
        verdict = words["differs" if leaf.differences else "erased" if leaf.erased else "identical"]
        index = words["none"] if leaf.index is None else f"{leaf.index:,}"
        yield words["leaf"].format(index=index, record=leaf.record, state=leaf.state or "-", verdict=verdict)
    whose = words["of"].format(tenant=wish.tenant) if wish.tenant is not None else words["of_all"]
    yield words["decided"].format(
        inputs=f"{done.inputs:,}", whose=whose, rulesets=", ".join(done.rulesets) or words["none"],
        entries=f"{done.entries:,}", identical=f"{done.identical:,}",
    )  # fmt: skip
    if done.erased:
        yield words["of_erased"].format(entries=entries(done.erased, lang), wanted=f"{done.wanted_erased:,}")
    if done.earlier:
        yield words["earlier"].format(entries=entries(done.earlier, lang))
    yield from (f"  {each}" for each in done.differences)
    if done.differing > len(done.differences):
        yield words["more"].format(count=f"{done.differing - len(done.differences):,}")
    if not done.ended:
        yield words["ended"]


def _plain(wish: Wish, done: Replayed) -> dict[str, Any]:
    return {
        "ok": done.ok, "alert": wish.alert, "tenant": wish.tenant, "day": wish.day and wish.day.isoformat(),
        "wanted": done.wanted, "wanted_identical": done.wanted_identical, "wanted_erased": done.wanted_erased,
        "leaves": [
            {
                "index": leaf.index, "record": leaf.record, "state": leaf.state or None,
                "identical": not leaf.differences and not leaf.erased, "erased": leaf.erased,
                "differences": [_told(each) for each in leaf.differences],
            }
            for leaf in done.leaves
        ],
        "inputs": done.inputs, "rulesets": done.rulesets, "entries": done.entries, "identical": done.identical,
        "erased": done.erased, "earlier": done.earlier, "ended": done.ended, "differing": done.differing,
        "differences": [_told(each) for each in done.differences],
    }  # fmt: skip


def _told(each: Difference) -> dict[str, str]:
    return {"where": each.where, "field": each.field, "found": each.found, "expected": each.expected}


def _write(value: dict[str, Any]) -> None:
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
