"""The runner in memory: decides a log and hands out records in log order. It keeps nothing that the engine does not.

This is the loop that is measured, so it does nothing an event could do without.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Final

import msgspec

from engine.alert import Record
from engine.fold import Engine
from streams.commit import CODE
from streams.past import ReplayedPast
from streams.ports import Source
from streams.stopping import Stop, next_block

SHOWN: Final = 10  # Refusals that are told one by one; the rest is only counted.


class Refused(msgspec.Struct, frozen=True, gc=False):
    """An input that was quarantined: its line in the log, and why."""

    line: int
    reason: str


class Replayed(msgspec.Struct, gc=False):
    """What a replay has read so far: lines, bytes, and the first refusals."""

    lines: int = 0
    bytes: int = 0
    refused: list[Refused] = msgspec.field(default_factory=list)


def replay(
    source: Source,
    engine: Engine,
    take: Callable[[list[Record], list[bytes]], None],
    stop: Stop | None = None,
    progress: Callable[[Replayed], None] | None = None,
) -> Replayed:
    """Decide every line of a source and hand over the records block by block, in log order, and each as a line of JSON.

    Ends early, after a whole block, where somebody asks to stop. Raises RefusedError where the source cannot be read.
    """
    stop = stop or Stop()
    told = Replayed()
    blocks = source.blocks(None)
    with closing(ReplayedPast(source)) as past:
        engine.past = past
        while (block := next_block(blocks, stop)) is not None:
            past.keep(block.lines)
            take(*_decide(engine, block.lines, past, told))
            told.bytes += sum(map(len, block.lines)) + len(block.lines)
            if block.rest is not None:
                block.rest.close()
            if progress is not None:
                progress(told)
    return told


def _decide(
    engine: Engine, lines: list[bytes], past: ReplayedPast, told: Replayed
) -> tuple[list[Record], list[bytes]]:
    """Decide lines and return their records, and these as lines."""
    feed, code = engine.feed, past.codes.append
    records: list[Record] = []
    written: list[bytes] = []
    line = told.lines
    for raw in lines:
        outcome = feed(raw)
        line += 1
        disposition, said = outcome.disposition, outcome.records
        code(CODE[disposition])
        if said:
            written += past.say(said)
            records += said
        if outcome.shadows:
            past.say(outcome.shadows)
        if disposition == "quarantined" and len(told.refused) < SHOWN:
            told.refused.append(Refused(line, outcome.reason))
    told.lines = line
    return records, written
