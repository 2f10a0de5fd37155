"""A replay from the command line: where its records go, and what is said at its end."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from typing import IO, Any, Literal, Protocol

import msgspec

from engine.alert import ARRIVAL_FIELDS, Record, encode, standing_view
from engine.fold import Engine
from engine.instants import micros
from monitoring.wording.words import Language
from streams.large_state import large_state
from streams.refusing import RefusedError
from streams.replaying import Refused, Replayed, replay
from streams.sinks.parquet import ParquetSink
from streams.sources.jsonl import JsonLines
from streams.stopping import Stop
from weiguard.failing import FOUND, INTERRUPTED, say
from weiguard.leaving import keep_to_the_end
from weiguard.preparing import prepare
from weiguard.progress import progress_bar
from weiguard.settings import Settings
from weiguard.summary import Summary
from weiguard.words import SUMMARY, language

_FIELDS = Record.__struct_fields__


@dataclass(frozen=True, slots=True)
class Order:
    """What a call of `replay` asks for, beside the settings. `out` None: standard output."""

    events: str
    out: Path | None
    standing: bool
    until: str | None
    format: Literal["jsonl", "parquet"]
    json: bool
    strict: bool


class Sink(Protocol):
    """Where records go."""

    def take(self, records: list[Record], lines: list[bytes]) -> None:
        """Write records of a log, which are also there as lines of JSON."""

    def take_standing(self, records: Iterable[Record]) -> None:
        """Write what stands, without what tells of arrival."""

    def close(self) -> None:
        """Write what is left."""


class _Lines:
    """Records as lines of JSON."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def take(self, records: list[Record], lines: list[bytes]) -> None:  # noqa: ARG002  # lines are enough
        if lines:
            self._file.write(b"".join(lines))

    def take_standing(self, records: Iterable[Record]) -> None:
        for record in records:
            self._file.write(msgspec.json.encode(standing_view(record)) + b"\n")

    def close(self) -> None:
        self._file.flush()
        if self._file is not sys.stdout.buffer:
            self._file.close()


class _Columns:
    """Records as a Parquet file."""

    def __init__(self, path: Path, *, standing: bool) -> None:
        fields = tuple(name for name in _FIELDS if not (standing and name in ARRIVAL_FIELDS))
        self._file = ParquetSink(path, fields)

    def take(self, records: list[Record], lines: list[bytes]) -> None:  # noqa: ARG002  # columns have values
        for record in records:
            row: dict[str, Any] = msgspec.to_builtins(record)
            self._file.add(row)

    def take_standing(self, records: Iterable[Record]) -> None:
        for record in records:
            self._file.add(standing_view(record))

    def close(self) -> None:
        self._file.close()


def run_replay(order: Order, settings: Settings) -> int:
    """Replay, and return the exit status."""
    until = until_us(order.until)
    lang = settings.lang or language(os.environ)
    prepared = prepare(settings, keep=order.standing)
    source = JsonLines(order.events)
    sink = _sink(order)
    engine = prepared.engine()
    keep_to_the_end(engine)
    summary = Summary()
    told = Replayed()
    stop = Stop()

    def take(records: list[Record], lines: list[bytes]) -> None:
        if settings.tenant is not None:
            asked = [record.tenant == settings.tenant for record in records]
            records, lines = list(compress(records, asked)), list(compress(lines, asked))
        summary.add(records)
        if not order.standing:
            sink.take(records, lines)

    try:
        with progress_bar(source.size) as show, large_state(), stop.listening():
            told = replay(source, engine, take, stop, lambda so_far: show(so_far.lines, so_far.bytes))
        if until is not None and stop.asked is None:
            last = engine.until(until)
            take(last, [encode(record) + b"\n" for record in last])
        if order.standing:
            sink.take_standing(engine.standing(settings.tenant))
    finally:
        sink.close()
    _tell(engine, told, summary, lang, order)
    if stop.asked is not None:
        return INTERRUPTED
    return FOUND if order.strict and summary.dispositions["quarantined"] else 0


def _tell(engine: Engine, told: Replayed, summary: Summary, lang: Language, order: Order) -> None:
    summary.dispositions.update(engine.tally.by_disposition())
    summary.undecided = engine.undecided
    summary.unlisted = engine.tally.unlisted
    if not order.json:
        say_refused(told.refused, summary.dispositions["quarantined"], lang)
    summary.show(lang, json=order.json)


def say_refused(refused: list[Refused], count: int, lang: Language) -> None:
    """Tell the first lines that were quarantined, and how many more there are."""
    for each in refused:
        say(SUMMARY[lang]["line"].format(line=f"{each.line:,}", reason=each.reason))
    if count > len(refused):
        say(SUMMARY[lang]["more"].format(count=f"{count - len(refused):,}"))


def until_us(text: str | None) -> int | None:
    """Read the value of --until as UTC microseconds; raises RefusedError."""
    try:
        return micros(text) if text is not None else None
    except ValueError:
        raise RefusedError(
            "--until", repr(text), "an instant such as 2026-04-01T00:00:00+08:00", "write it with its offset"
        ) from None


def _sink(order: Order) -> Sink:
    if (
        order.out is not None
        and order.out.exists()
        and Path(order.events).exists()
        and order.out.samefile(order.events)
    ):
        raise RefusedError(
            "--out",
            f"{order.out}, the file of events itself",
            "another file",
            "the events would be overwritten",
        )
    if order.format == "parquet":
        if order.out is None:
            raise RefusedError("--format", "parquet on standard output", "a file", "name one with --out")
        return _Columns(order.out, standing=order.standing)
    if order.out is None:
        return _Lines(sys.stdout.buffer)
    try:
        return _Lines(order.out.open("wb"))
    except OSError as error:
        raise RefusedError(
            "--out",
            f"{order.out}: “{(error.strerror or str(error)).lower()}”",
            "a file that can be written",
            "name another",
        ) from None
