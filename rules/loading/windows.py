"""Windows of measures: `over: day`, `over: 24h`, `within: 30m`, `open_until: …`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, cast

from engine.windows import DAY
from rules.durations import duration_us
from rules.loading.names import Names, Space
from rules.loading.triggers import known_types
from rules.locating import Fields, Part, Scalar
from rules.model import Calendar, Over
from rules.problems import Desk
from rules.schema import CALENDARS, fields, scalar
from rules.suggesting import did_you_mean

_UNITS: Final = re.compile(r"([0-9]{1,3}) (day|week|month|quarter|year)s?\Z")
_LONGEST: Final[dict[Calendar, int]] = {
    "day": 1,
    "week": 7,
    "month": 31,
    "quarter": 92,
    "year": 366,
}  # In days.
_SINCE: Final = re.compile(r"since\(([a-z][a-z0-9_]*)\)\Z")


@dataclass(frozen=True, slots=True)
class WindowReader:
    """Reads one measure's window. `counted`: names of the events it counts; `trigger`: names of the trigger."""

    names: Names
    steps: tuple[str, ...]
    counted: Space
    trigger: Space
    desk: Desk

    def read(self, kind: str, part: Part) -> Over | None:
        """Return the window written as `over`, `within` or `open_until`."""
        if kind == "open_until":
            return self._open(part)
        if isinstance(part, Fields) and kind == "over":
            found = fields(part, self.desk, ("period",))
            written = scalar(found.get("period"), self.desk)
            period = self.names.expression(written, self.trigger, self.desk, "string")
            return Over("period", period=period) if period else None
        written = scalar(part, self.desk)
        if written is None:
            return None
        over = _within(written) if kind == "within" else self._named(written)
        if over is None:
            expected = "a duration" if kind == "within" else "day, 24h, 7d, 28 days, ever or since(STEP)"
            mend = did_you_mean(written.text, (*CALENDARS, "ever")) or "write it as 30m or day"
            self.desk.refuse(written.at, f"the unknown window {written.text}", expected, mend)
        return over

    def _named(self, written: Scalar) -> Over | None:
        if written.text in CALENDARS:
            return Over("calendar", unit=cast("Calendar", written.text))
        if written.text == "ever":
            return Over("ever")
        if span := duration_us(written.text):
            return Over("rolling", us=span)
        if (match := _UNITS.match(written.text)) and int(match[1]):
            unit, count = cast("Calendar", match[2]), int(match[1])
            return Over("units", unit=unit, count=count, us=(count * _LONGEST[unit] + 1) * DAY)
        if (match := _SINCE.match(written.text)) and match[1] in self.steps:
            return Over("since", step=match[1])
        return None

    def _open(self, part: Part) -> Over | None:
        found = fields(part, self.desk, ("event", "by", "at_most"))
        closers = known_types(found.get("event"), self.desk)
        by = self.names.expression(scalar(found.get("by"), self.desk), self.counted, self.desk)
        most = scalar(found.get("at_most"), self.desk)
        span = duration_us(most.text) if most else None
        if len(closers) != 1 or by is None or not span:
            mend = "write {event: …, by: …, at_most: 7d}"
            self.desk.refuse(part.at, "an open window", "event, by and at_most", mend)
            return None
        return Over("open", us=span, closer=closers[0], by=by)


def _within(written: Scalar) -> Over | None:
    span = duration_us(written.text)
    return Over("within", us=span) if span else None
