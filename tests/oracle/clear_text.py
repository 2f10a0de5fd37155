"""Numbers in clear by definition: each place of each text is tried as the beginning of each kind of number."""

from __future__ import annotations

import calendar
from typing import Any

WIDE = dict(zip("０１２３４５６７８９Ｘｘx", "0123456789XXX", strict=True))
SPACES = "\u00a0\u2007\u2009\u202f\u3000"
STROKES = "\uff0d\u2010\u2011\u2012\u2013\u2212"
LAYOUTS = [
    *([length] for length in range(14, 20)),
    [4, 4, 4, 4], [4, 4, 4, 4, 1], [4, 4, 4, 4, 2], [4, 4, 4, 4, 3], [6, 13], [4, 6, 5], [4, 6, 4],
    [6, 8, 4], [6, 4, 4, 4], [6, 12], [14, 4],
]  # fmt: skip
# (first beginning, last beginning, least and greatest number of digits)
ISSUERS: list[tuple[str, str, int, int]] = [
    ("62", "62", 16, 19), ("9558", "9559", 19, 19), ("4367", "4367", 19, 19), ("4563", "4563", 19, 19),
    ("4", "4", 16, 16), ("51", "55", 16, 16), ("3528", "3589", 16, 16), ("34", "34", 15, 15), ("37", "37", 15, 15),
    ("300", "305", 14, 14), ("36", "36", 14, 14), ("38", "39", 14, 14),
    ("6011", "6011", 16, 16), ("644", "649", 16, 16), ("65", "65", 16, 16),
]  # fmt: skip
PROVINCES = {
    *range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, *range(81, 84),
}  # fmt: skip


def fields_in_clear(line: dict[str, Any]) -> list[str]:
    """Return the fields of a line that hold a number in clear: of many the first twenty, sorted."""
    found: dict[str, None] = {}
    for name, value in line.items():
        if name != "tenant":
            _look("", name, value, found)
    return sorted(list(found)[:20])


def hidden(text: str) -> str:
    """Return a text with an asterisk for each digit of its numbers, the leftmost and longest first."""
    signs, at = list(text), 0
    while at < len(text):
        end = max(_ends(_plain(text), at), default=0)
        for place in range(at, end):
            if signs[place].isalnum():
                signs[place] = "*"
        at = end or at + 1
    return "".join(signs)


def _look(path: str, name: str, value: Any, found: dict[str, None]) -> None:
    word = 0 < len(name) <= 40 and all(sign.isalnum() or sign in "_-" for sign in name)
    if _holds(name):
        found[_joined(path, "*")] = None
        word = False
    _look_at(_joined(path, name if word else "*"), value, found)


def _look_at(path: str, value: Any, found: dict[str, None]) -> None:
    if isinstance(value, dict):
        for name, each in value.items():
            _look(path, name, each, found)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            longer = f"{path}[{index}]"
            _look_at(longer if len(longer) <= 120 else path, each, found)
    elif isinstance(value, str | int) and not isinstance(value, bool) and _holds(str(value)):
        found[path] = None


def _joined(path: str, name: str) -> str:
    longer = f"{path}.{name}" if path else name
    return longer if len(longer) <= 120 else path


def _plain(text: str) -> str:
    return "".join(
        WIDE.get(sign, " " if sign in SPACES else "-" if sign in STROKES else sign) for sign in text
    )


def _holds(text: str) -> bool:
    plain = _plain(text)
    if sum(sign in "0123456789" for sign in plain) < 14:
        return False
    return any(_ends(plain, start) for start in range(len(plain)))


def _ends(text: str, start: int) -> list[int]:
    """Return where the numbers that begin at a place end."""
    if text[start] not in "0123456789":
        return []
    return [end for layout in LAYOUTS for joint in " -" if (end := _laid(text, start, layout, joint))]


def _laid(text: str, start: int, layout: list[int], joint: str) -> int:
    number, at = "", start
    for index, length in enumerate(layout):
        if index:
            if text[at : at + 1] != joint:
                return 0
            at += 1
        number += text[at : at + length]
        at += length
    if len(number) != sum(layout) or not (is_resident(number) or is_issued(number)):
        return 0
    touching = joint if len(layout) > 1 and joint == "-" else ""
    return at if _alone(text, start, at, touching) else 0


def is_resident(number: str) -> bool:
    """Say whether signs are a resident identity number."""
    if (
        len(number) != 18
        or any(sign not in "0123456789" for sign in number[:17])
        or number[17] not in "0123456789X"
    ):
        return False
    year, month, day = int(number[6:10]), int(number[10:12]), int(number[12:14])
    if int(number[:2]) not in PROVINCES or not 1900 <= year <= 2099 or not 1 <= month <= 12:
        return False
    if not 1 <= day <= calendar.monthrange(year, month)[1]:
        return False
    # A digit counts 2 to the power of its distance from the end; all together come to 1 modulo 11.
    values = [10 if sign == "X" else int(sign) for sign in number]
    return sum(value << (17 - place) for place, value in enumerate(values)) % 11 == 1


def is_issued(number: str) -> bool:
    """Say whether digits are a card number."""
    if any(sign not in "0123456789" for sign in number):
        return False
    if not any(
        low <= number[: len(low)] <= high and least <= len(number) <= most
        for low, high, least, most in ISSUERS
    ):
        return False
    total = 0
    for place, sign in enumerate(reversed(number)):
        value = int(sign) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _alone(text: str, start: int, end: int, joint: str) -> bool:
    """Say whether a number is all the digits of the word it stands in, and no fraction."""

    def word(sign: str) -> bool:
        return (sign.isascii() and sign.isalnum()) or (joint != "" and sign == joint)

    left, right = start, end
    while left > 0 and word(text[left - 1]):
        left -= 1
    while right < len(text) and word(text[right]):
        right += 1
    around = text[left:start] + text[end:right]
    fraction = start > 1 and text[start - 1] == "." and text[start - 2].isdigit()
    return not fraction and not any(sign.isdigit() for sign in around)
