"""What a score asks of the measure around it: all its features, in order, and only events like the trigger's own."""

from __future__ import annotations

from collections.abc import Iterable

from rules.locating import Part
from rules.model import Measure
from rules.problems import Desk
from rules.schema import one_of
from rules.scores import SCORES


def read_score(found: dict[str, Part], desk: Desk) -> str:
    """Return the name of a measure's score; empty where it has none."""
    if "score" in found:
        return one_of(found["score"], desk, tuple(SCORES))
    if "features" in found:
        expected = "no features beside another aggregate"
        desk.refuse(found["features"].at, "features", expected, "write score: freeman, or remove them")
    return ""


def refuse_score(measure: Measure, kinds: tuple[str, ...], found: dict[str, Part], desk: Desk) -> None:
    """Refuse a measure that its score cannot work with. `kinds`: the types of the trigger's events."""
    if measure.aggregate != "score" or not measure.score:
        return
    features = SCORES[measure.score].features
    if len(measure.value) != len(features):
        expected = f"the {len(features)} that {measure.score} compares"
        mend = f"write an expression for each of {', '.join(features)}"
        desk.refuse(found["features"].at, f"{len(measure.value)} features", expected, mend)
    if not measure.before:
        expected = "one that compares its trigger with events before it"
        desk.refuse(measure.at, "a score among which its trigger is", expected, "add before: true")
    if measure.of and not set(kinds) <= set(measure.of):
        expected, mend = "events of the trigger's own types", f"write of: [{', '.join(kinds)}]"
        desk.refuse(found["of"].at, f"a score of {' '.join(measure.of)}", expected, mend)
    if measure.each:
        desk.refuse(found["each"].at, "a score for each", "one score of the whole history", "remove each")


def refuse_inner_score(
    measure: Measure, inner: Iterable[Measure], found: dict[str, Part], desk: Desk
) -> None:
    """Refuse to aggregate scores: a score compares one trigger with its history, units and members have none."""
    for other in inner:
        if measure.each and other.aggregate == "score":
            mend = "aggregate another measure"
            desk.refuse(found["each"].at, f"the score {other.name} for each", "another measure", mend)
