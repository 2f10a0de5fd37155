"""A seeded, lifelike day of a dozen small shops, with the months before it: events to try everything on.

    events(seed=7, shops=12, days=1, size=None) -> JSON lines in the order of arrival

Inside are, for a cast that depends on the number of shops alone (see `cast.py`):

- **registers**: owners (natural, individual business, enterprise), accounts of every kind, managed laptops, licences,
  verifications, a merchant's contract limit;
- **history**: 150 quiet days with logins from home (so that a device, a city or an hour can be new), some sales, posts,
  and every morning the settlement of what merchants collected the day before;
- **the days told**, from Tuesday 2026-03-10 on: sales with orders and refunds, logins, posts, friend requests with
  their answers, questions and replies in business hours; one payment in a hundred arrives hours late;
- **the stories** (`stories.py`): a breach of each rule family, copies, a conflict, a late, a far-ahead and an
  unreadable line. The first day tells all of them, later days about one in three.

`size` chooses how much ordinary trade there is so that the log has that many events, and the settlements of several
days beside; a smaller one keeps the cast, the
history and the stories whole. Everything comes from the seed: the same call gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from streams.sources.shops.cast import CASTINGS, Shop, cast
from streams.sources.shops.ledger import Ledger
from streams.sources.shops.moments import DAY, midnight
from streams.sources.shops.registers import register
from streams.sources.shops.scene import Scene
from streams.sources.shops.settling import settle
from streams.sources.shops.stories import STORIES
from streams.sources.shops.trade import ordinary_day, quiet_day, sell

__all__ = ["FIRST_DAY", "HISTORY_DAYS", "events"]

FIRST_DAY = date(2026, 3, 10)
HISTORY_DAYS = 150


def events(seed: int = 7, shops: int = 12, days: int = 1, size: int | None = None) -> Iterator[bytes]:
    """Return the log of so many shops over so many days, as JSON lines without newlines, in the order of arrival.

    Raises ValueError where `shops`, `days` or `size` is below 1.
    """
    if min(shops, days, 1 if size is None else size) < 1:
        raise ValueError(f"shops, days and size start at 1; found {shops}, {days}, {size}")
    rng = Random(seed)  # noqa: S311 - shops are made up from a seed; nothing here is a secret.
    town = Town(Ledger(), rng, cast(rng, shops), midnight(FIRST_DAY))
    register(town.ledger, town.shops, FIRST_DAY, HISTORY_DAYS)
    for ago in range(HISTORY_DAYS - 1, 0, -1):
        for shop in town.shops:
            quiet_day(town.scene(shop, -ago), ago)
    settle(town.ledger, town.shops, town.opening, range(-HISTORY_DAYS, 0))
    for day in range(days):
        _tell_stories(town, day)
    _trade(town, days, size)
    settle(town.ledger, town.shops, town.opening, range(days - 1))
    return town.ledger.lines()


@dataclass(frozen=True, slots=True)
class Town:
    """All shops, the ledger they write into, and the beginning of the first day told, in milliseconds."""

    ledger: Ledger
    rng: Random
    shops: tuple[Shop, ...]
    opening: int

    def scene(self, shop: Shop, day: int) -> Scene:
        """Return the scene of a shop, so many days after the first one told (negative: in the history)."""
        return Scene(self.ledger, self.rng, shop, self.opening + day * DAY)


def _tell_stories(town: Town, day: int) -> None:
    """Tell the day's stories, each of the first shop that fits it; a small cast has no shop for some."""
    for number, story in enumerate(STORIES):
        fitting = [shop for shop in town.shops if shop.number % len(CASTINGS) == story.place]
        if fitting and (day == 0 or (number + day) % 3 == 0):
            story.tell(town.scene(fitting[0], day))


def _trade(town: Town, days: int, size: int | None) -> None:
    """Fill the days told: whole ordinary days, or single sales until the log has `size` events."""
    if size is None:
        for day in range(days):
            for shop in town.shops:
                ordinary_day(town.scene(shop, day))
        return
    while len(town.ledger) < size:
        sell(town.scene(town.rng.choice(town.shops), town.rng.randrange(days)))
