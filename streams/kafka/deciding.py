"""One partition of the input decided: an engine, how far it is, and what became of every input.

No Kafka is spoken to here. Messages come in, what must be written in one transaction comes out, and where one batch
ends and the next begins reaches no record.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from engine.alert import Record
from engine.disposition import DISPOSITIONS
from engine.fold import Engine
from engine.instants import micros
from streams.checkpoints import INPUTS_AN_ENTRY
from streams.commit import CODE
from streams.kafka.addressing import partition_of
from streams.kafka.kept import Checkpoint, Dispositions, Entries, Message, Position, checkpoint, dispositions
from streams.kafka.kept import position as position_message
from streams.refusing import RefusedError
from streams.stores.deciding import DecidedBy, decided_by
from streams.ticks import CLOCK

_QUARANTINED: Final = CODE["quarantined"]
_FOLLOWED: Final = 1_000  # Inputs: some milliseconds' work.
_BLOCK: Final = 1 << 16  # Inputs whose dispositions make one message, of half a megabyte at most.


class Received(Protocol):
    """A message of the input, as clients hand it out."""

    @property
    def offset(self) -> int:
        """Its place in the partition, from 0."""

    @property
    def value(self) -> bytes | None:
        """The event, or None where none was sent."""


class GapError(RefusedError):
    """An input is missing before one that came."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An input for quarantine: where it stands, whose it is, why, and all of it."""

    offset: int
    tenant: str
    reason: str
    raw: bytes


@dataclass(slots=True)
class Decided:
    """What one batch came to."""

    inputs: int = 0
    bytes: int = 0
    codes: bytearray = field(default_factory=bytearray)
    records: list[tuple[int, Record]] = field(default_factory=list)  # (offset of the input, record)
    shadows: list[Record] = field(default_factory=list)  # What shadow rules would have said.
    refused: list[Refused] = field(default_factory=list)

    def dispositions(self) -> dict[str, int]:
        """Return how many inputs had each disposition."""
        return {name: count for name, code in CODE.items() if (count := self.codes.count(code))}


class Deciding:
    """The decisions of one partition, from its first input on."""

    def __init__(self, engine: Engine, topic: str, partition: int, partitions: int, every: int) -> None:
        """Take a new engine. `every`: inputs between two checkpoints, at least."""
        engine.track()
        engine.elsewhere = self._elsewhere
        self.engine = engine
        self.by: DecidedBy = decided_by(engine.program, engine.settings)
        self.offset = -1  # The last input decided.
        self.counts = [0] * len(DISPOSITIONS)
        self.tick_us = -1  # The last tick of a runner's clock.
        self.entries = Entries()
        self.where = f"{topic}/{partition}"
        self._partition, self._partitions = partition, partitions
        self._every = every
        self._checkpoint = -1  # The input that the last checkpoint stands behind.
        self._changed = 0  # How many entries it wrote.
        self.codes = bytearray()  # What became of the inputs since.
        self.pending: list[Record] = []  # What was found since the last batch, or in it.
        self._ats = array("q")
        self._followed = -1  # The input up to which the engine has done a part of the next checkpoint's work.

    def begin(self, mark: Checkpoint, tick_us: int) -> None:
        """Stand where a checkpoint stands; the engine has its state already."""
        self.offset = self._checkpoint = mark.offset
        self.counts = list(mark.counts) or self.counts
        self.tick_us = tick_us

    def decide(self, messages: Sequence[Received]) -> Decided:
        """Decide the messages that were not decided yet.

        Raises GapError, having decided none, where one is missing before them or among them.
        """
        found = Decided()
        feed = self.engine.feed
        self.pending = []
        self._check(messages)
        for message in messages:
            offset = message.offset
            if offset <= self.offset:
                continue
            raw = message.value or b""
            outcome = feed(raw)
            self.offset = offset
            code = CODE[outcome.disposition]
            found.inputs += 1
            found.bytes += len(raw)
            self.codes.append(code)
            self.counts[code] += 1
            self._ats.append(max(outcome.time_us, outcome.clock_us))
            if outcome.records:
                found.records += [(offset, record) for record in outcome.records]
                self.pending += outcome.records
            found.shadows += outcome.shadows
            if code == _QUARANTINED:
                found.refused.append(Refused(offset, outcome.tenant, outcome.reason, raw))
            elif (
                outcome.event is not None
                and outcome.event.kind == "clock.tick"
                and outcome.event.source == CLOCK
            ):
                self.tick_us = max(self.tick_us, micros(outcome.event.time))
        found.codes = self.codes[len(self.codes) - found.inputs :]
        if self.offset - self._followed >= _FOLLOWED:
            self.engine.follow()
            self._followed = self.offset
        return found

    def _check(self, messages: Sequence[Received]) -> None:
        expected = self.offset + 1
        for message in messages:
            if message.offset > expected:
                raise self._gap(message.offset, expected)
            expected = max(expected, message.offset + 1)

    def _gap(self, offset: int, expected: int) -> GapError:
        return GapError(
            self.where,
            f"input {offset:,} where {expected:,} was to come",
            "every input, without a gap",
            "what lies between is gone from the topic (its retention), or it was written in transactions, whose "
            "marks take offsets; `weiguard topics --check` looks at the first",
        )

    def _elsewhere(self, tenant: str) -> str:
        """Say why a tenant cannot be decided here; empty where it can."""
        home = partition_of(tenant, self._partitions)
        if home == self._partition:
            return ""
        return (
            f"tenant: found {tenant!r} in partition {self._partition}; expected it in partition {home}, where "
            "Kafka's default partitioner puts its key"
        )

    def position(self) -> Message:
        """Return the message that says how far this partition is."""
        return position_message(Position(self.by, self.offset, tuple(self.counts), self.tick_us))

    @property
    def begun(self) -> int:
        """The number of inputs that the last checkpoint stands behind."""
        return self._checkpoint + 1

    @property
    def due(self) -> bool:
        """Whether a checkpoint is due: to write one should cost a fraction of what it stands for."""
        return self.offset - self._checkpoint >= max(self._every, INPUTS_AN_ENTRY * self._changed)

    @property
    def behind(self) -> bool:
        """Whether anything was decided since the last checkpoint."""
        return self.offset > self._checkpoint

    def begin_checkpoint(self) -> tuple[Checkpoint, list[set[tuple[Any, ...]]]]:
        """Let all that changed count as taken; return a checkpoint's mark behind this input, and what was taken.

        How many entries there are and what they add up to is known only once they are put.
        """
        settled = self.engine.settle()
        return Checkpoint(self.offset, tuple(self.counts)), settled

    def put(self, entries: Iterable[tuple[bytes, bytes | None]]) -> list[Message]:
        """Return the messages of some of a checkpoint's entries."""
        return [message for name, value in entries for message in self.entries.put(name, value)]

    def rest(self, mark: Checkpoint) -> Iterator[Message]:
        """Yield the last messages of a checkpoint, once all its entries are put."""
        inputs = mark.offset - self._checkpoint
        for start in range(0, inputs, _BLOCK):
            end = min(inputs, start + _BLOCK)
            yield dispositions(
                Dispositions(self.begun + start, bytes(self.codes[start:end]), self._ats[start:end])
            )
        yield checkpoint(Checkpoint(mark.offset, mark.counts, len(self.entries), self.entries.sum))

    def end_checkpoint(self, mark: Checkpoint, changed: int) -> None:
        """Count a checkpoint as written. `changed`: its entries."""
        inputs = mark.offset - self._checkpoint
        del self.codes[:inputs]
        del self._ats[:inputs]
        self._checkpoint, self._changed = mark.offset, changed
