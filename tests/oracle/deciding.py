"""The whole evaluation: lines in, standing alerts and dispositions out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.oracle.alerts import Alert
from tests.oracle.boundaries import boundaries
from tests.oracle.deadlines import missed, outcomes, reminders
from tests.oracle.events import Event
from tests.oracle.firing import alerts
from tests.oracle.instants import micros, rfc3339
from tests.oracle.intake import Tenant, admit
from tests.oracle.measures import Measures, Pool
from tests.oracle.rulefile import RuleFiles, read_rules
from tests.oracle.shapes import Case
from tests.oracle.triggers import triggers
from tests.oracle.world import World


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a log comes to at the end: `standing` sorted, `crossings` every raise and escalation behind it."""

    standing: list[dict[str, Any]]
    crossings: list[dict[str, Any]]
    dispositions: Counter[str]
    types: Counter[tuple[str, str]]
    fates: list[str]


def decide(
    lines: list[dict[str, Any]], folder: Path, *, only: set[str] | None = None, until: str | None = None
) -> Outcome:
    """Decide a log in order of arrival by the rules of a folder.

    `only`: rule ids or patterns; rules they watch are decided too but not returned. `until`: an RFC 3339 instant to
    which the clock runs on. Raises Unsupported where a chosen rule uses what this evaluator does not know.
    """
    files = read_rules(folder)
    chosen = files.chosen(only)
    ahead = files.limits["clock_ahead"].value if "ENG-02" in chosen else None
    intake = admit(lines, ahead, clear="PRV-04" in chosen)
    found: list[tuple[str, Alert]] = []
    for name, tenant in sorted(intake.tenants.items()):
        clock = max(tenant.clock, micros(until) if until else 0)
        decided = _tenant(name, tenant, files, chosen, clock)
        found += [(name, alert) for alert in decided if alert.case.rule in chosen]
    return Outcome(
        sorted([alert.standing(name) for name, alert in found], key=repr),
        sorted([crossing for name, alert in found for crossing in _crossings(name, alert)], key=repr),
        intake.dispositions,
        intake.types,
        intake.fates,
    )


def _tenant(called: str, tenant: Tenant, files: RuleFiles, chosen: list[str], clock: int) -> list[Alert]:
    world = World(tenant.decided, files.limits, files.lexicons)
    pools: dict[Any, Pool] = {}
    found: list[Alert] = []
    order = in_strata(files, chosen)
    watched = bool([rule for rule in order if any(case.watches() for case in files.rule(rule).cases)])
    for name in order:
        rule = files.rule(name)
        of_rule = [alert for case in rule.cases for alert in _case(world, case, tenant, clock, pools)]
        if rule.shadow:
            continue
        found += [each for alert in of_rule if (each := _heard(world, alert)) is not None]
        if watched and not any("intake" in case.on for case in rule.cases):  # Those depend on arrival.
            _publish(world, rule.cases, of_rule, called, tenant.facts, clock)
    return found


def _heard(world: World, alert: Alert) -> Alert | None:
    """Return an alert with the crossings that nothing suppresses; None where none is left."""
    rule, key = alert.case.rule, alert.named_key()
    left = [each for each in alert.crossings if not world.silent(rule, key, each.at, each.after)]
    return replace(alert, crossings=left) if left else None


def _case(world: World, case: Case, tenant: Tenant, clock: int, pools: dict[Any, Pool]) -> list[Alert]:
    if case.every:
        measures = Measures(world, case, [], pools)
        measures.own = boundaries(measures, clock)
        return alerts(measures)
    own = triggers(world, case, tenant.facts)
    if case.expect is not None:
        return missed(world, case, own, clock)
    if case.remind is not None:
        return reminders(world, case, own, clock)
    return alerts(Measures(world, case, own, pools))


def _publish(  # all that facts are made of
    world: World, cases: tuple[Case, ...], found: list[Alert], tenant: str, intake: list[Event], clock: int
) -> None:
    """Put the facts derived from a rule into the log, for the rules that watch it."""
    for alert in found:
        for fact in alert.facts(tenant):
            world.add(fact)
    for case in cases:
        if case.expect is not None:
            for fact in outcomes(world, case, triggers(world, case, intake), clock):
                world.add(fact)


def in_strata(files: RuleFiles, chosen: list[str]) -> list[str]:
    """Return the chosen rules and those they watch, each after the ones it watches."""
    order: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"a cycle of derived facts: {path}"
        if name in order:
            return
        for other in _watched(files, name, chosen):
            visit(other, (*path, name))
        order.append(name)

    for name in chosen:
        visit(name, ())
    return order


def _watched(files: RuleFiles, name: str, chosen: list[str]) -> list[str]:
    """Return the rules that a rule's conditions on derived facts name; all others where they name none."""
    found: set[str] = set()
    for case in files.rule(name).cases:
        for condition in case.watches():
            found |= {text for text in condition.strings if text in files.raw} or set(files.raw) - {name}
    return sorted(found)


def _crossings(tenant: str, alert: Alert) -> list[dict[str, Any]]:
    return [
        {
            "tenant": tenant,
            "rule": alert.case.rule,
            "key": alert.named_key(),
            "level": crossing.level,
            "at": rfc3339(crossing.at),
            "trigger": {"source": crossing.event.source, "id": crossing.event.id},
        }
        for crossing in alert.crossings
    ]
