"""Messages and actions: cut at their placeholders, every one checked, in both languages."""

from __future__ import annotations

import re
from typing import Final, Literal

from rules.checking import in_words
from rules.evasion import advice
from rules.loading.names import Names, Space
from rules.locating import Part, Scalar
from rules.location import Location
from rules.messages import BARE, FORMATS, Slot, cut
from rules.model import Dimension, Expression, Language, Placeholder, Text
from rules.problems import Desk
from rules.schema import LANGUAGES, fields, scalar
from rules.suggesting import did_you_mean

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*\Z")


def read_texts(
    part: Part | None,
    kind: Literal["message", "action"],
    names: Names,
    space: Space,
    key: tuple[Dimension, ...],
    at: Location,
) -> dict[Language, Text]:
    """Return a text in both languages; refuse a missing one, a bad placeholder and advice to evade."""
    desk = names.desk.about(kind)
    if part is None:
        desk.refuse(at, f"no {kind}", "a text in zh and en", f"write {kind}: {{zh: …, en: …}}")
        return {}
    found = fields(part, desk, LANGUAGES)
    read: dict[Language, Text] = {}
    for language in LANGUAGES:
        written = scalar(found.get(language), desk)
        if written is None:
            if language not in found:
                desk.refuse(
                    part.at, f"no {language}", "a text in zh and en", f"write the text in {language} too"
                )
            continue
        refuse_advice(written, language, kind, desk.about(language))
        read[language] = _text(written, language, names, space, key, desk.about(language))
    return read


def refuse_advice(
    written: Scalar, language: Language, kind: Literal["message", "action", "title"], desk: Desk
) -> None:
    """Refuse a text that advises evasion."""
    found = advice(written.text, language, kind)
    if found is not None:
        offset, words = found
        expected = "no advice to split payments, switch accounts or move funds"
        desk.refuse(
            written.place(offset),
            f"“{words}”",
            expected,
            "say what is allowed instead, or forbid it in words",
        )


def _text(
    written: Scalar, language: Language, names: Names, space: Space, key: tuple[Dimension, ...], desk: Desk
) -> Text:
    parts, stray = cut(written.text)
    if stray is not None:
        desk.refuse(written.place(stray), "a stray brace", "{name|format}", "close it, or leave braces out")
    read: list[str | Placeholder] = []
    for part in parts:
        found = part if isinstance(part, str) else _placeholder(part, written, names, space, key, desk)
        if found is not None:
            read.append(found)
    return Text(tuple(read), language)


def _placeholder(
    slot: Slot, written: Scalar, names: Names, space: Space, key: tuple[Dimension, ...], desk: Desk
) -> Placeholder | None:
    name = written.excerpt(slot.name_offset, slot.name_offset + len(slot.name))
    if not _NAME.match(slot.name):
        desk.refuse(name.at, f"{{{slot.name}}}", "a name", "give the expression a name with let")
        return None
    if slot.format and slot.format not in FORMATS:
        mend = did_you_mean(slot.format, FORMATS) or f"there are {' '.join(FORMATS)}"
        desk.refuse(written.place(slot.format_offset), f"the unknown format {slot.format}", "a format", mend)
        return None
    own = {part.name: part.value for part in key}
    value = own.get(slot.name) or names.expression(name, space, desk)
    if value is None or not _fits(slot, value, written, desk):
        return None
    return Placeholder(slot.name, slot.format, value)


def _fits(slot: Slot, value: Expression, written: Scalar, desk: Desk) -> bool:
    """Refuse a format that cannot show the value: yuan of a count, or no format for a duration."""
    if not slot.format:
        if value.type in BARE or value.type.startswith("list("):
            return True
        able = [name for name, form in FORMATS.items() if value.type in form.types]
        mend = f"write {{{slot.name}|{able[0]}}}" if able else "show another value"
        place = written.place(slot.name_offset)
        desk.refuse(place, f"{slot.name} without a format", f"a format for {in_words(value.type)}", mend)
        return False
    form = FORMATS[slot.format]
    if value.type in form.types and value.unit in form.units:
        return True
    shown = f"{slot.format} of {value.unit or in_words(value.type)}"
    wanted = f"{slot.format} of {' or '.join(unit or in_words(form.types[0]) for unit in form.units)}"
    fitting = [
        name for name, each in FORMATS.items() if value.type in each.types and value.unit in each.units
    ]
    mend = f"choose {' or '.join(fitting)}" if fitting else "choose another format"
    desk.refuse(written.place(slot.format_offset), shown, wanted, mend)
    return False
