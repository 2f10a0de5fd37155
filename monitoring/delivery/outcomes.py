"""What became of an attempt, and when the next one is made: exponential backoff with full jitter.

Reasons name a status or a failure and nothing of what a receiver wrote: it may repeat whom an alert names.

Source of the jitter: AWS Architecture Blog, "Exponential Backoff And Jitter" (2015).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, TypeAlias

from monitoring.delivery.letters import Answer

_SECOND_US: Final = 10**6
_BASE_US: Final = _SECOND_US
_CAP_US: Final = 600 * _SECOND_US
MOST_WAIT_US: Final = 3_600 * _SECOND_US  # However long a receiver asks to be left alone.
_PASSING: Final = (408, 425, 429)


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver has it."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It may go well another time. `hold_us`: how long the receiver asks to be left alone."""

    reason: str
    hold_us: int = 0


@dataclass(frozen=True, slots=True)
class Dead:
    """It will never go well as it is."""

    reason: str


Outcome: TypeAlias = Delivered | Failed | Dead


def judge(answer: Answer, now_us: int) -> Outcome:
    """Judge an answer by its status alone: 2xx has it; 4xx will not have it; all else may yet."""
    status = answer.status
    if 200 <= status < 300:
        return Delivered()
    words = f"HTTP {status}{_phrase(status)}"
    if 400 <= status < 500 and status not in _PASSING:
        return Dead(words)
    return Failed(words, _asked(answer.retry_after, now_us))


def backoff_us(attempts: int, chance: Callable[[], float]) -> int:
    """Return how long to wait after so many attempts (from 1): up to 1 s, doubling up to 10 min; `chance`: [0, 1)."""
    return int(chance() * min(_CAP_US, _BASE_US << min(attempts - 1, 20)))


def _asked(retry_after: str, now_us: int) -> int:
    """Return how long a `Retry-After` (RFC 9110, 10.2.3) asks to wait, in microseconds; 0 where it says nothing."""
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        us = int(text[:9]) * _SECOND_US
    else:
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return 0
        if at.tzinfo is None:
            at = at.replace(tzinfo=UTC)
        us = int((at - datetime.fromtimestamp(now_us / _SECOND_US, UTC)).total_seconds() * _SECOND_US)
    return max(0, min(us, MOST_WAIT_US))


def _phrase(status: int) -> str:
    try:
        return f" {HTTPStatus(status).phrase}"
    except ValueError:
        return ""
