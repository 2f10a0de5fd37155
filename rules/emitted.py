"""What an expression becomes: Python text, and the conditions under which that text is safe.

Conditions are tested in order and joined with `and`; a condition may assign the temporary that a later one reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rules.standard import INT_MAX, INT_MIN
from rules.tree import Const, ListOf

NEVER: Final = "False"


@dataclass(frozen=True, slots=True)
class Reading:
    """How generated code reads a name: `text`, once the Python condition `given` holds (None: always there).

    `low` and `high` bound an int, an instant or a duration; without them 64 bits are assumed.
    """

    text: str
    given: str | None = None
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Emitted:
    """A value as Python: `text` is safe once every condition of `given` held, tested in order."""

    text: str
    given: tuple[str, ...] = ()
    low: int = INT_MIN
    high: int = INT_MAX
    maybe: str = ""  # Text that is None where the last condition fails, without the temporary.


def givens(parts: list[Emitted]) -> tuple[str, ...]:
    """Return the conditions under which all parts have values."""
    return merged(*(part.given for part in parts))


def merged(*groups: tuple[str, ...]) -> tuple[str, ...]:
    """Return the conditions in order, each once: what held a moment ago still holds."""
    merged = dict.fromkeys(condition for group in groups for condition in group)
    return (NEVER,) if NEVER in merged else tuple(merged)


def single(condition: str) -> tuple[str, ...]:
    """Return one condition, or none where it always holds."""
    return () if condition == "True" else (condition,)


def all_of(conditions: tuple[str, ...]) -> str:
    """Return one condition that holds where all do."""
    if len(conditions) < 2:
        return conditions[0] if conditions else "True"
    return f"({' and '.join(conditions)})"


def any_of(groups: list[tuple[str, ...]]) -> str:
    """Return one condition that holds where all of some group do."""
    texts = [all_of(group) for group in groups]
    if "True" in texts:
        return "True"
    kept = [text for text in dict.fromkeys(texts) if text != NEVER]
    if len(kept) < 2:
        return kept[0] if kept else NEVER
    return f"({' or '.join(kept)})"


def or_none(emitted: Emitted) -> str:
    """Return text for the value, or None where it has none."""
    if not emitted.given:
        return emitted.text
    if emitted.maybe:
        rest = emitted.given[:-1]
        return f"({emitted.maybe} if {all_of(rest)} else None)" if rest else emitted.maybe
    return f"({emitted.text} if {all_of(emitted.given)} else None)"


def constant(tree: Const) -> Emitted:
    """Return a literal as Python."""
    value = tree.value
    if isinstance(value, bool | str):
        return Emitted(repr(value))
    if isinstance(value, int):
        return Emitted(f"({value})" if value < 0 else str(value), (), value, value)
    text = repr(value).replace("inf", "1e999")
    return Emitted(f"({text})" if text.startswith("-") else text)


def constant_set(container: ListOf) -> str:
    """Return a list of literals as a set, which Python keeps as a constant; empty where it is none."""
    if len(container.items) < 3 or not all(isinstance(item, Const) for item in container.items):
        return ""
    return "{" + ", ".join(constant(item).text for item in container.items if isinstance(item, Const)) + "}"


def read_once(us: int | None) -> Emitted:
    """Return an instant or duration that was read from its text when the rule was compiled."""
    if us is None:
        return Emitted("0", (NEVER,))
    return Emitted(f"({us})" if us < 0 else str(us), (), us, us)
