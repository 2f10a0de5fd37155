"""A rule set to a program: plan it, write the Python, run the Python once, and hand the engine what it needs.

The generated source stays readable: `Program.source` holds it, and it shows in tracebacks.
"""

from __future__ import annotations

from typing import Any, Final

from engine.boundaries import Every
from engine.cells import EMPTY, LEAST, Cell, Recalling
from engine.deadlines import Deadline
from engine.program import (
    CellClass,
    Family,
    Gate,
    Handler,
    Program,
    RuleFace,
    Variant,
)
from engine.ripening import Ripening
from engine.sequences import Link, Sequence
from engine.windows import DAY, HOUR
from rules.caching import kept
from rules.model import RuleSet
from rules.personal import address_rules, personal_names
from rules.planning.analysis import gate, only_grows, rising
from rules.planning.building import build, chain_kind
from rules.planning.cells import (
    alone,
    class_lines,
    entering_lines,
    forget_lines,
    open_lines,
    rewind_lines,
    sliding_lines,
    step_lines,
    trim_lines,
    whole,
)
from rules.planning.chaining import Chain
from rules.planning.facing import evidence_us, face_of, since_step
from rules.planning.fields import FACT_FIELDS, boundary_kind, shift_of
from rules.planning.folding import Part
from rules.planning.handlers import (
    again_lines,
    handler_lines,
    make_lines,
    owed_lines,
    plain_lines,
    reader_columns,
    route_lines,
)
from rules.planning.kinds import Kind
from rules.planning.layout import lay_out
from rules.planning.owing import deadline_lines
from rules.planning.plan import Group, Plan, Unit
from rules.planning.reader import Reader
from rules.planning.receiving import intake_of, limit_readers
from rules.planning.scans import scan_lines
from rules.planning.seeing import kept_us, least_seen, reach_us, seen_lines, seen_mask
from rules.planning.space import execute, namespace
from rules.planning.states import Lines, initial
from rules.planning.words import values_of

_FILE: Final = "<compiled rules>"


def compile_rules(rules: RuleSet, only: tuple[str, ...] = (), archive: bytes | None = None) -> Program:
    """Compile the rules that match the patterns (all without patterns), and those whose alerts they read.

    `archive`: what the rules were loaded from, if just that; then what is written of them is kept for the next start.
    Raises LookupError where patterns are given and none matches a rule.
    """
    plan = build(rules, only)
    writer = _Writer(plan)
    return writer.program(only, archive)


