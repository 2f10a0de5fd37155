"""The unit of durability: some inputs, what was decided of each, how far their source was read, and changed state.

A batch is committed whole or not at all, so that a restart finds the log, its decisions and its positions in agreement.
Where one batch ends and the next begins reaches no record.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Final, TypeAlias

import msgspec

from engine.alert import Record
from engine.disposition import DISPOSITIONS
from streams.ports import Position

if TYPE_CHECKING:
    from streams.audit.growth import Growth
    from streams.sealing.subjects import Puncture
    from streams.sealing.weeks import Kept
    from streams.stores.deciding import Decider

CODE: Final[dict[str, int]] = {
    disposition: code for code, disposition in enumerate(DISPOSITIONS)
}  # As it is stored.

NO_TENANT: Final = ""  # Of a line that cannot be read.
PIECE_BYTES: Final = 1 << 20  # Of an overlong line that are kept, and told, together.

# seq, line in its source, tenant, its time and the clock after it (UTC microseconds), disposition's code, reason, the
# line; the last two sealed, as they are stored.
InputRow: TypeAlias = tuple[int, int, str, int, int, int, str, bytes]


class StoredInput(msgspec.Struct, frozen=True, gc=False):
    """One input of the log. `seq` counts inputs from 1, `line` the lines of its source; times are UTC microseconds.

    `raw` and `reason` are opened, or sealed as they are stored, by how they were asked for.
    """

    seq: int
    source: str
    line: int
    tenant: str
    time_us: int
    clock_us: int
    disposition: str
    reason: str
    raw: bytes


class StoredRecord(msgspec.Struct, frozen=True, gc=False):
    """One alert record: the input whose arrival wrote it, and the record as one line of JSON, opened or sealed."""

    input: int
    alert: str
    record: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Erasure:
    """Keys of subjects that are destroyed, and the numbers of the inputs that say so."""

    punctures: tuple[Puncture, ...]
    inputs: tuple[int, ...]


@dataclass(slots=True)
class Batch:
    """What one transaction holds."""

    source: str = ""
    inputs: list[InputRow] = field(default_factory=list)
    records: list[tuple[int, Record]] = field(default_factory=list)  # (seq of the input, record sealed)
    position: Position | None = None
    rest: IO[bytes] | None = None  # What follows the first bytes of the last input.
    state: Iterable[tuple[bytes, bytes | None]] | None = (
        None  # At a checkpoint: the entries changed since the last.
    )
    again: bool = False  # The inputs are in the log already and are decided anew.
    rules: Decider | None = (
        None  # What decides these inputs and all that follow; `state` is then the whole state.
    )
    growth: Growth | None = None  # What the audit log gains by it.
    erasure: Erasure | None = None
    weeks: Sequence[Kept] = ()  # What is new of the weeks by which addresses are sealed.
    acts: list[tuple[str, int]] = field(
        default_factory=list
    )  # (alert, seq of the input that tells of an act)
    shadows: list[tuple[int, Record]] = field(
        default_factory=list
    )  # What shadow rules would have said, as `records`.


@dataclass(frozen=True, slots=True)
class Committed:
    """What observers hear: this is durable now. `bytes` counts what was read, for progress.

    `decide_s` and `commit_s` tell how long deciding and committing took, in seconds. `shadows`: what shadow rules would
    have said, sealed where records are; it is counted and shown to nobody who is told of alerts.
    """

    inputs: int
    bytes: int
    dispositions: dict[str, int]
    records: list[Record]
    decide_s: float = 0.0
    commit_s: float = 0.0
    shadows: list[Record] = field(default_factory=list)
