"""Signed notes: a text, and under it the Ed25519 signatures of those who stand for it (c2sp.org/signed-note).

A key is one line of text. The public one, `name+id+base64`, is given to whoever verifies; the private one begins with
PRIVATE+KEY and is as Go's `golang.org/x/mod/sumdb/note` writes it. A key's id is the first four bytes of the SHA-256 of
its name, a newline, the type of signature and the public key.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from streams.audit.broken import BrokenError
from streams.audit.coding import decoded

ED25519: Final = b"\1"  # The type of a signature: of a log.
COSIGNATURE: Final = b"\4"  # Of a witness: over the text and a time (c2sp.org/tlog-cosignature).
PRIVATE: Final = "PRIVATE+KEY+"
MOST_BYTES: Final = 1 << 16  # Of a note: room for more signatures than the sixteen that must be accepted.
_DASH: Final = "\u2014 "  # An em dash opens the line of a signature.
_NAME: Final = re.compile(r"[^\s+]+")
_CONTROLS: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True)
class Verifier:
    """Who signs, as far as others know it: a name and the 32 bytes of a public key."""

    name: str
    public: bytes
    kind: bytes = ED25519

    @cached_property
    def key_id(self) -> bytes:
        """The four bytes that a signature names its key by."""
        return sha256(self.name.encode() + b"\n" + self.kind + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{b64encode(self.kind + self.public).decode()}"

    @property
    def short(self) -> str:
        """Name and id, as the key is called in messages."""
        return f"{self.name}+{self.key_id.hex()}"

    def holds(self, text: bytes, signature: bytes) -> bool:
        """Return whether a signature is this key's over a text; a witness's begins with its time in eight bytes."""
        if self.kind == COSIGNATURE:
            text, signature = _timed(text, int.from_bytes(signature[:8], "big")), signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class Signer:
    """Who signs: a name and the 32 bytes from which its private key is derived."""

    name: str
    seed: bytes
    kind: bytes = ED25519

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @cached_property
    def verifier(self) -> Verifier:
        """What is published of it."""
        return Verifier(self.name, self._key.public_key().public_bytes_raw(), self.kind)

    def private(self) -> str:
        """Return the private key as one line; whoever has it can sign."""
        return (
            f"{PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{b64encode(self.kind + self.seed).decode()}"
        )

    def __repr__(self) -> str:
        """Say whose it is, and never the key itself."""
        return f"Signer({self.verifier.short})"

    def sign(self, text: str) -> bytes:
        """Return the note of a text, which ends in a newline, with this signature under it."""
        assert text.endswith("\n"), "a note's text is whole lines"
        assert self.kind == ED25519, "a witness signs with a time"
        signature = b64encode(self.verifier.key_id + self._key.sign(text.encode())).decode()
        return f"{text}\n{_DASH}{self.name} {signature}\n".encode()

    def cosign(self, note: bytes, at_s: int) -> bytes:
        """Return a note with a witness's signature added; `at_s`: when, in seconds since 1970."""
        assert self.kind == COSIGNATURE, "a log signs its own"
        text = note.decode().rpartition("\n\n")[0] + "\n"
        signature = at_s.to_bytes(8, "big") + self._key.sign(_timed(text.encode(), at_s))
        coded = b64encode(self.verifier.key_id + signature).decode()
        return note + f"{_DASH}{self.name} {coded}\n".encode()


def _timed(text: bytes, at_s: int) -> bytes:
    """Return what a witness signs."""
    return b"cosignature/v1\ntime %d\n" % at_s + text


def signature_of(signer: Signer, note: bytes) -> bytes:
    """Return the line with which another signs the text of a note."""
    text = note.decode().rpartition("\n\n")[0] + "\n"
    return signer.sign(text).rpartition(b"\n\n")[2]


def verifier_of(line: str) -> Verifier:
    """Read a public key. Raises ValueError with what was expected."""
    name, kind, public = _key_parts(line.strip(), "a public key, name+id+base64")
    found = Verifier(name, public, kind)
    if found.key_id.hex() != line.strip().split("+", 2)[1]:
        raise ValueError("a public key whose id is that of its name and key")
    return found


