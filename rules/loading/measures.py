"""Measures: an aggregate over the events of a key, in a window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rules.checking import Declared, Scope
from rules.durations import duration_us
from rules.loading.keys import again, named, read_key
from rules.loading.names import Names, Space
from rules.loading.scores import read_score, refuse_inner_score, refuse_score
from rules.loading.triggers import Trigger, common, known_types
from rules.loading.windows import WindowReader
from rules.locating import Items, Part, Scalar
from rules.model import Dimension, Expression, Measure
from rules.problems import Desk
from rules.schema import AGGREGATES, CALENDARS, MEASURE, fields, flag, one_of, scalar, text
from rules.scores import SCORES
from rules.tree import TypeName
from rules.vocabulary import event_names

WINDOWS: Final = ("over", "within", "open_until")
_TAKES: Final[dict[str, tuple[TypeName, ...]]] = {
    "sum": ("int", "double"),
    "min": ("int", "double", "string", "timestamp", "duration"),
    "max": ("int", "double", "string", "timestamp", "duration"),
    "median": ("int", "double", "duration"),
    "quantile": ("int", "double", "duration"),
    "distinct": ("string", "int", "bool"),
    "histogram": ("int",),
    "spread": ("double",),
    "score": ("string", "int", "double", "bool"),
    "series": ("int", "double"),
}


@dataclass(slots=True)
class Around:
    """What surrounds the measures of one case."""

    names: Names
    trigger: Trigger
    space: Space  # The trigger's names, measures among them.
    key: tuple[Dimension, ...]
    keyed: bool  # Whether `per` is written; a key that could not be read has been reported already.

    def read(self, name: str, part: Part) -> tuple[Measure, Scope] | None:
        """Read one measure; return it with the names that its record gives (`prev.lat`)."""
        desk = self.names.desk.about(f"measure {name}")
        found = fields(part, desk, MEASURE)
        return _Reading(self, name, part, found, desk).measure() if found else None


@dataclass(slots=True)
class _Reading:
    """One measure while it is read."""

    around: Around
    name: str
    part: Part
    found: dict[str, Part]
    desk: Desk

    def measure(self) -> tuple[Measure, Scope] | None:
        aggregate = self._one(AGGREGATES, "aggregate")
        window = self._one(WINDOWS, "window")
        if not aggregate or not window:
            return None
        of = known_types(self.found["of"], self.desk) if "of" in self.found else ()
        if "of" in self.found and not of:
            return None
        if self.around.trigger.every and not of and "each" not in self.found:
            expected = "the events that it counts: at a calendar boundary there is none"
            self.desk.refuse(self.part.at, "a measure without of", expected, "write of: payment.received")
            return None
        space = self._space(of)
        inner = self._inner()
        values = self._values(aggregate, space)
        over = self._windows(space).read(window, self.found[window])
        per = self._per(of, space)
        if values is None or over is None or per is None:
            return None
        score = read_score(self.found, self.desk)
        typed = self._type(aggregate, values, score)
        if typed is None:
            return None
        where = Space(space.name, space.scope)
        measure = Measure(
            name=self.name,
            aggregate=aggregate,  # type: ignore[arg-type]  # _one gave one of AGGREGATES
            value=values,
            record=self._is_event(aggregate) and aggregate in ("first", "last", "previous"),
            of=of,
            where=self._expression("where", where, "bool"),
            per=per,
            over=over,
            type=typed[0],
            unit=typed[1],
            at=self.part.at,
            before=flag(self.found.get("before"), self.desk),
            after_us=self._span("after"),
            at_least=self._expression("at_least", Space("limits", common(self.around.names.ground)), "int"),
            quantile=self._quantile(aggregate),
            score=score,
            other=one_of(self.found.get("other"), self.desk, ("account",)),
            near=self._near()[0],
            near_within=self._near()[1],
            each=text(self.found["each"], self.desk) if "each" in self.found else "",
            inner=inner,
            member=self._member(space),
        )
        self._bounded(measure)
        refuse_score(measure, self.around.trigger.kinds, self.found, self.desk)
        named = {name for value in values for name in value.names}
        inner_ones = [each for each in self.around.names.built.values() if each.name in named]
        refuse_inner_score(measure, inner_ones, self.found, self.desk)
        return measure, self._record(measure)

    def _one(self, choices: tuple[str, ...], kind: str) -> str:
        written = [name for name in choices if name in self.found]
        if len(written) == 1:
            return written[0]
        at = self.found[written[1]].at if written else self.part.at
        found = " and ".join(written) or f"no {kind}"
        mend = "write over: day, 24h, ever …" if kind == "window" else f"write one of {' '.join(choices)}"
        self.desk.refuse(at, found, f"one {kind}", mend)
        return ""

    def _space(self, of: tuple[str, ...]) -> Space:
        """Return the names that stand in a measure's own expressions: those of the events that it counts."""
        if not of:
            return self.around.space
        return Space(
            f"of {' '.join(of)}", {**common(self.around.names.ground), **event_names(of)}, measures=False
        )

    def _inner(self) -> str:
        """Return the measure that `each` aggregates, or nothing where it is an expression of several."""
        if "each" not in self.found:
            return ""
        value = self.found.get(next(name for name in AGGREGATES if name in self.found))
        name = value.text if isinstance(value, Scalar) else ""
        return name if name in self.around.names.measures else ""

    def _is_event(self, aggregate: str) -> bool:
        value = self.found[aggregate]
        return isinstance(value, Scalar) and value.text == "event"

    def _values(self, aggregate: str, space: Space) -> tuple[Expression, ...] | None:
        """Return the expressions that a measure aggregates; none where it is about the events themselves."""
        part = self.found[aggregate]
        if aggregate in ("count", "first", "last", "previous") and self._is_event(aggregate):
            return ()
        if aggregate == "count":
            self.desk.refuse(part.at, "an expression", "count: event", "narrow the events with where")
            return None
        if aggregate == "score":
            if "features" not in self.found:
                mend = "write features: […]"
                self.desk.refuse(part.at, "no features", "the features that a score compares", mend)
                return None
            part = self.found["features"]
            space = Space(space.name, space.scope)
        if "each" in self.found:
            space = self.around.space
        written = part.items if isinstance(part, Items) else (part,)
        if (aggregate == "spread" and len(written) != 2) or (
            len(written) != 1 and aggregate not in ("spread", "score")
        ):
            wanted = "two expressions: latitude and longitude" if aggregate == "spread" else "one expression"
            self.desk.refuse(part.at, f"{len(written)} expressions", wanted, f"write {aggregate}: …")
            return None
        read = [self._value(aggregate, each, space) for each in written]
        return None if None in read else tuple(value for value in read if value is not None)

    def _value(self, aggregate: str, part: Part, space: Space) -> Expression | None:
        desk = self.desk.about(aggregate)
        written = scalar(part, desk)
        if written is None:
            return None
        if (
            aggregate == "distinct"
            and written.text.isidentifier()
            and written.text not in self.around.names.lets
        ):
            found = named(written.text, written.at, space, desk)
            value = found.value if found else None
        else:
            value = self.around.names.expression(written, space, desk)
        if value is not None and value.type not in _TAKES.get(aggregate, (value.type,)):
            desk.refuse(
                written.at,
                f"a {value.type}",
                f"{aggregate} of {' or '.join(_TAKES[aggregate])}",
                "change one of the two",
            )
            return None
        return value

    def _type(
        self, aggregate: str, values: tuple[Expression, ...], score: str
    ) -> tuple[TypeName, str] | None:
        match aggregate:
            case "count" | "distinct":
                return "int", "count"
            case "histogram":
                return "map(int,int)", ""
            case "spread":
                return "double", "km"
            case "score":
                return "double", SCORES[score].unit if score else ""
            case _ if not values:
                return "event", ""
            case "series":
                return f"list({values[0].type})", values[0].unit
            case _:
                return values[0].type, values[0].unit

    def _per(self, of: tuple[str, ...], space: Space) -> tuple[Dimension, ...] | None:
        """Return the measure's own key, or the rule's as these events supply it."""
        if "per" in self.found:
            return read_key(self.found["per"], Space(space.name, space.scope), self.around.names, self.desk)
        if not self.around.key and self.around.keyed:
            return None
        if not self.around.key:
            mend = "say per: … for the rule or for the measure"
            self.desk.refuse(self.part.at, "a measure without a key", "a key", mend)
            return None
        if not of:
            return self.around.key
        return again(self.around.key, self.part.at, space, self.desk)

    def _windows(self, space: Space) -> WindowReader:
        steps = tuple(
            text(fields(step, self.desk).get("as"), self.desk) for step in self.around.trigger.steps
        )
        counted = Space(space.name, space.scope)
        return WindowReader(self.around.names, steps, counted, self.around.space, self.desk)

    def _expression(self, field: str, space: Space, want: TypeName) -> Expression | None:
        part = scalar(self.found[field], self.desk) if field in self.found else None
        return self.around.names.expression(part, space, self.desk.about(field), want)

    def _span(self, field: str) -> int:
        written = scalar(self.found[field], self.desk) if field in self.found else None
        span = duration_us(written.text) if written else 0
        if written and not span:
            self.desk.refuse(written.at, written.text, "a duration such as 72h", "write it as 72h")
        return span or 0

    def _quantile(self, aggregate: str) -> float:
        part = self.found.get("q")
        if aggregate != "quantile":
            if part is not None:
                self.desk.refuse(part.at, "q", f"no q beside {aggregate}", "remove it")
            return 0.0
        value = part.value if isinstance(part, Scalar) else None
        if not isinstance(value, float) or not 0 < value < 1:
            at = part.at if part is not None else self.part.at
            self.desk.refuse(
                at, "no q" if part is None else "this q", "a share between 0 and 1", "write q: 0.95"
            )
            return 0.5
        return value

    def _near(self) -> tuple[str, Expression | None]:
        if "near" not in self.found:
            return "", None
        found = fields(self.found["near"], self.desk, ("key", "within"))
        key = scalar(found.get("key"), self.desk)
        limits = Space("limits", common(self.around.names.ground))
        within = self.around.names.expression(
            scalar(found.get("within"), self.desk), limits, self.desk, "int"
        )
        if key is None or within is None:
            return "", None
        named(key.text, key.at, self.around.space, self.desk)
        return key.text, within

    def _member(self, space: Space) -> Dimension | None:
        """Return what `each: account` stands for: the inner measure's own dimension of that name, or the events'."""
        written = scalar(self.found["each"], self.desk) if "each" in self.found else None
        if written is None or written.text in CALENDARS:
            return None
        inner = self.around.names.built.get(self._inner())
        own = {part.name: part for part in inner.per} if inner else {}
        return own.get(written.text) or named(written.text, written.at, space, self.desk)

    def _record(self, measure: Measure) -> Scope:
        if not measure.record:
            return {}
        names = event_names(measure.of or self.around.trigger.kinds, self.name)
        return {name: Declared(each.type, each.unit, optional=True) for name, each in names.items()}

    def _bounded(self, measure: Measure) -> None:
        """State is bounded by the window; `ever` has none, so only what stays small may be kept for ever."""
        allowed = ("count", "sum", "first", "last", "previous", "distinct")
        if measure.over.kind == "ever" and measure.aggregate not in allowed:
            mend = "give it a window such as over: 365d"
            self.desk.refuse(
                self.found["over"].at, f"{measure.aggregate} over ever", f"one of {' '.join(allowed)}", mend
            )
