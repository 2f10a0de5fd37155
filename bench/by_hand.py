"""Eight rules as someone would write them by hand: straight loops over a decoded log, with none of the laws.

No identity, no duplicates, no lateness, no corrections, no evidence, no words: it reads just the fields it needs and
keeps plain dictionaries for ever. This is the bar: what the engine costs is told as a multiple of it.

COL-01 and AML-05 add up a day, FRD-01 and PST-01 count one, COL-07, FRD-02 and LOG-05 count ten minutes and arm again
once the count has fallen below the warning, AML-04 looks at one payer's accounts over 24 hours.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TextIO

import msgspec

WARN, CRITICAL = 1, 2
LEVELS = ("", "warn", "critical")
TEN_MINUTES, DAY = 600, 86_400


class PaymentData(msgspec.Struct):
    """What the eight rules read of a payment."""

    amount_fen: int
    payer_id: str


class PostData(msgspec.Struct):
    """What they read of a post."""

    channel: str


class LoginData(msgspec.Struct):
    """What they read of a login."""

    result: str


class AccountData(msgspec.Struct):
    """What they read of a registration."""

    kind: str
    owner_id: str


class Payment(msgspec.Struct, tag_field="type", tag="payment.received"):
    """A payment."""

    subject: str
    time: datetime
    data: PaymentData


class Request(msgspec.Struct, tag_field="type", tag="friend.request_sent"):
    """A friend request."""

    subject: str
    time: datetime


class Post(msgspec.Struct, tag_field="type", tag="post.published"):
    """A post."""

    subject: str
    time: datetime
    data: PostData


class Login(msgspec.Struct, tag_field="type", tag="login.attempted"):
    """A login."""

    subject: str
    time: datetime
    data: LoginData


class Account(msgspec.Struct, tag_field="type", tag="account.registered"):
    """A registration of an account."""

    subject: str
    data: AccountData


class Other(msgspec.Struct, tag_field="type", tag="owner.registered"):
    """An owner, which none of the eight rules looks at."""


class Licence(msgspec.Struct, tag_field="type", tag="qualification.issued"):
    """A licence, which none of them looks at either."""


Line = Payment | Request | Post | Login | Account | Other | Licence


@dataclass(slots=True)
class Book:
    """All that the loops remember."""

    out: TextIO
    owner: dict[str, str] = field(default_factory=dict)
    impersonal: set[str] = field(default_factory=set)
    day_sum: dict[tuple[str, int], int] = field(default_factory=dict)
    day_count: dict[tuple[str, str, int], int] = field(default_factory=dict)
    recent: dict[tuple[str, str], deque[float]] = field(default_factory=dict)
    episode: dict[tuple[str, str], int] = field(default_factory=dict)
    pair: dict[tuple[str, str], deque[tuple[float, str, int]]] = field(default_factory=dict)
    owner_day: dict[tuple[str, int], dict[str, int]] = field(default_factory=dict)
    fired: set[tuple[str, str, int]] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)

    def alert(self, rule: str, level: int, key: str, at: datetime) -> None:
        """Write one alert."""
        self.counts[f"{rule} {LEVELS[level]}"] += 1
        row = {"rule": rule, "level": LEVELS[level], "key": key, "at": at.isoformat()}
        self.out.write(json.dumps(row) + "\n")


def decide(lines: Iterable[bytes], out: TextIO) -> Counter[str]:
    """Decide every line, write the alerts as JSON lines, and return their number by rule and level."""
    book = Book(out)
    decode = msgspec.json.Decoder(Line).decode
    for line in lines:
        event = decode(line)
        if type(event) is Payment:
            _payment(book, event)
        elif type(event) is Request:
            _request(book, event)
        elif type(event) is Post:
            _post(book, event)
        elif type(event) is Login:
            _login(book, event)
        elif type(event) is Account:
            book.owner[event.subject] = event.data.owner_id
            if event.data.kind != "personal":
                book.impersonal.add(event.subject)
    return book.counts


def _payment(book: Book, event: Payment) -> None:
    account, amount = event.subject, event.data.amount_fen
    owner = book.owner.get(account, account)
    day = event.time.toordinal()
    seconds = event.time.timestamp()
    _pair(book, event, owner, seconds)
    if account in book.impersonal:
        return
    before = book.day_sum.get((account, day), 0)
    after = book.day_sum[(account, day)] = before + amount
    if after > 5_000_000 >= before:
        book.alert("COL-01", CRITICAL, account, event.time)
    elif after >= 4_000_000 > before:
        book.alert("COL-01", WARN, account, event.time)
    _rolling(book, "COL-07", account, event.time, seconds, 20, 50)
    _owner_day(book, owner, account, day, amount, event.time)


def _pair(book: Book, event: Payment, owner: str, seconds: float) -> None:
    """AML-04: one payer, two accounts of one owner or more, above 50,000.00 within 24 hours."""
    key = (event.data.payer_id, owner)
    seen = book.pair.get(key)
    if seen is None:
        seen = book.pair[key] = deque()
    while seen and seen[0][0] <= seconds - DAY:
        seen.popleft()
    without = _split(seen)
    seen.append((seconds, event.subject, event.data.amount_fen))
    name = "|".join(key)
    if not _split(seen):
        book.episode.pop(("AML-04", name), None)
        return
    if not without:
        book.episode.pop(("AML-04", name), None)
    if ("AML-04", name) not in book.episode:
        book.episode["AML-04", name] = CRITICAL
        book.alert("AML-04", CRITICAL, name, event.time)


def _split(seen: deque[tuple[float, str, int]]) -> bool:
    if len(seen) < 2:
        return False
    return sum(amount for _, _, amount in seen) > 5_000_000 and len({account for _, account, _ in seen}) >= 2


def _owner_day(book: Book, owner: str, account: str, day: int, amount: int, at: datetime) -> None:
    """AML-05: an owner above 50,000.00 in a day, none of its accounts."""
    sums = book.owner_day.get((owner, day))
    if sums is None:
        sums = book.owner_day[owner, day] = {}
    sums[account] = sums.get(account, 0) + amount
    if len(sums) < 2 or ("AML-05", owner, day) in book.fired:
        return
    if sum(sums.values()) > 5_000_000 and max(sums.values()) <= 5_000_000:
        book.fired.add(("AML-05", owner, day))
        book.alert("AML-05", WARN, owner, at)


def _request(book: Book, event: Request) -> None:
    _daily(book, "FRD-01", event.subject, event.time, 20, 50)
    _rolling(book, "FRD-02", event.subject, event.time, event.time.timestamp(), 10, 15)


def _post(book: Book, event: Post) -> None:
    if event.data.channel == "moments":
        _daily(book, "PST-01", event.subject, event.time, 6, 10)


def _login(book: Book, event: Login) -> None:
    if event.data.result == "failure":
        _rolling(book, "LOG-05", event.subject, event.time, event.time.timestamp(), 5, 10)


def _daily(book: Book, rule: str, account: str, at: datetime, warn: int, critical: int) -> None:
    key = (rule, account, at.toordinal())
    count = book.day_count[key] = book.day_count.get(key, 0) + 1
    if count == critical:
        book.alert(rule, CRITICAL, account, at)
    elif count == warn:
        book.alert(rule, WARN, account, at)


def _rolling(
    book: Book, rule: str, account: str, at: datetime, seconds: float, warn: int, critical: int
) -> None:
    """Count ten minutes; an episode ends once the count, with or without this event, is below the warning."""
    key = (rule, account)
    times = book.recent.get(key)
    if times is None:
        times = book.recent[key] = deque()
    while times and times[0] <= seconds - TEN_MINUTES:
        times.popleft()
    if len(times) < warn:
        book.episode.pop(key, None)
    times.append(seconds)
    count = len(times)
    level = CRITICAL if count >= critical else WARN if count >= warn else 0
    if level > book.episode.get(key, 0):
        book.episode[key] = level
        book.alert(rule, level, account, at)
