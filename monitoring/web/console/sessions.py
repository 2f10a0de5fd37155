"""Who is logged in: sessions that the server keeps, and links that log in once.

What a browser bears is 256 random bits; here are only their digests, so nobody who reads this memory can be somebody.
A restart ends all of them.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from monitoring.web.console.users import User

LONGEST_S: Final = 12 * 3_600
IDLE_S: Final = 3_600
MOST: Final = 1_000  # At a time; who comes beyond them ends the oldest one.


@dataclass(slots=True)
class Session:
    """One log-in. `csrf` proves that a request was made by a page of ours; `seen` is when the last one came."""

    user: User
    begun: float
    seen: float
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    ended: bool = False


class Sessions:
    """The sessions of a server. Used by its thread alone, but for `invite`."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """`now`: a clock in seconds."""
        self._now = now
        self._sessions: dict[bytes, Session] = {}  # By digest, the oldest first.
        self._invited: dict[bytes, User] = {}

    def begin(self, user: User) -> str:
        """Log somebody in; return the new id, which no browser has borne before."""
        name, now = secrets.token_urlsafe(32), self._now()
        while len(self._sessions) >= MOST:
            self._end(next(iter(self._sessions)))
        self._sessions[_digest(name)] = Session(user, now, now)
        return name

    def of(self, name: str) -> Session | None:
        """Return the session that a browser bears the id of, and take note that it was used."""
        key = _digest(name)
        session = self._sessions.get(key)
        if session is None:
            return None
        if not self.lives(session):
            self._end(key)
            return None
        session.seen = self._now()
        return session

    def lives(self, session: Session) -> bool:
        """Return whether a session has not come to its end."""
        now = self._now()
        return not session.ended and now - session.begun < LONGEST_S and now - session.seen < IDLE_S

    def end(self, name: str) -> None:
        """Log somebody out."""
        self._end(_digest(name))

    def invite(self, user: User) -> str:
        """Return what logs a user in, once."""
        name = secrets.token_urlsafe(32)
        self._invited[_digest(name)] = user
        return name

    def accept(self, name: str) -> User | None:
        """Return who was invited so; None where nobody was, or came already."""
        return self._invited.pop(_digest(name), None)

    @property
    def invites(self) -> bool:
        """Whether somebody was invited who did not come yet, or is logged in."""
        return bool(self._invited or self._sessions)

    def _end(self, key: bytes) -> None:
        session = self._sessions.pop(key, None)
        if session is not None:
            session.ended = True


def _digest(name: str) -> bytes:
    return sha256(name.encode("utf-8", "replace")).digest()
