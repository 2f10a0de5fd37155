"""The Python of one event type: read its fields, look up what was known, set the flags, fold it into every cell."""

from __future__ import annotations

from typing import Final

from engine.reference import DECIDED_US, REFUNDABLE_US
from rules.planning.cells import alone, closed, lone, whole
from rules.planning.fields import (
    LIMITS,
    OWNER_GIVEN,
    PLACED,
    has,
    is_as_of,
    prefix_of,
)
from rules.planning.folding import define, fold_lines, indent, judge, when
from rules.planning.kinds import ENTITIES, ID_OF, Kind
from rules.planning.making import armed, of_boundary, of_waiting
from rules.planning.names import names_in, rewrite, signature
from rules.planning.owing import answer_keys
from rules.planning.plan import Filter, Group, Part, Unit
from rules.planning.reader import Reader, certain, false, local, true
from rules.planning.states import EACH, Lines, sub_text
from rules.tree import Call, Name, Node

# Fields that an event need not bring where it brings an address or a city, and how they follow.
DERIVED: Final = {
    "event.ip_hash": "d.ip_hash if d.ip_hash is not None or {ip} is None else hash_of({ip})",
    "event.country": "d.country if d.country is not None or {ip} is None else country_of({ip})",
    "event.city": "d.city if d.city is not None or {ip} is None else city_of({ip})",
    "event.carrier": "d.carrier if d.carrier is not None or {ip} is None else carrier_of({ip})",
    "event.lat": "d.lat if d.lat is not None or d.lon is not None else lat_of({city}, {ip})",
    "event.lon": "d.lon if d.lat is not None or d.lon is not None else lon_of({city}, {ip})",
}
# What asks the engine, and how: `place` is the event's, `day` the date of its time.
_CONTRACT: Final = "contract.valid"
# What each of them looks up by its first argument; `qualified` asks of the owner.
_LOOKED_UP: Final = {"consented": "consent", "listed": "listing", _CONTRACT: "contract"}
_ASKED: Final = {
    "qualified": "qualified(owner_at, {1}, {2}, day_of(t, T.zone))",
    "consented": "consented(T.consents.get({0}), q, {1})",
    "listed": "listed(T.listings.get({0}), q)",
    _CONTRACT: "in_force(T.contracts.get({0}), q, day_of(t, T.zone))",
}


def with_lookups(tree: Node, lookups: dict[str, Node], mine: dict[str, Node]) -> Node:
    """Return a tree in which each call that asks the engine is a name.

    `lookups` has every such call of the program by name; those of this tree are noted in `mine` as well.
    """

    def change(node: Node) -> Node | None:
        if isinstance(node, Name) and node.name == _CONTRACT:
            node = Call(
                _CONTRACT, "", (Name("event.contract_id", "string", node.offset),), "bool", node.offset
            )
        if isinstance(node, Call) and node.function in _ASKED:
            text = signature(node)
            name = next(
                (name for name, held in lookups.items() if signature(held) == text), f"@q{len(lookups)}"
            )
            lookups[name] = mine[name] = node
            return Name(name, "bool", node.offset)
        return None

    return rewrite(tree, change)


# --- the event's function --------------------------------------------------------------------------------------------


def handler_lines(kind: Kind, read: Reader, columns: Reader) -> Lines:
    """Return `fold_N`: everything that happens to one event of a type, in order."""
    lines = _seen(kind, read, columns)
    lines.append(f"p = ({_tuple(kind)},)")
    lines.append("if T.recent is not None: T.recent.append(p)")
    if kind.told:
        lines.append("T.derived.append(p)")
    if not kind.told and (read.dynamic or may_change(kind)):
        lines.append("T.arrived.add(p)")
    lines += _plain(kind, read)
    if kind.groups:
        lines.append("C = T.cells")
    for group in kind.groups:
        lines += _into(kind, group, read, columns.columns or {})
    if kind.deadlines:
        lines.append(f"for n, key in owed_{kind.number}(p): owe(T, T.program.deadline_of[n], key, p)")
    for later in kind.later:
        lines.append(f"wait(T, T.program.ripening_of[{later.place}], p)")
    for unit in kind.sequences:
        lines.append(f"advance(T, SEQUENCES[{unit.index}], p, out, und)")
    return define(f"fold_{kind.number}(T, t, e, out, und)", lines)


