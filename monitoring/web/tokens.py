"""Bearer tokens: who may do what from elsewhere. The file keeps only their digests, so it gives nobody a token.

A token is 256 random bits, so its plain SHA-256 can neither be guessed nor looked up; slow hashes are for passwords.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

import msgspec

from streams.refusing import RefusedError

Scope: TypeAlias = Literal["ingest", "act", "read", "audit"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
PREFIX: Final = "wg_"
_MOST_BYTES: Final = 1 << 20
_MAKE: Final = "make one with `weiguard tokens add`"


class Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the bearer may do. `sources`: patterns of the sources it may send events of; `tenants`: whose it may touch.

    None: all of them.
    """

    name: str
    sha256: str
    scopes: tuple[Scope, ...]
    sources: tuple[str, ...] | None = None
    tenants: tuple[str, ...] | None = None

    def sends(self, source: str) -> bool:
        """Return whether it may send events of a source."""
        return self.sources is None or any(fnmatchcase(source, pattern) for pattern in self.sources)

    def touches(self, tenant: str) -> bool:
        """Return whether a tenant is one of its own."""
        return self.tenants is None or tenant in self.tenants


def digest(bearer: str) -> str:
    """Return what is kept of a token."""
    return sha256(bearer.encode()).hexdigest()


class Tokens:
    """The tokens in a file, read again when it changes: what is taken out of it opens nothing any more."""

    def __init__(self, path: Path) -> None:
        """Read them; raises RefusedError."""
        self._path = path
        self._read = _stat(path)
        self._tokens = read(path)

    def look(self) -> None:
        """Read the file again where it is another. Raises RefusedError."""
        found = _stat(self._path)
        if found != self._read:
            self._tokens = read(self._path)
            self._read = found

    def of(self, bearer: str) -> Token | None:
        """Return the token that somebody bears; all are compared, so that time tells nothing."""
        own, found = digest(bearer), None
        for token in self._tokens:
            if compare_digest(token.sha256, own):
                found = token
        return found


def read(path: Path) -> tuple[Token, ...]:
    """Return the tokens in a file. Raises RefusedError where it cannot be read, or others may write it."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            body = file.read(_MOST_BYTES)
    except OSError as error:
        raise RefusedError(str(path), f"“{error.strerror}”", "a file of tokens", _MAKE) from None
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        shown = f"a file that others can write (mode {stat.S_IMODE(mode):03o})"
        raise RefusedError(str(path), shown, "mode 600", f"run `chmod 600 {path}`, and look at what it holds")
    try:
        return msgspec.json.decode(body, type=tuple[Token, ...])
    except msgspec.MsgspecError as error:
        raise RefusedError(str(path), f"“{error}”", "a file of tokens", _MAKE) from None


def add(
    path: Path, name: str, scopes: Iterable[Scope], sources: Sequence[str], tenants: Sequence[str]
) -> str:
    """Add a token to a file, which is made where there is none; return the token, which stands nowhere.

    Raises RefusedError where there is one of that name.
    """
    tokens = read(path) if path.exists() else ()
    if any(token.name == name for token in tokens):
        raise RefusedError(
            str(path), f"a token {name}", "none of that name", "remove it first, or name another"
        )
    bearer = f"{PREFIX}{secrets.token_urlsafe(32)}"
    made = Token(name, digest(bearer), tuple(scopes), tuple(sources) or None, tuple(tenants) or None)
    _write(path, (*tokens, made))
    return bearer


def remove(path: Path, name: str) -> None:
    """Take a token out of a file; a server that runs sees it with the next request. Raises RefusedError."""
    tokens = read(path)
    left = tuple(token for token in tokens if token.name != name)
    if left == tokens:
        known = ", ".join(token.name for token in tokens) or "none"
        raise RefusedError(str(path), f"no token {name}", f"one of {known}", "name one of these")
    _write(path, left)


def _write(path: Path, tokens: tuple[Token, ...]) -> None:
    part = path.with_name(f"{path.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(tokens)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _stat(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino
