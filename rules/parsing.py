"""YAML, read strictly, into nodes that know their place.

Rule files are written by people and brought by users: YAML 1.2 scalars (`on` is a word, `09:00` and `2026-11-22` are
texts), no duplicate key, and nothing that can grow or run: no anchors, aliases, merge keys or tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml
from yaml.error import MarkedYAMLError
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)
from yaml.reader import ReaderError

from rules.locating import Fields, Items, Part, Scalar, Source
from rules.location import Location
from rules.problems import Desk

# The one in C takes a twentieth of the time; every wheel has it, a build of one's own may not.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_MARKED = "the parser gives every event its marks"

MAX_BYTES = 1 << 20
MAX_DEPTH = 16

_UNREADABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x85\ud800-\udfff\ufeff\u2028\u2029]")
_INT = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}


class _Refused(Exception):  # noqa: N818  # it is no error: the desk has noted it
    """The file cannot be read further; what is wrong has been noted."""


def read_bytes(raw: bytes, file: str, desk: Desk, begin: str = "pack: … or limits: …") -> Fields | None:
    """Read one YAML file; what is wrong goes to the desk, and None comes back. `begin`: what such a file has first."""
    text = decoded(raw, file, desk)
    if text is None:
        return None
    source = Source(file, text, tuple(text.split("\n")))
    try:
        root = _Builder(source, desk).document()
    except MarkedYAMLError as error:
        desk.refuse(
            _place(error, source),
            _in_words(str(error.problem or error.context or "broken YAML")),
            "YAML",
            "quote a text that holds `: ` or ` #`, or starts with one of ! & * { [ | > % @ `",
        )
        return None
    except (ReaderError, ValueError) as error:
        desk.refuse(source.at(0, 0), " ".join(str(error).split()), "YAML", "remove the character")
        return None
    except _Refused:
        return None
    if isinstance(root, Fields):
        return root
    desk.refuse(
        source.at(0, 0),
        "no mapping" if root else "an empty file",
        "names with values",
        f"start the file with {begin}",
    )
    return None


def _place(error: MarkedYAMLError, source: Source) -> Location:
    """Return where the parser gave up; past the end of the file is its last character."""
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return source.at(0, 0)
    if mark.line >= len(source.lines):
        return source.at(len(source.lines) - 1, len(source.lines[-1]))
    return source.at(mark.line, mark.column)


def _in_words(problem: str) -> str:
    """Return the parser's words as they stand after `found`."""
    words = " ".join(problem.split()).removeprefix("found ")
    if words.startswith("exceeded"):
        return "too many lists or mappings in one another"
    return re.sub(r"^(did not find|could not find) (the )?expected ", "no ", words)


def decoded(raw: bytes, file: str, desk: Desk) -> str | None:
    """Return a file as text with plain line ends; what cannot be read goes to the desk, and None comes back."""
    at = Location(file, 1, 1)
    if len(raw) > MAX_BYTES:
        desk.refuse(at, f"{len(raw)} bytes", f"at most {MAX_BYTES}", "split the file")
        return None
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start)
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1)
        desk.refuse(
            Location(file, line + 1, column + 1),
            f"byte 0x{raw[error.start]:02x}",
            "UTF-8",
            "save it as UTF-8",
        )
        return None
    odd = _UNREADABLE.search(text)
    if odd:
        line = text.count("\n", 0, odd.start())
        column = odd.start() - (text.rfind("\n", 0, odd.start()) + 1)
        desk.refuse(
            Location(file, line + 1, column + 1),
            f"the control character U+{ord(odd[0]):04X}",
            "text",
            "remove it",
        )
        return None
    return text


class _Builder:
    """Turns the parser's events into nodes."""

    def __init__(self, source: Source, desk: Desk) -> None:
        self.source, self.desk = source, desk
        self.events: Iterator[Event] = iter(yaml.parse(source.text, Loader=_LOADER))

    def document(self) -> Part | None:
        """Return the one document of the file, or None where there is none."""
        root: Part | None = None
        documents = 0
        for event in self.events:
            if isinstance(event, StreamStartEvent | StreamEndEvent | DocumentEndEvent):
                continue
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.refuse(
                        event, "a second document", "one document a file", "move it into a file of its own"
                    )
                continue
            root = self.part(event, 1)
        return root

    def part(self, event: Event, depth: int) -> Part:
        """Return the node that starts with this event."""
        self.check(event, depth)
        if isinstance(event, MappingStartEvent):
            return self.fields(event, depth)
        if isinstance(event, SequenceStartEvent):
            return self.items(event, depth)
        assert isinstance(event, ScalarEvent), "the parser knows no other node"
        return self.scalar(event)

    def check(self, event: Event, depth: int) -> None:
        """Refuse what can grow, run or nest without end."""
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None) is not None:
            self.refuse(event, "an anchor or alias", "plain YAML", "write the value out where it is needed")
        tag = getattr(event, "tag", None)
        if tag is not None:
            self.refuse(
                event, f"the tag {tag}", "plain YAML", "remove the tag; quote the text if it starts with `!`"
            )
        if depth > MAX_DEPTH:
            self.refuse(event, f"a depth of {depth}", f"at most {MAX_DEPTH}", "flatten it")

    def fields(self, start: Event, depth: int) -> Fields:
        """Return a mapping, each key once."""
        fields: dict[str, Part] = {}
        keys: dict[str, Location] = {}
        for event in self.events:
            if isinstance(event, MappingEndEvent):
                break
            self.check(event, depth)
            key = self.scalar(event) if isinstance(event, ScalarEvent) else None
            if key is None or key.text == "<<":
                self.refuse(
                    event, "a merge key" if key else "a list or mapping as key", "a name", "write it out"
                )
                continue
            value = self.part(next(self.events), depth + 1)
            if key.text in fields:
                first = keys[key.text]
                found = f"{key.text} again (first in line {first.line}, column {first.column})"
                self.desk.refuse(key.at, found, "each name once", "remove one of the two")
                continue
            fields[key.text], keys[key.text] = value, key.at
        return Fields(fields, keys, self.place(start))

    def items(self, start: Event, depth: int) -> Items:
        """Return a list."""
        items: list[Part] = []
        for event in self.events:
            if isinstance(event, SequenceEndEvent):
                break
            items.append(self.part(event, depth + 1))
        return Items(tuple(items), self.place(start))

    def scalar(self, event: ScalarEvent) -> Scalar:
        """Return a scalar with its YAML 1.2 value."""
        style = str(event.style or "")
        text = str(event.value)
        odd = _UNREADABLE.search(text) if style else None
        if odd:  # An escape can say what the file itself may not hold.
            self.refuse(event, f"an escape for U+{ord(odd[0]):04X}", "text", "remove it")
        value = text if style else _resolved(text)
        begin, end = event.start_mark, event.end_mark
        assert begin, _MARKED
        assert end, _MARKED
        return Scalar(text, value, self.place(event), self.source, begin.index, end.index, style)

    def place(self, event: Event) -> Location:
        """Return where an event starts."""
        mark = event.start_mark
        assert mark, _MARKED
        return self.source.at(mark.line, mark.column)

    def refuse(self, event: Event, found: str, expected: str, mend: str) -> None:
        """Note what cannot be read, and stop reading this file."""
        self.desk.refuse(self.place(event), found, expected, mend)
        raise _Refused


def _resolved(text: str) -> str | int | float | bool | None:
    """Return the value of a plain scalar in YAML 1.2's core schema, without octal, hex and not-a-number forms."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.match(text):
        return int(text) if len(text) < 20 else text
    return float(text) if _FLOAT.match(text) else text
