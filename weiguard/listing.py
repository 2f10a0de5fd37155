"""Which alerts are listed, and how they look."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.alert import Record
from engine.instants import micros
from monitoring.explaining import in_log_order
from streams.refusing import RefusedError
from streams.stores.sqlite_reading import SqliteReader, open_reader
from weiguard.settings import Settings
from weiguard.words import COLOURS, LEVELS, LISTING, NO_ALERTS, STATES, Language, language


@dataclass(frozen=True, slots=True)
class Filters:
    """What a listed record must match; empty matches all. Instants are UTC microseconds."""

    rules: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    key: tuple[str, str] | None = None  # (dimension or empty for any, value)
    since: int | None = None
    until: int | None = None

    @classmethod
    def of(
        cls,
        patterns: Mapping[str, Sequence[str] | None],
        key: str | None,
        since: str | None,
        until: str | None,
    ) -> Filters:
        """Read filters as people write them (`patterns`: rules, levels, states); raises RefusedError."""
        name, equals, value = (key or "").rpartition("=")
        pair = None if key is None else (name if equals else "", value)
        lists = {name: tuple(given or ()) for name, given in patterns.items()}
        return cls(**lists, key=pair, since=_instant("--since", since), until=_instant("--until", until))

    def match(self, record: Record) -> bool:
        """Return whether a record is to be listed."""
        at = micros(record.at) if self.since is not None or self.until is not None else 0
        return (
            (not self.rules or any(fnmatchcase(record.rule, pattern) for pattern in self.rules))
            and (not self.levels or record.level in self.levels)
            and (not self.states or record.state in self.states)
            and (self.since is None or at >= self.since)
            and (self.until is None or at < self.until)
            and (self.key is None or _has(record.key, *self.key))
        )


def _has(key: dict[str, Any], name: str, value: str) -> bool:
    return any(str(each) == value for dimension, each in key.items() if name in ("", dimension))


def _instant(flag: str, text: str | None) -> int | None:
    try:
        return micros(text) if text is not None else None
    except ValueError:
        raise RefusedError(
            flag, repr(text), "an instant such as 2026-04-01T00:00:00+08:00", "write it with its offset"
        ) from None


def list_alerts(filters: Filters, settings: Settings, *, records: bool, json: bool) -> None:
    """Write the alerts of the database to standard output. Raises RefusedError."""
    with open_reader(settings.db) as reader:
        found = (
            (record, body)
            for record, body in in_log_order(reader, standing=not records)
            if settings.tenant in (None, record.tenant) and filters.match(record)
        )
        if json:
            for _, body in found:
                sys.stdout.buffer.write(body + b"\n")
            sys.stdout.buffer.flush()
        else:
            # People read by time; standing alerts come in the order of their ids.
            _show(reader, found if records else iter(sorted(found, key=_by_time)), settings)


def _by_time(listed: tuple[Record, bytes]) -> tuple[int, str]:
    record, _ = listed
    return micros(record.at), record.id


def _show(reader: SqliteReader, found: Iterator[tuple[Record, bytes]], settings: Settings) -> None:
    lang = settings.lang or language(os.environ)
    console = Console(highlight=False)
    wide = not console.is_terminal
    table = Table(*LISTING[lang], box=None, pad_edge=False)
    titles: dict[str, str] = {}
    for record, _ in found:
        title = titles.setdefault(record.rule, _title(reader, record.rule, lang))
        state = STATES[lang].get(record.state, "")
        level = Text(LEVELS[lang][record.level] + (f" {state}" if state else ""), style=COLOURS[record.level])
        key = " ".join(f"{name}={value}" for name, value in record.key.items())
        message = record.message.get(lang, "")
        table.add_row(
            record.at, level, Text(f"{record.rule} {title}"), Text(key), Text(message), Text(record.id)
        )
    if not table.row_count:
        console.print(NO_ALERTS[lang])
    elif wide:
        Console(highlight=False, width=400).print(table)
    else:
        console.print(table)


def _title(reader: SqliteReader, rule: str, lang: Language) -> str:
    text = reader.rule(rule)
    return str(msgspec.json.decode(text)["title"].get(lang, "")) if text is not None else ""
