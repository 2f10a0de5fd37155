"""What stands, as far as the oracle knows it, so that the engine's answer can be held beside it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from tests.engine.driving import ABOUT_ARRIVAL
from tests.logs.arrival import micros
from tests.oracle.instants import rfc3339


def by_key(standing: Iterable[Any]) -> dict[str, Any]:
    """Return what the oracle knows of each alert by its tenant, rule, key and window.

    Two episodes that begin at one instant have one name: of the two the higher stands, or the first.
    """
    found: dict[str, Any] = {}
    for each in standing:
        one = each if isinstance(each, dict) else msgspec.structs.asdict(each)
        if one["rule"] in ABOUT_ARRIVAL:
            continue
        name = repr((one["tenant"], one["rule"], sorted(one["key"].items()), sorted(one["window"].items())))
        if name not in found or _rank(one) < _rank(found[name]):
            found[name] = {field: one[field] for field in ("level", "at", "trigger")}
            found[name]["values"] = {value: _shown(value, one["values"][value]) for value in one["values"]}
    return found


def _rank(one: dict[str, Any]) -> tuple[Any, ...]:
    trigger = one["trigger"]
    return (
        -("info", "warn", "critical").index(one["level"]),
        micros(one["at"]),
        trigger["source"],
        trigger["id"],
    )


def _shown(name: str, value: Any) -> Any:
    """Return a value as a record holds it: the oracle leaves an instant in microseconds."""
    return rfc3339(value) if name == "first_login" and isinstance(value, int) else value
