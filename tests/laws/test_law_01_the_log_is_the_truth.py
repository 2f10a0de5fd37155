"""Law 1: state, alerts and counts are folds of the log. Delete them all, replay, and the same bytes come back."""

from __future__ import annotations

import random

from hypothesis import given, note
from hypothesis import strategies as st

from engine.fold import Engine, Outcome, Settings
from engine.program import Program
from rules.loading import load
from rules.planning.compiling import compile_rules
from tests.engine.driving import Run, fed, program, raw_of, stands
from tests.logs.arrival import Line, shuffle_within_lateness
from tests.logs.making import make_log
from tests.logs.strategies import SEEDS, arrivals, logs

SIZE = 140  # Long enough that state is forgotten between two restarts.
Kept = dict[bytes, bytes]


def compiled_anew() -> Program:
    """Read and compile the shipped rules again, sharing nothing with what was compiled before."""
    return compile_rules(load())


SECOND_PROGRAM = compiled_anew()


@given(pair=arrivals())
def test_a_second_replay_gives_the_same_bytes(pair: tuple[list[Line], list[Line]]) -> None:
    """A new engine and rules compiled anew: nothing of the first replay is left over in either."""
    for log in pair:
        first, second = fed(log), fed(log, SECOND_PROGRAM)
        assert first.said == second.said
        assert stands(first.engine) == stands(second.engine)
        assert first.engine.tally.counts == second.engine.tally.counts
        assert first.engine.undecided == second.engine.undecided


def test_rules_compile_to_the_same_program() -> None:
    assert SECOND_PROGRAM.source == program().source
    assert SECOND_PROGRAM.ruleset == program().ruleset


@given(log=logs(), share=st.floats(0, 1))
def test_what_was_said_does_not_depend_on_what_comes_after(log: list[Line], share: float) -> None:
    cut = int(share * len(log))
    assert fed(log[:cut]).said == fed(log).said[:cut]


@given(seed=SEEDS)
def test_a_restart_anywhere_changes_nothing(seed: int) -> None:
    """Checkpoints and restarts fall anywhere; state is put together from entries, and the log is folded from there."""
    note(f"seed {seed}")
    rng = random.Random(seed)
    log = make_log(rng.randrange(1_000_000), SIZE)
    if rng.random() < 0.5:
        log = shuffle_within_lateness(log, rng.randrange(1_000_000))
    lines = [raw_of(line) for line in crossed(log, rng)]
    # What is gone from a store of changes must be gone from the state: it is not remembered anywhere else.
    assert restarted(lines, rng) == fed(lines, settings=Settings(keep=False)).said


def crossed(log: list[Line], rng: random.Random) -> list[Line]:
    """Return a log in which some lines overtook others: not every arrival moves the clock."""
    order = sorted(range(len(log)), key=lambda at: at + rng.choice([0, 0, 0, 4]))
    return [log[at] for at in order]


def restarted(lines: list[bytes], rng: random.Random) -> object:
    """Feed a log to engines that are restarted at random; return all that was said."""
    store: Kept = {}
    engine = _begun(store, [])
    outcomes: list[Outcome] = []
    kept = 0
    for raw in lines:
        outcomes.append(engine.feed(raw))
        chance = rng.random()
        if chance < 0.15:
            _take(store, engine)
            kept = len(outcomes)
        elif chance < 0.25:
            engine = _begun(store, list(zip(lines, outcomes[:kept], strict=False)))
            for again in lines[kept : len(outcomes)]:
                engine.feed(again)
    return Run(engine, outcomes).said


def _begun(store: Kept, past: list[tuple[bytes, Outcome]]) -> Engine:
    """Return an engine as of the last checkpoint; `past` is what came before it."""
    engine = Engine(program(), Settings(keep=False))
    engine.track()
    engine.restore(list(store.items()))
    for raw, outcome in past:
        if outcome.disposition == "decided":
            engine.recall(raw, outcome.clock_us)
    return engine


def _take(store: Kept, engine: Engine) -> None:
    for name, value in engine.checkpoint():
        if value is None:
            store.pop(name, None)
        else:
            store[name] = value
    engine.settle()
