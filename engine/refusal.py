"""Why an input cannot be read: the field, what stands there, and what was expected.

msgspec says what is wrong with a value and where; here that becomes words in which a person can mend a line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from engine.clear_numbers import masked
from engine.clear_text import without_numbers
from engine.payloads.fields import WORDS

SHOWN: Final = 80  # Characters of what was found.
AROUND: Final = 20  # Bytes shown on either side of where a line stops being JSON.

_AT: Final = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
_GOT: Final = re.compile(r"Expected `(?P<expected>[^`]*)`, got `[^`]*`")
_MISSING: Final = re.compile(r"Object missing required field `(?P<name>[^`]*)`")
_PATTERN: Final = re.compile(r"Expected `str` matching regex '(?P<pattern>.*)'")
_BOUND: Final = re.compile(r"Expected `(?P<type>int|str)` (?P<bound>.*)")
_CHOICE: Final = re.compile(r"Invalid enum value .*", re.DOTALL)
_BYTE: Final = re.compile(
    r"(?:JSON is malformed: )?(?P<what>.*?)(?: \(byte (?P<at>\d+)\)| - at `.*)?", re.DOTALL
)
_WORDS: Final = {
    "int": "an integer", "float": "a number", "str": "a string", "bool": "true or false", "array": "an array",
    "object": "an object", "int | float": "a number",
}  # fmt: skip
# Line ends, marks and directions that JSON lets stand, and that would break or hide a line of a report.
_UNSEEN: Final = re.compile("[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
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
    got, pattern, least = _GOT.fullmatch(what), _PATTERN.fullmatch(what), _BOUND.fullmatch(what)
    if got:
        name = got["expected"].replace(" | null", "")
        return _WORDS.get(name, name)
    if pattern:
        return WORDS[pattern["pattern"]]
    if least:
        return f"{_WORDS[least['type']]} {least['bound']}"
    if _CHOICE.fullmatch(what):
        return '"1.0"'  # The only field with a fixed value is `specversion`.
    return what[:1].lower() + what[1:]


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
    """Return a value that JSON said as one line of at most 80 characters, without identity and card numbers."""
    shown = msgspec.json.encode(without_numbers(value)).decode()
    text = _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", shown)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def malformed(raw: bytes, error: Exception) -> Refusal:
    """Say where a line stops being JSON: what stands there, and what the reader says of it."""
    if isinstance(error, UnicodeDecodeError):
        at, expected = error.start, f"UTF-8 ({error.reason}"
    else:
        match = _BYTE.fullmatch(str(error))
        assert match is not None, "the pattern takes any text"
        at, expected = int(match["at"] or 0), f"JSON ({match['what'][:1].lower()}{match['what'][1:]}"
    kept = masked(raw.decode("latin-1")).encode("latin-1")  # Sign for sign, so that `at` is still the place.
    here = kept[max(0, at - AROUND) : at + AROUND] if at else kept[:SHOWN]
    return Refusal(
        "line", short(here.decode("utf-8", "replace")), f"{expected} at byte {at})" if at else f"{expected})"
    )