def _seen(kind: Kind, read: Reader, columns: Reader) -> Lines:
    """Return what reads an event or a fact and looks up what was known at its place."""
    if kind.told:
        place = "src, id, q = e['@place']"
    elif kind.boundary is not None:
        place = f"src = EVE; id = name_of({kind.boundary.place}, e); q = (t, src, id, '')"
    elif kind.source is not None:
        place = "src = intern(AFTER_ALL + e[1]); id = e[2]; q = (t, src, id, '')"
    else:
        place = "src = e.source; id = e.id; q = (t, src, id, '')"
    looked_up = [
        *_entities(kind, dynamic=read.dynamic),
        *_limits(kind, read),
        *_flags(kind, read, None),
        *_lookups(kind, read),
    ]
    return [place, *_fields(kind, columns), *_on_its_day(kind, looked_up)]


def _on_its_day(kind: Kind, lines: Lines) -> Lines:
    """Look up what concerns a boundary with its own time, which is that of the day it begins."""
    return ["t += 1", *lines, "t -= 1"] if kind.boundary is not None else lines


def make_lines(kind: Kind, read: Reader, columns: Reader) -> Lines:
    """Return `make_N`: the contribution of what the engine makes, unfolded."""
    lines = [*_seen(kind, read, columns), f"return ({_tuple(kind)},)"]
    return define(f"make_{kind.number}(T, t, e)", ["und = T.mute", *lines])


def _fields(kind: Kind, columns: Reader) -> Lines:
    """Read the fields in use into locals."""
    if kind.boundary is not None:
        return of_boundary(kind, kind.boundary)
    if kind.source is not None:
        return of_waiting(kind, kind.source, columns)
    if kind.told:
        names = sorted((kind.reads | kind.needs) - {*PLACED, LIMITS})
        return [f"{local(name)} = e.get({name!r})" for name in names]
    lines = ["d = e.data"]
    for name in sorted(kind.reads | kind.needs):
        if prefix_of(name) != "event" or name in PLACED or name in ("event.account", "event.owner"):
            continue
        if name in DERIVED and has(kind.name, name):
            city, ip = (f"d.{each}" if has(kind.name, f"event.{each}") else "None" for each in ("city", "ip"))
            lines.append(f"{local(name)} = {DERIVED[name].format(city=city, ip=ip)}")
        else:
            lines.append(
                f"{local(name)} = d.{name.removeprefix('event.')}"
                if has(kind.name, name)
                else f"{local(name)} = None"
            )
    lines.append("event_account = e.subject")
    lines.append("at_owner = e.owner")
    return lines


def _entities(kind: Kind, *, dynamic: bool) -> Lines:
    """Look up what was known of the event's account, owner, device and order as of its position."""
    if kind.told:
        return []
    lines: Lines = []
    needed = kind.lines(dynamic=dynamic)
    if "account" in needed:
        lines += _entity("account", "event_account")
        last = " or event_owner_id" if has(kind.name, "event.owner_id") else ""
        lines.append(f"event_owner = at_owner or account_at[1] or event_account{last}")
    elif "event.owner" in kind.needs:
        lines.append(
            "event_owner = None"
        )  # Another type of one of its streams keeps it; here nothing reads it.
    if "owner" in needed:
        lines += _entity("owner", "event_owner")
    for entity, name in ID_OF.items():
        if entity in needed:
            lines += _entity(entity, local(name))
    for entity, fields in ENTITIES.items():
        for name in sorted(name for name in kind.reads | kind.needs if prefix_of(name) == entity):
            if name == "account.verified":
                lines.append(
                    "account_verified = account_at[3] is not None and account_at[3] >= day_of(t, T.zone)"
                )
            else:
                lines.append(f"{local(name)} = {entity}_at[{fields[name]}]")
    return lines


