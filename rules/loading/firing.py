"""How often a rule may raise an alert: what `alert:` says, or what follows from the windows its levels read."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, cast

from rules.durations import duration_text
from rules.loading.names import Names
from rules.locating import Part
from rules.location import Location
from rules.model import Calendar, Expression, Level, Measure
from rules.problems import Desk
from rules.schema import CALENDARS, one_of

Alert: TypeAlias = Literal["event", "day", "week", "month", "quarter", "year", "episode", "ever", "deadline"]
SAID: Final = ("event", *CALENDARS, "episode", "ever")


def alert_of(  # all that it follows from
    said: Part | None,
    levels: tuple[tuple[Level, Expression], ...],
    names: Names,
    every: Calendar | None,
    at: Location,
    desk: Desk,
) -> Alert:
    """Return how a rule fires; refuse windows that differ where nothing is said.

    At calendar boundaries there is no event to be alerted of; without a window it is the unit just closed.
    """
    if said is not None:
        found = one_of(said, desk.about("alert"), SAID, "event")
        if every and found == "event":
            mend = f"write alert: {every}, or leave it out"
            desk.refuse(said.at, "alert: event beside every", "episode, ever or a calendar window", mend)
        return cast("Alert", found)
    windows = {name: _window(names.built[name]) for name in _read(levels, names)}
    kinds = {window for window in windows.values() if window}
    if not kinds:
        return every or "event"
    if len(kinds) > 1 or "ever" in kinds:
        shown = ", ".join(f"{name} over {window}" for name, window in sorted(windows.items()) if window)
        mend = "say alert: event, episode, ever or a calendar window"
        desk.refuse(at, f"windows without alert ({shown})", "one window, or alert: …", mend)
        return "event"
    window = kinds.pop()
    return cast("Alert", window) if window in CALENDARS else "episode"


def _window(measure: Measure) -> str:
    """Return a measure's window by name; empty where it does not bound the firing."""
    over = measure.over
    if measure.before or over.kind == "within":
        return ""
    match over.kind:
        case "calendar":
            return str(over.unit)
        case "rolling":
            return duration_text(over.us)
        case "units":
            return f"{over.count} {over.unit}s"
        case "since":
            return f"since({over.step})"
        case _:
            return over.kind


def _read(levels: tuple[tuple[Level, Expression], ...], names: Names) -> list[str]:
    """Return the measures that levels read, themselves or through lets."""
    waiting = [name for _, level in levels for name in level.names]
    seen: set[str] = set()
    found: list[str] = []
    while waiting:
        name = waiting.pop().split(".")[0]
        if name in seen:
            continue
        seen.add(name)
        if name in names.built_lets:
            waiting.extend(names.built_lets[name].value.names)
        elif name in names.built:
            found.append(name)
    return found
