"""Why an input cannot be read: the field, what stands there, and what was expected.

msgspec says what is wrong with a value and where; here that becomes words in which a person can mend a line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from engine.payloads.fields import WORDS

SHOWN: Final = 80  # Characters of what was found.

_AT: Final = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
_GOT: Final = re.compile(r"Expected `(?P<expected>[^`]*)`, got `[^`]*`")
_MISSING: Final = re.compile(r"Object missing required field `(?P<name>[^`]*)`")
_PATTERN: Final = re.compile(r"Expected `str` matching regex '(?P<pattern>.*)'")
_CHOICE: Final = re.compile(r"Invalid enum value .*", re.DOTALL)
_STEP: Final = re.compile(r"\[(\d+)\]|\.?([^.\[]+)")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a line cannot be read; `found` is JSON of at most 80 characters, or plain words."""

    field: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.field}: found {self.found}; expected {self.expected}"


def explained(message: str, whole: object) -> Refusal:
    """Turn msgspec's message about a decoded input into field, found and expected."""
    match = _AT.fullmatch(message)
    assert match is not None, "the pattern takes any text"
    what, path = match["what"], (match["path"] or "").removeprefix(".")
    missing = _MISSING.fullmatch(what)
    if missing:
        field = f"{path}.{missing['name']}" if path else missing["name"]
        return Refusal(field, "nothing", "a value: it is required")
    return Refusal(path or "line", short(_reached(whole, path)), _expected(what))


def _expected(what: str) -> str:
    got, pattern = _GOT.fullmatch(what), _PATTERN.fullmatch(what)
    if got:
        return got["expected"].replace(" | null", "")
    if pattern:
        return WORDS[pattern["pattern"]]
    if _CHOICE.fullmatch(what):
        return '"1.0"'  # The only field with a fixed value is `specversion`.
    return what.removeprefix("Expected ").replace("`", "")


def _reached(whole: object, path: str) -> object:
    """Return the value at a path such as `data.scope[1]`, as far as it can be followed."""
    for index, name in _STEP.findall(path):
        if isinstance(whole, list) and index and int(index) < len(whole):
            whole = whole[int(index)]
        elif isinstance(whole, dict) and name in whole:
            whole = whole[name]
        else:
            break
    return whole


def short(value: Any) -> str:
    """Return a JSON value as one line of at most 80 characters; what has no JSON, by the name of its type."""
    try:
        text = msgspec.json.encode(value).decode()
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def short_bytes(raw: bytes) -> str:
    """Return the beginning of a line that is no JSON, as a JSON text."""
    return short(raw[:SHOWN].decode("utf-8", "replace"))
