"""The personal values of an input sealed in its line, byte for byte: opened again it is the line that came.

The line is not decoded. In JSON a name in quotes before a colon can only be a member's name, so the values are found in
the bytes, in whatever object they stand, and also in lines that cannot be read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import Final

import msgspec

from engine.decoding import LONGEST
from engine.payloads import PERSONAL_FIELDS
from streams.sealing.addresses import left_of
from streams.sealing.tokens import MARK, MEMBER, TEXT, VALUE, Sealer, is_token

NOBODY: Final = ""  # The subject of what belongs to no person and no account.
# Whose a value is that names nobody: of the first of these that the line has, else of the account.
_PERSONS: Final = (
    "operator_id", "actor_id", "contact_id", "payer_id", "to_payer_id", "payee_id", "buyer_id", "counterparty_id",
    "host_id", "subject",
)  # fmt: skip
_RANK: Final = {name.encode(): rank for rank, name in enumerate(_PERSONS)}
# These name somebody: their value is its own subject. The other fields tell of somebody.
NAMING: Final = PERSONAL_FIELDS - {"ip", "lat", "lon", "text", "host_birth_date"}
_NAMING: Final = frozenset(name.encode() for name in {*NAMING, "subject"})  # `subject` only of an erasure.
_STRING: Final = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
# A text (by itself too), a number, a list of texts, the beginning of something else with something in it, or a text
# without an end.
_VALUE: Final = (
    rf"(?:({_STRING})|-?[0-9][0-9.eE+-]*+|\[\s*{_STRING}(?:\s*,\s*{_STRING})*\s*\]|[\[{{](?!\s*[\]}}])"
    r'|"(?:[^"\\]|\\.)*+\\?\Z)'
)
_ADDRESS: Final = b"ip"
_PLAIN_KEYS: Final = frozenset({"account", "owner", "event"})  # Of a suppression's key.


def _pattern(names: str) -> re.Pattern[bytes]:
    return re.compile(rf'"({names})"(\s*+:\s*+)({_VALUE})'.encode(), re.DOTALL)


def _one_of(names: Iterable[str]) -> str:
    """Return a pattern of some names, by their first letters: most quotes in a line are passed by the sooner."""
    groups = groupby(sorted(names), key=itemgetter(0))
    return "|".join(f"{first}(?:{'|'.join(name[1:] for name in group)})" for first, group in groups)


_FIELD: Final = _pattern(_one_of(PERSONAL_FIELDS))
_ERASED: Final = _pattern(_one_of({*PERSONAL_FIELDS, "subject"}))
_ANY_NAME: Final = _pattern(r"(?:[^\"\\]|\\.)*+")
_PERSON: Final = re.compile(rf'"({_one_of(_PERSONS)})"\s*+:\s*+({_STRING})'.encode(), re.DOTALL)
_ITEM: Final = re.compile(_STRING.encode(), re.DOTALL)
_ESCAPED_NAME: Final = re.compile(rb'\\u[0-9a-fA-F]{4}[^"]*+"\s*:')
_BRACKET: Final = re.compile(rf"{_STRING}|([\[{{])|([\]}}])".encode(), re.DOTALL)
_KEY: Final = re.compile(rb'("key"\s*+:\s*+\{)([^{}]*)(\})')
# What was asked for, in a query's spelling: JSON within a text of JSON.
_ASKED: Final = re.compile(
    rb'(\\"(?:key\\":\\"(?!(?:account|owner|event)=)(?:\w*=)?|text\\":\\"))'
    rb'((?:[^"\\]|\\\\(?:\\.|[^\\]))++)(?=\\")',
    re.DOTALL,
)
_REASON: Final = re.compile(r"(\w+)(?:\.(\w+))?([^:]*: found )(.*)(; expected .*)", re.DOTALL)


def sealed_line(sealer: Sealer, tenant: str, raw: bytes, week: int | None = None) -> bytes:
    """Return a line as it is stored: without personal values in clear. `week`: in which it came; None: not known."""
    if MARK in raw:
        raw = sealer.escaped(raw)
    if len(raw) > LONGEST:  # Kept in pieces and never read: sealed as it is.
        return sealer.token(tenant, NOBODY, raw)
    pattern = _FIELD
    if b"suppression." in raw:
        raw = _KEY.sub(lambda found: found[1] + _key(sealer, tenant, found[2]) + found[3], raw)
    elif b"audit.queried" in raw:
        raw = _ASKED.sub(lambda found: found[1] + _asked(sealer, tenant, found[2]), raw)
    elif b"subject.erased" in raw:
        pattern = _ERASED
    if not (b"\\u" in raw and _ESCAPED_NAME.search(raw)):
        return _fields(sealer, tenant, raw, pattern, week)
    sealed = _fields(sealer, tenant, _named_by_number(sealer, tenant, raw, week), pattern, week)
    # Where quotes do not pair, one field may begin in what another ends with; such a line is no JSON.
    return (
        sealed if sealer.opened_line(sealed) == sealer.opened_line(raw) else sealer.token(tenant, NOBODY, raw)
    )


def sealed_piece(sealer: Sealer, tenant: str, piece: bytes) -> bytes:
    """Return a piece of an overlong line as it is stored."""
    return sealer.token(tenant, NOBODY, sealer.escaped(piece))


def sealed_reason(sealer: Sealer, tenant: str, reason: str, raw: bytes, week: int | None = None) -> str:
    """Return why a line was not decided, without what that quotes of personal values. `raw`: the line as it came.

    What it quotes may hold an address, so it ends with the week too.
    """
    found = _REASON.fullmatch(reason)
    if found is None or not _quotes(found[1], found[2], found[4]):
        return sealer.escaped(reason.encode()).decode()
    quoted = sealer.escaped(msgspec.json.encode(found[4])[1:-1])
    where = found[1] + (f".{found[2]}" if found[2] else "")
    whose = _person(raw)
    token = (
        sealer.token(tenant, whose, quoted)
        if week is None
        else sealer.dated(tenant, whose, week, quoted, "…".encode())
    )
    return f"{where}{found[3]}{token.decode()}{found[5]}"


def _quotes(first: str, second: str | None, quoted: str) -> bool:
    """Return whether a reason may quote a personal value: of such a field, or of what such fields may be in."""
    if (second or first) in PERSONAL_FIELDS:
        return True
    return '"' in quoted and (quoted[:1] in "{[" or (second is None and first in ("line", "data")))


def _fields(sealer: Sealer, tenant: str, raw: bytes, pattern: re.Pattern[bytes], week: int | None) -> bytes:
    """Seal the values of the fields that a pattern finds."""
    parts: list[bytes] = []
    at = 0
    person = None
    named = sealer.named.get
    for match in pattern.finditer(raw):
        name, value, text = match.group(1, 3, 4)
        start, end = match.span(3)
        if start < at:
            continue  # In what was sealed whole.
        naming = name in _NAMING
        if naming and text is not None:  # Nearly all are.
            parts += (raw[at:start], named((tenant, text)) or _named(sealer, tenant, text))
            at = end
            continue
        if not naming and person is None:
            person = _person(raw)
        if name == _ADDRESS and week is not None:
            end = _end(raw, start) if value in (b"{", b"[") else end
            sealed = _address(sealer, tenant, person or NOBODY, raw[start:end], week)
        elif text is not None:
            sealed = _string(sealer, tenant, person or NOBODY, text)
        elif value in (b"{", b"["):
            end = _end(raw, start)
            sealed = _whole(sealer, tenant, _person(raw), raw[start:end])
        elif value[:1] == b"[":
            sealed = _ITEM.sub(lambda item: _named(sealer, tenant, item[0]), value)
        else:
            sealed = _whole(sealer, tenant, _own(value) if naming else person or NOBODY, value)
        parts += (raw[at:start], sealed)
        at = end
    return b"".join([*parts, raw[at:]]) if parts else raw


def _named_by_number(sealer: Sealer, tenant: str, raw: bytes, week: int | None) -> bytes:
    """Seal the fields whose names are written with signs by number, each whole with its name."""
    parts: list[bytes] = []
    at = 0
    while (match := _ANY_NAME.search(raw, at)) is not None:
        name, value = match[1], match[3]
        start, end = match.span()
        plain = _text(name)
        if b"\\u" not in name or plain not in PERSONAL_FIELDS:
            parts.append(raw[at : match.start(3)])
            at = match.start(3)
            continue
        if value in (b"{", b"["):
            end = _end(raw, match.start(3))
        subject = _own(value) if plain in NAMING else _person(raw)
        if plain == _ADDRESS.decode() and week is not None:
            token = sealer.dated(tenant, subject, week, raw[start:end], b'"ip":null', MEMBER)
        else:
            token = sealer.token(tenant, subject, raw[start:end], MEMBER)
        parts += (raw[at:start], b'"' + plain.encode() + b'":"' + token + b'"')
        at = end
    return b"".join([*parts, raw[at:]]) if parts else raw


def _address(sealer: Sealer, tenant: str, subject: str, value: bytes, week: int) -> bytes:
    """Seal an address, so that it ends with its week; nothing, and what stands for one of somebody erased, stays."""
    if value == b'""' or is_token(value):
        return value
    text = _ITEM.fullmatch(value) is not None
    content = value[1:-1] if text else value
    left = left_of(content, sealer.keys.naming) if text else b""
    return b'"' + sealer.dated(tenant, subject, week, content, left, TEXT if text else VALUE) + b'"'


def _named(sealer: Sealer, tenant: str, value: bytes) -> bytes:
    """Seal a text that names its own subject, and remember it with its quotes."""
    inner = value[1:-1]
    if not inner or is_token(value):
        return value
    sealed = b'"' + sealer.made(tenant, _text(inner), inner) + b'"'
    sealer.remember(sealer.named, (tenant, value), sealed)
    return sealed


def _string(sealer: Sealer, tenant: str, subject: str, value: bytes) -> bytes:
    """Seal a text; nothing, and what is sealed or stands for somebody erased, stays."""
    inner = value[1:-1]
    return value if not inner or is_token(value) else b'"' + sealer.token(tenant, subject, inner, TEXT) + b'"'


def _whole(sealer: Sealer, tenant: str, subject: str, value: bytes) -> bytes:
    return b'"' + sealer.token(tenant, subject, value, VALUE) + b'"'


def _key(sealer: Sealer, tenant: str, members: bytes) -> bytes:
    """Seal whom a suppression's key names; accounts, owners and events are no personal values."""

    def sealed(found: re.Match[bytes]) -> bytes:
        name, colon, value, text = found.groups()
        if _text(name) in _PLAIN_KEYS or value[:1] in (b"[", b"{"):
            return found[0]
        seal = _string if text is not None else _whole
        return b'"' + name + b'"' + colon + seal(sealer, tenant, _own(value), value)

    return _ANY_NAME.sub(sealed, members)


