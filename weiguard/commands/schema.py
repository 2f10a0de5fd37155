"""`weiguard schema`: JSON Schemas of what comes in and what goes out."""

from __future__ import annotations

import sys
from typing import Annotated, Any, Literal

import typer


def schema(
    what: Annotated[
        Literal["events", "alert", "rules"],
        typer.Argument(
            metavar="events|alert|rules",
            help="Events that are read, alert records that are written, or rule files.",
        ),
    ],
) -> None:
    """Print a JSON Schema.

    Example: weiguard schema events > events.schema.json
    """
    import json

    from rules.json_schema import rule_file_schema

    found = {"events": events, "alert": alert, "rules": rule_file_schema}[what]()
    sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")


def events() -> dict[str, Any]:
    """Return the schema of one event: one of the known types. Events of other types are kept, and match no rule."""
    import msgspec

    from engine.event import EVENTS

    references, definitions = msgspec.json.schema_components(EVENTS.values(), ref_template="{name}")
    names = {name: _name_of(name, found) for name, found in definitions.items()}
    assert len(set(names.values())) == len(names), "two definitions of one name"
    return {
        **_head(
            "A Weiguard event", "One line of a log, of a known type; other types are kept and match no rule."
        ),
        "oneOf": _renamed(list(references), names),
        "$defs": {names[name]: _renamed(found, names) for name, found in definitions.items()},
    }


def alert() -> dict[str, Any]:
    """Return the schema of one alert record."""
    import msgspec

    from engine.alert import Record

    (reference,), definitions = msgspec.json.schema_components([Record], ref_template="#/$defs/{name}")
    return {**_head("A Weiguard alert record", "One change of one alert."), **reference, "$defs": definitions}


def _name_of(name: str, definition: dict[str, Any]) -> str:
    """Return what a definition is called: an event by its type, its data by the class's name."""
    kinds = definition.get("properties", {}).get("type", {}).get("enum", ())
    return str(kinds[0]) if kinds and "specversion" in definition["properties"] else name.rpartition(".")[2]


def _renamed(schema: Any, names: dict[str, str]) -> Any:
    if isinstance(schema, list):
        return [_renamed(each, names) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: f"#/$defs/{names[each]}" if name == "$ref" else _renamed(each, names)
        for name, each in schema.items()
    }


def _head(title: str, description: str) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": description,
    }
