"""A rule in plain values: its words, its trigger, its measures and its levels, as its file says them.

Lists show a row of it, `rules show` the whole; a database keeps it beside the alerts that it raised, so that they can
be explained long after the rule has changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from engine.program import Program
from rules.model import (
    Case,
    Dimension,
    Expect,
    Expression,
    Limit,
    Measure,
    Over,
    Remind,
    Rule,
    RuleSet,
    Step,
    Text,
)
from rules.vocabulary import dimension

DECIMAL: Final = "decimal"  # Counts nothing and has decimals: a record holds it in thousandths.
_LIMIT: Final = re.compile(r"\blimit\.([a-z][a-z0-9_]*)")
_LEXICON: Final = re.compile(r"""\b(?:hits|mentions)\s*\(\s*\\?["']([A-Za-z0-9_]+)""")


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


def whole(rule: Rule, limits: Mapping[str, Limit]) -> dict[str, Any]:
    """Return all of a rule, with those of the limits that it reads."""
    cases = [_case(case) for case in rule.cases]
    named = limits_of(cases)
    return {
        **row(rule),
        "who": list(rule.who),
        "tags": list(rule.tags),
        "note": rule.note,
        "effective_from": rule.effective_from,
        "until": rule.until,
        **({"migrate": rule.migrate} if rule.migrate else {}),
        "file": f"{rule.at.file}:{rule.at.line}",
        "later": list(rule.later),
        "cases": cases,
        "limits": {name: plain_limit(limit) for name, limit in limits.items() if name in named},
        "tests": [trial.name for trial in rule.trials],
    }


def texts(rules: RuleSet, program: Program) -> dict[str, bytes]:
    """Return the rules of a program by id, each as JSON."""
    return {
        name: msgspec.json.encode(whole(rule, rules.limits))
        for name, rule in rules.rules().items()
        if name in program.rules
    }


def limits_of(described: object) -> list[str]:
    """Return the names of the limits that a description speaks of, each once, in order."""
    return list(dict.fromkeys(_LIMIT.findall(msgspec.json.encode(described).decode())))


def lexicons_of(described: object) -> list[str]:
    """Return the names of the term lists that a description speaks of, each once, in order."""
    return list(dict.fromkeys(_LEXICON.findall(msgspec.json.encode(described).decode())))


def plain_limit(limit: Limit) -> dict[str, Any]:
    """Return a limit; its `value` is a mapping by kind where it has a table."""
    return {
        "value": limit.value if limit.table is None else limit.table,
        "unit": limit.unit,
        "source": limit.source,
        "confidence": limit.confidence,
        "reviewed": limit.reviewed,
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
        found["sequence"] = [_step(step) for step in case.sequence]
    found["where"] = _source(case.where)
    found["per"] = {part.name: part.value.source for part in case.per}
    found["measure"] = {measure.name: _measure(measure, case) for measure in case.measures}
    found["let"] = {let.name: let.value.source for let in case.lets}
    found["levels"] = {level: each.source for level, each in case.levels}
    if case.expect is not None:
        found["expect"] = _expect(case.expect)
    if case.remind is not None:
        found["remind"] = _remind(case.remind)
    found["units"] = _units(case)
    found["message"] = {lang: _text(text) for lang, text in case.message.items()}
    found["action"] = {lang: _text(text) for lang, text in case.action.items()}
    return _stated(found)


def _units(case: Case) -> dict[str, str]:
    """Return what the case's numbers count, by name: yes and no and texts count nothing."""
    kinds = {measure.name: (measure.type, measure.unit) for measure in case.measures if not measure.record}
    kinds |= {let.name: (let.value.type, let.value.unit) for let in case.lets}
    units = {name: unit or (DECIMAL if kind == "double" else "") for name, (kind, unit) in kinds.items()}
    return {name: unit for name, unit in units.items() if unit}


def _step(step: Step) -> dict[str, Any]:
    return _stated(
        {
            "as": step.name,
            "event": list(step.events),
            "where": _source(step.where),
            "within": written(step.within_us),
        }
    )


def _expect(expect: Expect) -> dict[str, Any]:
    return _stated(
        {
            "event": list(expect.events),
            "where": _source(expect.where),
            "by": {level: each.source for level, each in expect.by},
            "clock": "business" if expect.business else None,
            "arm": expect.arm if expect.arm != "each" else None,
        }
    )


def _remind(remind: Remind) -> dict[str, Any]:
    rungs = [{"level": rung.level, "days": rung.days.source, "after": rung.after} for rung in remind.rungs]
    unless = {"event": list(remind.unless_events), "where": _source(remind.unless_where)}
    return _stated(
        {
            "date": remind.date.source,
            "rungs": rungs,
            "clock": "workdays" if remind.workdays else None,
            "unless": _stated(unless),
            "every": remind.every,
        }
    )


def _measure(measure: Measure, case: Case) -> dict[str, Any]:
    return _stated(
        {
            measure.aggregate: measure.score
            or ", ".join(value.source for value in measure.value)
            or measure.inner
            or "event",
            "q": measure.quantile or None,
            "features": [value.source for value in measure.value] if measure.score else None,
            "of": list(measure.of),
            "where": _source(measure.where),
            "per": [_dimension(part, case) for part in measure.per],
            "window": _window(measure.over),
            "before": measure.before or None,
            "after": written(measure.after_us),
            "each": measure.each,
            "other": measure.other,
            "near": measure.near,
            "near_within": _source(measure.near_within),
            "at_least": _source(measure.at_least),
        }
    )


def _dimension(part: Dimension, case: Case) -> str:
    """Return a dimension's name, with its expression where neither the case's key nor its name tells that."""
    own = {each.name: each.value.source for each in case.per}
    known = (own.get(part.name), dimension(part.name, part.value.names))
    return part.name if part.value.source in known else f"{part.name} = {part.value.source.strip()}"


def _window(over: Over) -> str:
    match over.kind:
        case "calendar":
            return over.unit or ""
        case "rolling":
            return f"over {written(over.us)}"
        case "within":
            return f"within {written(over.us)}"
        case "units":
            return f"over {over.count} {over.unit}s"
        case "since":
            return f"since {over.step}"
        case "open":
            by = f" with the same {_source(over.by)}" if over.by is not None else ""
            return f"open until {over.closer}{by}, at most {written(over.us)}"
        case "period":
            return f"period {_source(over.period)}"
        case "ever":
            return "ever"


def _stated(values: dict[str, Any]) -> dict[str, Any]:
    """Return what says something."""
    return {name: value for name, value in values.items() if value not in (None, [], {}, "")}


def _source(expression: Expression | None) -> str | None:
    return expression.source.strip() if expression is not None else None


def _text(text: Text) -> str:
    return "".join(
        part if isinstance(part, str) else f"{{{part.name}{'|' + part.format if part.format else ''}}}"
        for part in text.parts
    )


def written(us: int) -> str | None:
    """Return a length of time (microseconds) as the rule files write it: `30d`; None for none."""
    if not us:
        return None
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        if us % (size * 10**6) == 0:
            return f"{us // (size * 10**6)}{unit}"
    return f"{us} µs"