def _asked(sealer: Sealer, tenant: str, values: bytes) -> bytes:
    """Seal what an auditor looked for, each part between spaces by itself."""
    parts = []
    for part in values.split(b" "):
        subject = _text(_text(part).encode("utf-8", "surrogatepass"))
        parts.append(sealer.token(tenant, subject, part) if part and not is_token(part) else part)
    return b" ".join(parts)


def _own(value: bytes) -> str:
    """Return the subject that a value names."""
    return _text(value[1:-1] if value[:1] == b'"' else value)


def _person(raw: bytes) -> str:
    """Return whose the values of a line are that name nobody."""
    found = _PERSON.findall(raw)
    return _own(min(found, key=_rank)[1]) if found else NOBODY  # The first of those that rank alike.


def _rank(found: tuple[bytes, bytes]) -> int:
    return _RANK[found[0]]


def _text(inner: bytes) -> str:
    """Return what stands between quotes; where it is no JSON, its bytes."""
    if b"\\" in inner:
        try:
            return str(json.loads(b'"' + inner + b'"', strict=False))
        except ValueError:
            pass
    return inner.decode("utf-8", "surrogateescape")


def _end(raw: bytes, start: int) -> int:
    """Return where an object or list ends that begins at a place; the end of the line where it does not."""
    depth = 0
    for found in _BRACKET.finditer(raw, start):
        depth += bool(found[1]) - bool(found[2])
        if depth == 0:
            return found.end()
    return len(raw)
