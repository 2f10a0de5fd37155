"""Evaluates one expression with values that somebody binds: `weiguard rules eval`.

The expression goes the way of every rule: checked by the official runtime, emitted as Python, run. So what this shows
is what a rule would do. A bound value has the type of its JSON; where it has none (a list of mixed values) its
operators are chosen when it is met. Nothing that somebody may write or bind raises.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.windows import Zone
from rules.checking import Checked, Declared, Fault, Scope, check
from rules.emitting import Emitter, Reading
from rules.explaining import reason
from rules.operators import NAMESPACE
from rules.standard import INT_MAX, INT_MIN
from rules.times import text_of_span, text_of_time
from rules.tree import Node, TypeName

DEEPEST: Final = 50  # Levels of a bound value; JSON that people write has three.
ZONE: Final = Zone("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an expression gave: `value` as JSON (durations as `3600s`, instants as RFC 3339), or `error` in words."""

    value: object = None
    error: str | None = None
    type: TypeName = ""


class BindingError(ValueError):
    """A bound value that no expression can read; the text says which and why."""


def evaluate(source: str, bind: Mapping[str, object], zone: Zone = ZONE) -> Outcome:
    """Evaluate an expression over bound values; never raises."""
    try:
        scope = scope_of(bind)
    except BindingError as error:
        return Outcome(error=str(error))
    checked = check(source, scope, open_types=True)
    if not isinstance(checked, Checked):
        return Outcome(error="\n".join(_line(fault, source) for fault in checked))
    return _run(checked, source, dict(bind), zone)


def scope_of(bind: Mapping[str, object]) -> Scope:
    """Return the names that bound values declare, typed by their JSON; raises BindingError."""
    scope: Scope = {}
    for name, value in bind.items():
        if not all(part.isidentifier() and part.isascii() for part in name.split(".")):
            raise BindingError(f"cannot bind {name!r}: a name is letters, digits and _ with dots between")
        scope[name] = Declared(_type_of(value, name))
    return scope


def _type_of(value: object, name: str, depth: int = 0) -> TypeName:
    if depth > DEEPEST:
        raise BindingError(f"cannot bind {name}: it is nested more than {DEEPEST} deep")
    match value:
        case bool():
            return "bool"
        case int():
            if not INT_MIN <= value <= INT_MAX:
                raise BindingError(f"cannot bind {name}: {value:.3e} does not fit an int of 64 bits")
            return "int"
        case float():
            return "double"
        case str():
            if any("\ud800" <= character <= "\udfff" for character in value):
                raise BindingError(f"cannot bind {name}: it is not Unicode text (a lone surrogate)")
            return "string"
        case Mapping():
            for key in value:
                _type_of(key, name, depth + 1)
            return f"map(string,{_common(value.values(), name, depth)})"
        case Sequence():
            return f"list({_common(value, name, depth)})"
    if value is None:
        raise BindingError(f"cannot bind {name}: null is no value in a rule; leave the name out")
    raise BindingError(f"cannot bind {name}: {type(value).__name__} is no JSON value")


def _common(values: object, name: str, depth: int) -> TypeName:
    """Return the one type of all values, or `dyn` where they have several or there are none."""
    kinds = {_type_of(value, name, depth + 1) for value in values}  # type: ignore[attr-defined]  # a JSON container
    return kinds.pop() if len(kinds) == 1 else "dyn"


def _run(checked: Checked, source: str, bind: dict[str, object], zone: Zone) -> Outcome:
    """Emit, compile and run; where there is no value, say which part has none."""
    slots = {name: f"b{number}" for number, name in enumerate(sorted(checked.names))}
    value = run(checked.tree, slots, bind, zone)
    if isinstance(value, Unknown):
        return Outcome(error=value.why)
    if value is None:
        return Outcome(error=reason(checked.tree, source, lambda node: run(node, slots, bind, zone)))
    return Outcome(shown(value, checked.type), type=checked.type)


@dataclass(frozen=True, slots=True)
class Unknown:
    """An expression that cannot be run here at all, and why."""

    why: str


def run(tree: Node, slots: Mapping[str, str], bind: Mapping[str, object], zone: Zone) -> object:
    """Run a tree over bound values: its value, None where it has none, Unknown where it needs what is not here."""
    emitter = Emitter(lambda name: Reading(slots[name]))
    emitted = emitter.value(tree)
    condition = " and ".join(emitted.given) or "True"
    code = (
        f"def evaluated({', '.join(slots.values())}):\n    return {emitted.text} if {condition} else None\n"
    )
    space: dict[str, object] = {**NAMESPACE, "zone": zone}
    try:
        exec(compile(code, "<expression>", "exec"), space)  # noqa: S102  # emitted from a checked tree
        function = space["evaluated"]
        assert callable(function), "the code defines it"
        result: object = function(*(bind[name] for name in slots))
    except (SyntaxError, RecursionError, MemoryError):
        return Unknown("the expression is nested too deep to run; split it with let")
    except NameError as error:
        return Unknown(f"{str(error.name).removeprefix('fn_')}() needs a rule set and its events")
    return result


def shown(value: object, kind: TypeName) -> object:
    """Return a value as JSON: durations as `3600s`, instants as RFC 3339, infinities and NaN as texts."""
    if kind == "duration" and isinstance(value, int):
        return text_of_span(value)
    if kind == "timestamp" and isinstance(value, int):
        return text_of_time(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        inner = kind[4:-1].partition(",")[2]
        return {_key(key): shown(each, inner) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [shown(each, kind[5:-1]) for each in value]
    return value


def _key(key: object) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    return str(key)


def _line(fault: Fault, source: str) -> str:
    line = source.count("\n", 0, fault.offset) + 1
    column = fault.offset - (source.rfind("\n", 0, fault.offset) + 1) + 1
    mend = f" ({fault.mend})" if fault.mend else ""
    return f"{line}:{column}: found {fault.found}; expected {fault.expected}{mend}"
