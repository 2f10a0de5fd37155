"""A message that tests a route: written like any other, and plainly no alert."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from engine.alert import Record, encode
from monitoring.delivery.letters import Item, Letter
from monitoring.delivery.routes import Route
from monitoring.delivery.words import WORDS


def trial_letter(route: Route) -> Letter:
    """Return a test of a route; its record has the rule TEST-00 and the level info."""
    now_us = time.time_ns() // 1_000
    at = datetime.fromtimestamp(now_us // 10**6, UTC).isoformat()
    cause = {"source": "weiguard", "id": "test"}
    record = Record(
        id=f"a_test_{now_us}",
        record=1,
        state="raised",
        rule="TEST-00",
        level="info",
        tenant="default",
        key={"route": route.name},
        window={"kind": "event", **cause},
        at=at,
        raised_at=at,
        trigger=cause,
        cause=cause,
        late=False,
        values={},
        limits={},
        evidence={"count": 0, "first": [], "last": []},
        ruleset="",
        message={lang: words["test"].format(route=route.name) for lang, words in WORDS.items()},
        action={lang: words["nothing"] for lang, words in WORDS.items()},
    )
    title: dict[str, str] = {lang: words["test_title"] for lang, words in WORDS.items()}
    item = Item(record, encode(record), "", title)
    return Letter(route, f"{record.id}.1", 1, now_us, (item,))
