"""A JSON Schema of rule files, for editors: what may stand where, and what it means.

It knows the shape of a file. What a name or an expression means only `weiguard rules check` can tell.
"""

from __future__ import annotations

from typing import Any, Final

from engine.event import EVENTS
from rules.limits import UNITS
from rules.schema import (
    AGGREGATES,
    CALENDARS,
    CASE,
    CONFIDENCES,
    EXPECT,
    LANGUAGES,
    LEVELS,
    LIMIT,
    MEASURE,
    NAME,
    PACK,
    REMIND,
    RULE,
    RULE_ID,
    STEP,
    TRIAL,
)

_TEXT: Final = {"type": "string", "minLength": 1}
_EXPRESSION: Final = {"$ref": "#/$defs/expression"}
_DURATION: Final = {"type": "string", "pattern": "^[0-9]{1,9}[smhd]$"}
_INTAKE: Final = {"enum": ["intake"]}


def rule_file_schema() -> dict[str, Any]:
    """Return the schema of one file of a rule folder: a pack of rules, or limits."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A Weiguard rule file",
        "description": "A pack of rules, or a table of limits. `weiguard rules check` also checks what they say.",
        "anyOf": [{"$ref": "#/$defs/pack"}, {"$ref": "#/$defs/limits"}],
        "$defs": _definitions(),
    }


def _definitions() -> dict[str, Any]:
    event = {"anyOf": [{"enum": [*EVENTS, "alert.raised", "expectation.met", "expectation.missed"]}]}
    kinds = {"anyOf": [*event["anyOf"], {"type": "array", "items": event}]}
    levels = _object(LEVELS, dict.fromkeys(LEVELS, _EXPRESSION))
    words = _object(LANGUAGES, dict.fromkeys(LANGUAGES, _TEXT), LANGUAGES)
    texts = {"type": "array", "items": _TEXT}
    defined = {"type": "object", "additionalProperties": _EXPRESSION}
    measures = {"type": "object", "additionalProperties": {"$ref": "#/$defs/measure"}}
    rungs = {"type": "object", "additionalProperties": {"type": "array", "items": _EXPRESSION}}
    step = _object(
        STEP, {"as": _name(), "event": kinds, "where": _EXPRESSION, "within": _DURATION}, ("as", "event")
    )
    deciding = {
        "on": {"anyOf": [*kinds["anyOf"], _INTAKE]},
        "sequence": {"type": "array", "items": step},
        "every": {"enum": list(CALENDARS)},
        "where": _EXPRESSION,
        "per": {"anyOf": [_TEXT, {"type": "array", "items": {"anyOf": [_TEXT, defined]}}, defined]},
        "measure": measures,
        "let": defined,
        "levels": levels,
        "expect": _object(
            EXPECT,
            {"event": kinds, "where": _EXPRESSION, "by": levels, "clock": {"enum": ["elapsed", "business"]},
             "arm": {"enum": ["each", "first", "latest"]}},
            ("event", "by"),
        ),
        "remind": _object(
            REMIND,
            {"date": _EXPRESSION, "before": rungs, "after": rungs, "clock": {"enum": ["days", "workdays"]},
             "unless": _object(("event", "where"), {"event": kinds, "where": _EXPRESSION}, ("event",)),
             "every": {"enum": list(CALENDARS[2:])}},
            ("date",),
        ),
        "alert": {"enum": ["event", *CALENDARS, "episode", "ever"]},
        "message": words,
        "action": words,
    }  # fmt: skip
    day = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
    confidence = {"enum": list(CONFIDENCES)}
    rule = {
        **deciding,
        "id": {"type": "string", "pattern": _pattern(RULE_ID.pattern)},
        "title": words,
        "who": texts,
        "source": _TEXT,
        "confidence": confidence,
        "tags": texts,
        "note": _TEXT,
        "shadow": {"type": "boolean"},
        "effective_from": day,
        "until": day,
        "cases": {"type": "array", "items": _object(CASE, {**deciding, "name": _name()}, ("name",))},
        "tests": {"type": "array", "items": _trial()},
    }
    return {
        "expression": {
            "description": "CEL, or a plain value",
            "anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}],
        },
        "measure": _object(MEASURE, {**{name: {} for name in MEASURE}, **_measure(kinds)}),
        "rule": _object(RULE, rule, ("id", "title", "who", "source", "confidence")),
        "pack": _object(
            PACK,
            {"pack": _name(), "title": words, "measure": measures, "let": defined,
             "rules": {"type": "array", "items": {"$ref": "#/$defs/rule"}}},
            ("pack", "title", "rules"),
        ),
        "limit": _object(
            LIMIT,
            {"value": {}, "table": {"type": "object"}, "unit": {"enum": list(UNITS)}, "source": _TEXT,
             "confidence": confidence, "reviewed": day},
            ("unit", "source", "confidence", "reviewed"),
        ),
        "limits": _object(
            ("limits",),
            {"limits": {"type": "object", "additionalProperties": {"$ref": "#/$defs/limit"}}},
            ("limits",),
        ),
    }  # fmt: skip


def _measure(kinds: dict[str, Any]) -> dict[str, Any]:
    return {
        **dict.fromkeys((name for name in AGGREGATES if name != "spread"), _EXPRESSION),
        "spread": {"type": "array", "items": _EXPRESSION},
        "features": {"type": "array", "items": _TEXT},
        "of": kinds,
        "where": _EXPRESSION,
        "other": {"enum": ["account"]},
        "within": _EXPRESSION,
        "after": _EXPRESSION,
        "before": {"type": "boolean"},
        "at_least": _EXPRESSION,
    }


def _trial() -> dict[str, Any]:
    expected = _object(("at", "level"), {"at": _TEXT, "level": {"enum": list(LEVELS)}}, ("at", "level"))
    given = {"type": "object", "properties": {"at": _TEXT}, "required": ["at"]}
    return _object(
        TRIAL,
        {"name": _TEXT, "given": {"type": "array", "items": given}, "until": _TEXT,
         "expect": {"type": "array", "items": expected}},
        ("name", "given", "expect"),
    )  # fmt: skip


def _object(known: tuple[str, ...], fields: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return an object of known fields and no others."""
    assert set(fields) == set(known), f"every field has a schema: {set(fields) ^ set(known)}"
    found: dict[str, Any] = {"type": "object", "properties": fields, "additionalProperties": False}
    return {**found, "required": list(required)} if required else found


def _name() -> dict[str, Any]:
    return {"type": "string", "pattern": _pattern(NAME.pattern)}


def _pattern(python: str) -> str:
    return f"^{python.replace(chr(92) + 'Z', '$')}"