def _entity(entity: str, name: str) -> Lines:
    line, at = f"{entity}_line", f"{entity}_at"
    whole = f"(event_account, {name})" if entity == "request" else name
    return [
        f"{line} = T.{entity}s.get({whole}) or UNKNOWN_{entity}",
        f"{at} = {line}.now if t > {line}.last_time else {line}.at(q)",
        # What is so long ago may be forgotten, here sooner and there later: it is not known any more in any case.
        *([f"if t > {line}.last_time + {REFUNDABLE_US}: {at} = PAYMENT"] if entity == "payment" else []),
        *([f"if t > {at}[1] + {DECIDED_US}: {at} = REQUEST"] if entity == "request" else []),
    ]


def _limits(kind: Kind, read: Reader) -> Lines:
    if LIMITS not in kind.needs:
        return []
    if kind.told:
        return [f"at_limits = e.get({LIMITS!r})"]
    if not read.dynamic:
        return ["at_limits = None"]
    place = "q" if kind.boundary is None else "(t, '', '', '')"  # An override may end at the boundary itself.
    return [f"at_limits = limits_of(T, event_account, event_owner, {place})"]


def _flags(kind: Kind, read: Reader, kept: str | None) -> Lines:
    """Set the bit of every stream whose filter the event passes; `kept`: take those that cannot change from flags."""
    by_filter: dict[str, tuple[Filter, int]] = {}
    for stream in kind.streams:
        bits = by_filter.get(stream.filter.name, (stream.filter, 0))[1]
        by_filter[stream.filter.name] = (stream.filter, bits | stream.bit)
    always = by_filter.pop("", (None, 0))[1]
    if kept is None:
        lines = [f"f = {always}"]
    else:
        moving = [bits for passing, bits in by_filter.values() if moves(passing, dynamic=read.dynamic)]
        lines = [f"f = {kept} & {~sum(moving)}"]
    for passing, bits in by_filter.values():
        if kept is not None and not moves(passing, dynamic=read.dynamic):
            continue
        trees = tuple(with_lookups(tree, kind.known, kind.lookups) for tree in passing.trees)
        for name in sorted(name for tree in trees for name in names_in(tree) if name.startswith("@q")):
            lines += _lookup(name, kind.lookups[name], read)
        lines.append(f"if {true(trees, read)}: f |= {bits}")
        if kept is None and passing.cases and not all(certain(tree, read) for tree in trees):
            lines.append(f"elif not ({false(trees, read)}): und[{passing.counter}] += 1")
    return lines


def moves(passing: Filter, *, dynamic: bool) -> bool:
    """Return whether what is learnt later may change what passes: reference data, or limits where they move."""
    names = passing.names
    calls = any(asked in signature(tree) for tree in passing.trees for asked in _ASKED)
    limited = dynamic and any(prefix_of(name) == "limit" for name in names)
    return calls or limited or any(is_as_of(name) for name in names)


def _lookups(kind: Kind, read: Reader) -> Lines:
    lines: Lines = []
    for name, call in kind.lookups.items():
        lines += _lookup(name, call, read)
    return lines


def _lookup(name: str, call: Node, read: Reader) -> Lines:
    assert isinstance(call, Call)
    emitted = [read.value(arg) for arg in call.args]
    given = [text for one in emitted for text in one.given]
    asked = _ASKED[call.function].format(*(one.text for one in emitted))
    if call.function == _CONTRACT:  # Without one there is none that is valid.
        return [f"{local(name)} = {asked}"]
    return [
        f"{local(name)} = {asked} if {' and '.join(given)} else None" if given else f"{local(name)} = {asked}"
    ]


