"""The values and limits that a record holds, in words: what they count is said by the rule's own text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.alert import Record
from monitoring.describing import DECIMAL
from monitoring.wording.values import value_text
from monitoring.wording.words import Language
from rules.vocabulary import unit_of


def case_of(rule: Mapping[str, Any], record: Record) -> Mapping[str, Any]:
    """Return the case of a rule that wrote a record; empty where the rule's text is not known."""
    cases: list[Mapping[str, Any]] = rule.get("cases", [])
    return next(
        (case for case in cases if case.get("name") == record.window.get("case")), cases[0] if cases else {}
    )


def told_values(
    rule: Mapping[str, Any], record: Record, lang: Language
) -> tuple[dict[str, str], dict[str, str]]:
    """Return a record's values and its limits in words, by name."""
    units, known = case_of(rule, record).get("units", {}), rule.get("limits", {})
    values = {
        name: value_text(value, units.get(name) or _unit(name), lang) for name, value in record.values.items()
    }
    limits = {
        name: value_text(value, known[name]["unit"] if name in known else "", lang)
        for name, value in record.limits.items()
    }
    return values, limits


def _unit(name: str) -> str:
    """Return what a field of an event counts, which its name says: `amount_fen`, `prev.acc_km`."""
    field = name.rpartition(".")[2]
    return DECIMAL if field in ("lat", "lon") else unit_of(field, "string")
