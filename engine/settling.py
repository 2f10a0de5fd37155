"""The end of a step: compare what stands with what was said, write at most one record an alert, tell the watchers.

A step is one event or one timer. Alerts that other rules read are events themselves, at the place of each crossing;
they are entered and withdrawn stratum by stratum before anything is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from engine.alert import Record, State, alert_id, change_between
from engine.approving import OVERRIDES, heard, ruleset_of
from engine.cells import Cell, standing_of
from engine.deadlines import Deadline, outcomes
from engine.evidence import evidence_of
from engine.exchanging import exchange
from engine.instants import rfc3339
from engine.program import LEVELS, SUB, Contribution, Face, Key, Mark, Shown, decided_at, named

if TYPE_CHECKING:
    from engine.tenant import Tenant

Cause = tuple[str, str]  # (source, id) of the event whose arrival wrote a record.


class Name(NamedTuple):
    """What tells an alert from others."""

    key: dict[str, Any]
    window: dict[str, Any]
    id: str


Names: TypeAlias = dict[tuple[int, Key, Any], Name]  # By case, key and group; of one step.


def settle(tenant: Tenant, cause: Cause, clock_us: int, *, timer: bool = False) -> list[Record]:
    """Return the records of a step, by their alerts' place, rule, key and id; forget what was noted.

    Those of shadow rules are among them.
    """
    settled: dict[tuple[int, Any, Any, Any], bool] = {}
    names: Names = {}
    while tenant.changed:
        waiting = tenant.changed
        tenant.changed = {}
        _tell_watchers(tenant, waiting, names)
        settled.update(waiting)
    found = []
    for (index, cell, sub, group), moved in settled.items():
        late = moved and not timer
        record = _record(
            tenant, tenant.program.faces[index], cell, sub, group, cause, clock_us, names=names, late=late
        )
        if record is not None:
            found.append(record)
    found.sort(key=lambda pair: (pair[0], pair[1].id))
    return [record for _, record in found]


def _name(tenant: Tenant, face: Face, key: Key, group: Any, names: Names) -> Name:
    found = names.get((face.index, key, group))
    if found is None:
        named, window = dict(zip(face.dimensions, key, strict=True)), window_of(tenant, face, group)
        found = Name(named, window, alert_id(tenant.name, face.rule, named, window))
        names[face.index, key, group] = found
    return found


def _tell_watchers(tenant: Tenant, waiting: dict[tuple[int, Any, Any, Any], bool], names: Names) -> None:
    """Enter and withdraw the alerts that other rules read as events."""
    makers = tenant.program.make_fact
    if not makers:
        return
    make = makers.get("alert.raised")
    removed: list[Contribution] = []
    added: list[Contribution] = []
    for index, cell, sub, group in waiting:
        face = tenant.program.faces[index]
        if isinstance(group, Deadline):
            before, after = cell.told, _told_of(tenant, group, cell)
            removed += [fact for armed, fact in before.items() if after.get(armed) != fact]
            added += [fact for armed, fact in after.items() if before.get(armed) != fact]
            cell.told = after
        elif face.watched and not face.shadow and make is not None:  # What a shadow finds is no alert.
            key = (index, face.key(cell.key, sub), group)
            said = tenant.facts.get(key, ())
            stands = tuple(
                make(tenant, *_fact(face, mark, _name(tenant, face, key[1], group, names)))
                for mark in _marks(cell, index, sub, group)
            )
            if said != stands:
                removed += [fact for fact in said if fact not in stands]
                added += [fact for fact in stands if fact not in said]
                tenant.facts[key] = stands
                if not stands:
                    del tenant.facts[key]
                if tenant.touched is not None:
                    tenant.touched.add(("standing", *key))
    if removed or added:
        exchange(tenant, removed, added)


def _marks(cell: Cell, index: int, sub: Any, group: Any) -> list[Mark]:
    """Return the crossings of an alert: two triggers may owe the same, which is then one."""
    found: list[Mark] = []
    for mark in cell.journal.get(index, {}).get(sub, []):
        if mark[2] == group and mark[1] > (found[-1][1] if found else 0):
            found.append(mark)
    return found


def _fact(face: Face, mark: Mark, name: Name) -> tuple[int, dict[str, Any]]:
    position, level = decided_at(face, mark), mark[1]
    # Last comes what triggered the alert: whoever is told of the fact may have to say it.
    sub_place = (position[3], face.rule, face.case, f"{sorted(name.key.items())!r}", *mark[4])
    place = (*position[:3], "\x00".join(sub_place))
    fact = {f"event.{name}": value for name, value in name.key.items()}
    fact |= {
        "@place": (position[1], position[2], place),
        "event.rule": face.rule,
        "event.level": LEVELS[level],
        "event.alert_id": name.id,
    }
    return position[0], fact


def _told_of(tenant: Tenant, case: Deadline, cell: Any) -> dict[Contribution, Contribution]:
    """Return by arming the facts that say what became of it."""
    assert case.account is not None, "only of cases that other rules read"
    face = case.face
    key = dict(zip(face.dimensions, face.key(cell.key, None), strict=True))
    found = {}
    for each in outcomes(tenant, case, cell):
        place = (face.rule, face.case, f"{sorted(key.items())!r}", *named(each.armed))
        fact = {
            "event.account": case.account(each.armed),
            **{f"event.{name}": value for name, value in key.items()},
        }
        fact |= {
            "@place": (each.place[1], each.place[2], (*each.place[:3], "\x00".join((each.place[3], *place)))),
            "event.rule": face.rule,
            "event.waited": each.waited_us,
        }
        found[each.armed[: SUB + 1]] = tenant.program.make_fact[each.kind](tenant, each.place[0], fact)
    return found


def _record(  # noqa: PLR0913  # what one record is made of
    tenant: Tenant,
    face: Face,
    cell: Cell,
    sub: Any,
    group: Any,
    cause: Cause,
    clock_us: int,
    *,
    names: Names,
    late: bool,
) -> tuple[tuple[Any, ...], Record] | None:
    key = face.key(cell.key, sub)
    name = (face.index, key, group)
    before = tenant.standing.get(name)
    marks = cell.journal.get(face.index, {}).get(sub, [])
    if tenant.suppressions:
        marks = heard(tenant, face, key, marks)
    mark = standing_of(marks, group)
    if mark is None and (before is None or before.state == "retracted"):
        return None
    after = None
    if mark is not None:
        after = _standing(tenant, face, cell, mark, before, _name(tenant, face, key, group, names))
    if before is None and after is not None and tenant.inherited:
        before = tenant.inherited.pop(after.id, None)  # Earlier rules spoke of it: its records go on.
    state = change_between(before, after)
    if state is None:
        return None
    number = before.record + 1 if before is not None else 1
    source = after if after is not None else before
    assert source is not None, "a change has a before or an after"
    record = changed_record(source, number, state, rfc3339(clock_us, tenant.zone.info), cause, late=late)
    tenant.standing[name] = record
    if tenant.touched is not None:
        tenant.touched.add(("standing", *name))
    if not face.written:
        return None
    return (record.at, face.rule, face.case, repr(key)), record


def changed_record(
    source: Record, number: int, state: State, raised_at: str, cause: Cause, *, late: bool
) -> Record:
    """Return the record that says an alert changed; `source` has what stands, or for a retraction what stood."""
    return Record(
        id=source.id, record=number, state=state, rule=source.rule, level=source.level, tenant=source.tenant,
        key=source.key, window=source.window, at=source.at, raised_at=raised_at, trigger=source.trigger,
        cause={"source": cause[0], "id": cause[1]}, late=late, values=source.values, limits=source.limits,
        evidence=source.evidence, ruleset=source.ruleset, message=source.message, action=source.action,
    )  # fmt: skip


def _standing(
    tenant: Tenant, face: Face, cell: Cell, mark: Mark, before: Record | None, name: Name
) -> Record:
    """Return what is to be said of a mark; `changed_record` adds what tells of this arrival."""
    _, level, _, shown, trigger = mark
    position = decided_at(face, mark)
    words = face.words(level, shown, name.key, tenant.zone)
    by = {"source": trigger[0], "id": trigger[1]}
    # Of what nothing can change any more the tail may be gone: its evidence is as it was said.
    sure = before is not None and before.trigger == by and position[0] < tenant.clock - tenant.lateness_us
    return Record(
        id=name.id, record=0, state="raised", rule=face.rule, level=LEVELS[level], tenant=tenant.name,
        key=name.key, window=name.window, at=rfc3339(position[0], tenant.zone.info),
        raised_at="", trigger=by, cause={}, late=False, values=words.values, limits=words.limits,
        evidence=before.evidence if before is not None and sure else evidence_of(face, cell, mark),
        ruleset=_ruleset(tenant, shown), message=words.message, action=words.action,
    )  # fmt: skip


def _ruleset(tenant: Tenant, shown: Shown) -> str:
    overrides = shown[0].get(OVERRIDES) if shown[0] else None
    return tenant.program.ruleset if overrides is None else ruleset_of(tenant.program.ruleset, overrides)


def window_of(tenant: Tenant, face: Face, group: Any) -> dict[str, Any]:
    """Return an alert's window in the contract's form."""
    zone = tenant.zone.info
    window: dict[str, Any] = {"kind": face.window}
    if face.alert in ("event", "since"):
        source, name = named(group)
        window |= {"source": source, "id": name}
    elif face.alert == "calendar":
        start, end = tenant.zone.window(face.calendar, group)  # type: ignore[arg-type]  # one of the five units
        window |= {"start": rfc3339(start, zone), "end": rfc3339(end, zone)}
    elif face.alert == "deadline":
        window |= {"start": rfc3339(group[0], zone), "end": rfc3339(group[1], zone)}
    else:
        window |= {"start": rfc3339(group + face.boundary, zone), "end": None}
    if face.case:
        window["case"] = face.case
    return window