class _Writer:
    """Writes one program."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.chains = {unit.index: Chain(plan, unit) for unit in plan.units if unit.case.sequence}
        self.steps = {
            unit.index: {step.name: step.events for step in unit.case.sequence} for unit in plan.units
        }
        self.values = {unit.index: values_of(unit, self.steps[unit.index]) for unit in plan.units}
        for unit in plan.units:
            unit.shown = tuple(value.name for value in self.values[unit.index])
            unit.gates = _needed(unit, plan)
        self.kinds, self.columns = lay_out(plan, self.chains)
        self.counters = self._counters()
        self.places = self._places()
        self.faces = tuple(
            face_of(unit, plan, self.values[unit.index], self._since_column(unit)) for unit in plan.units
        )
        self.families = {group.index: _families(group) for group in plan.groups}

    def _counters(self) -> list[str]:
        """Give what counts the undecided its places: by case, then by filter."""
        counters = [unit.case.rule for unit in self.plan.units]
        for passing in self.plan.streams.filters.values():
            if passing.cases:
                passing.counter = len(counters)
                counters.append(passing.cases[0])
        return counters

    def _places(self) -> int:
        """Give deadlines, sequences, boundaries and what enters later their places after the cell classes."""
        place = len(self.plan.groups)
        for unit in self.plan.units:
            if unit.kind == "deadline" or unit.case.sequence or unit.case.every:
                unit.place = place
                place += 1
        for kind in self.kinds:
            if kind.source is not None:
                kind.place = place
                place += 1
        return place

    def _since_column(self, unit: Unit) -> int:
        if unit.kind != "since":
            return -1
        return self.columns[chain_kind(unit.index)][f"@since.{unit.case.sequence[since_step(unit)].name}"]

    # --- the source ---------------------------------------------------------------------------------------------

    def reader(self, kinds: tuple[str, ...], *, dynamic: bool, columns: bool, steps: Any = None) -> Reader:
        """Return a reader for code that handles these event types."""
        held: dict[str, int] | None = None
        if columns:
            held = {}
            for kind in kinds:
                held.update(self.columns.get(kind, {}))
        return Reader(kinds, self.plan.rules.limits, held, dynamic=dynamic, steps=steps or {})

    def _steps_of(self, kinds: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for unit in self.plan.units:
            if unit.case.sequence and chain_kind(unit.index) in kinds:
                found.update(self.steps[unit.index])
                found["event"] = unit.case.sequence[-1].events
        return found

    def source(self, *, dynamic: bool) -> Lines:
        """Return the Python of one variant."""
        lines: Lines = []
        for group in self.plan.groups:
            lines += self._group_source(group, dynamic=dynamic)
        for unit in self.plan.units:
            if unit.kind == "deadline":
                kinds = tuple(sorted({*unit.trigger.kinds, *(unit.answers.kinds if unit.answers else ())}))
                lines += deadline_lines(unit, self.reader(kinds, dynamic=dynamic, columns=True))
            elif unit.case.sequence:
                chain = self.chains[unit.index]
                readers = [
                    self.reader(step.events, dynamic=dynamic, columns=True) for step in unit.case.sequence
                ]
                lines += chain.lines(readers, since_step(unit), f"{unit.case.rule}/{unit.case.name}")
        for kind in self.kinds:
            lines += self._kind_source(kind, dynamic=dynamic)
        return lines

    def _group_source(self, group: Group, *, dynamic: bool) -> Lines:
        kinds = tuple(group.kinds)
        steps = self._steps_of(kinds)
        read = self.reader(kinds, dynamic=dynamic, columns=True, steps=steps)
        readers = {
            kind: self.reader((kind,), dynamic=dynamic, columns=True, steps=self._steps_of((kind,)))
            for kind in kinds
        }
        columns = read.columns or {}
        numbers = {kind.name: kind.number for kind in self.kinds}
        part = whole(group)
        lines = open_lines(part, read) if alone(group) else []
        lines += (
            sliding_lines(part, read)
            + entering_lines(part, read)
            + trim_lines(part, read)
            + forget_lines(part)
        )
        for state in group.states.values():
            if state.aggregate == "scan":
                lines += scan_lines(group, state, read)
        for unit in group.units:
            if unit.case.every:
                lines += seen_lines(unit, group)
        for family in self.families[group.index]:
            if family.suffix:
                lines += sliding_lines(family, read)
            lines += rewind_lines(family, read)
            lines += step_lines(family, numbers, readers, columns)
        return lines

    def _kind_source(self, kind: Kind, *, dynamic: bool) -> Lines:
        steps = self._steps_of((kind.name,))
        here = self.reader((kind.name,), dynamic=dynamic, columns=False, steps=steps)
        held = self.reader((kind.name,), dynamic=dynamic, columns=True, steps=steps)
        lines = handler_lines(kind, here, held)
        if kind.derived:
            lines += make_lines(kind, here, held)
        if kind.groups:
            lines += route_lines(kind, held)
        if kind.deadlines:
            lines += owed_lines(kind, held)
        if not kind.told:
            lines += again_lines(kind, here)
        if kind.plain:
            lines += plain_lines(kind, held)
        return lines

    # --- the program --------------------------------------------------------------------------------------------

    def _written(self, only: tuple[str, ...], archive: bytes | None, *, dynamic: bool) -> str:
        """Return the Python of one variant, written now or at an earlier start."""

        def write() -> str:
            return "\n".join(self.source(dynamic=dynamic))

        if archive is None:
            return write()
        made_of = b"\0".join([repr((dynamic, only)).encode(), archive])
        return kept("source", made_of, write, str.encode, bytes.decode)

    def program(self, only: tuple[str, ...], archive: bytes | None) -> Program:
        """Run what was written, and put the program together."""
        rules = self.plan.rules
        classes: dict[str, Any] = {"Cell": Cell, "Recalling": Recalling, "EMPTY": EMPTY, "LEAST": LEAST}
        made = [line for group in self.plan.groups for line in class_lines(group)]
        execute("\n".join(made), classes, f"{_FILE[:-1]} cells>")
        constant_source = self._written(only, archive, dynamic=False)
        fixed = self._variant(constant_source, classes, dynamic=False)
        moving = self._variant(self._written(only, archive, dynamic=True), classes, dynamic=True)
        fault, value = limit_readers(rules.limits)
        intake = intake_of(rules, only, len(self.faces), len(self.counters))
        faces = self.faces + tuple(rule.face for rule in intake)
        deadlines = {
            unit.place: self._deadline(unit, moving[1]) for unit in self.plan.units if unit.kind == "deadline"
        }
        chosen = {face.rule for face in faces}
        return Program(
            ruleset=rules.hash,
            rules={
                name: RuleFace(name, rule.pack, dict(rule.title), rule.confidence, rule.source)  # type: ignore[arg-type]
                for name, rule in rules.rules().items()
                if name in chosen
            },
            faces=faces,
            constant=fixed[0],
            dynamic=moving[0],
            limit_fault=fault,
            limit_value=value,
            cell_kinds=self.places,
            intake=intake,
            looks_at_all=not all(rule.seldom for rule in intake),
            looks_inside=any(rule.refuses and rule.reads_text for rule in intake),
            deadline_of=deadlines,
            every_of={unit.place: self._every(unit) for unit in self.plan.units if unit.case.every},
            ripening_of={
                kind.place: Ripening(kind.place, kind.source.number, kind.number, -shift_of(kind.name))
                for kind in self.kinds
                if kind.source is not None
            },
            sequences=tuple(self.sequences.values()),
            sequence_of={case.place: case for case in self.sequences.values()},
            make_fact={
                kind.name: fixed[1][f"make_{kind.number}"] for kind in self.kinds if kind.name in FACT_FIELDS
            },
            undecided=tuple(self.counters),
            personal=personal_names(rules),
            address_rules=address_rules(rules),
            shadows=frozenset(face.rule for face in faces if face.shadow),
            reader_columns=reader_columns(self.kinds),
            source="\n".join(made) + "\n" + constant_source,
        )

    def _number(self, name: str) -> int:
        return next((kind.number for kind in self.kinds if kind.name == name), -1)

    def _variant(
        self, source: str, classes: dict[str, Any], *, dynamic: bool
    ) -> tuple[Variant, dict[str, Any]]:
        space = {**namespace(self.plan.rules), **classes}
        space["KINDS"] = tuple(kind.name for kind in self.kinds)
        execute(source, space, f"{_FILE[:-1]} {'dynamic' if dynamic else 'constant'}>")
        made = tuple(self._class(group, space, dynamic=dynamic) for group in self.plan.groups)
        for cls in made:
            space[f"CLASS_{cls.index}"] = cls
        self.sequences = {
            unit.index: self._sequence(unit, space) for unit in self.plan.units if unit.case.sequence
        }
        space["SEQUENCES"] = self.sequences
        handlers = tuple(_handler(kind, space) for kind in self.kinds)
        heard = {kind.name: handlers[kind.number] for kind in self.kinds if not kind.derived}
        return Variant(heard, handlers, made), space

    def _class(self, group: Group, space: dict[str, Any], *, dynamic: bool) -> CellClass:
        index = group.index
        windows = list(group.windows.values())
        spans = [window.us for window in windows if not window.calendar]
        calendar = any(window.calendar for window in windows)
        families = tuple(self._family(group, part, space, dynamic=dynamic) for part in self.families[index])
        return CellClass(
            index=index,
            make=space[f"Cell{index}"],
            families=families,
            insert=space[f"insert_{index}"],
            remove=space[f"remove_{index}"],
            trim=space[f"trim_{index}"],
            open=space.get(f"open_{index}"),
            tail_us=max(
                [
                    *spans,
                    DAY + HOUR if calendar else 0,
                    *(evidence_us(unit) for unit in group.units),
                    *kept_us(group),
                ]
            ),
            forget=space[f"forget_{index}"],
            lasting=any(not state.window for state in group.states.values()),
        )

    def _family(self, group: Group, part: Part, space: dict[str, Any], *, dynamic: bool) -> Family:
        kind = part.units[0].kind
        calendar = part.units[0].case.alert if kind == "calendar" else ""
        mask = 0
        for bits in (*(unit.trigger.bit for unit in part.units), *(state.mask for state in part.states)):
            mask |= bits
        return Family(
            kind=kind,  # type: ignore[arg-type]  # one of the alert kinds, by construction
            faces=tuple(self.faces[unit.index] for unit in part.units),
            mask=mask,
            reach_us=_reach(part, calendar),
            step=space[f"step_{group.index}{part.suffix}"],
            rewind=space[f"rewind_{group.index}{part.suffix}"],
            calendar=calendar,
            window=f"{calendar}_" if calendar else "",
            # Gates are told from the rule set's own limits; where a tenant overrides some, nothing is passed over.
            gates=tuple((None, None, None) if dynamic else self._gates(group, unit) for unit in part.units),
            rising=tuple(not dynamic and rising(unit) for unit in part.units),
        )

    def _gates(self, group: Group, unit: Unit) -> tuple[Gate | None, Gate | None, Gate | None]:
        """Return what must be reached before any level above 0, 1 and 2."""
        found: list[Gate | None] = []
        for above in (0, 1, 2):
            needs = [gate(tree, unit, self.plan.rules.limits) for level, tree in unit.levels if level > above]
            names = set.intersection(*(set(need) for need in needs)) if needs else set()
            found.append(
                next(filter(None, (self._gate(group, unit, name, needs) for name in sorted(names))), None)
            )
        return found[0], found[1], found[2]

    def _gate(self, group: Group, unit: Unit, name: str, needs: list[dict[str, Any]]) -> Gate | None:
        bound = unit.bounds.get(name)
        if bound is None:
            return None
        least, state = min(need[name] for need in needs), bound.state
        if unit.kind == "episode":
            counted = state.aggregate in ("count", "distinct")
            return Gate(least, counted=state.stream.bit) if counted else None
        if unit.kind != "calendar" or state.sub or state.aggregate not in ("count", "sum"):
            return None
        if state.aggregate == "sum" and not (state.peak or only_grows(bound)):
            return None
        slots = [
            slot for held in group.states.values() if held.window == state.window for slot, _ in initial(held)
        ]
        slot = f"{state.slot}k" if state.peak else state.slot
        assert only_grows(bound) or state.peak, "a gate is the highest value in the window"
        return Gate(least, slot, slots.index(slot))

    def _every(self, unit: Unit) -> Every:
        group = self.plan.groups[unit.group]
        assert unit.case.every is not None, "only of a case that is judged at boundaries"
        return Every(
            place=unit.place,
            index=group.index,
            kind=self._number(boundary_kind(unit.index)),
            face=self.faces[unit.index],
            unit=unit.case.every,
            mask=seen_mask(unit),
            reach_us=reach_us(unit, group),
            least=least_seen(unit),
        )

    def _deadline(self, unit: Unit, space: dict[str, Any]) -> Deadline:
        assert unit.answers is not None, "a deadline has answers"
        index = unit.index
        case = unit.case
        return Deadline(
            place=unit.place,
            face=self.faces[index],
            arming=unit.trigger.bit,
            answering=unit.answers.bit,
            mode=case.expect.arm if case.expect else "each",
            home=space[f"home_{index}"],
            answers=space[f"answers_{index}"],
            due=space[f"due_{index}"],
            shown=space[f"shown_{index}"],
            ladder=case.remind is not None,
            account=space[f"account_{index}"] if unit.expected else None,
            every=case.remind.every if case.remind else None,
            still=space.get(f"still_{index}"),
        )

    def _sequence(self, unit: Unit, space: dict[str, Any]) -> Sequence:
        chain, index = self.chains[unit.index], unit.index
        last = len(chain.names) - 1
        links = []
        for at, step in enumerate(unit.case.sequence):
            after = unit.case.sequence[at + 1].within_us if at < last else 0
            found = [
                space.get(f"{name}_{index}_{at}", _nothing)
                for name in ("near", "join", "asked_near", "asked", "fits")
            ]
            links.append(Link(chain.streams[at].bit, after, space[f"keep_{index}_{at}"], *found))
            assert step.name == chain.names[at], "links are in the order of the steps"
        return Sequence(
            unit.place,
            tuple(links),
            since_step(unit),
            space[f"bind_{index}"],
            self._number(chain_kind(index)),
        )


def _nothing(_: Any) -> Any:
    return None


def _families(group: Group) -> list[Part]:
    """Split a group's cases into those that are refolded together: of one kind, one calendar, one reach."""
    found: dict[tuple[Any, ...], list[Unit]] = {}
    for unit in group.units:
        spans = frozenset(bound.state.window for bound in unit.bounds.values())
        key = (unit.kind, unit.case.alert, spans if unit.kind != "event" else None)
        found.setdefault(key, []).append(unit)
    parts = []
    for number, units in enumerate(found.values()):
        used = {bound.state.window for unit in units for bound in unit.bounds.values()}
        if units[0].kind == "calendar":
            used.add(f"{units[0].case.alert}_")
        states = [state for state in group.states.values() if state.window in used]
        windows = [window for window in group.windows.values() if window.prefix in used]
        suffix = f"_f{number}" if len(found) > 1 else ""
        parts.append(Part(group, units, states, windows, suffix))
    return parts


def _reach(part: Part, calendar: str) -> int | None:
    """Return how long a contribution can matter to a family after its time; None: to the end of the tail.

    `calendar`: the unit its alerts belong to; within that window it always matters.
    """
    windows = [window for window in part.windows if not calendar or window.prefix != f"{calendar}_"]
    if any(not state.window for state in part.states) or any(window.calendar for window in windows):
        return None
    return max((window.us for window in windows), default=0)


def _needed(unit: Unit, plan: Plan) -> dict[str, int | float]:
    """Return what every level of a case needs of a measure, where that is a constant."""
    needs = [gate(tree, unit, plan.rules.limits) for _, tree in unit.levels]
    names = set.intersection(*map(set, needs)) if needs else set()
    return {name: min(need[name] for need in needs) for name in sorted(names) if name in unit.bounds}


def _handler(kind: Kind, space: dict[str, Any]) -> Handler:
    number = kind.number
    return Handler(
        kind=kind.name,
        fold=space[f"fold_{number}"],
        make=space.get(f"make_{number}"),
        again=space.get(f"again_{number}"),
        route=space.get(f"route_{number}"),
        owed=space.get(f"owed_{number}"),
        plain=space.get(f"plain_{number}"),
    )
