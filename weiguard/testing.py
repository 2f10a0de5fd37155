"""Runs the tests written inside rule files, and shows what came instead of what was expected."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from engine.alert import Record
from engine.fold import Engine
from rules.model import Rule, RuleSet, Trial
from rules.planning.compiling import compile_rules
from rules.trials import Crossing, crossings_of, events_of, expectations_of
from weiguard.failing import FOUND, counted, say
from weiguard.preparing import load_rules, rules_folder
from weiguard.ruling import selected
from weiguard.settings import Settings
from weiguard.watching import watch


@dataclass(frozen=True, slots=True)
class Tried:
    """One test and what came of it."""

    rule: Rule
    trial: Trial
    found: tuple[Crossing, ...]
    refused: tuple[
        str, ...
    ] = ()  # Inputs of the test that were quarantined, which none should be by accident.

    @property
    def expected(self) -> tuple[Crossing, ...]:
        """What must come."""
        return expectations_of(self.trial)

    @property
    def passed(self) -> bool:
        """Whether it came."""
        return self.found == self.expected


def run_tests(patterns: list[str], settings: Settings, *, json: bool) -> int:
    """Run the tests of the rules that match, or of all; return the exit status. Raises RefusedError where none does."""
    rules = load_rules(settings)
    chosen = selected(rules, patterns)
    running = [rule for rule in chosen if not rule.later]
    tried = [each for rule in running for each in try_rule(rules, rule)]
    if json:
        sys.stdout.write(msgspec.json.encode([_plain(each) for each in tried]).decode() + "\n")
    else:
        for each in tried:
            if not each.passed:
                sys.stdout.write("\n".join(_difference(each)) + "\n")
    failed = sum(not each.passed for each in tried)
    for rule in chosen:
        if rule.later:
            tests = counted(len(rule.trials), "test")
            say(f"{rule.id}: {tests} not run: it needs what does not run yet ({', '.join(rule.later)})")
    done, of = counted(len(tried), "test"), counted(len(running), "rule")
    say(f"{done} of {of}: {len(tried) - failed:,} passed, {failed:,} failed")
    sys.stdout.flush()  # Whoever watches waits for it.
    return FOUND if failed else 0


def keep_testing(patterns: list[str], settings: Settings, *, json: bool) -> int:
    """Run the tests now and whenever a rule file changes, until Ctrl-C. Raises RefusedError without a folder."""
    folder = rules_folder(settings)
    return watch(folder, lambda: run_tests(patterns, settings, json=json))


def try_rule(rules: RuleSet, rule: Rule) -> Iterator[Tried]:
    """Run every test of one rule, each on a new engine."""
    if not rule.trials:
        return
    program = compile_rules(rules, (rule.id,))
    for trial in rule.trials:
        engine = Engine(program)
        records: list[Record] = []
        refused = []
        for line in events_of(trial, rule):
            outcome = engine.feed(line)
            records += outcome.records
            if outcome.event is None:
                refused.append(outcome.reason)
        yield Tried(rule, trial, crossings_of(map(msgspec.to_builtins, records), rule.id), tuple(refused))


def _difference(tried: Tried) -> Iterator[str]:
    """Show what is missing with -, what came instead with +, and what agrees without a sign."""
    expected, found = tried.expected, tried.found
    yield f"{tried.trial.at}: {tried.rule.id} “{tried.trial.name}” failed: - was expected, + came"
    for crossing in sorted({*expected, *found}, key=lambda each: (each.at, each.level)):
        # The same crossing may stand several times, for several keys.
        wanted, came = expected.count(crossing), found.count(crossing)
        for sign, count in ((" ", min(wanted, came)), ("-", wanted - came), ("+", came - wanted)):
            for _ in range(count):
                yield f"  {sign} {crossing.at} {crossing.level}"
    for reason in tried.refused:
        yield f"  an event of the test was quarantined: {reason}"


def _plain(tried: Tried) -> dict[str, object]:
    return {
        "rule": tried.rule.id, "test": tried.trial.name, "at": str(tried.trial.at), "passed": tried.passed,
        "expected": msgspec.to_builtins(tried.expected), "found": msgspec.to_builtins(tried.found),
        "quarantined": list(tried.refused),
    }  # fmt: skip
