"""A database decided again from itself alone: its log, by the rule sets it kept, each from its first input on.

What comes out is what is stored, byte for byte; where it is not, the database was changed or another version wrote it.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.fold import Engine, Outcome, Settings
from engine.switching import Switch
from rules.archiving import from_archive
from rules.migrating import affected, migrations, restarted
from rules.model import RuleSet
from rules.planning.compiling import compile_rules
from streams.commit import Batch, StoredInput
from streams.past import StoredPast
from streams.refusing import RefusedError
from streams.stores.deciding import Epoch
from streams.stores.sqlite_reading import SqliteReader


def decided_again(reader: SqliteReader) -> Iterator[tuple[StoredInput, Outcome]]:
    """Yield every input of a database with what it comes to. Raises RefusedError where a rule set was not kept."""
    epochs = reader.epochs()
    if not epochs:
        return
    sets = [_rules(reader, epoch) for epoch in epochs]
    switches = [_switch(epoch, sets[max(at - 1, 0)], sets[at]) for at, epoch in enumerate(epochs)]
    by = epochs[0].by
    settings = Settings(zone=by.zone, lateness_us=by.lateness_us, lateness_of=by.lateness_of)
    past = StoredPast(reader)
    engine = Engine(switches[0].program, settings, past)
    at = 0
    for stored in reader.inputs():
        if at + 1 < len(epochs) and stored.seq >= epochs[at + 1].first:
            at += 1
            to, ruleset = switches[at], epochs[at].by.ruleset
            engine.switches = lambda named, to=to, ruleset=ruleset: to if named == ruleset else None
        past.move(stored.seq - 1, Batch())
        yield stored, engine.feed(stored.raw)


def _rules(reader: SqliteReader, epoch: Epoch) -> RuleSet:
    ruleset = epoch.by.ruleset
    archive = reader.ruleset(ruleset)
    rules = from_archive(archive) if archive is not None else None
    if rules is None or rules.hash != ruleset:
        found = "no copy of it" if rules is None else f"a copy that has the hash {rules.hash}"
        raise RefusedError(
            f"{reader.path}: rule set {ruleset}",
            found,
            "the rule set that decided here",
            "restore a copy of the database",
        )
    return rules


def _switch(epoch: Epoch, before: RuleSet, rules: RuleSet) -> Switch:
    program = compile_rules(restarted(rules, epoch.by.since), epoch.by.only)
    return Switch(program, affected(rules, migrations(before, rules)))
