"""Rule files read from YAML into cases: each rule, or each of its `cases:` with the rule's fields filled in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.oracle.cel import Expression, expression
from tests.oracle.instants import duration
from tests.oracle.lexicons import Lexicon, read_lexicon
from tests.oracle.limits import Limit, read_value
from tests.oracle.payloads import FIELD_NAMES
from tests.oracle.shapes import (
    LEVELS,
    Case,
    Dimension,
    Expect,
    Measure,
    Over,
    Raw,
    Remind,
    Rule,
    Rung,
    Step,
    names_read,
)
from tests.oracle.undecided import Unsupported

AGGREGATES = frozenset({
    "count", "sum", "min", "max", "median", "quantile", "distinct", "first", "last", "previous", "series", "histogram",
    "spread", "score",
})  # fmt: skip
_DIMENSIONS = {"payment": "transaction_id", "ip": "ip_hash", "content": "content_hash", "licence": "licence_no_hash",
               "qualification": "qual_id"}  # fmt: skip


@dataclass(slots=True)
class RuleFiles:
    """Everything under one folder."""

    raw: dict[str, tuple[Raw, Raw]] = field(default_factory=dict)  # rule id -> (pack, rule)
    limits: dict[str, Limit] = field(default_factory=dict)
    lexicons: dict[str, Lexicon] = field(default_factory=dict)
    built: dict[str, Rule] = field(default_factory=dict)

    def rule(self, name: str) -> Rule:
        """Return one rule, built when first asked for, so that a construct unknown here hurts only its users."""
        if name not in self.built:
            self.built[name] = _rule(*self.raw[name])
        return self.built[name]

    def chosen(self, only: set[str] | None) -> list[str]:
        """Return the ids that match any of some patterns (None: all), in the order of the files."""
        return [rule for rule in self.raw if only is None or any(fnmatchcase(rule, one) for one in only)]


@lru_cache(maxsize=8)
def read_rules(folder: Path) -> RuleFiles:
    """Read a folder: packs and limits at any depth, lexicons under it or beside it."""
    files = RuleFiles()
    for path in sorted(folder.rglob("*.yaml")):
        document = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        for name, limit in document.get("limits", {}).items():
            unit = limit["unit"]
            files.limits[name] = Limit(unit, read_value(unit, limit.get("table") or limit.get("value")))
        for rule in document.get("rules", []):
            files.raw[rule["id"]] = (document, rule)
    for path in sorted([*folder.rglob("*.txt"), *(folder.parent / "lexicons").glob("*.txt")]):
        files.lexicons[path.stem] = read_lexicon(path)
    return files


def plain(value: Any) -> Any:
    """Turn dates that YAML recognised back into the text that was written."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _rule(pack: Raw, rule: Raw) -> Rule:
    shared = {key: value for key, value in rule.items() if key not in ("cases", "tests")}
    cases = [_case(pack, {**shared, **case}, case["name"]) for case in rule.get("cases", [])]
    return Rule(
        rule["id"],
        tuple(cases) or (_case(pack, shared, ""),),
        tuple(plain(trial) for trial in rule.get("tests", [])),
        bool(rule.get("shadow", False)),
    )


def _case(pack: Raw, raw: Raw, name: str) -> Case:
    lets = {key: _expression(text) for key, text in {**pack.get("let", {}), **raw.get("let", {})}.items()}
    own = raw.get("measure", {})
    measures = {**_shared(pack, own), **{key: _measure(key, value, lets, own) for key, value in own.items()}}
    said = raw.get("levels", {})
    levels = tuple((level, _expression(said[level])) for level in reversed(LEVELS) if level in said)
    used = tuple(m for key, m in measures.items() if any(key in names_read(text, lets) for _, text in levels))
    expect = _expect(raw["expect"]) if "expect" in raw else None
    remind = _remind(raw["remind"]) if "remind" in raw else None
    alert, since = _alert(raw, used) if levels else ("deadline", "")
    sequence = tuple(_step(step) for step in raw.get("sequence", []))
    return Case(
        raw["id"], name, _words(raw.get("on", [])), sequence, _in_effect(raw), _per(raw.get("per")),
        measures, lets, levels, expect, remind, alert, used, since, raw.get("every", ""),
    )  # fmt: skip


def _shared(pack: Raw, own: Raw) -> dict[str, Measure]:
    """Return the pack's measures: one object for all rules that name them, so that they are gathered once a log."""
    if "measure" not in pack:
        return {}
    known: dict[str, Measure] = pack.setdefault("_measures", {})
    if not known:
        lets = {key: _expression(text) for key, text in pack.get("let", {}).items()}
        for key, value in pack["measure"].items():
            known[key] = _measure(key, value, lets, pack["measure"])
    return {key: measure for key, measure in known.items() if key not in own}


