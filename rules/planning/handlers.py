"""The Python of one event type: read its fields, look up what was known, set the flags, fold it into every cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from engine.reference import REFUNDABLE_US
from rules.planning.cells import alone, closed, lone, whole
from rules.planning.fields import (
    ACCOUNT,
    DEVICE,
    FACT_FIELDS,
    LIMITS,
    ORDER,
    OWNER,
    OWNER_GIVEN,
    PAYMENT,
    PLACED,
    has,
    is_as_of,
    prefix_of,
)
from rules.planning.folding import define, fold_lines, indent, judge, when
from rules.planning.names import names_in, rewrite, signature
from rules.planning.owing import answer_keys
from rules.planning.plan import Filter, Group, Part, Stream, Unit
from rules.planning.reader import Reader, certain, false, local, true
from rules.planning.states import EACH, Lines, sub_text
from rules.tree import Call, Name, Node

ENTITIES: Final = {"account": ACCOUNT, "owner": OWNER, "device": DEVICE, "order": ORDER, "payment": PAYMENT}
ID_OF: Final = {"device": "event.device_id", "order": "event.order_id", "payment": "event.transaction_id"}
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
_ASKED: Final = {
    "qualified": "qualified(owner_at, {1}, {2}, day_of(t, T.zone))",
    "consented": "consented(T.consents.get({0}), q, {1})",
    "listed": "listed(T.listings.get({0}), q)",
    _CONTRACT: "in_force(T.contracts.get({0}), q, day_of(t, T.zone))",
}


@dataclass(slots=True)
class Kind:
    """An event type as the generator sees it."""

    name: str
    number: int
    streams: list[Stream]
    groups: list[Group]
    plain: list[Unit]  # Cases that need no cell.
    deadlines: list[Unit]
    sequences: list[Unit]  # Cases of which this type is a step.
    columns: dict[str, int] = field(default_factory=dict)
    needs: set[str] = field(default_factory=set)  # What must be in a column.
    reads: set[str] = field(default_factory=set)  # What is read at all.
    lookups: dict[str, Node] = field(default_factory=dict)  # Column name → the call it holds.
    entities: frozenset[str] = frozenset()  # Looked up whatever becomes of limits.
    known: dict[str, Node] = field(
        default_factory=dict
    )  # Every such call of the program; shared by all types.

    @property
    def derived(self) -> bool:
        """Return whether it is no event of the log but a fact the engine derives."""
        return self.name.startswith("@") or self.name in FACT_FIELDS

    def lines(self, *, dynamic: bool) -> set[str]:
        """Return the entities it looks up; with limits as of the event, always the account and its owner."""
        if self.derived:
            return set()
        return {*self.entities, "account", "owner"} if dynamic else set(self.entities)

    def settle_entities(self) -> None:
        """Note the entities it looks up, once all that is read of it is known."""
        names = self.reads | self.needs
        found = {prefix_of(name) for name in names} & set(ENTITIES)
        if any(isinstance(call, Call) and call.function == "qualified" for call in self.lookups.values()):
            found.add("owner")
        if "event.owner" in names or "owner" in found:
            found.add("account")
        self.entities = frozenset(found)


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
    lines = (
        ["src = e.source; id = e.id; q = (t, src, id, '')"]
        if not kind.derived
        else ["src, id, q = e['@place']"]
    )
    lines += _fields(kind)
    lines += _entities(kind, dynamic=read.dynamic)
    lines += _limits(kind, read)
    lines += _flags(kind, read, None)
    lines += _lookups(kind, read)
    lines.append(f"p = ({_tuple(kind)},)")
    lines.append("if T.recent is not None: T.recent.append(p)")
    if kind.derived:
        lines.append("T.derived.append(p)")
    if not kind.derived and (read.dynamic or may_change(kind)):
        lines += ["T.arrived.append(p)", "if t > T.newest_us: T.newest_us = t"]
    lines += _plain(kind, read)
    if kind.groups:
        lines.append("C = T.cells")
    for group in kind.groups:
        lines += _into(kind, group, read, columns.columns or {})
    if kind.deadlines:
        lines.append(f"for n, key in owed_{kind.number}(p): owe(T, T.program.deadline_of[n], key, p)")
    for unit in kind.sequences:
        lines.append(f"advance(T, SEQUENCES[{unit.index}], p, out, und)")
    return define(f"fold_{kind.number}(T, t, e, out, und)", lines)


def make_lines(kind: Kind, read: Reader) -> Lines:
    """Return `make_N`: the contribution of a derived fact, unfolded."""
    lines = ["src, id, q = e['@place']", *_fields(kind), *_limits(kind, read), *_flags(kind, read, None)]
    lines.append(f"return ({_tuple(kind)},)")
    return define(f"make_{kind.number}(T, t, e)", ["und = T.mute", *lines])


def _fields(kind: Kind) -> Lines:
    """Read the fields in use into locals."""
    if kind.derived:
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
    if kind.derived:
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
    return [
        f"{line} = T.{entity}s.get({name})",
        f"if {line} is None: {line} = T.entity({entity!r}, {name}) if {name} is not None else NOBODY_{entity}",
        f"{at} = {line}.now if t > {line}.last_time else {line}.at(q)",
        # What is so long ago may be forgotten, here sooner and there later: it is not known any more in any case.
        *([f"if t > {line}.last_time + {REFUNDABLE_US}: {at} = PAYMENT"] if entity == "payment" else []),
    ]


def _limits(kind: Kind, read: Reader) -> Lines:
    if LIMITS not in kind.needs:
        return []
    if kind.derived:
        return [f"at_limits = e.get({LIMITS!r})"]
    if not read.dynamic:
        return ["at_limits = None"]
    return ["at_limits = limits_of(T, event_account, event_owner, q)"]


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
    texts = ["t", "src", "id", "q[3]" if kind.derived else "''", str(kind.number), "f"]
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
    lines += _entities(kind, dynamic=read.dynamic)
    lines += _limits(kind, read)
    lines += _flags(kind, read, "p[5]")
    lines += _lookups(kind, read)
    lines.append(f"return ({_tuple(kind)},)")
    return define(f"again_{kind.number}(T, p)", lines)


def may_change(kind: Kind) -> bool:
    """Return whether reference data or limits that come late can change how an event of this type was seen."""
    return bool(kind.lines(dynamic=False) or kind.lookups or kind.plain) or any(
        moves(stream.filter, dynamic=True) for stream in kind.streams
    )


def reader_columns(kinds: list[Kind]) -> dict[str, dict[int, int]]:
    """Return for each entity the column, by event type, that names the one a contribution looks up."""
    names = {"account": "event.account", "owner": "event.owner", **ID_OF}
    return {
        entity: {
            kind.number: kind.columns[name]
            for kind in kinds
            if name in kind.columns and entity in kind.lines(dynamic=True)
        }
        for entity, name in names.items()
    }


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
