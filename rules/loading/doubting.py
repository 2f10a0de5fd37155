"""What a case says that can never be, that another level hides, or that its memory cannot bear for ever."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from engine.payloads import NATURAL_KEYS
from rules.expanding import TooLargeError, expand
from rules.implying import implies, never
from rules.model import Case, Expression, Limit, Measure
from rules.problems import Desk
from rules.tree import Call, Node

# Fields that are another one in each event, beside an event's natural key.
_OWN: Final = ("id", "message_id", "movement_id", "session_id")


def doubt(case: Case, limits: Mapping[str, Limit], desk: Desk) -> None:
    """Warn of all that is odd about one case."""
    written = _Written(case, limits)
    filters = list(_filters(case))
    for part, each in filters:
        if why := written.never(each):
            desk.about(part).warn(each.at, "never_passes", why=why)
    if not any(written.never(each) for part, each in filters if part == "where"):
        _doubt_levels(case, written, desk.about("levels"))
    for measure in case.measures:
        _doubt_memory(measure, case, desk.about(f"measure {measure.name}"))


class _Written:
    """The expressions of a case with its lets written out."""

    def __init__(self, case: Case, limits: Mapping[str, Limit]) -> None:
        self._lets = {let.name: let.value.tree for let in case.lets}
        self._limits = limits
        self._where = self._tree(case.where) if case.where is not None and case.every is None else None

    def never(self, each: Expression, *, filtered: bool = False) -> str:
        """Return why an expression never holds, a name in `rules.doubts.WHY`; empty where it may."""
        tree = self._tree(each)
        if tree is None:
            return ""
        if never(tree, self._limits):
            return "apart" if isinstance(tree, Call) and tree.function == "_&&_" else "false"
        if filtered and self._where is not None:
            both = Call("_&&_", "logical_and", (self._where, tree), "bool", 0)
            return "filtered" if never(both, self._limits) else ""
        return ""

    def implies(self, one: Expression, other: Expression) -> bool:
        """Return whether the other surely holds wherever the one does."""
        left, right = self._tree(one), self._tree(other)
        return left is not None and right is not None and implies(left, right, self._limits)

    def _tree(self, each: Expression) -> Node | None:
        try:
            return expand(each.tree, self._lets)
        except TooLargeError:
            return None  # Planning refuses it in its own words.


def _filters(case: Case) -> Iterator[tuple[str, Expression]]:
    found = [("where", case.where)]
    found += [(f"sequence {step.name} where", step.where) for step in case.sequence]
    found += [(f"measure {measure.name} where", measure.where) for measure in case.measures]
    if case.expect is not None:
        found.append(("expect where", case.expect.where))
    if case.remind is not None:
        found.append(("remind unless where", case.remind.unless_where))
    return ((part, each) for part, each in found if each is not None)


def _doubt_levels(case: Case, written: _Written, desk: Desk) -> None:
    able = []
    for level, each in case.levels:
        if why := written.never(each, filtered=True):
            desk.about(level).warn(each.at, "never_fires", level=level, why=why)
        else:
            able.append((level, each))
    for at, (low, below) in enumerate(able):
        for high, above in able[at + 1 :]:
            if written.implies(below, above):
                desk.warn(below.at, "hidden", low=low, high=high)
                break


def _doubt_memory(measure: Measure, case: Case, desk: Desk) -> None:
    """Warn of a measure over all time of which every event makes another, or to which every event adds a member."""
    if measure.over.kind != "ever":
        return
    kinds = measure.of or (case.sequence[-1].events if case.sequence else case.on)
    own = [f"event.{field}" for field in _OWN]
    if kinds:
        own += [
            f"event.{field}" for field in _identity(kinds[0]) if all(field in _identity(k) for k in kinds)
        ]
    dimensions = [part.name for part in measure.per if part.value.source.strip() in own]
    if dimensions or not measure.per:
        dimension = dimensions[0] if dimensions else "event"
        desk.warn(measure.at, "grows_by_key", name=measure.name, dimension=dimension)
    elif measure.aggregate == "distinct" and measure.value:
        value = measure.value[0].source.strip()
        if value in (*own, "event.time"):
            desk.warn(measure.at, "grows_by_member", name=measure.name, value=value)


def _identity(kind: str) -> tuple[str, ...]:
    """Return the field that names an event of a type, its account left out; nothing where it takes two."""
    fields = tuple(field for field in NATURAL_KEYS.get(kind, ()) if field != "subject")
    return fields if len(fields) == 1 else ()
