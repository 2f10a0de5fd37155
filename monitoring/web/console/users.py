"""People who may log in to the console: names, roles and Argon2id hashes of their passwords, in a file.

A hash takes tens of milliseconds and 64 MiB to compute, for a guess as for us, so guesses are slow; an unknown name
takes as long as a wrong password, so time tells no names.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from monitoring.web.console.roles import Role
from monitoring.web.kept import Kept, read, write
from streams.refusing import RefusedError

LEAST_SIGNS: Final = 12  # Of a password.
MOST_SIGNS: Final = 1_024
_NAME: Final = re.compile(r"[\w.@-]{1,64}")
_WORDS: Final = ("a file of users", "make one with `weiguard users add`")
_HASHER: Final = PasswordHasher()  # Argon2id with the parameters of RFC 9106, section 4, second choice.


class User(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who may log in. `argon2`: the hash of the password; empty where only a link lets in."""

    name: str
    role: Role
    argon2: str = ""


class Users:
    """The users in a file, read again when it changes."""

    def __init__(self, path: Path) -> None:
        """Read them; raises RefusedError."""
        self._kept = Kept(path, User, *_WORDS)
        self._nobody = _HASHER.hash("a password that nobody has, checked where a name is unknown")

    def look(self) -> tuple[User, ...]:
        """Return the users as the file has them now. Raises RefusedError."""
        self._kept.look()
        return self._kept.entries

    def of(self, name: str) -> User | None:
        """Return the user of a name. Raises RefusedError."""
        return next((user for user in self.look() if user.name == name), None)

    def verified(self, name: str, password: str) -> User | None:
        """Return the user whose name and password these are. It computes a hash whoever asks; raises RefusedError."""
        user = self.of(name)
        right = _matches(user.argon2 if user is not None else self._nobody, password)
        return user if right and user is not None else None


def _matches(hash_: str, password: str) -> bool:
    try:
        return _HASHER.verify(hash_, password[: MOST_SIGNS + 1])
    except (VerificationError, InvalidHashError):
        return False


def listed(path: Path) -> tuple[User, ...]:
    """Return the users in a file. Raises RefusedError."""
    return read(path, User, *_WORDS)


def add(path: Path, name: str, role: Role, password: str) -> None:
    """Add a user to a file, which is made where there is none. Raises RefusedError."""
    users = listed(path) if path.exists() else ()
    if _NAME.fullmatch(name) is None:
        raise RefusedError(
            "NAME", repr(name[:80]), "letters, digits, `.`, `_`, `@` and `-`, 64 at most", "write it so"
        )
    if any(user.name == name for user in users):
        raise RefusedError(
            str(path),
            f"a user {name}",
            "none of that name",
            "change the password with `weiguard users passwd`",
        )
    write(path, (*users, User(name, role, hashed(password))))


def change(path: Path, name: str, password: str) -> None:
    """Give a user another password; whoever is logged in under the name has to log in again. Raises RefusedError."""
    users = listed(path)
    check_known(path, users, name)
    made = hashed(password)
    write(path, [User(each.name, each.role, made) if each.name == name else each for each in users])


def remove(path: Path, name: str) -> None:
    """Take a user out of a file; a server that runs lets go of that user with the next request. Raises RefusedError."""
    users = listed(path)
    check_known(path, users, name)
    write(path, [each for each in users if each.name != name])


def check_known(path: Path, users: tuple[User, ...], name: str) -> None:
    """Raise RefusedError where there is no user of a name."""
    if all(user.name != name for user in users):
        known = ", ".join(user.name for user in users) or "none"
        raise RefusedError(str(path), f"no user {name}", f"one of {known}", "name one of these")


def hashed(password: str) -> str:
    """Return the hash of a password. Raises RefusedError where it is too short or too long."""
    if not LEAST_SIGNS <= len(password) <= MOST_SIGNS:
        raise RefusedError(
            "the password", f"{len(password)} characters", f"{LEAST_SIGNS} to {MOST_SIGNS:,}",
            "take a few words that nobody would put together",
        )  # fmt: skip
    return _HASHER.hash(password)
