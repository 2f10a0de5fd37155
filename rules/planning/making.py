"""The Python of contributions that are no event of the log: calendar boundaries, and events that enter later."""

from __future__ import annotations

from rules.planning.fields import KEYED, OWNER_GIVEN, PLACED, prefix_of
from rules.planning.folding import when
from rules.planning.kinds import Kind
from rules.planning.plan import Group, Unit
from rules.planning.reader import Reader, local
from rules.planning.seeing import seen_mask
from rules.planning.states import Lines


def of_boundary(kind: Kind, unit: Unit) -> Lines:
    """Take a boundary's key apart: it concerns the account and the owner that are in it, and has no other fields."""
    lines = [f"{local(KEYED + part.name)} = e[{at}]" for at, part in enumerate(unit.key)]
    held = {part.name: f"e[{at}]" for at, part in enumerate(unit.key)}
    lines += [f"event_account = {held.get('account')}", f"at_owner = {held.get('owner')}"]
    read = {name for name in kind.reads | kind.needs if prefix_of(name) == "event"}
    return lines + [
        f"{local(name)} = None" for name in sorted(read - {*PLACED, "event.account", "event.owner"})
    ]


def of_waiting(kind: Kind, source: Kind, columns: Reader) -> Lines:
    """Read what an event that enters later brings from its contribution `e`, and whose it was from the beginning."""
    held = Reader((source.name,), columns.limits, source.columns, "e", columns.dynamic)
    lines: Lines = []
    for name in sorted(kind.reads | kind.needs):
        if prefix_of(name) == "event" and name not in PLACED and name != "event.owner":
            lines.append(f"{local(name)} = {held.text(name) if name in source.columns else None}")
    if "event.account" not in kind.needs:
        lines.append("event_account = None")
    lines.append(f"at_owner = {held.text(OWNER_GIVEN) if OWNER_GIVEN in source.columns else None}")
    for part in {part.name: part for group in kind.groups for part in group.home}.values():
        value = held.value(part.on(source.name).tree)
        told = f" if {' and '.join(value.given)} else None" if value.given else ""
        lines.append(f"{local(KEYED + part.name)} = {value.text}{told}")
    return lines


def armed(kind: Kind, group: Group, key: str) -> Lines:
    """See that the boundaries that can see an event will be judged: mostly the next one is waited for already."""
    lines: Lines = []
    for unit in group.units:
        mask = seen_mask(unit)
        bits = sum(s.bit for s in group.streams.values() if s.bit & mask and kind.name in s.kinds)
        if unit.case.every and bits:
            lines += when(
                f"f & {bits}",
                [
                    f"w = T.ahead[{unit.place}].get({key})",
                    f"if w is None or not w[0] <= t < w[1]: arm(T, T.program.every_of[{unit.place}], {key}, t)",
                ],
            )
    return lines
