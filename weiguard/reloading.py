"""Changed rules in a running engine: checked, compiled, and in use from the next event on.

The operator says when: SIGHUP, as for other services, so that nothing half edited is taken. What does not hold together
is told and the old rules go on. The change stands in the log as `rule.changed`, one for each changed rule and tenant.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from types import FrameType
from typing import TypeAlias
from zoneinfo import ZoneInfo

from engine.instants import rfc3339
from monitoring.describing import texts
from rules.archiving import loaded
from rules.migrating import Migration, affected, migrations, restarted, undeclared
from rules.model import RuleSet
from rules.planning.compiling import compile_rules
from rules.problems import RuleProblems
from streams.embedded import RULES, Runner
from streams.refusing import RefusedError
from streams.stores.deciding import Decider, decided_by
from weiguard.failing import counted, say
from weiguard.preparing import Prepared, rules_folder
from weiguard.settings import Settings
from weiguard.signing import login

Event: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class Change:
    """Rules that hold together and were compiled, what becomes of each that moved, and their files whole."""

    prepared: Prepared
    moved: dict[str, Migration | None]
    archive: bytes


@dataclass(slots=True)
class Reloading:
    """The rules in use, and the wish to look at their files again. Author and approver answer for what changed."""

    prepared: Prepared
    settings: Settings
    author: str | None = None
    approver: str | None = None
    asked: bool = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take SIGHUP as the wish; only in the main thread."""
        before = signal.signal(signal.SIGHUP, self._note)
        try:
            yield
        finally:
            signal.signal(signal.SIGHUP, before)

    def _note(self, _: int, __: FrameType | None) -> None:
        self.asked = True

    def look(self, runner: Runner) -> bool:
        """Where it was wished for, let the rules in the files decide from here on; say what became of it.

        Return whether other rules decide now.
        """
        if not self.asked:
            return False
        self.asked, before = False, self.prepared
        try:
            change = self._checked(runner)
        except (RuleProblems, RefusedError, OSError) as error:
            say(str(error))
            say("weiguard: the rules were not changed; those in use go on")
        else:
            self._make(change, runner)
        return self.prepared is not before

    def change(self, runner: Runner) -> None:
        """Let the rules in the files decide from here on. Raises RuleProblems or RefusedError, and the run is over."""
        self._make(self._checked(runner), runner)

    def _checked(self, runner: Runner) -> Change | None:
        """Load, check and compile the rules in the files; None where they are as they were."""
        rules, archive = loaded(rules_folder(self.settings))
        before = self.prepared
        if rules.hash == before.rules.hash:
            return None
        problems = undeclared(before.rules, rules)
        if problems:
            raise RuleProblems(problems)
        moved = migrations(before.rules, rules)
        since = self._since(runner, rules, moved)
        try:
            program = compile_rules(restarted(rules, since), self.settings.only)
        except LookupError as error:
            raise RefusedError(
                "--only", str(error), "patterns that match a rule", "keep one of these rules"
            ) from None
        return Change(replace(before, rules=rules, program=program, since=since), moved, archive)

    def _make(self, change: Change | None, runner: Runner) -> None:
        """Make a change; what the store cannot take ends the run, for the engine is ahead of it then."""
        if change is None:
            say("weiguard: the rules are as they were")
            return
        made, moved = change.prepared, change.moved
        rules, program = made.rules, made.program
        by = decided_by(program, made.settings, self.settings.only, made.since)
        decider = Decider(by, texts(rules, program), change.archive)
        events = self._events(runner, rules.hash, sorted(moved))
        runner.change_rules(program, affected(rules, moved), decider, events)
        self.prepared = made
        told = ", ".join(f"{name} ({how or 'gone'})" for name, how in sorted(moved.items()))
        say(f"weiguard: {counted(len(moved), 'rule')} changed from here on: {told or 'none'}; {rules.hash}")

    def _since(self, runner: Runner, rules: RuleSet, moved: dict[str, Migration | None]) -> dict[str, str]:
        """Return from when on each rule counts that begins anew, now or in an earlier change."""
        clocks = [runner.engine.clock(name) or 0 for name in runner.engine.tenants]
        now = rfc3339(max(clocks, default=0), ZoneInfo(self.settings.zone))
        kept = {
            name: at
            for name, at in self.prepared.since.items()
            if name in rules.rules() and name not in moved
        }
        return {**kept, **{name: now for name, how in moved.items() if how == "restart"}}

    def _events(self, runner: Runner, ruleset: str, changed: list[str]) -> Callable[[str, str], list[Event]]:
        """Return what makes a tenant's events: one for each changed rule, or one for all where only texts changed."""
        people = {"author": self.author or login(), "approver": self.approver}
        number = count(runner.store.last + 1)

        def events(tenant: str, at: str) -> list[Event]:
            return [
                {
                    "specversion": "1.0", "id": f"rules-{next(number)}", "source": RULES, "type": "rule.changed",
                    "tenant": tenant, "time": at, "data": {"rule": name, "ruleset": ruleset, **people},
                }
                for name in changed or ["*"]
            ]  # fmt: skip

        return events
