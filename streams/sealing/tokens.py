"""A value sealed and opened: a token that stands in JSON where the value stood, and gives back its very bytes.

A token is `sealed:` and base64url of the key's place (6 bytes) and of AES-SIV (RFC 5297) of the value, and `:`. AES-SIV
has no nonce: the same value of the same subject is the same token, so that what was equal stays so, also once the key
is destroyed. What is not a token and only looks like one is written `sealed:.` and comes back as it was.

A dated value is sealed by the key of a week (weeks.py) first and then, with what is given back once the week has ended,
by its subject's: either can end it. Its token is `sealed:`, the same, `~`, base64url of the weeks' place (6 bytes) and
of the week's number (2 bytes), and `:`.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from binascii import a2b_base64, b2a_base64
from typing import Final, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from streams.refusing import RefusedError
from streams.sealing.subjects import PLACE_BYTES, SubjectKeys
from streams.sealing.weeks import Weeks

MARK: Final = b"sealed:"
_ESCAPED: Final = b"sealed:."
# What takes the place of a token: a part of a text, a JSON value whole with the quotes around the token, or a member
# whole with its name, which was written with signs by number.
TEXT, VALUE, MEMBER = b"t", b"v", b"m"
_BODY: Final = rb"[A-Za-z0-9_-]{32,}"
_WEEK: Final = rb"(?:~([A-Za-z0-9_-]{11}))?"
_TOKEN: Final = re.compile(rb'(?:"([a-z_]+)"(\s*+:\s*+))?("?)sealed:(' + _BODY + rb")" + _WEEK + rb':("?)')
_LOOKS_SO: Final = re.compile(rb"sealed:(?:(" + _BODY + rb")" + _WEEK + rb":)?")
# Fields that hold no text, or that something is looked up by: where the key is gone they are absent.
ABSENT: Final = frozenset({b"ip", b"lat", b"lon", b"host_birth_date"})
_WHOLE: Final = re.compile(rb'"?sealed:' + _BODY + _WEEK + rb':"?')
LOST: Final = ABSENT | {b"text"}
_LEFT: Final = re.compile(rb',("[a-z_]+"):"[^"\\]*"')
_URL: Final = bytes.maketrans(b"-_", b"+/")
_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_SMALL: Final = 64  # Bytes of a value whose token is remembered.
_WHOLE_SIGNS: Final = PLACE_BYTES * 8 // 6  # Signs of base64 that hold nothing but the place.
_MARKED: Final = re.compile(rb"sealed:[A-Za-z0-9_-]{%d}" % _WHOLE_SIGNS)
_MOST: Final = 100_000  # Tokens remembered of each sort, some 300 bytes each.
# Whose value it is, and last the value.
_Name = TypeVar("_Name", tuple[str, bytes], tuple[str, str, bytes, bytes])


class SealError(RefusedError):
    """A sealed value is not what was written."""


class Sealer:
    """Seals and opens by the keys of one log."""

    def __init__(self, keys: SubjectKeys, weeks: Weeks) -> None:
        self.keys, self.weeks = keys, weeks
        self._tokens: dict[tuple[str, str, bytes, bytes], bytes] = {}
        # By tenant and text in quotes: texts that name their own subjects, sealed in quotes; the most by far.
        self.named: dict[tuple[str, bytes], bytes] = {}

    def token(self, tenant: str, subject: str, content: bytes, kind: bytes = TEXT) -> bytes:
        """Return the token of a value of a subject. `content`: the bytes that it gives back when it is opened."""
        name = (tenant, subject, kind, content)
        found = self._tokens.get(name)
        if found is None:
            found = self.made(tenant, subject, content, kind)
            self.remember(self._tokens, name, found)
        return found

    def made(self, tenant: str, subject: str, content: bytes, kind: bytes = TEXT) -> bytes:
        """Return the same, made anew and not remembered."""
        key = self.keys.of(tenant, subject)
        return MARK + _coded(key.place + key.cipher.encrypt(kind + content, None)) + b":"

    def dated(
        self, tenant: str, subject: str, week: int, content: bytes, left: bytes, kind: bytes = TEXT
    ) -> bytes:
        """Return the token of a value that ends with a week; `left`: the bytes that it gives back from then on."""
        when = week.to_bytes(2, "big")
        name = (tenant, subject, kind + when, content)
        found = self._tokens.get(name)
        if found is None:
            key, chain = self.keys.of(tenant, subject), self.weeks.chain(tenant, week)
            cipher = self.weeks.cipher(chain, week)
            inner = cipher.encrypt(kind + content, None) if cipher is not None else b""
            body = key.place + key.cipher.encrypt(kind + len(left).to_bytes(2, "big") + left + inner, None)
            found = MARK + _coded(body) + b"~" + _coded(chain + when) + b":"
            self.remember(self._tokens, name, found)
        return found

    def remember(self, where: dict[_Name, bytes], name: _Name, sealed: bytes) -> None:
        """Remember what is sealed where the value is short; the last part of its name is the value."""
        if len(name[-1]) <= _SMALL:
            if len(where) >= _MOST:
                where.clear()
            where[name] = sealed

    def mark(self, tenant: str, subject: str) -> bytes:
        """Return with what every token of a subject begins."""
        return MARK + _coded(self.keys.of(tenant, subject).place)[:_WHOLE_SIGNS]

    def forget(self) -> None:
        """Forget tokens of before a key was destroyed."""
        self._tokens.clear()
        self.named.clear()

    def opened(self, data: bytes) -> bytes:
        """Return bytes with all tokens opened; one whose key is gone stays.

        Raises SealError where a token is not as it was written.
        """
        if MARK not in data:
            return data
        return _TOKEN.sub(self._open, data).replace(_ESCAPED, MARK)

    def opened_line(self, raw: bytes) -> bytes:
        """Return an input as it came. What cannot be opened any more can still be read: see `ABSENT`."""
        if MARK not in raw:
            return raw
        return _TOKEN.sub(self._open_field, raw).replace(_ESCAPED, MARK)

    def opened_text(self, text: str) -> str:
        """Return the same of a text that stands outside of JSON."""
        if "sealed:" not in text:
            return text
        return msgspec.json.decode(self.opened(msgspec.json.encode(text)), type=str)

    def _open_field(self, match: re.Match[bytes]) -> bytes:
        name = match[1]
        if name in ABSENT:
            if self._gone(match[4]):
                return b'"' + name + b'"' + match[2] + b"null"
            if self._ended(match):
                left = without_named(self._content(match)[1], match.string)
                return b'"' + name + b'"' + match[2] + b"null" + left
        return self._open(match)

    def _open(self, match: re.Match[bytes]) -> bytes:
        name, colon, before, body, _, after = match.groups()
        if self._gone(body):
            return match[0]
        kind, content = self._content(match)
        content = self._inside(content)
        if kind == MEMBER:
            return content
        named = b'"' + name + b'"' + colon if name is not None else b""
        return named + content if kind == VALUE else named + before + content + after

    def _content(self, match: re.Match[bytes]) -> tuple[bytes, bytes]:
        """Return what a token takes the place of, and what it gives back. Raises SealError."""
        sealed, dated = _decoded(match[4]), match[5]
        key = self.keys.at(sealed[:PLACE_BYTES])
        assert key is not None, "the key of what is opened is there"
        try:
            content = key.cipher.decrypt(sealed[PLACE_BYTES:], None)
            if dated is None:
                return content[:1], content[1:]
            end = 3 + int.from_bytes(content[1:3], "big")
            cipher = self._cipher(dated)
            if cipher is None or end == len(content):
                return content[:1], content[3:end]
            content = cipher.decrypt(content[end:], None)
        except InvalidTag:
            shown = f"{match[0][:60].decode()}…"
            raise SealError(
                "a sealed value", shown, "the value as it was sealed",
                "restore a copy of the database; `weiguard audit verify` says what was changed",
            ) from None  # fmt: skip
        return content[:1], content[1:]

    def _inside(self, content: bytes) -> bytes:
        """Open what was sealed within a value that was sealed whole: what only looked so was escaped before."""
        return _TOKEN.sub(self._open, content) if MARK in content else content

    def erased(self, data: bytes) -> bool:
        """Return whether bytes hold a token whose key is gone."""
        return MARK in data and any(self._gone(found[4]) for found in _TOKEN.finditer(data))

    def ended(self, data: bytes) -> bool:
        """Return whether bytes hold a token whose week has ended."""
        return MARK in data and any(map(self._ended, _TOKEN.finditer(data)))

    def lost(self, raw: bytes) -> bool:
        """Return whether a line holds a value that is gone and that the same value elsewhere does not stand for."""
        return MARK in raw and any(
            found[1] in LOST and self._gone(found[4]) for found in _TOKEN.finditer(raw)
        )

    def escaped(self, data: bytes) -> bytes:
        """Return clear bytes in which nothing is taken for a token, but for those whose key is gone: they stay."""
        if MARK not in data:
            return data
        return _LOOKS_SO.sub(
            lambda found: found[0] if found[1] and self._gone(found[1]) else found[0].replace(MARK, _ESCAPED),
            data,
        )

    def _gone(self, body: bytes) -> bool:
        return self.keys.at(_decoded(body)[:PLACE_BYTES]) is None

    def _ended(self, match: re.Match[bytes]) -> bool:
        """Return whether a token of ours has a week that has ended.

        One whose key is gone may be a stranger's words, and to look for a week that was never used takes long.
        """
        return match[5] is not None and not self._gone(match[4]) and self._cipher(match[5]) is None

    def _cipher(self, dated: bytes) -> AESSIV | None:
        when = urlsafe_b64decode(dated + b"=")
        return self.weeks.cipher(when[:PLACE_BYTES], int.from_bytes(when[PLACE_BYTES:], "big"))


def without_named(members: bytes, raw: bytes) -> bytes:
    """Return members of an object, each behind a comma, without those whose names stand in a line already."""
    return b"".join(found[0] for found in _LEFT.finditer(members) if found[1] not in raw)


def places_in(data: bytes) -> list[bytes]:
    """Return the marks (see Sealer.mark) of all tokens in some bytes."""
    return _MARKED.findall(data) if MARK in data else []


def tells_of(raw: bytes, mark: bytes) -> bool:
    """Return whether a line holds what a subject says or where it was, and not its name alone."""
    return any(found[1] in LOST and found[0].find(mark) >= 0 for found in _TOKEN.finditer(raw))


def is_token(value: bytes) -> bool:
    """Return whether a value is a token and nothing else."""
    return value.startswith((b'"sealed:', MARK)) and _WHOLE.fullmatch(value) is not None


def _coded(body: bytes) -> bytes:
    """Return base64url of some bytes, without signs that only fill up."""
    return b2a_base64(body, newline=False).translate(_SAFE).rstrip(b"=")


def _decoded(body: bytes) -> bytes:
    """Return what base64url stands for; of a length that nothing has, one sign less."""
    body = body[:-1] if len(body) % 4 == 1 else body
    return a2b_base64(body.translate(_URL) + b"=" * (-len(body) % 4))
