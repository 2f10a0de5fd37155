"""Keys: the dimensions named after `per`, and what each stands for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rules.loading.names import Names, Space
from rules.locating import Fields, Items, Part, Scalar
from rules.location import Location
from rules.model import Dimension, Expression
from rules.problems import Desk
from rules.schema import NAME
from rules.suggesting import did_you_mean
from rules.tree import Name
from rules.vocabulary import dimension, dimensions

KEY_TYPES: Final = ("string", "int", "bool")
LIST_TYPES: Final = ("list(string)", "list(int)")


def read_key(part: Part | None, space: Space, names: Names, desk: Desk) -> tuple[Dimension, ...]:
    """Return the dimensions of `per: account`, `[payer, account]`, `{contact: event.contact_ids}` or a mix of them."""
    found: dict[str, Dimension] = {}
    for name, value, at in _written(part, desk):
        if name in found:
            desk.refuse(at.at, f"{name} again", "each dimension once", "remove one of the two")
        read = _computed(name, value, space, names, desk) if value else named(name, at.at, space, desk)
        if read is not None:
            found[name] = read
    return tuple(found.values())


def named(name: str, at: Location, space: Space, desk: Desk) -> Dimension | None:
    """Return a dimension by its name: `payer` is `event.payer_id`."""
    path = dimension(name, space.scope)
    if path is None:
        known = dimensions(space.scope)
        mend = did_you_mean(name, known) or "give it an expression: {name: event.field}"
        desk.refuse(at, f"the unknown dimension {name}", "a dimension of these events", mend)
        return None
    declared = space.scope[path]
    value = Expression(
        path, Name(path, declared.type, 0), declared.type, declared.unit, at, frozenset({path})
    )
    return _dimension(name, value, at, desk)


def again(key: tuple[Dimension, ...], at: Location, space: Space, desk: Desk) -> tuple[Dimension, ...]:
    """Return a rule's key as the events of a measure supply it."""
    found = []
    for part in key:
        path = dimension(part.name, space.scope)
        if path is None and not part.value.names <= space.scope.keys():
            mend = f"say per: … for events that lack {part.name}"
            desk.refuse(at, f"events without {part.name}", "a key of its own", mend)
            continue
        found.append(part if path is None else named(part.name, at, space, desk) or part)
    return tuple(found)


def _written(part: Part | None, desk: Desk) -> Iterator[tuple[str, Scalar | None, Scalar]]:
    """Yield each dimension's name, its expression if one is written, and the scalar that stands for its place."""
    for each in part.items if isinstance(part, Items) else (part,) if part is not None else ():
        if isinstance(each, Scalar) and each.text:
            yield each.text, None, each
        elif isinstance(each, Fields):
            for name, value in each.fields.items():
                if not NAME.match(name) or not isinstance(value, Scalar):
                    desk.refuse(
                        each.keys[name], name, "a name with an expression", "write {name: event.field}"
                    )
                else:
                    yield name, value, value
        else:
            desk.refuse(each.at, "a list or nothing", "a dimension", "write a name such as account")


def _computed(name: str, value: Scalar, space: Space, names: Names, desk: Desk) -> Dimension | None:
    found = names.expression(value, space, desk.about(f"per {name}"))
    return _dimension(name, found, value.at, desk) if found is not None else None


def _dimension(name: str, value: Expression, at: Location, desk: Desk) -> Dimension | None:
    if value.type not in (*KEY_TYPES, *LIST_TYPES):
        desk.refuse(at, f"a {value.type}", "a text, a whole number or a list of them", "choose another field")
        return None
    return Dimension(name, value, fan_out=value.type in LIST_TYPES)