def _tuple(kind: Kind) -> str:
    width = max(kind.columns.values(), default=5) + 1
    held = {at: name for name, at in kind.columns.items()}
    texts = ["t", "src", "id", "q[3]" if kind.told else "''", str(kind.number), "f"]
    texts += [local(held[at]) if at in held else "None" for at in range(6, width)]
    return ", ".join(texts)


def _plain(kind: Kind, read: Reader) -> Lines:
    lines: Lines = []
    for unit in kind.plain:
        test = "" if unit.trigger.filter.name == "" else f"f & {unit.trigger.bit}"
        lines += _keyed(unit.key, read, test, judge(unit, read, {}, plain=True))
    return [*lines, "if out: note(T, T.plain, out); out.clear()"] if lines else []


def _keyed(key: tuple[Part, ...], read: Reader, test: str, lines: Lines) -> Lines:
    """Run statements where a key is there; where one of its dimensions is a list, once for each of its elements."""
    given = [text for part in key for text in read.value(part.tree).given]
    for part in key:
        if part.fan_out:
            lines = [f"for {EACH} in dict.fromkeys({read.value(part.tree).text}):", *indent(lines)]
    return when(" and ".join([*([test] if test else []), *dict.fromkeys(given)]), lines)


def _on(kind: Kind, key: tuple[Part, ...]) -> tuple[Part, ...]:
    return tuple(part.on(kind.name) for part in key)


def _into(kind: Kind, group: Group, read: Reader, columns: dict[str, int]) -> Lines:
    bits = group.bits(kind.name)
    always = any(s.filter.name == "" and kind.name in s.kinds for s in group.streams.values())
    home = _on(kind, group.home)
    cells, text = f"C[{group.index}]", sub_text(home, read)
    key = text if text.isidentifier() else "key"
    keeps_bare = alone(group)
    bare = lone(group, kind.name, read) if keeps_bare and not read.dynamic else None
    tail = f"t + CLASS_{group.index}.tail_us + T.lateness_us"
    folded = [*([] if key == text else [f"key = {text}"]), f"c = {cells}.get({key})"]
    made = [f"c = T.cell(CLASS_{group.index}, {key}, t)", *closed(group)]
    opened = [f"if c.__class__ is tuple: c = open_{group.index}(T, {key}, c)"] if keeps_bare else []
    if bare is not None:
        folded += [
            f"if c is None{' and ' if bare else ''}{bare}:",
            *indent([f"{cells}[{key}] = p", f"T.look_again({group.index}, {key}, {tail})"]),
            "else:",
        ]
        opened = [*when("c is None", made), f"el{opened[0]}"] if bare else opened
    else:
        folded += [*when("c is None", made)]
    into = [
        *opened,
        "L = c.items",
        "if t > c.last or not L or p > L[-1]:",
        *indent(["c.last = t", "L.append(p)", f"if len(L) > c.most: tidy(T, CLASS_{group.index}, c)"]),
        *indent([*fold_lines(whole(group), kind.name, read, columns, "fold")]),
        *indent(["if out: note(T, c, out); out.clear()"]),
        f"else: insert_late(T, CLASS_{group.index}, c, p)",
        *armed(kind, group, key),
    ]
    folded += indent(into) if bare is not None else into
    return _keyed(home, read, "" if always else f"f & {bits}", folded)


# --- the same event again, and where it belongs ----------------------------------------------------------------------


