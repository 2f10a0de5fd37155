"""A database decided again from itself alone: its log, by the rule sets it kept, each from its first input on.

What comes out is what is stored, byte for byte; where it is not, the database was changed or another version wrote it.
Tenants know nothing of each other, so one of them can be decided again without the others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from heapq import merge
from operator import attrgetter
from typing import NamedTuple

import msgspec

from engine.alert import Record
from engine.erasing import forget
from engine.fold import Engine, Outcome, Settings
from engine.switching import Switch
from rules.archiving import ArchiveError, from_archive
from rules.migrating import affected, migrations, restarted
from rules.model import RuleSet
from rules.planning.compiling import compile_rules
from rules.problems import RuleProblems
from streams.audit.broken import BrokenError
from streams.commit import Batch, StoredInput
from streams.past import StoredPast
from streams.sealing.tokens import SealError
from streams.stores.deciding import Epoch
from streams.stores.sqlite_reading import SqliteReader


class Again(NamedTuple):
    """An input as it is stored, sealed, what it comes to, and its records as they are told, sealed; likewise shadows'.

    `address_rules`: those that tell addresses apart, of the rules in use.
    """

    stored: StoredInput
    outcome: Outcome
    records: list[Record]
    shadows: list[Record]
    address_rules: Collection[str]


def decided_again(reader: SqliteReader, tenant: str | None = None) -> Iterator[Again]:
    """Yield every input of a database, or of one tenant, with what it comes to.

    Where somebody was erased it is decided by what is left, and forgets where the run forgot.

    With a tenant's inputs come those of no tenant: ticks move its clock. Raises BrokenError where a rule set was not
    kept, or is not the one that decided.
    """
    epochs = epochs_of(reader)
    if not epochs:
        return
    sets = [_rules(reader, epoch) for epoch in epochs]
    switches = [_switch(reader, epoch, sets[max(at - 1, 0)], sets[at]) for at, epoch in enumerate(epochs)]
    by = epochs[0].by
    settings = Settings(zone=by.zone, lateness_us=by.lateness_us, lateness_of=by.lateness_of, keep=False)
    past = StoredPast(reader)
    engine = Engine(switches[0].program, settings, past)
    at, erasures, seals = 0, frozenset(reader.erasures()), reader.seals
    for stored in _inputs(reader, tenant):
        while at + 1 < len(epochs) and stored.seq >= epochs[at + 1].first:
            at += 1
            to, ruleset = switches[at], epochs[at].by.ruleset
            engine.switches = lambda named, to=to, ruleset=ruleset: to if named == ruleset else None
            if stored.seq > epochs[at].first:  # Another tenant changed first, and with it what is new begins.
                engine.use(to.program)
        past.move(stored.seq - 1, Batch())
        outcome = engine.feed(_opened(reader, stored))
        records, shadows = (
            [seals.record(each, _personal(engine, each)) for each in found]
            for found in (outcome.records, outcome.shadows)
        )
        if stored.seq in erasures:
            past.move(stored.seq, Batch())
            forget(engine, stored.tenant)
        yield Again(stored, outcome, records, shadows, engine.program.address_rules)


def _opened(reader: SqliteReader, stored: StoredInput) -> bytes:
    try:
        return reader.seals.opened_line(stored.raw)
    except SealError as error:
        where = f"{reader.path}: input {stored.seq:,} ({stored.source}:{stored.line})"
        raise BrokenError(where, error.found, error.expected) from None


def _personal(engine: Engine, record: Record) -> frozenset[str]:
    return engine.tenants[record.tenant].program.personal.get(record.rule, frozenset())


def epochs_of(reader: SqliteReader) -> list[Epoch]:
    """Return what decided from which input on. Raises BrokenError where that cannot be told."""
    try:
        return reader.epochs()
    except msgspec.MsgspecError as error:
        raise BrokenError(f"{reader.path}: epochs", str(error), "what decided from which input on") from None


def _inputs(reader: SqliteReader, tenant: str | None) -> Iterator[StoredInput]:
    if tenant is None:
        return reader.sealed_inputs()
    return merge(reader.sealed_inputs(tenant=tenant), reader.sealed_inputs(tenant=""), key=attrgetter("seq"))


def _rules(reader: SqliteReader, epoch: Epoch) -> RuleSet:
    ruleset = epoch.by.ruleset
    archive = reader.ruleset(ruleset)
    try:
        rules = from_archive(archive) if archive is not None else None
    except ArchiveError as error:
        found = str(error)
    except RuleProblems as error:
        found = f"rules that do not hold together ({error.problems[0]})"
    else:
        if rules is not None and rules.hash == ruleset:
            return rules
        found = "no copy of it" if rules is None else f"a copy that has the hash {rules.hash}"
    raise BrokenError(f"{reader.path}: rule set {ruleset}", found, "the rule set that decided here")


def _switch(reader: SqliteReader, epoch: Epoch, before: RuleSet, rules: RuleSet) -> Switch:
    try:
        program = compile_rules(restarted(rules, epoch.by.since), epoch.by.only)
    except LookupError as error:
        where = f"{reader.path}: epochs, from input {epoch.first:,} on"
        raise BrokenError(where, str(error), f"rules of {epoch.by.ruleset}") from None
    return Switch(program, affected(rules, migrations(before, rules)))
