"""How alerts are listed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.alert import Record
from engine.instants import micros
from monitoring.explaining import in_log_order
from monitoring.filtering import Filters
from monitoring.wording.words import LEVELS, STATES, Language
from streams.stores.sqlite_reading import SqliteReader, open_reader
from weiguard.settings import Settings
from weiguard.words import COLOURS, LISTING, NO_ALERTS, language


def list_alerts(filters: Filters, settings: Settings, *, records: bool, shadow: bool, json: bool) -> None:
    """Write the alerts of the database, or would-be ones, to standard output. Raises RefusedError."""
    with open_reader(settings.db) as reader:
        found = (
            (record, body)
            for record, body in in_log_order(reader, standing=not records, shadow=shadow)
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
