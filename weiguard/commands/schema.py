"""`weiguard schema`: JSON Schemas of what comes in and what goes out."""

from __future__ import annotations

import sys
from typing import Annotated, Any, Literal

import typer


def schema(
    what: Annotated[
        Literal["events", "alert"],
        typer.Argument(help="Events that are read, or alert records that are written."),
    ],
) -> None:
    """Print a JSON Schema.

    Example: weiguard schema events > events.schema.json
    """
    import json

    found = events() if what == "events" else alert()
    sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")


def events() -> dict[str, Any]:
    """Return the schema of one event: one of the known types."""
    import msgspec

    from engine.event import EVENTS

    references, definitions = msgspec.json.schema_components(EVENTS.values(), ref_template="#/$defs/{name}")
    return {
        **_head("A Weiguard event", "One line of a log."),
        "oneOf": list(references),
        "$defs": definitions,
    }


def alert() -> dict[str, Any]:
    """Return the schema of one alert record."""
    import msgspec

    from engine.alert import Record

    (reference,), definitions = msgspec.json.schema_components([Record], ref_template="#/$defs/{name}")
    return {**_head("A Weiguard alert record", "One change of one alert."), **reference, "$defs": definitions}


def _head(title: str, description: str) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": description,
    }
