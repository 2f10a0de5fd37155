"""The names an expression may use, by where it stands: fields of events, entities, limits, periods, intake facts.

Field names and types come from the payload structs themselves, so that a field is declared once. A unit follows from
the name: `_fen`, `_bp`, `_ms`, `_px`, `_km`, `_days`; an int without such an ending counts things. `Declared.optional`
means that there may be no value, and that `NAME.given` may be asked.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from functools import lru_cache
from typing import Final

import msgspec

from engine.payloads import PAYLOADS
from engine.payloads.fields import fields_of
from rules.checking import Declared, Scope
from rules.limits import DOUBLE_UNITS, INT_UNITS
from rules.model import Limit
from rules.tree import TypeName

UNIT_TYPES: Final[dict[str, TypeName]] = {
    **dict.fromkeys(INT_UNITS, "int"),
    **dict.fromkeys(DOUBLE_UNITS, "double"),
    "duration": "duration",
    "terms": "list(string)",
    "text": "string",
}

# Facts that the engine derives; they carry the dimensions of their rule's key.
FACTS: Final[dict[str, dict[str, Declared]]] = {
    "alert.raised": {
        "alert_id": Declared("string"), "rule": Declared("string"), "level": Declared("string"),
    },
    "expectation.met": {"rule": Declared("string"), "waited": Declared("duration", "duration")},
    "expectation.missed": {"rule": Declared("string"), "waited": Declared("duration", "duration")},
}  # fmt: skip

# Dimensions whose field is not their own name with or without `_id`.
_FIELDS: Final = {
    "account": "account", "owner": "owner", "payment": "transaction_id", "ip": "ip_hash", "content": "content_hash",
    "licence": "licence_no_hash", "qualification": "qual_id",
}  # fmt: skip

_SUFFIXES: Final = {
    "_fen": "fen", "_bp": "bp", "_ms": "ms", "_px": "px", "_km": "km", "_days": "days", "_years": "years",
    "_age": "years",
}  # fmt: skip
_OWN_UNITS: Final = {
    "lines": "lines", "chars": "chars", "valid_from": "date", "valid_to": "date", "verified_until": "date",
    "opened_on": "date", "lat": "", "lon": "", "year": "", "device_class": "", "stars": "",
}  # fmt: skip

_ALWAYS: Final = {
    "id": Declared("string"),
    "source": Declared("string"),
    "type": Declared("string"),
    "time": Declared("timestamp", "time"),
}
_WHO: Final = {"account": Declared("string", optional=True), "owner": Declared("string", optional=True)}


def unit_of(field: str, kind: TypeName) -> str:
    """Return what a field counts, by its name; an int without a telling name counts things."""
    if field in _OWN_UNITS:
        return _OWN_UNITS[field]
    if field.endswith("_date"):
        return "date"
    suffix = next((unit for ending, unit in _SUFFIXES.items() if field.endswith(ending)), "")
    return suffix or ("count" if kind == "int" else "")


def event_types() -> frozenset[str]:
    """Return every type that a rule may name: the contract's events and the engine's derived facts."""
    return frozenset(PAYLOADS) | frozenset(FACTS)


def event_names(types: tuple[str, ...], prefix: str = "event") -> Scope:
    """Return the names of events of these types, as `event.amount_fen`, or under the name of a sequence's step.

    A field that only some of the types have is optional, as is one that is optional in any of them. A field to which
    two types give different types is left out. Unknown types raise KeyError.
    """
    each = [_fields(kind) for kind in types]
    merged: dict[str, Declared] = {}
    for name in dict.fromkeys(name for fields in each for name in fields):
        found = [fields[name] for fields in each if name in fields]
        if len({one.type for one in found}) == 1:
            optional = len(found) < len(each) or any(one.optional for one in found)
            merged[name] = Declared(found[0].type, found[0].unit, optional)
    return {f"{prefix}.{name}": declared for name, declared in {**merged, **_ALWAYS, **_WHO}.items()}


@lru_cache(maxsize=256)
def _fields(kind: str) -> Mapping[str, Declared]:
    """Return the fields of one event type as declarations."""
    if kind in FACTS:
        return FACTS[kind]
    fields = {}
    for field in fields_of(PAYLOADS[kind]):
        name, found = field.encode_name, _type(msgspec.inspect.type_info(field.type))
        if found:
            fields[name] = Declared(found, unit_of(name, found), not field.required and field.default is None)
    if "ip" in fields:  # Where only the address came, its keyed hash is derived.
        fields["ip_hash"] = Declared("string", optional=True)
    return fields


def _type(info: msgspec.inspect.Type) -> TypeName:
    """CEL's type of a field; empty for one that no expression reads (any JSON value)."""
    match info:
        case msgspec.inspect.Metadata(type=inner):
            return _type(inner)
        case msgspec.inspect.BoolType():
            return "bool"
        case msgspec.inspect.IntType():
            return "int"
        case msgspec.inspect.FloatType():
            return "double"
        case msgspec.inspect.StrType():
            return "string"
        case msgspec.inspect.ListType(item_type=item) | msgspec.inspect.VarTupleType(item_type=item):
            inner_type = _type(item)
            return f"list({inner_type})" if inner_type else ""
        case msgspec.inspect.UnionType(types=types):
            kinds = {_type(each) for each in types if not isinstance(each, msgspec.inspect.NoneType)}
            return kinds.pop() if len(kinds) == 1 else ""
    return ""