def signer_of(line: str) -> Signer:
    """Read a private key. Raises ValueError with what was expected, never with the key."""
    expected = f"a private key, {PRIVATE}name+id+base64"
    text = line.strip()
    if not text.startswith(PRIVATE):
        raise ValueError(expected)
    name, kind, seed = _key_parts(text.removeprefix(PRIVATE), expected)
    found = Signer(name, seed, kind)
    if found.verifier.key_id.hex() != text.removeprefix(PRIVATE).split("+", 2)[1]:
        raise ValueError("a private key whose id is that of its name and key")
    return found


def check_name(name: str) -> str:
    """Return a key's name, or raise ValueError with what was expected."""
    if not _NAME.fullmatch(name) or not name.isprintable():
        raise ValueError("a name without spaces and plus signs, such as example.cn/shop-audit")
    return name


def _key_parts(text: str, expected: str) -> tuple[str, bytes, bytes]:
    """Return a key's name, its type of signature, and its 32 bytes."""
    name, _, rest = text.partition("+")
    key_id, _, coded = rest.partition("+")
    if not _NAME.fullmatch(name) or not re.fullmatch("[0-9a-f]{8}", key_id):
        raise ValueError(expected)
    try:
        key = decoded(coded)
    except ValueError:
        raise ValueError(expected) from None
    if key[:1] not in (ED25519, COSIGNATURE) or len(key) != 33:
        raise ValueError(f"{expected} of an Ed25519 key")
    return name, key[:1], key[1:]


def open_note(note: bytes, verifiers: Sequence[Verifier], where: str) -> tuple[str, list[Verifier]]:
    """Return a note's text and who of these signed it, one at least. Raises BrokenError where nobody did.

    Signatures of unknown keys are passed over; a wrong one of a known key spoils the note.
    """
    text, lines = _parts(note, where)
    signed: list[Verifier] = []
    for line in lines:
        name, signature = _signature(line, where)
        for verifier in verifiers:
            if (verifier.name, verifier.key_id) != (name, signature[:4]):
                continue
            if not verifier.holds(text.encode(), signature[4:]):
                raise BrokenError(where, f"a wrong signature of {verifier.short}", "one over this very text")
            signed.append(verifier)
    if not signed:
        found = ", ".join(f"{name}+{signature[:4].hex()}" for name, signature in _signatures(lines, where))
        wanted = " or ".join(verifier.short for verifier in verifiers)
        raise BrokenError(where, f"the signature of {found}", f"that of {wanted}")
    return text, signed


def signed_by(note: bytes, where: str) -> list[str]:
    """Return whose signatures a note claims to have, as name+id, unverified. Raises BrokenError."""
    return [f"{name}+{signature[:4].hex()}" for name, signature in _signatures(_parts(note, where)[1], where)]


def _signatures(lines: list[str], where: str) -> list[tuple[str, bytes]]:
    return [_signature(line, where) for line in lines]


def _parts(note: bytes, where: str) -> tuple[str, list[str]]:
    """Split a note into its text and the lines of its signatures."""
    expected = "a signed note: a text, an empty line, and signatures"
    if len(note) > MOST_BYTES:
        raise BrokenError(where, f"{len(note):,} bytes", f"a signed note of at most {MOST_BYTES:,}")
    try:
        whole = note.decode()
    except UnicodeDecodeError:
        raise BrokenError(where, "what is not UTF-8", expected) from None
    if _CONTROLS.search(whole):
        raise BrokenError(where, "a control character", expected)
    text, gap, rest = whole.rpartition("\n\n")
    if not gap or not rest.endswith("\n"):
        raise BrokenError(where, repr(whole[:40]), expected)
    return text + "\n", rest[:-1].split("\n")


def _signature(line: str, where: str) -> tuple[str, bytes]:
    """Return the name and the bytes, key id first, of a signature's line."""
    name, _, coded = line.removeprefix(_DASH).partition(" ")
    try:
        signature = decoded(coded)
    except ValueError:
        signature = b""
    if not line.startswith(_DASH) or not _NAME.fullmatch(name) or len(signature) < 5:
        raise BrokenError(where, repr(line[:60]), "a line with a signature: an em dash, a name, base64")
    return name, signature
