"""A JSON Schema of rule files, for editors: what may stand where, and what it means.

It knows the shape of a file. What a name or an expression means only `weiguard rules check` can tell.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

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
    MIGRATIONS,
    NAME,
    PACK,
    REMIND,
    RULE,
    RULE_ID,
    STEP,
    TRIAL,
)

Schema: TypeAlias = dict[str, Any]


def _named(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _any(*these: Schema) -> Schema:
    return {"anyOf": list(these)}


_TEXT: Final[Schema] = {"type": "string", "minLength": 1}
_TEXTS: Final = _list(_TEXT)
_DURATION: Final[Schema] = {"type": "string", "pattern": "^[0-9]{1,9}[smhd]$"}
_DAY: Final[Schema] = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_CONFIDENCE: Final[Schema] = {"enum": list(CONFIDENCES)}
_EXPRESSION: Final = _named("expression")
_EXPRESSIONS: Final[Schema] = {"type": "object", "additionalProperties": _EXPRESSION}
_MEASURES: Final[Schema] = {"type": "object", "additionalProperties": _named("measure")}


def rule_file_schema() -> Schema:
    """Return the schema of one file of a rule folder: a pack of rules, or limits."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A Weiguard rule file",
        "description": "A pack of rules, or a table of limits. `weiguard rules check` also checks what they say.",
        **_any(_named("pack"), _named("limits")),
        "$defs": _definitions(),
    }


def _definitions() -> dict[str, Schema]:
    words: dict[str, Schema] = dict.fromkeys(LANGUAGES, _TEXT)
    return {
        "event": {"enum": [*EVENTS, "alert.raised", "expectation.met", "expectation.missed"]},
        "events": _any(_named("event"), _list(_named("event"))),
        "expression": {
            "description": "CEL, or a plain value",
            **_any({"type": "string"}, {"type": "number"}, {"type": "boolean"}),
        },
        "levels": _object(LEVELS, dict.fromkeys(LEVELS, _EXPRESSION)),
        "words": _object(LANGUAGES, words, LANGUAGES),
        "measure": _object(MEASURE, _measure()),
        "expect": _object(EXPECT, _expect(), ("event", "by")),
        "remind": _object(REMIND, _remind(), ("date",)),
        "test": _object(TRIAL, _test(), ("name", "given", "expect")),
        "case": _object(CASE, {**_deciding(), "name": _name()}, ("name",)),
        "rule": _object(RULE, _rule(), ("id", "title", "who", "source", "confidence")),
        "pack": _object(PACK, _pack(), ("pack", "title", "rules")),
        "limit": _object(LIMIT, _limit(), ("unit", "source", "confidence", "reviewed")),
        "limits": _object(
            ("limits",), {"limits": {"type": "object", "additionalProperties": _named("limit")}}, ("limits",)
        ),
    }


def _pack() -> dict[str, Schema]:
    return {
        "pack": _name(), "title": _named("words"), "measure": _MEASURES, "let": _EXPRESSIONS,
        "rules": _list(_named("rule")),
    }  # fmt: skip


def _rule() -> dict[str, Schema]:
    return {
        **_deciding(),
        "id": {"type": "string", "pattern": _pattern(RULE_ID.pattern)},
        "title": _named("words"),
        "who": _TEXTS,
        "source": _TEXT,
        "confidence": _CONFIDENCE,
        "tags": _TEXTS,
        "note": _TEXT,
        "shadow": {"type": "boolean"},
        "effective_from": _DAY,
        "until": _DAY,
        "migrate": {"enum": list(MIGRATIONS)},
        "cases": _list(_named("case")),
        "tests": _list(_named("test")),
    }


def _deciding() -> dict[str, Schema]:
    """Return what a rule decides by, which each of its cases may say anew."""
    step = {"as": _name(), "event": _named("events"), "where": _EXPRESSION, "within": _DURATION}
    return {
        "on": _any(_named("events"), {"enum": ["intake"]}),
        "sequence": _list(_object(STEP, step, ("as", "event"))),
        "every": {"enum": list(CALENDARS)},
        "where": _EXPRESSION,
        "per": _any(_TEXT, _list(_any(_TEXT, _EXPRESSIONS)), _EXPRESSIONS),
        "measure": _MEASURES,
        "let": _EXPRESSIONS,
        "levels": _named("levels"),
        "expect": _named("expect"),
        "remind": _named("remind"),
        "alert": {"enum": ["event", *CALENDARS, "episode", "ever"]},
        "message": _named("words"),
        "action": _named("words"),
    }


def _expect() -> dict[str, Schema]:
    return {
        "event": _named("events"),
        "where": _EXPRESSION,
        "by": _named("levels"),
        "clock": {"enum": ["elapsed", "business"]},
        "arm": {"enum": ["each", "first", "latest"]},
    }


def _remind() -> dict[str, Schema]:
    rungs = {"type": "object", "additionalProperties": _list(_EXPRESSION)}
    answer = {"event": _named("events"), "where": _EXPRESSION}
    return {
        "date": _EXPRESSION,
        "before": rungs,
        "after": rungs,
        "clock": {"enum": ["days", "workdays"]},
        "unless": _object(("event", "where"), answer, ("event",)),
        "every": {"enum": list(CALENDARS[2:])},
    }


def _measure() -> dict[str, Schema]:
    return {
        **{name: {} for name in MEASURE},
        **dict.fromkeys(AGGREGATES, _EXPRESSION),
        "spread": _list(_EXPRESSION),
        "features": _TEXTS,
        "of": _named("events"),
        "where": _EXPRESSION,
        "other": {"enum": ["account"]},
        "within": _EXPRESSION,
        "after": _EXPRESSION,
        "before": {"type": "boolean"},
        "at_least": _EXPRESSION,
    }


def _limit() -> dict[str, Schema]:
    return {
        "value": {}, "table": {"type": "object"}, "unit": {"enum": list(UNITS)}, "source": _TEXT,
        "confidence": _CONFIDENCE, "reviewed": _DAY,
    }  # fmt: skip


def _test() -> dict[str, Schema]:
    expected = {"at": _TEXT, "level": {"enum": list(LEVELS)}}
    return {
        "name": _TEXT,
        "given": _list({"type": "object", "properties": {"at": _TEXT}, "required": ["at"]}),
        "until": _TEXT,
        "expect": _list(_object(("at", "level"), expected, ("at", "level"))),
    }


def _object(known: tuple[str, ...], fields: dict[str, Schema], required: tuple[str, ...] = ()) -> Schema:
    """Return an object of known fields and no others."""
    assert set(fields) == set(known), f"every field has a schema: {set(fields) ^ set(known)}"
    found: Schema = {"type": "object", "properties": fields, "additionalProperties": False}
    return {**found, "required": list(required)} if required else found


def _name() -> Schema:
    return {"type": "string", "pattern": _pattern(NAME.pattern)}


def _pattern(python: str) -> str:
    return f"^{python.replace(chr(92) + 'Z', '$')}"
