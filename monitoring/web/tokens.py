"""Bearer tokens: who may do what from elsewhere. The file keeps only their digests, so it gives nobody a token.

A token is 256 random bits, so its plain SHA-256 can neither be guessed nor looked up; slow hashes are for passwords.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

import msgspec

from monitoring.web.kept import Kept, write
from monitoring.web.kept import read as read_kept
from streams.refusing import RefusedError

Scope: TypeAlias = Literal["ingest", "act", "read", "audit"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
PREFIX: Final = "wg_"
_WORDS: Final = ("a file of tokens", "make one with `weiguard tokens add`")


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
    """The tokens in a file."""

    def __init__(self, path: Path) -> None:
        """Read them; raises RefusedError."""
        self._kept = Kept(path, Token, *_WORDS)

    def look(self) -> None:
        """Read the file again where it is another. Raises RefusedError."""
        self._kept.look()

    def of(self, bearer: str) -> Token | None:
        """Return the token that somebody bears; all are compared, so that time tells nothing."""
        own, found = digest(bearer), None
        for token in self._kept.entries:
            if compare_digest(token.sha256, own):
                found = token
        return found


def read(path: Path) -> tuple[Token, ...]:
    """Return the tokens in a file. Raises RefusedError where it cannot be read, or others may write it."""
    return read_kept(path, Token, *_WORDS)


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
    write(path, (*tokens, made))
    return bearer


def remove(path: Path, name: str) -> None:
    """Take a token out of a file; a server that runs sees it with the next request. Raises RefusedError."""
    tokens = read(path)
    left = tuple(token for token in tokens if token.name != name)
    if left == tokens:
        known = ", ".join(token.name for token in tokens) or "none"
        raise RefusedError(str(path), f"no token {name}", f"one of {known}", "name one of these")
    write(path, left)
