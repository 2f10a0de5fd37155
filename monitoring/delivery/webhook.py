"""A webhook, signed as Standard Webhooks has it (https://www.standardwebhooks.com), version 1.0.0.

Headers `webhook-id` (the same however often a message is sent), `webhook-timestamp` (Unix seconds of the attempt) and
`webhook-signature` (`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, one for each key, so that keys can be
changed without a gap). The body is the record as the contract has it, or a digest.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

import msgspec

from monitoring.delivery.letters import Answer, Letter, Post
from monitoring.delivery.outcomes import Outcome
from monitoring.delivery.outcomes import judge as by_status

PARTS: int = 20  # Records of a digest that it holds whole.


def compose(letter: Letter) -> Post:
    """Return a letter as it goes to a webhook."""
    body = _digest(letter) if letter.gathered else letter.items[0].body
    seconds = str(letter.now_us // 10**6)
    signed = b".".join((letter.name.encode(), seconds.encode(), body))
    headers = {
        "content-type": "application/json",
        "webhook-id": letter.name,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(signature(key, signed) for key in letter.route.to.keys),
        "weiguard-route": letter.route.name,
        "weiguard-attempt": str(letter.attempt),
    }
    return Post(letter.route.to.url, headers, body)


def judge(answer: Answer, now_us: int) -> Outcome:
    """Return what an answer means."""
    return by_status(answer, now_us)


def signature(key: bytes, signed: bytes) -> str:
    """Return the signature of `id.timestamp.body` by one key."""
    return f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"


def _digest(letter: Letter) -> bytes:
    """Return a digest: how many records, of which rules and levels, and the first of them."""
    return msgspec.json.encode(
        {
            "digest": {
                "count": letter.gathered,
                "by": [{"rule": rule, "level": level, "count": n} for rule, level, n in letter.counts],
                "first": [msgspec.Raw(item.body) for item in letter.items],
            }
        }
    )
