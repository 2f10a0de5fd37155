"""Answers of the audit log as people and programs read them: a table, lines of JSON, a sheet, or columns."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.instants import rfc3339
from monitoring.queries import Answer, Found
from monitoring.sheets import write_sheet
from monitoring.wording.words import LEVELS, Language
from streams.sinks.parquet import ParquetSink
from weiguard.audit_words import QUERIED, QUERY_LIST

Format: TypeAlias = Literal["text", "jsonl", "csv", "parquet"]
COLUMNS: Final = (
    "leaf", "tenant", "kind", "position", "at", "rule", "level", "alert", "event", "account", "owner", "actor",
    "approver", "entry", "tree_size", "tree_root",
)  # fmt: skip
_MOST_SHOWN: Final = 160  # Signs of what an entry says in a table.


def write(answer: Answer, format: Format, out: Path | None, zone: ZoneInfo, lang: Language) -> int:
    """Write an answer to a file, or to standard output; return how many entries it has.

    A file is there whole or not at all. Raises RefusedError and BrokenError.
    """
    if format == "parquet":
        assert out is not None, "the call was looked at"
        with whole(out) as part:
            return _columns(answer, part, zone)
    writers = {"text": _table, "jsonl": _lines, "csv": _sheet}
    if out is None:
        file = io.TextIOWrapper(sys.stdout.buffer, "utf-8", newline="", write_through=True)
        try:
            return writers[format](answer, file, zone, lang)
        finally:
            file.detach()
    with whole(out) as part, part.open("w", encoding="utf-8", newline="") as file:
        return writers[format](answer, file, zone, lang)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yield where to write what becomes the file when all went well."""
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _table(answer: Answer, file: IO[str], zone: ZoneInfo, lang: Language) -> int:
    table = Table(*QUERY_LIST[lang], box=None, pad_edge=False)
    for found in answer.rows:
        each = found.facets
        what = " ".join(filter(None, [each.rule, LEVELS[lang].get(each.level or "", "")]))
        who = " ".join(filter(None, [each.account or each.owner, each.actor and f"@{each.actor}"]))
        said = Text(_said(found, lang))
        table.add_row(f"{each.leaf}", _at(found, zone) or "", Text(each.kind), Text(what), Text(who), said)
    if table.row_count:
        Console(highlight=False, file=file, width=None if file.isatty() else 400).print(table)
    told = QUERIED[lang]["read" if table.row_count else "none"]
    file.write(told.format(rows=table.row_count, size=f"{answer.head.size:,}", root=answer.root) + "\n")
    return table.row_count


def _said(found: Found, lang: Language) -> str:
    """Return what an entry says, as short as a table has room for."""
    told = found.told
    if "record" in told:
        record = told["record"]
        text = f"{record.get('state', '')}: {record.get('message', {}).get(lang, '')}"
    elif "reason" in told:
        text = told["reason"]
    else:
        text = _json(told["event"].get("data", {}) if "event" in told else told.get("counts", {}))
    line = " ".join(text.split())
    return line if len(line) <= _MOST_SHOWN else f"{line[:_MOST_SHOWN]}…"


def _lines(answer: Answer, file: IO[str], _: ZoneInfo, __: Language) -> int:
    """Write a line an entry, and a last one that says what was asked and what it was read at."""
    count = 0
    for count, found in enumerate(answer.rows, 1):  # noqa: B007  # the last number is the count
        file.write(f'{{"leaf":{found.facets.leaf},"entry":{found.entry.decode()}}}\n')
    told = {
        "query": msgspec.Raw(answer.query.spelling().encode()), "asked": answer.asked, "rows": count,
        "tree_size": answer.head.size, "tree_root": answer.root,
        "checkpoint": answer.head.note.decode() if answer.head.note is not None else None, "next": answer.next,
    }  # fmt: skip
    file.write(_json({"answer": told}) + "\n")
    return count


def _sheet(answer: Answer, file: IO[str], zone: ZoneInfo, _: Language) -> int:
    return write_sheet(file, COLUMNS, (_row(answer, found, zone).values() for found in answer.rows))


def _columns(answer: Answer, path: Path, zone: ZoneInfo) -> int:
    sink = ParquetSink(path, COLUMNS)
    count = 0
    try:
        for count, found in enumerate(answer.rows, 1):  # noqa: B007  # the last number is the count
            sink.add(_row(answer, found, zone))
    finally:
        sink.close()
    return count


def _row(answer: Answer, found: Found, zone: ZoneInfo) -> dict[str, Any]:
    facets = found.facets._asdict()
    facets |= {"at": _at(found, zone), "entry": found.entry.decode()}
    facets |= {"tree_size": answer.head.size, "tree_root": answer.root}
    return {name: facets[name] for name in COLUMNS}


def _at(found: Found, zone: ZoneInfo) -> str | None:
    return rfc3339(found.facets.at_us, zone) if found.facets.at_us is not None else None


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
