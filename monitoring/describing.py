"""A rule in plain values: its words, its trigger, its measures and its levels, as its file says them.

Lists show a row of it, `rules show` the whole; a database keeps it beside the alerts that it raised, so that they can
be explained long after the rule has changed.
"""

from __future__ import annotations

from typing import Any

import msgspec

from engine.program import Program
from rules.model import Case, Expression, Measure, Rule, RuleSet, Text


def row(rule: Rule) -> dict[str, Any]:
    """Return a rule as one row of a list."""
    levels = [level for case in rule.cases for level in _levels(case)]
    return {
        "id": rule.id,
        "pack": rule.pack,
        "title": dict(rule.title),
        "on": list(dict.fromkeys(kind for case in rule.cases for kind in _triggers(case))),
        "levels": [level for level in ("info", "warn", "critical") if level in levels],
        "shadow": rule.shadow,
        "source": rule.source,
        "confidence": rule.confidence,
    }


def whole(rule: Rule) -> dict[str, Any]:
    """Return all of a rule."""
    return {
        **row(rule),
        "who": list(rule.who),
        "tags": list(rule.tags),
        "note": rule.note,
        "effective_from": rule.effective_from,
        "until": rule.until,
        "file": f"{rule.at.file}:{rule.at.line}",
        "later": list(rule.later),
        "cases": [_case(case) for case in rule.cases],
        "tests": [trial.name for trial in rule.trials],
    }


def texts(rules: RuleSet, program: Program) -> dict[str, bytes]:
    """Return the rules of a program by id, each as JSON."""
    return {
        name: msgspec.json.encode(whole(rule))
        for name, rule in rules.rules().items()
        if name in program.rules
    }


def _triggers(case: Case) -> tuple[str, ...]:
    if case.intake:
        return ("intake",)
    if case.every is not None:
        return (f"every {case.every}",)
    return case.sequence[-1].events if case.sequence else case.on


def _levels(case: Case) -> list[str]:
    if case.expect is not None:
        return [level for level, _ in case.expect.by]
    if case.remind is not None:
        return [rung.level for rung in case.remind.rungs]
    return [level for level, _ in case.levels]


def _case(case: Case) -> dict[str, Any]:
    found: dict[str, Any] = {"on": list(_triggers(case)), "alert": case.alert}
    if case.name:
        found["name"] = case.name
    if case.sequence:
        found["sequence"] = [
            {
                "as": step.name,
                "event": list(step.events),
                "where": _source(step.where),
                "within": _span(step.within_us),
            }
            for step in case.sequence
        ]
    found["where"] = _source(case.where)
    found["per"] = {part.name: part.value.source for part in case.per}
    found["measure"] = {measure.name: _measure(measure) for measure in case.measures}
    found["let"] = {let.name: let.value.source for let in case.lets}
    found["levels"] = {level: each.source for level, each in case.levels}
    if case.expect is not None:
        by = {level: each.source for level, each in case.expect.by}
        found["expect"] = {"event": list(case.expect.events), "where": _source(case.expect.where), "by": by}
    if case.remind is not None:
        rungs = [
            {"level": rung.level, "days": rung.days.source, "after": rung.after} for rung in case.remind.rungs
        ]
        found["remind"] = {"date": case.remind.date.source, "rungs": rungs}
    found["message"] = {lang: _text(text) for lang, text in case.message.items()}
    found["action"] = {lang: _text(text) for lang, text in case.action.items()}
    return {name: value for name, value in found.items() if value not in (None, {}, "")}


def _measure(measure: Measure) -> dict[str, Any]:
    over = measure.over
    window: str = over.unit or over.kind
    if over.kind in ("rolling", "within"):
        window = f"{'over' if over.kind == 'rolling' else 'within'} {_span(over.us)}"
    elif over.kind == "units":
        window = f"{over.count} {over.unit}s"
    elif over.kind == "since":
        window = f"since {over.step}"
    found = {
        measure.aggregate: ", ".join(value.source for value in measure.value) or "event",
        "of": list(measure.of),
        "where": _source(measure.where),
        "per": [part.name for part in measure.per],
        "window": window,
        "before": measure.before or None,
        "each": measure.each or None,
        "at_least": _source(measure.at_least),
    }
    return {name: value for name, value in found.items() if value not in (None, [])}


def _source(expression: Expression | None) -> str | None:
    return expression.source.strip() if expression is not None else None


def _text(text: Text) -> str:
    return "".join(
        part if isinstance(part, str) else f"{{{part.name}{'|' + part.format if part.format else ''}}}"
        for part in text.parts
    )


def _span(us: int) -> str | None:
    """Return a length of time as the rule files write it."""
    if not us:
        return None
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        if us % (size * 10**6) == 0:
            return f"{us // (size * 10**6)}{unit}"
    return f"{us} µs"
