"""The formats of receivers by their kind: how a letter is written for each, and what its answer means."""

from __future__ import annotations

from typing import Final, Protocol

from monitoring.delivery import alertmanager, webhook, wecom
from monitoring.delivery.letters import Answer, Letter, Post
from monitoring.delivery.outcomes import Outcome
from monitoring.delivery.routes import Kind


class Format(Protocol):
    """What a module of a format has."""

    PARTS: int  # Records of a digest that it shows.

    def compose(self, letter: Letter) -> Post:
        """Return a letter as it goes out."""

    def judge(self, answer: Answer, now_us: int) -> Outcome:
        """Return what an answer means."""


FORMATS: Final[dict[Kind, Format]] = {"webhook": webhook, "wecom": wecom, "alertmanager": alertmanager}
