"""Resident identity numbers and bank card numbers in a text, told from other digits by how they are made.

A number counts only where all of it fits: length, beginning, check digit, and for an identity number a province and a
day of birth. Order numbers, transaction ids, phone numbers, instants and hashes have as many digits and do not fit.
Of the 15-digit identity numbers nothing can be checked (they were withdrawn in 2013), so they are not looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

SHORTEST: Final = 14  # Digits of the shortest number that is looked for, and of the longest.
LONGEST: Final = 19

# Digits as people type them in Chinese, and the spaces and strokes they group them with; one sign for one sign.
_ALIKE: Final[dict[int, str]] = {
    **{0xFF10 + digit: str(digit) for digit in range(10)},
    **dict.fromkeys((ord("x"), 0xFF38, 0xFF58), "X"),
    **dict.fromkeys((0x00A0, 0x2007, 0x2009, 0x202F, 0x3000), " "),
    **dict.fromkeys((0xFF0D, 0x2010, 0x2011, 0x2012, 0x2013, 0x2212), "-"),
}
# How a number is grouped: plain, in fours with a rest, or by its parts.
_SHAPES: Final = (
    *((length,) for length in range(SHORTEST, LONGEST + 1)),
    (4, 4, 4, 4), (4, 4, 4, 4, 1), (4, 4, 4, 4, 2), (4, 4, 4, 4, 3), (6, 13), (4, 6, 5), (4, 6, 4),
    (6, 8, 4), (6, 4, 4, 4), (6, 12), (14, 4),
)  # fmt: skip
# By the length of their first group, the longest first; lengths stand in bytes, which are quick to compare.
_STARTS: Final = {
    first: [bytes(shape) for shape in sorted(_SHAPES, key=sum, reverse=True) if shape[0] == first]
    for first, *_ in _SHAPES
}
_CHECKED: Final = "(?:X(?![0-9A-Za-z]))?"
_PART: Final = re.compile(rf"[0-9]+{_CHECKED}")
# Groups with one sign between them; only the last has fewer than four digits.
_CHAIN: Final = re.compile(
    rf"[0-9]{{4,}}{_CHECKED}(?:[ -][0-9]{{4,}}{_CHECKED})*(?:[ -][0-9]{{1,3}}(?![0-9]){_CHECKED})?"
)

# GB/T 2260: the provinces with which a resident's number begins; 71, 81 to 83 are those of Taiwan, Hong Kong and Macau.
_PROVINCES: Final = r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]"
_IDENTITY: Final = re.compile(rf"(?:{_PROVINCES})[0-9]{{4}}(?:19|20)[0-9]{{9}}[0-9X]")
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643, MOD 11-2.
_CHECKS: Final = "10X98765432"

# What issuers' numbers begin with, and how long they then are. Left out because other numbers are made alike: Visa's 13
# digits, not issued for decades (goods have 13-digit codes that begin with 4), Mastercard's 2221 to 2720 (order numbers
# begin with year and month), and Visa's 19 but for two Chinese banks (order numbers of large shops have 19).
_CARD: Final = re.compile(
    r"62[0-9]{14,17}"  # UnionPay
    r"|(?:955[89]|4367|4563)[0-9]{15}"  # UnionPay before 62: ICBC, ABC, CCB, BOC
    r"|4[0-9]{15}"  # Visa
    r"|5[1-5][0-9]{14}"  # Mastercard
    r"|35(?:2[89]|[3-8][0-9])[0-9]{12}"  # JCB
    r"|3[47][0-9]{13}"  # American Express
    r"|3(?:0[0-5]|[689][0-9])[0-9]{11}"  # Diners Club
    r"|6(?:011|4[4-9][0-9]|5[0-9]{2})[0-9]{12}"  # Discover
)
# Twice each digit, and of that the sum of its digits.
_DOUBLED: Final = str.maketrans("0123456789", "0246813579")


def numbers_in(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each identity or card number stands in a text, as (start, end), in order and without overlap."""
    plain = text.translate(_ALIKE)
    for chain in _CHAIN.finditer(plain):
        if chain.end() - chain.start() < SHORTEST:
            continue
        parts = [part.span() for part in _PART.finditer(plain, *chain.span())]
        lengths = bytes([min(end - start, 255) for start, end in parts])
        after = 0  # Where the last number found ends.
        for index, (start, _) in enumerate(parts):
            for shape in _STARTS.get(lengths[index], ()):
                if start < after or not lengths.startswith(shape, index):
                    continue
                if _is_number(plain, parts[index : index + len(shape)]):
                    after = parts[index + len(shape) - 1][1]
                    yield start, after


def holds_number(text: str) -> bool:
    """Say whether an identity or card number stands in a text."""
    return len(text) >= SHORTEST and next(numbers_in(text), None) is not None


def masked(text: str) -> str:
    """Return a text with an asterisk for each digit of its identity and card numbers."""
    if len(text) < SHORTEST:
        return text
    made, at = "", 0
    for start, end in numbers_in(text):
        made += text[at:start] + "".join("*" if each.isalnum() else each for each in text[start:end])
        at = end
    return made + text[at:] if at else text


def is_identity(number: str) -> bool:
    """Say whether 18 signs are a resident identity number: province, day of birth and check digit must all fit."""
    if not _IDENTITY.fullmatch(number):
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number[:17], strict=True))
    return _CHECKS[total % 11] == number[17]


def is_card(number: str) -> bool:
    """Say whether digits are a bank card number: an issuer's beginning and length, and the check digit of Luhn."""
    if not _CARD.fullmatch(number):
        return False
    return (sum(map(int, number[::-2])) + sum(map(int, number[-2::-2].translate(_DOUBLED)))) % 10 == 0


def _is_number(text: str, parts: list[tuple[int, int]]) -> bool:
    """Say whether some groups of digits are together a number that stands alone."""
    number = "".join([text[start:end] for start, end in parts])
    if not (is_card(number) or is_identity(number)):
        return False
    joints = {text[end] for _, end in parts[:-1]}
    return len(joints) < 2 and _stands_alone(text, parts[0][0], parts[-1][1], "-" if "-" in joints else "")


def _stands_alone(text: str, start: int, end: int, joint: str) -> bool:
    """Say whether no other digit belongs to what a number stands in: it is then no piece of a hash or a fraction.

    Letters may touch it (`ID4400…`). `joint` is the stroke that groups it, if any: what is joined by one belongs to it.
    """
    if start > 1 and text[start - 1] == "." and text[start - 2].isdigit():
        return False
    before, after = start - 1, end
    while before >= 0 and _belongs(text[before], joint):
        if text[before].isdigit():
            return False
        before -= 1
    while after < len(text) and _belongs(text[after], joint):
        if text[after].isdigit():
            return False
        after += 1
    return True


def _belongs(sign: str, joint: str) -> bool:
    return (sign.isascii() and sign.isalnum()) or sign == joint
