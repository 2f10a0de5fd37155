"""The shape of a rule file: which fields stand where, and readers that refuse anything else.

A reader that meets a mistake notes it and gives a neutral value, so that one load finds all mistakes. Nothing neutral
ever gets out: a load with a problem gives no rule set.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final, TypeVar

from rules.locating import Fields, Items, Part, Scalar
from rules.location import Location
from rules.model import Language, Words
from rules.problems import Desk
from rules.suggesting import did_you_mean

PACK: Final = ("pack", "title", "measure", "let", "rules")
DECIDING: Final = (
    "on", "sequence", "every", "where", "per", "measure", "let", "levels", "expect", "remind", "alert", "message",
    "action",
)  # fmt: skip
RULE: Final = (
    "id", "title", *DECIDING, "who", "source", "confidence", "tags", "note", "shadow", "effective_from", "until",
    "migrate", "cases", "tests",
)  # fmt: skip
CASE: Final = ("name", *DECIDING)
STEP: Final = ("as", "event", "where", "within")
AGGREGATES: Final = (
    "count", "sum", "min", "max", "median", "quantile", "distinct", "first", "last", "previous", "series", "histogram",
    "spread", "score",
)  # fmt: skip
MEASURE: Final = (
    *AGGREGATES, "features", "q", "of", "where", "per", "other", "near", "over", "within", "open_until", "before",
    "after", "each", "at_least",
)  # fmt: skip
EXPECT: Final = ("event", "where", "by", "clock", "arm")
REMIND: Final = ("date", "before", "after", "clock", "unless", "every")
TRIAL: Final = ("name", "given", "until", "expect")
LIMIT: Final = ("value", "table", "unit", "source", "confidence", "reviewed")
LEVELS: Final = ("info", "warn", "critical")
CALENDARS: Final = ("day", "week", "month", "quarter", "year")
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
MIGRATIONS: Final = ("restart", "refold")
CONFIDENCES: Final = ("A", "B", "C", "D", "M")

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
RULE_ID: Final = re.compile(r"[A-Z][A-Z0-9]{1,7}-[0-9]{2,4}\Z")

_Node = TypeVar("_Node", bound=Part)
_KINDS: Final = {Scalar: "one value", Items: "a list", Fields: "names with values"}
_WRITE: Final = {
    Scalar: "write one value",
    Items: "write [a, b], or a line with - for each",
    Fields: "write {name: value}, or a line for each",
}


def fields(part: Part | None, desk: Desk, known: tuple[str, ...] = ()) -> dict[str, Part]:
    """Return a mapping's fields; with `known`, refuse a field of another name."""
    mapping = _of_kind(part, Fields, desk)
    if mapping is None:
        return {}
    for name, at in mapping.keys.items():
        if known and name not in known:
            mend = did_you_mean(name, known) or f"there are {' '.join(known)}"
            desk.refuse(at, f"the unknown field {name}", "a field that stands here", mend)
    return {name: value for name, value in mapping.fields.items() if not known or name in known}


def key_at(part: Part, name: str) -> Location:
    """Return where a field's name stands."""
    return part.keys.get(name, part.at) if isinstance(part, Fields) else part.at


def items(part: Part | None, desk: Desk) -> tuple[Part, ...]:
    """Return the elements of a list."""
    found = _of_kind(part, Items, desk)
    return found.items if found else ()


def scalar(part: Part | None, desk: Desk) -> Scalar | None:
    """Return one value that says something."""
    found = _of_kind(part, Scalar, desk)
    if found is not None and not found.text.strip():
        desk.refuse(found.at, "nothing", "a value", "write it, or remove the field")
        return None
    return found


def text(part: Part | None, desk: Desk) -> str:
    """Return a text; numbers count as written."""
    found = scalar(part, desk)
    return found.text if found else ""


def texts(part: Part | None, desk: Desk) -> tuple[Scalar, ...]:
    """Return one text or a list of texts, each with its place."""
    parts = part.items if isinstance(part, Items) else (part,) if part is not None else ()
    found = tuple(one for each in parts if (one := scalar(each, desk)) is not None)
    if isinstance(part, Items) and not part.items:
        desk.refuse(part.at, "an empty list", "at least one element", "write it, or remove the field")
    return found


def flag(part: Part | None, desk: Desk) -> bool:
    """Return true or false; absent is false."""
    found = scalar(part, desk) if part is not None else None
    if found is not None and not isinstance(found.value, bool):
        desk.refuse(found.at, found.text, "true or false", "write true or false, without quotes")
    return found is not None and found.value is True


def one_of(part: Part | None, desk: Desk, known: tuple[str, ...], default: str = "") -> str:
    """Return one word of a list."""
    found = scalar(part, desk) if part is not None else None
    if found is None:
        return default
    if found.text not in known:
        mend = did_you_mean(found.text, known) or "choose one of them"
        desk.refuse(found.at, found.text, f"one of {' '.join(known)}", mend)
        return default
    return found.text


def day(part: Part | None, desk: Desk) -> str:
    """Return a date `YYYY-MM-DD`; absent is empty."""
    found = scalar(part, desk) if part is not None else None
    if found is not None and not is_day(found.text):
        desk.refuse(found.at, found.text, "a date", "write it as 2026-03-10")
        return ""
    return found.text if found else ""


def is_day(written: str) -> bool:
    """Return whether a text is a date that exists."""
    try:
        return len(written) == 10 and bool(date.fromisoformat(written))
    except ValueError:
        return False


def words(part: Part | None, desk: Desk, at: Location) -> Words:
    """Return a text in both languages."""
    if part is None:
        desk.refuse(at, "no text", "a text in zh and en", "write {zh: …, en: …}")
        return {}
    found = fields(part, desk, LANGUAGES)
    for language in LANGUAGES:
        if language not in found and isinstance(part, Fields):
            desk.refuse(part.at, f"no {language}", "a text in zh and en", f"write the text in {language} too")
    return {language: text(found[language], desk) for language in LANGUAGES if language in found}


def required(part: Part, found: dict[str, Part], desk: Desk, names: tuple[str, ...]) -> None:
    """Refuse a mapping in which a field is missing."""
    for name in names:
        if name not in found:
            desk.refuse(part.at, f"no {name}", f"the field {name}", f"write {name}: …")


def _of_kind(part: Part | None, kind: type[_Node], desk: Desk) -> _Node | None:
    if part is None or isinstance(part, kind):
        return part
    desk.refuse(part.at, _KINDS[type(part)], _KINDS[kind], _WRITE[kind])
    return None
