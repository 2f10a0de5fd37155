"""State as entries: what changed since the last checkpoint, and a tenant put together again from all of them.

State is a cache of the log; an entry is one key's part of it. Values are plain (tuples, lists, dicts, texts, numbers),
kept by pickle, and read back by an unpickler that knows no class, so that no entry can name code. What can be made
again from the rest (timers, when to sweep, what was seen) is not kept.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from engine import boundaries, ripening, sequences
from engine.alert import Record
from engine.arrivals import Arrivals
from engine.cells import EMPTY, Cell
from engine.deadlines import Owing, wind_up
from engine.program import KIND, SUB, TIME, Contribution
from engine.reference import FADING
from engine.tenant import BASES, Tenant, line_of

if TYPE_CHECKING:
    from engine.fold import Engine

# Of the entries: state kept in one format is not read in another. Raise it where a layout here changes.
FORMAT: Final = 3
_PROTOCOL: Final = 5
# Entries by what they hold: an entity, a step of a sequence, an alert's last record, the rest of a tenant. A cell's
# begins with the number of its place.
LINE, STEP, BOUND, STANDING, REST = "line", "step", "bound", "standing", "rest"
LOOSE: Final = "loose"  # A contribution that no cell holds, and that a late change may yet put into one.


class StateError(Exception):
    """Kept state cannot be read back: it is damaged, or belongs to another program."""


class _Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        raise StateError(f"kept state names {module}.{name}; expected plain values only")


def _kept(value: Any) -> bytes:
    return pickle.dumps(value, _PROTOCOL)


def _read(raw: bytes) -> Any:
    try:
        return _Plain(io.BytesIO(raw)).load()
    except (
        pickle.UnpicklingError,
        EOFError,
        ValueError,
        IndexError,
        KeyError,
        TypeError,
        AttributeError,
    ) as error:
        raise StateError(f"kept state cannot be read: {error}") from error


def changes(engine: Engine) -> Iterator[tuple[bytes, bytes | None]]:
    """Yield (name, value) of every entry that changed and is not settled; None for what is gone.

    A name is the same bytes at every checkpoint.
    """
    follow(engine)
    for name, tenant in engine.tenants.items():
        for what in tenant.touched or ():
            yield _kept((name, *what)), _value(tenant, what)
        yield _kept((name, REST)), _kept(_rest(tenant))


def settle(engine: Engine) -> list[set[tuple[Any, ...]]]:
    """Let all that changed so far count as written; return what that was, which nobody needs any more.

    To let go of it all at once takes its time.
    """
    follow(engine)
    settled = []
    for tenant in engine.tenants.values():
        if tenant.touched:
            settled.append(tenant.touched)
            tenant.touched = set()
        tenant.kept_us = tenant.noted_us
    return settled


def follow(engine: Engine) -> None:
    """Note which cells the contributions folded since the last call are in.

    Called after every batch, it leaves less to be done at a checkpoint.
    """
    for tenant in engine.tenants.values():
        assert tenant.touched is not None, "the engine keeps track before anything is fed"
        assert tenant.recent is not None, "the engine keeps track before anything is fed"
        by_kind, cells, touch = tenant.variant.by_kind, tenant.cells, tenant.touched.add
        for item in tenant.recent:
            route = by_kind[item[KIND]].route
            places = route(item) if route is not None else None
            for place in places or ():
                if place[1] in cells[place[0]]:  # What a checkpoint has and is gone was noted when it went.
                    touch(place)
            if item[SUB]:
                continue
            if places:
                _place(tenant, item)
            else:
                keep_loose(tenant, item)
        tenant.noted_us = max(tenant.noted_us, max(map(itemgetter(TIME), tenant.recent), default=-1))
        tenant.recent.clear()


def everything(tenant: Tenant) -> set[tuple[Any, ...]]:
    """Return what every entry of a tenant is of, but for the one that holds the rest."""
    found: set[tuple[Any, ...]] = {("line", kind, name) for kind in BASES for name in tenant.entities(kind)}
    for place, cells in enumerate(tenant.cells):
        case = tenant.program.sequence_of.get(place)
        if case is None:
            found.update((place, key) for key in cells)
        elif cells:
            steps = sequences.steps_of(tenant, case)
            found.update(("bound", place, position) for position in steps.bound)
            for number, ordered in enumerate(steps.ordered):
                found.update(("step", place, number, item[: SUB + 1]) for item in ordered)
    # Watchers are told of a suppressed alert, of which there is no record.
    found.update(("standing", *name) for name in tenant.standing.keys() | tenant.facts.keys())
    found.update(("loose", position) for position in tenant.loose)
    return found


def keep_loose(tenant: Tenant, item: Contribution) -> None:
    """Keep a contribution by itself where no cell keeps it; nothing is done where nobody keeps state."""
    if tenant.touched is None:
        return
    handler = tenant.variant.by_kind[item[KIND]]
    if (handler.route and handler.route(item)) or (handler.owed and handler.owed(item)):
        _place(tenant, item)
    elif item[TIME] >= tenant.clock - tenant.lateness_us:
        position = item[: SUB + 1]
        tenant.loose[position] = item
        tenant.touched.add(("loose", position))


def _place(tenant: Tenant, item: Contribution) -> None:
    """Keep a contribution no longer by itself: a cell holds it."""
    position = item[: SUB + 1]
    if tenant.loose.pop(position, None) is not None and tenant.touched is not None:
        tenant.touched.add(("loose", position))


def _value(tenant: Tenant, what: tuple[Any, ...]) -> bytes | None:
    """Return what an entry holds now, or None where it is gone."""
    held = _held(tenant, what)
    return None if held is None else _kept(held)


def _held(tenant: Tenant, what: tuple[Any, ...]) -> Any:
    if what[0].__class__ is int:  # Most are cells.
        return _cell(tenant.cells[what[0]].get(what[1]))
    match what:
        case ("step", place, number, position):
            return sequences.step_at(tenant, tenant.program.sequence_of[place], number, position)
        case ("line", kind, entity):
            line = tenant.entities(kind).get(entity)
            return None if line is None else line.history()
        case ("bound", place, position):
            return sequences.steps_of(tenant, tenant.program.sequence_of[place]).bound.get(position)
        case ("loose", position):
            return tenant.loose.get(position)
        case ("standing", *held):
            record = tenant.standing.get(tuple(held))
            fact = tenant.facts.get(tuple(held))
            if record is None and fact is None:
                return None
            return (msgspec.json.encode(record) if record is not None else None), fact
    raise AssertionError(what)


def _cell(cell: Any) -> Any:
    if cell is None or cell.__class__ is tuple:
        return cell
    slots = [getattr(cell, slot) for slot in type(cell).__slots__]
    journal = cell.journal if cell.journal is not EMPTY else None
    return [cell.items, journal, cell.most, slots]


def _rest(tenant: Tenant) -> dict[str, Any]:
    return {
        "clock": tenant.clock,
        "dynamic": tenant.variant is tenant.program.dynamic,
        "licence_owners": tenant.licence_owners,
        "revoked": tenant.revoked,
        "late": (tenant.lates, tenant.corrected),
        "inherited": [msgspec.json.encode(record) for record in tenant.inherited.values()],
        "changed_us": tenant.changed_us,
        "plain": tenant.plain.journal if tenant.plain.journal is not EMPTY else None,
    }


# --- back again ------------------------------------------------------------------------------------------------------


def restore(engine: Engine, entries: Iterable[tuple[bytes, bytes]]) -> None:
    """Put every tenant together from its entries. Raises StateError where they cannot be read."""
    shared: dict[str, dict[Any, Contribution]] = {}
    for raw_name, raw in entries:
        match _read(raw_name):
            case (str() as name, str() | int() as what, *where):
                tenant = engine.tenant(name)
                value = _read(raw)
                try:
                    _take(tenant, what, tuple(where), value, shared.setdefault(name, {}))
                except (LookupError, TypeError, ValueError, AttributeError, msgspec.DecodeError) as error:
                    raise StateError(f"kept state has no place for {what} {where}: {error!r}") from error
            case other:
                raise StateError(f"kept state names {other!r}; expected (tenant, kind, …)")
    for name, tenant in engine.tenants.items():
        _wind_up(tenant)
        _gather(tenant, shared.get(name, {}))


def _take(
    tenant: Tenant, what: str | int, where: tuple[Any, ...], value: Any, shared: dict[Any, Contribution]
) -> None:
    if isinstance(what, int):
        _take_cell(tenant, what, where[0], value, shared)
    elif what == LINE:
        kind, name = where
        line = tenant.entities(kind)[name] = line_of(kind)
        line.restore(value)
    elif what == LOOSE:
        tenant.loose[where[0]] = _shared([value], shared)[0]
    elif what == STEP:
        sequences.take_step(tenant, tenant.program.sequence_of[where[0]], where[1], value)
    elif what == BOUND:
        sequences.steps_of(tenant, tenant.program.sequence_of[where[0]]).bound[where[1]] = _shared(
            value, shared
        )
    elif what == STANDING:
        record, fact = value
        if record is not None:
            tenant.standing[where] = msgspec.json.decode(record, type=Record)
        if fact is not None:
            tenant.facts[where] = tuple(_shared(list(fact), shared))
    else:
        _take_rest(tenant, value)


def _take_cell(tenant: Tenant, index: int, key: Any, value: Any, shared: dict[Any, Contribution]) -> None:
    if isinstance(value, tuple):
        tenant.cells[index][key] = _shared([value], shared)[0]
        return
    items, journal, most, slots = value
    case = tenant.program.deadline_of.get(index)
    cell: Any = Owing(key) if case is not None else tenant.variant.classes[index].make(key)
    if len(slots) != len(type(cell).__slots__):
        raise StateError("kept state has other slots than this program; expected the same rules and version")
    cell.items = _shared(items, shared)
    cell.journal = journal if journal is not None else EMPTY
    cell.most = most
    cell.last = max((item[TIME] for item in items[-1:]), default=-1)
    for slot, held in zip(type(cell).__slots__, slots, strict=True):
        setattr(cell, slot, held)
    tenant.cells[index][key] = cell


def _take_rest(tenant: Tenant, value: dict[str, Any]) -> None:
    tenant.clock = value["clock"]
    if value["dynamic"]:
        tenant.variant = tenant.program.dynamic
    tenant.licence_owners = value["licence_owners"]
    tenant.revoked = value["revoked"]
    tenant.lates, tenant.corrected = value["late"]
    held = [msgspec.json.decode(raw, type=Record) for raw in value["inherited"]]
    tenant.inherited = {record.id: record for record in held}
    tenant.changed_us = value["changed_us"]
    if value["plain"] is not None:
        tenant.plain.journal = value["plain"]


def _shared(items: list[Contribution], shared: dict[Any, Contribution]) -> list[Contribution]:
    """Let all cells hold the same contribution again, not copies of it."""
    found = []
    for item in items:
        same = shared.setdefault(item[: SUB + 1], item)
        found.append(same if same == item else item)
    return found


def _wind_up(tenant: Tenant) -> None:
    """Make again what was not kept: timers, and when to look at each key."""
    for place, cells in enumerate(tenant.cells):
        case = tenant.program.deadline_of.get(place)
        for key, cell in cells.items():
            if isinstance(cell, Cell) or cell.__class__ is tuple:
                tenant.look_again(place, key, tenant.clock + tenant.lateness_us)
            if case is not None:
                wind_up(tenant, case, cell)
    for number, kind in enumerate(FADING):
        for name in tenant.entities(kind):
            tenant.look_again(-1 - number, name, tenant.clock + tenant.lateness_us)
    for every in tenant.program.every_of.values():
        boundaries.wind_up(tenant, every)
    for delay in tenant.program.ripening_of.values():
        ripening.wind_up(tenant, delay)
    tenant.set_alarm()
    assert all(
        cell.items[-1][TIME] >= 0 for cells in tenant.cells for cell in cells.values() if _tailed(cell)
    )


def _gather(tenant: Tenant, shared: dict[Any, Contribution]) -> None:
    """Find again what came inside the lateness, among all that the cells hold."""
    horizon = tenant.clock - tenant.lateness_us
    tenant.noted_us = max((item[TIME] for item in shared.values()), default=-1)
    found = [item for item in shared.values() if item[TIME] >= horizon and not item[SUB]]
    tenant.arrived = Arrivals(sorted(found, key=lambda item: item[: SUB + 1]))


def _tailed(cell: Any) -> bool:
    return isinstance(cell, Cell) and bool(cell.items)