def again_lines(kind: Kind, read: Reader) -> Lines:
    """Return `again_N`: the same contribution, with what it looked up looked up again."""
    lines = ["t, src, id = p[0], p[1], p[2]; q = p[:4]"]
    lines += [f"{local(name)} = p[{at}]" for name, at in kind.columns.items() if not name.startswith("@q")]
    if "event.account" not in kind.columns:
        lines.append("event_account = None")
    if OWNER_GIVEN not in kind.columns:
        lines.append("at_owner = None")
    looked_up = [*_entities(kind, dynamic=read.dynamic), *_limits(kind, read)]
    looked_up += [*_flags(kind, read, "p[5]"), *_lookups(kind, read)]
    lines += [*_on_its_day(kind, looked_up), f"return ({_tuple(kind)},)"]
    return define(f"again_{kind.number}(T, p)", lines)


def may_change(kind: Kind) -> bool:
    """Return whether reference data or limits that come late can change how an event of this type was seen."""
    return bool(kind.lines(dynamic=False) or kind.lookups or kind.plain) or any(
        moves(stream.filter, dynamic=True) for stream in kind.streams
    )


def reader_columns(kinds: list[Kind]) -> dict[str, dict[int, tuple[int, ...]]]:
    """Return for each entity the columns, by event type, that name those a contribution looks up.

    An entity that something looks up by no column is left out.
    """
    names = {"account": "event.account", "owner": "event.owner", **ID_OF}
    found: dict[str, dict[int, tuple[int, ...]]] = {
        entity: {
            kind.number: (kind.columns[name],)
            for kind in kinds
            if name in kind.columns and entity in kind.lines(dynamic=True)
        }
        for entity, name in names.items()
    }
    asked = {
        entity: [
            (kind, call.args[0])
            for kind in kinds
            for call in kind.lookups.values()
            if isinstance(call, Call) and call.function == function
        ]
        for function, entity in _LOOKED_UP.items()
    }
    for entity, calls in asked.items():
        if all(isinstance(named, Name) and named.name in kind.columns for kind, named in calls):
            found[entity] = {}
            for kind, named in calls:
                assert isinstance(named, Name), "all of them are names"
                found[entity][kind.number] = (
                    *found[entity].get(kind.number, ()),
                    kind.columns[named.name],
                )
    return found


def route_lines(kind: Kind, read: Reader) -> Lines:
    """Return `route_N`: (cell class, key) of every cell a contribution belongs to."""
    lines = ["f = p[5]; found = []"]
    for group in kind.groups:
        home = _on(kind, group.home)
        body = [f"found.append(({group.index}, {sub_text(home, read)}))"]
        lines += _keyed(home, read, f"f & {group.bits(kind.name)}", body)
    return define(f"route_{kind.number}(p)", [*lines, "return found"])


def owed_lines(kind: Kind, read: Reader) -> Lines:
    """Return `owed_N`: (place, key) of every deadline key a contribution arms or answers, each once."""
    lines = ["f = p[5]; found = []"]
    for unit in kind.deadlines:
        if kind.name in unit.trigger.kinds:
            body = [f"found.append(({unit.place}, {sub_text(unit.key, read)}))"]
            lines += _keyed(unit.key, read, f"f & {unit.trigger.bit}", body)
        assert unit.answers is not None, "a deadline has answers"
        if kind.name in unit.answers.kinds:
            for key in answer_keys(unit) or ():
                lines += _owed(unit, key, unit.answers.bit, read)
    return define(f"owed_{kind.number}(p)", [*lines, "return dict.fromkeys(found)"])


def _owed(unit: Unit, key: tuple[Part, ...], bit: int, read: Reader) -> Lines:
    return _keyed(key, read, f"f & {bit}", [f"found.append(({unit.place}, {sub_text(key, read)}))"])


def plain_lines(kind: Kind, read: Reader) -> Lines:
    """Return `plain_N`: decide the cases that need no cell, from columns."""
    lines = ["t, src, id = p[0], p[1], p[2]; q = p[:4]; f = p[5]"]
    for unit in kind.plain:
        lines += _keyed(unit.key, read, f"f & {unit.trigger.bit}", judge(unit, read, {}, plain=True))
    return define(f"plain_{kind.number}(T, p, out, und)", lines)
