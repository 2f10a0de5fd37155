"""The runner for one machine: reads sources, lets the engine decide, and commits batch by batch.

After a restart the engine stands again where the store ends: from the last checkpoint, and from the log behind it,
which is decided again and compared with what is stored. What differs is damage, and stops the run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BytesIO
from itertools import chain, repeat
from typing import IO, Final, TypeAlias

import msgspec

from engine.alert import Record, encode
from engine.decoding import LONGEST
from engine.erasing import forget
from engine.fold import Engine
from engine.instants import rfc3339
from engine.keeping import StateError
from engine.program import Program
from engine.switching import Switch
from engine.windows import Zone
from streams.audit.log import AuditLog
from streams.audit.notes import Signer
from streams.checkpoints import CHECKPOINT_EVERY, INPUTS_AN_ENTRY
from streams.commit import CODE, NO_TENANT, PIECE_BYTES, Batch, Committed, Erasure, InputRow, StoredRecord
from streams.handling import EVENTS, LIVED
from streams.past import StoredPast
from streams.ports import BLOCK_LINES, Block, Observer, Source, Store
from streams.refusing import RefusedError
from streams.stopping import Stop, next_block
from streams.stores.deciding import Decider
from streams.ticks import CLOCK, tick_event

RULES: Final = "weiguard/rules"  # The source of changes of rules.
_DEFAULT: Final = "default"  # The tenant of a change of rules before there is any.
_MINUTE_US: Final = 60 * 10**6
_REFOLD: Final = "fold the log anew with --refold, or restore a copy of the database"
_UTC: Final = Zone("UTC").info
_NONE: Final[frozenset[str]] = frozenset()
Events: TypeAlias = Callable[[str, str], list[dict[str, object]]]  # By tenant and time.


class Runner:
    """One engine over one store."""

    def __init__(
        self,
        store: Store,
        engine: Engine,
        *,
        observers: Sequence[Observer] = (),
        every: int = CHECKPOINT_EVERY,
        now: Callable[[], int] | None = None,
        signer: Signer | None = None,
        audited: bool = True,
    ) -> None:
        """Take a new engine. `every`: inputs between checkpoints. `now`: UTC microseconds, for live sources only.

        `signer` signs the audit log. `audited`: off only where its cost is measured.
        """
        engine.track()
        self._past = engine.past = StoredPast(store)
        self.audit = AuditLog(store.audit, Zone(engine.settings.zone), signer) if audited else None
        self.store = store
        self.engine = engine
        self.caught_up = False  # Whether there was a moment when no source had anything left.
        self._observers = observers
        self._every = every
        self._now = now
        self._seq = store.last
        self._clock_us = store.clock_us()  # Of the last input that had one: what has none came then.
        self._checkpoint = store.checkpointed()
        self._entries = 0  # Of the last checkpoint.
        self._minute = now() // _MINUTE_US if now is not None else 0

    def resume(self) -> int:
        """Bring the engine to where the store ends; return how many inputs were decided again.

        Raises RefusedError where they are not decided as they were: then rules or log have been changed.
        """
        start = self._checkpoint
        if start:
            self._restore(start)
        left = [iter(self.store.sealed_records(start)), iter(self.store.sealed_shadows(start))]
        for stored in self.store.inputs(start):
            self._past.move(stored.seq - 1, Batch())
            outcome = self.engine.feed(stored.raw)
            agree = outcome.disposition == stored.disposition
            for found, kept in zip((outcome.records, outcome.shadows), left, strict=True):
                for record in found:
                    again = StoredRecord(stored.seq, record.id, record.record, encode(self._sealed(record)))
                    agree = next(kept, None) == again and agree
            if not agree:
                raise _changed(stored.seq)
        for rest in chain(*left):
            raise _changed(rest.input)
        return self._seq - start

    def _restore(self, start: int) -> None:
        """Take up the state of the checkpoint, and remember what had been seen and may come again in time."""
        engine = self.engine
        try:
            engine.restore(self.store.state())
        except StateError as error:
            raise RefusedError("the state", f"that {error}", "a state that can be read", _REFOLD) from None
        settings = engine.settings
        since = {
            tenant: (engine.clock(tenant) or 0) - 2 * settings.lateness_of.get(tenant, settings.lateness_us)
            for tenant in self.store.tenants()
        }
        for stored in self.store.seen(start, min(since.values(), default=0)):
            if max(stored.time_us, stored.clock_us) >= since[stored.tenant]:
                engine.recall(stored.raw, stored.clock_us)

    def run(
        self, sources: Sequence[Source], stop: Stop | None = None, between: Callable[[], None] = lambda: None
    ) -> None:
        """Read sources to their ends, one after the other, and live ones for good; then write a checkpoint.

        `between` is called after every block, when nothing is half done.
        Raises RefusedError where a source or the store fails; what was committed before stays.
        """
        stop = stop or Stop()
        for source in sources:
            if not source.live:
                self._read(source, source.blocks(self.store.position(source.name)), stop, between)
        live = [
            (source, source.blocks(self.store.position(source.name))) for source in sources if source.live
        ]
        self.caught_up = not live and stop.asked is None
        while live and stop.asked is None:
            idle = [self._read_some(source, blocks, stop) for source, blocks in live]
            between()
            if all(idle):
                self.caught_up = True
                self.tick()
        self.end()

    def _read(self, source: Source, blocks: Iterator[Block], stop: Stop, between: Callable[[], None]) -> None:
        while (block := next_block(blocks, stop)) is not None:
            self.take(source.name, block)
            between()

    def _read_some(self, source: Source, blocks: Iterator[Block], stop: Stop) -> bool:
        """Take a live source's next block; return whether it is idle."""
        block = next_block(blocks, stop)
        if block is None or not block.lines:
            return True
        self.take(source.name, block)
        return False

    def take(self, source: str, block: Block, rules: Decider | None = None) -> Committed:
        """Decide and commit one block, and tell the observers. Raises RefusedError where the store cannot take it.

        `rules`: what decides from this block on, where that is not what decided before.
        """
        position = block.position
        line = position.lines - len(block.lines) if position is not None else 0
        batch = Batch(source, position=position, rest=block.rest, rules=rules)
        records: list[Record] = []
        begun = time.perf_counter()
        size = self._decide(zip(block.lines, repeat(None)), line, batch, records, block.rest)
        between = time.perf_counter()
        if rules is not None or self._seq - self._checkpoint >= max(
            self._every, INPUTS_AN_ENTRY * self._entries
        ):
            self._add_checkpoint(batch)
        try:
            self._commit(batch)
        finally:
            if block.rest is not None:
                block.rest.close()
        committed = Committed(
            len(batch.inputs),
            size,
            _counted(batch.inputs),
            records,
            decide_s=between - begun,
            commit_s=time.perf_counter() - between,
            shadows=[record for _, record in batch.shadows],
        )
        if block.taken is not None:
            opened = self.store.seals.opened_text
            block.taken([(*row[:6], opened(row[6]), row[7]) for row in batch.inputs])
        for observer in self._observers:
            observer(committed)
        return committed

    def _decide(
        self,
        lines: Iterable[tuple[bytes, bytes | None]],
        line: int,
        batch: Batch,
        records: list[Record],
        rest: IO[bytes] | None = None,
    ) -> int:
        """Decide lines into a batch; return their bytes. `rest` follows the only line, where that is too long.

        A line comes with what is stored of it, where it is stored already.
        """
        seals = self.store.seals
        seal = seals.line
        feed, add = self.engine.feed, batch.inputs.append
        tell = self.audit.add if self.audit is not None else None
        seq, size = self._seq, 0
        self._past.move(seq - len(batch.inputs), batch)
        for raw, stored in lines:
            outcome = feed(raw)
            seq += 1
            line += 1
            size += len(raw) + 1
            if outcome.clock_us:
                self._clock_us = outcome.clock_us
            reason = outcome.reason and seals.reason(outcome.tenant, outcome.reason, raw, self._clock_us)
            row: InputRow = (
                seq, line, outcome.tenant, outcome.time_us, outcome.clock_us, CODE[outcome.disposition],
                reason, stored or seal(outcome.tenant, raw, self._clock_us),
            )  # fmt: skip
            add(row)
            sealed: Sequence[Record] = ()
            if outcome.records:
                sealed = [self._sealed(record) for record in outcome.records]
                batch.records += [(seq, record) for record in sealed]
                records += outcome.records
            if outcome.shadows:
                batch.shadows += [(seq, self._sealed(record)) for record in outcome.shadows]
            kind = outcome.event.kind if outcome.event is not None else ""
            if kind in EVENTS and outcome.disposition in LIVED:
                assert outcome.event is not None, "it has a kind"
                batch.acts.append((outcome.event.data.alert_id, seq))
            if tell is not None:
                tell(row, kind, sealed, self._pieces(rest) if rest is not None else ())
        self._seq = seq
        return size

    def _sealed(self, record: Record) -> Record:
        """Return a record as it is told and stored."""
        personal = self.engine.tenants[record.tenant].program.personal
        return self.store.seals.record(record, personal.get(record.rule, _NONE))

    def _pieces(self, rest: IO[bytes]) -> Iterator[bytes]:
        """Seal what follows the first bytes of an overlong line, piece by piece, and go back to its beginning."""
        while piece := rest.read(PIECE_BYTES):
            yield self.store.seals.piece(NO_TENANT, piece)
        rest.seek(0)

    def erase(self, source: str, events: list[dict[str, object]], subjects: list[tuple[str, str]]) -> None:
        """Destroy the keys of subjects, each in its tenant; `events` say so, one a tenant, and stand in the log.

        Records that were said stay. State is folded again from what the log still says, all in one transaction.
        Raises RefusedError where an event is not decided or the store cannot take it; then nothing happened.
        """
        batch = Batch(source)
        lines = [msgspec.json.encode(event) for event in events]
        self._decide(zip(lines, repeat(None)), 0, batch, [])
        refused = [row for row in batch.inputs if row[5] != CODE["decided"]]
        if refused:
            found = f"that the log does not take it ({refused[0][6] or 'it stands there already'})"
            raise RefusedError("the erasure", found, "one that can stand in the log", "give another reason")
        punctures = tuple(self.store.seals.destroy(*subject) for subject in subjects)
        for row in batch.inputs:
            forget(self.engine, row[2])
        batch.erasure = Erasure(punctures, tuple(row[0] for row in batch.inputs))
        self._add_checkpoint(batch)
        self._commit(batch)

    def append(self, source: str, event: dict[str, object]) -> Committed:
        """Write an event of Weiguard's own into the log, decide and commit it."""
        return self.take(source, Block([msgspec.json.encode(event)], None))

    def change_rules(
        self, program: Program, changed: frozenset[str], decider: Decider, events: Events
    ) -> Committed:
        """Let other rules decide from here on: each tenant goes on with what they make of its log.

        `events` is told a tenant and when, and returns its `rule.changed`, which name the rule set; at the first of
        them the tenant changes.
        """
        engine, ruleset = self.engine, decider.by.ruleset
        to = Switch(program, changed)
        engine.switches = lambda named: to if named == ruleset else None
        zone = Zone(decider.by.zone).info
        tenants = sorted({*self.store.tenants(), *engine.tenants}) or [_DEFAULT]
        lines = [
            msgspec.json.encode(each)
            for name in tenants
            for each in events(name, rfc3339(engine.clock(name) or 0, zone))
        ]
        try:
            return self.take(RULES, Block(lines, None), decider)
        finally:
            engine.switches = None

    def rotate(self, signer: Signer, event: dict[str, object]) -> None:
        """Write into the log that another key signs from now on; the head that has it in is signed by both."""
        assert self.audit is not None, "a log that is signed is kept"
        self.audit.sign_from_now_on(signer)
        self.append(str(event["source"]), event)

    def tick(self) -> None:
        """Write a `clock.tick` into the log, once a minute."""
        if self._now is None:
            return
        minute = self._now() // _MINUTE_US
        if minute > self._minute:
            self._minute = minute
            at = rfc3339(minute * _MINUTE_US, _UTC)
            self.take(CLOCK, Block([tick_event(at)], None))

    def end(self) -> None:
        """Let the audit log account for every input, as nothing more comes for now, and write a checkpoint."""
        if self.audit is not None and self._seq:
            self.audit.stop()
        batch = Batch()
        if self._seq > self._checkpoint:
            self._add_checkpoint(batch)
        self._commit(batch)

    def checkpoint(self) -> None:
        """Write what the engine remembers, unless nothing came since it was written last."""
        if self._seq > self._checkpoint:
            batch = Batch()
            self._add_checkpoint(batch)
            self._commit(batch)

    def _add_checkpoint(self, batch: Batch) -> None:
        batch.state = self._counting(self.engine.checkpoint())

    def _counting(
        self, entries: Iterator[tuple[bytes, bytes | None]]
    ) -> Iterator[tuple[bytes, bytes | None]]:
        self._entries = 0
        for entry in entries:
            if entry[1] is not None:
                self._entries += 1
            yield entry

    def _commit(self, batch: Batch) -> None:
        audit = self.audit
        growth = batch.growth = audit.grown() if audit is not None else None
        self._end_addresses(batch)
        try:
            self.store.commit(batch)
        except RefusedError:
            if audit is not None and growth is not None:
                audit.failures += 1
            raise
        if audit is not None and growth is not None:
            audit.committed = growth.head.size
        if batch.state is not None:
            self.engine.settle()
            self._checkpoint = self._seq

    def _end_addresses(self, batch: Batch) -> None:
        """End the addresses that are as old as they may get, by the tenant's clock and by that of the wall."""
        seals, now_us = self.store.seals, time.time_ns() // 1_000
        clocks = {row[2]: row[4] for row in batch.inputs}  # Of each tenant the last.
        seals.end({tenant: min(clock_us or self._clock_us, now_us) for tenant, clock_us in clocks.items()})
        batch.weeks = seals.weeks.news()

    def refold(self) -> int:
        """Decide the whole log anew, as one transaction; return how many inputs there are. Only on a new engine."""
        self._seq = self._checkpoint = self._clock_us = 0
        with self.store.refolding():
            stops = frozenset(self.store.audit.stops())
            if self.audit is not None and self.store.last:
                self.audit.begin_anew(self.engine.program.ruleset)
            batch = Batch(again=True)
            opened = self.store.seals.opened_line
            for stored in self.store.sealed_inputs():
                raw = opened(stored.raw)
                rest = BytesIO(self.store.rest(stored.seq)) if len(raw) > LONGEST else None
                self._decide([(raw, stored.raw)], stored.line - 1, batch, [], rest)
                if self.audit is not None and stored.seq in stops:
                    self.audit.stop(again=True)
                if len(batch.inputs) == BLOCK_LINES:
                    self._commit(batch)
                    batch = Batch(again=True)
            self._add_checkpoint(batch)
            self._commit(batch)
        return self._seq


def _counted(inputs: list[InputRow]) -> dict[str, int]:
    codes = [row[5] for row in inputs]
    return {name: count for name, code in CODE.items() if (count := codes.count(code))}


def _changed(seq: int) -> RefusedError:
    return RefusedError(
        f"input {seq:,}",
        "that it is decided otherwise than when it was read",
        "the same decision, as the log and the rules are the same",
        _REFOLD,
    )