def dimension(name: str, scope: Container[str], prefix: str = "event") -> str | None:
    """Return the name that a dimension of a key stands for (`payer`: `event.payer_id`), or None where it has none."""
    for field in (_FIELDS.get(name, ""), f"{name}_id", name):
        if field and f"{prefix}.{field}" in scope:
            return f"{prefix}.{field}"
    return None


def dimensions(scope: Mapping[str, Declared], prefix: str = "event") -> frozenset[str]:
    """Return every dimension that these names can give a key."""
    back = {field: name for name, field in _FIELDS.items()}
    fields = [name.removeprefix(f"{prefix}.") for name in scope if name.startswith(f"{prefix}.")]
    return frozenset(back.get(field, field.removesuffix("_id")) for field in fields)


def entity_names() -> Scope:
    """Return the attributes of account, owner and the other entities, as of the event's time."""
    return dict(_ENTITIES)


def _entity(name: str, always: Mapping[str, TypeName], maybe: Mapping[str, TypeName]) -> Scope:
    return {
        **{f"{name}.{field}": Declared(kind, unit_of(field, kind)) for field, kind in always.items()},
        **{
            f"{name}.{field}": Declared(kind, unit_of(field, kind), optional=True)
            for field, kind in maybe.items()
        },
    }


_TEXT: Final = "string"
_ENTITIES: Final[Scope] = {
    **_entity(
        "account",
        {"id": _TEXT, "kind": _TEXT, "owner_id": _TEXT, "verified": "bool", "matrix_registered": "bool",
         "operator_ids": "list(string)", "restricted": "bool"},
        {"staff_id": _TEXT, "verified_until": _TEXT, "opened_on": _TEXT},
    ),
    **_entity(
        "owner",
        {"id": _TEXT, "kind": _TEXT, "registered": "bool", "vat_status": _TEXT, "staff_ids": "list(string)"},
        {},
    ),
    **_entity("device", {"managed": "bool"}, {"owner_id": _TEXT}),
    **_entity(
        "order", {"exists": "bool", "instalment": "bool", "moved": "bool"}, {"total_fen": "int", "buyer_id": _TEXT}
    ),
    **_entity("payment", {}, {"amount_fen": "int", "payer_id": _TEXT, "code_kind": _TEXT, "order_id": _TEXT}),
    **_entity("request", {}, {"decision": _TEXT}),
    **_entity("contact", {"is_friend": "bool"}, {"age_band": _TEXT, "marketing_consent": "bool"}),
    **_entity("contract", {"valid": "bool"}, {}),
}  # fmt: skip


def intake_names() -> Scope:
    """Return the names of an input line's own fact: how it arrived and what became of it.

    A line that could not be read has a kind and a disposition and nothing else.
    """
    return {
        "event.kind": Declared("string"),
        "event.disposition": Declared("string"),
        "event.natural_key": Declared("string", optional=True),
        "event.ahead": Declared("duration", "duration", optional=True),
        "event.behind": Declared("duration", "duration", optional=True),
        "event.clear_text": Declared("list(string)"),
        **{
            f"event.{name}": Declared(each.type, each.unit, optional=True)
            for name, each in {**_ALWAYS, **_WHO}.items()
        },
    }


def limit_names(limits: Mapping[str, Limit]) -> Scope:
    """Return every limit as `limit.NAME`; a table is a map by kind, a limit without a value is optional.

    A limit whose unit is unknown is left out; loading reports the unit itself.
    """
    scope: Scope = {}
    for name, limit in limits.items():
        kind = UNIT_TYPES.get(limit.unit)
        if kind is None:
            continue
        if limit.table is not None:
            scope[f"limit.{name}"] = Declared(f"map(string,{kind})", limit.unit)
        else:
            scope[f"limit.{name}"] = Declared(kind, limit.unit, optional=limit.value is None)
    return scope


def period_names() -> Scope:
    """Return the names of the period that a yearly, quarterly or monthly reminder is armed for."""
    return {
        "period.id": Declared("string"),
        "period.start": Declared("string", "date"),
        "period.end": Declared("string", "date"),
        "period.year": Declared("int"),
    }
