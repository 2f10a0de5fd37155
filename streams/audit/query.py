"""What an auditor asks of the log: filters that all must hold, an order, and how much of it.

A query has one spelling, as which it stands in the log itself.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from engine.instants import rfc3339
from streams.audit.words import Phrase, phrases_of
from streams.refusing import RefusedError

MOST_BYTES: Final = 16_384  # Of a query's spelling, so that it always stands whole in its entry.
MOST_PARTS: Final = 100  # Rules, levels, kinds or parts of a text.
_UTC: Final = ZoneInfo("UTC")
_SORTED: Final = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: the entry before which all pages look, and the last entry shown."""

    end: int
    leaf: int


@dataclass(frozen=True, slots=True)
class Query:
    """A query; what is empty or None matches all. Instants are UTC microseconds, `since` included, `until` not.

    `rules`: ids or patterns such as `COL-*`; `key`: a dimension (empty: any) and its value; `actor`: who did or
    approved it; `alert`: an alert's id or its beginning; `text`: parts between spaces, all of which must be found;
    `limit`: entries of a page, None for all; `after`: the cursor that the page before gave. `proof`: all entries of an
    account, or of a tenant, that were told from one day to another, with the proof that there are no others.
    """

    since: int | None = None
    until: int | None = None
    rules: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    key: tuple[str, str] | None = None
    account: str | None = None
    owner: str | None = None
    actor: str | None = None
    alert: str | None = None
    tenant: str | None = None
    text: str | None = None
    oldest_first: bool = False
    limit: int | None = None
    after: str | None = None
    proof: bool = False

    def __post_init__(self) -> None:
        """Raise RefusedError where no entry could ever match, or the cursor is of another query."""
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise RefusedError(
                "--until", rfc3339(self.until, _UTC), "an instant behind --from", "change one of them"
            )
        if self.limit is not None and self.limit < 1:
            raise RefusedError("--limit", f"{self.limit}", "1 or more", "leave it out for all")
        if self.text is not None and not self.phrases:
            raise RefusedError(
                "--text",
                repr(self.text[:60]),
                "letters, digits or Chinese signs",
                "write the words to look for",
            )
        for name, many in (
            ("rule", self.rules),
            ("level", self.levels),
            ("kind", self.kinds),
            ("text", self.phrases),
        ):
            if len(many) > MOST_PARTS:
                raise RefusedError(
                    f"--{name}", f"{len(many):,} of them", f"at most {MOST_PARTS}", "ask for less at a time"
                )
        try:
            size = len(self.spelling().encode())
        except UnicodeEncodeError:
            raise RefusedError("the query", "bytes that are no UTF-8", "text", "write it in UTF-8") from None
        if size > MOST_BYTES:
            raise RefusedError(
                "the query", f"{size:,} bytes", f"at most {MOST_BYTES:,}", "ask for less at a time"
            )
        if self.after is not None:
            self.cursor()
        others = (
            self.rules, self.levels, self.kinds, self.key, self.owner, self.actor, self.alert, self.text, self.limit,
            self.after,
        )  # fmt: skip
        if self.proof and any(each not in (None, ()) for each in others):
            raise RefusedError(
                "--proof",
                "another filter, or a page",
                "--account, --tenant, --from and --until alone, as all is proved that they name",
                "leave the others out",
            )

    @property
    def phrases(self) -> list[Phrase]:
        """What the text asks for."""
        return phrases_of(self.text) if self.text is not None else []

    def spelling(self) -> str:
        """Return it as it stands in the log: JSON, only what is asked for, names sorted."""
        asked: dict[str, Any] = {
            "from": None if self.since is None else rfc3339(self.since, _UTC),
            "until": None if self.until is None else rfc3339(self.until, _UTC),
            "rule": sorted(self.rules),
            "level": sorted(self.levels),
            "kind": sorted(self.kinds),
            "key": None if self.key is None else "=".join(self.key),
            "order": "oldest" if self.oldest_first else None,
            "proof": self.proof or None,
        }
        for name in ("account", "owner", "actor", "alert", "tenant", "text", "limit", "after"):
            asked[name] = getattr(self, name)
        return _SORTED.encode(
            {name: value for name, value in asked.items() if value not in (None, [])}
        ).decode()

    def cursor(self) -> Cursor | None:
        """Return where the page before ended. Raises RefusedError where `after` is no cursor of this query."""
        if self.after is None:
            return None
        try:
            end, leaf, of = urlsafe_b64decode(self.after.encode("ascii")).decode("ascii").split(".")
            found = Cursor(int(end), int(leaf))
        except ValueError:
            found, of = Cursor(0, 0), ""
        if of != self._digest() or not 0 <= found.leaf < found.end:
            raise RefusedError(
                "--after", repr(self.after[:60]), "the cursor that a page of this very query ended with",
                "repeat the query with the same filters, or leave out --after",
            )  # fmt: skip
        return found

    def cursor_at(self, end: int, leaf: int) -> str:
        """Return the cursor of a page that looked before one entry and ended with another."""
        return urlsafe_b64encode(f"{end}.{leaf}.{self._digest()}".encode()).decode()

    def _digest(self) -> str:
        """Return what tells the query from others, whatever its pages."""
        return sha256(replace(self, after=None, limit=None).spelling().encode()).hexdigest()[:16]
