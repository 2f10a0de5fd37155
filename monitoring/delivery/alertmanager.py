"""Alertmanager, by `POST /api/v2/alerts`: one alert of ours is one of its, ended when it is retracted or resolved.

It takes an alert for over that nobody tells it of any more, so what stands is told again. The level is a label, by
which people route; an alert whose level changes is there another, and the one before is ended with it.

Source: prometheus/alertmanager, api/v2/openapi.yaml.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from engine.instants import micros
from monitoring.delivery.letters import Answer, Item, Letter, Post
from monitoring.delivery.outcomes import Outcome
from monitoring.delivery.outcomes import judge as by_status

PATH: Final = "/api/v2/alerts"
PARTS: int = 0  # It gets no digest: it groups by itself.
AT_A_TIME: Final = 100  # Alerts told again in one request.
_MISSES: Final = (
    4  # How many times it may go untold before Alertmanager takes it for over, as with Prometheus.
)

_AHEAD_US: Final = 60 * 10**6


def compose(letter: Letter) -> Post:
    """Return a letter as it goes to Alertmanager."""
    alerts: list[dict[str, Any]] = []
    for item in letter.items:
        if letter.before is not None and letter.before.level != item.record.level:
            alerts.append(_alert(letter, item, letter.before.level, over=True))
        over = item.record.state == "retracted" or item.record.id in letter.resolved
        alerts.append(_alert(letter, item, item.record.level, over=over))
    url = letter.route.to.url.rstrip("/").removesuffix(PATH) + PATH
    return Post(url, {"content-type": "application/json"}, msgspec.json.encode(alerts))


def judge(answer: Answer, now_us: int) -> Outcome:
    """Return what an answer means."""
    return by_status(answer, now_us)


def _alert(letter: Letter, item: Item, level: str, *, over: bool) -> dict[str, Any]:
    record, lang = item.record, letter.route.lang
    url = letter.link(record.id)
    starts_us = min(micros(record.at), letter.now_us)  # An event's time may be ahead of this clock.
    # What ends in its future counts as firing: this clock may be ahead of Alertmanager's.
    ended_us = max(starts_us, letter.now_us - _AHEAD_US)
    ends_us = ended_us if over else letter.now_us + _MISSES * letter.route.again_us
    return {
        "labels": {
            "alertname": record.rule,
            "level": level,
            "tenant": record.tenant,
            "alert": record.id,
            **({"pack": item.pack} if item.pack else {}),
        },
        "annotations": {
            "title": item.title.get(lang, ""),
            "message": record.message[lang],
            "action": record.action[lang],
            **({"link": url} if url else {}),
        },
        **({"generatorURL": url} if url else {}),
        "startsAt": _written(starts_us),
        "endsAt": _written(ends_us),
    }


def _written(us: int) -> str:
    return datetime.fromtimestamp(us // 10**6, UTC).isoformat()
