"""Secrets in a routes file: named there, kept elsewhere, and in no message.

`${NAME}` stands for a variable of the environment, `${file:PATH}` for what a file holds.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from rules.locating import Scalar
from rules.location import Location
from rules.problems import Desk

NAMED: Final = re.compile(r"\$\{(file:)?([^{}]+)\}")
_WAY: Final = "write ${NAME} for a variable, or ${file:PATH} for a file that holds it"
_MOST_BYTES: Final = 4_096


def quietly(at: Location) -> Location:
    """Return a place without its line, which may hold what nobody is to see."""
    return Location(at.file, at.line, at.column)


def reveal(found: Scalar, environment: Mapping[str, str], desk: Desk, *, secret: bool) -> str | None:
    """Return a value with what it names put in; what is not there goes to the desk, and None comes back.

    `secret`: it must be named, and not stand in the file.
    """
    if secret and NAMED.search(found.text) is None:
        desk.refuse(quietly(found.at), "a secret written in the file", "one that is kept elsewhere", _WAY)
        return None
    parts: list[str] = []
    at = 0
    for named in NAMED.finditer(found.text):
        value = _file(named[2], found, desk) if named[1] else _variable(named[2], found, environment, desk)
        if value is None:
            return None
        parts += (found.text[at : named.start()], value)
        at = named.end()
    return "".join((*parts, found.text[at:]))


def _variable(name: str, found: Scalar, environment: Mapping[str, str], desk: Desk) -> str | None:
    value = environment.get(name, "").strip()
    if not value:
        desk.refuse(
            quietly(found.at),
            f"no variable {name}",
            "one in the environment of the call",
            f"set {name} before it",
        )
    return value or None


def _file(path: str, found: Scalar, desk: Desk) -> str | None:
    try:
        with Path(path).open(encoding="utf-8") as file:
            value = file.read(_MOST_BYTES).strip()
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        desk.refuse(
            quietly(found.at),
            f"“{said}” at {path}",
            "a file that holds the secret",
            "name one that can be read",
        )
        return None
    if not value:
        desk.refuse(quietly(found.at), f"nothing in {path}", "a file that holds the secret", "write it there")
    return value or None


def signing_key(text: str) -> bytes | None:
    """Return a key of Standard Webhooks: 24 to 64 bytes in base64 behind `whsec_`; None where it is none."""
    if not text.startswith("whsec_"):
        return None
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return None
    return key if 24 <= len(key) <= 64 else None