def _measure(name: str, raw: Raw, lets: dict[str, Expression], siblings: Raw) -> Measure:
    (aggregate,) = raw.keys() & AGGREGATES
    written = raw["features"] if aggregate == "score" else raw[aggregate]
    record = written == "event" and aggregate in ("first", "last", "previous")
    values: tuple[Expression, ...] = ()
    if isinstance(written, list):
        values = tuple(_expression(text) for text in written)
    elif written != "event":
        values = (_value(written, lets, siblings),)
    near = raw.get("near")
    return Measure(
        name, aggregate, values, record, _words(raw.get("of", [])), _condition(raw),
        _per(raw["per"]) if "per" in raw else None, _over(raw), bool(raw.get("before", False)),
        _expression(raw["at_least"]) if "at_least" in raw else None, float(raw.get("q", 0)), "other" in raw,
        (_named(near["key"]), _expression(near["within"])) if near else None, raw.get("each", ""), lets,
        raw.get("score", ""),
        duration(raw["after"]) if "after" in raw else 0,
    )  # fmt: skip


def _value(written: str, lets: dict[str, Expression], siblings: Raw) -> Expression:
    """`distinct: payer` names a dimension; anything else is an expression."""
    if re.fullmatch(r"\w+", written) and written not in lets and written not in siblings:
        return _named(written)
    return _expression(written)


def _over(raw: Raw) -> Over:
    if "within" in raw:
        return Over("within", length=duration(raw["within"]))
    if "open_until" in raw:
        told = raw["open_until"]
        length = duration(told["at_most"])
        return Over("open", length=length, closer=told["event"], by=_expression(told["by"]))
    if isinstance(raw["over"], dict):
        return Over("period", by=_expression(raw["over"]["period"]))
    text = str(raw["over"])
    if text == "ever":
        return Over("ever")
    if text.startswith("since("):
        return Over("since", step=text[6:-1])
    if text in ("day", "week", "month", "quarter", "year"):
        return Over("calendar", unit=text)
    units = re.fullmatch(r"(\d+) (day|week|month|quarter|year)s?", text)
    if units is not None:
        return Over("units", unit=units[2], length=int(units[1]))
    return Over("rolling", length=duration(text))


def _alert(raw: Raw, used: tuple[Measure, ...]) -> tuple[str, str]:
    """Return what one alert stands for, as said or by the table of LANGUAGE section 5, and its `since` step."""
    windows = [m.over for m in used if not m.before and m.over.kind != "within"]
    since = next((over.step for over in windows if over.kind == "since"), "")
    if "alert" in raw:
        return raw["alert"], ""
    if not windows:
        return raw.get("every", "event"), ""
    if since:
        return "since", since
    kinds, units = {over.kind for over in windows}, {over.unit for over in windows}
    if kinds == {"calendar"} and len(units) == 1:
        return units.pop(), ""
    if kinds <= {"rolling", "units", "open"}:
        return "episode", ""
    raise Unsupported(f"{raw['id']}: windows differ and no `alert:`")


def _step(raw: Raw) -> Step:
    return Step(
        raw["as"], _words(raw["event"]), _condition(raw), duration(raw["within"]) if "within" in raw else 0
    )


def _expect(raw: Raw) -> Expect:
    by = tuple((level, _expression(text)) for level, text in raw["by"].items())
    return Expect(
        _words(raw["event"]), _condition(raw), by, raw.get("clock") == "business", raw.get("arm", "each")
    )


def _remind(raw: Raw) -> Remind:
    rungs = [
        Rung(level, _expression(text), sign)
        for side, sign in (("before", -1), ("after", 1))
        for level, texts in raw.get(side, {}).items()
        for text in texts
    ]
    unless = raw.get("unless", {"event": []})
    return Remind(
        _expression(raw["date"]),
        tuple(rungs),
        _words(unless["event"]),
        _condition(unless),
        raw.get("clock") == "workdays",
        raw.get("every", ""),
    )


def _per(raw: Any) -> tuple[Dimension, ...]:
    if raw is None:
        return (Dimension("event", expression("event.id")),)
    found: list[Dimension] = []
    for item in raw if isinstance(raw, list) else [raw]:
        pairs = item.items() if isinstance(item, dict) else [(item, None)]
        found += [
            Dimension(name, _named(name) if text is None else _expression(text)) for name, text in pairs
        ]
    return tuple(found)


def named_dimension(name: str) -> Dimension:
    """Return the dimension that a name alone stands for."""
    return Dimension(name, _named(name))


def _named(name: str) -> Expression:
    name = _DIMENSIONS.get(name, name)
    return expression(
        f"event.{name}_id" if f"{name}_id" in FIELD_NAMES and name != "owner" else f"event.{name}"
    )


def _condition(raw: Raw) -> Expression | None:
    return _expression(raw["where"]) if "where" in raw else None


def _in_effect(raw: Raw) -> Expression | None:
    """Return a rule's filter, with the days between which it is in effect."""
    texts = [f"({raw['where']})"] if "where" in raw else []
    for name, sign in (("effective_from", ">="), ("until", "<")):
        if name in raw:
            texts.append(f'date(event.time) {sign} "{raw[name]}"')
    return expression(" && ".join(texts)) if texts else None


def _expression(text: object) -> Expression:
    return expression(str(text).lower() if isinstance(text, bool) else str(text))


def _words(raw: str | list[str]) -> tuple[str, ...]:
    return (raw,) if isinstance(raw, str) else tuple(raw)
