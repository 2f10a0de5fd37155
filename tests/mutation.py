"""Change each threshold and comparison of each rule, one at a time, and see that a test of the rule fails for it.

`python -m tests.mutation [PATTERN…]` prints what no test noticed; 1 is its status where there is any. What is changed:
each limit a rule reads one unit up and one down (of a table, each of its values), each number it is compared with one
up and one down, each `>` for `>=` and `<` for `<=` and the other way round.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, is_dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, Final

from rules.limits import DOUBLE_UNITS
from rules.loading import SHIPPED, load
from rules.model import Expression, Limit, Rule, RuleSet
from rules.tree import Call, Const, Node
from weiguard.testing import try_rule

_SWAPPED: Final = {"_>_": "_>=_", "_>=_": "_>_", "_<_": "_<=_", "_<=_": "_<_"}
_COMPARED: Final = (*_SWAPPED, "_==_", "_!=_")
_SECOND: Final = 1_000_000
# One unit, where it is not 1.
_STEPS: Final[dict[str, float]] = {"duration": _SECOND, "times": 0.1, "z": 0.1, "probability": 0.001}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one rule, and the rule set with it."""

    rule: str
    what: str
    rules: RuleSet


def mutants(rules: RuleSet, rule: Rule) -> Iterator[Mutant]:
    """Yield every mutant of a rule."""
    for name in sorted(limits_of(rule)):
        for what, limit in _of_limit(rules.limits[name]):
            yield Mutant(rule.id, what, replace(rules, limits={**rules.limits, name: limit}))
    for what, changed in _of_value(rule):
        packs = tuple(
            replace(pack, rules=tuple(changed if each.id == rule.id else each for each in pack.rules))
            for pack in rules.packs
        )
        yield Mutant(rule.id, what, replace(rules, packs=packs))


def limits_of(value: Any) -> set[str]:
    """Return the names of the limits that a rule reads."""
    if isinstance(value, Expression):
        return {name.split(".")[1] for name in value.names if name.startswith("limit.")}
    if is_dataclass(value):
        return set().union(
            *(
                limits_of(getattr(value, field.name))
                for field in fields(value)
                if field.name not in ("message", "action")
            )
        )
    if isinstance(value, tuple):
        return set().union(*map(limits_of, value))
    return set()


def _of_limit(limit: Limit) -> Iterator[tuple[str, Limit]]:
    step = _STEPS.get(limit.unit, 1)
    for way in (-step, step):
        if limit.table is not None:
            for kind, value in limit.table.items():
                if isinstance(value, int | float):
                    table = {**limit.table, kind: _moved(value, way, limit.unit)}
                    yield f"limit {limit.name}[{kind}] {way:+g}", replace(limit, table=table)
        elif isinstance(limit.value, int | float):
            yield f"limit {limit.name} {way:+g}", replace(limit, value=_moved(limit.value, way, limit.unit))


def _moved(value: float, way: float, unit: str) -> float:
    return round(value + way, 6) if unit in DOUBLE_UNITS else int(value + way)


def _of_value(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what is changed and the value with it, for every place inside where something is compared."""
    if isinstance(value, Expression):
        for what, tree in _of_tree(value.tree):
            yield f"{what} in `{value.source}`", replace(value, tree=tree)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            if field.name in ("message", "action", "title", "trials", "at"):
                continue
            for what, changed in _of_value(getattr(value, field.name)):
                yield what, replace(value, **{field.name: changed})
    elif isinstance(value, tuple):
        for index, each in enumerate(value):
            for what, changed in _of_value(each):
                yield what, (*value[:index], changed, *value[index + 1 :])


def _of_tree(tree: Node) -> Iterator[tuple[str, Node]]:
    if not isinstance(tree, Call):
        return
    other = _SWAPPED.get(tree.function)
    if other is not None:
        what = f"{tree.function.strip('_')} → {other.strip('_')}"
        yield what, replace(tree, function=other, overload=_overload(tree.overload))
    for index, each in enumerate(tree.args):
        if tree.function in _COMPARED and isinstance(each, Const) and each.type in ("int", "double"):
            for way in (-1, 1):
                moved = replace(
                    each, value=float(each.value) + way if each.type == "double" else int(each.value) + way
                )
                yield f"{each.value} {way:+}", _with(tree, index, moved)
        for what, changed in _of_tree(each):
            yield what, _with(tree, index, changed)


def _overload(name: str) -> str:
    """Return the overload of the swapped comparison, as CEL names it: `less_int64`, `less_equals_int64`."""
    which, _, types = name.partition("_")
    return (
        f"{which}_{types.removeprefix('equals_')}"
        if types.startswith("equals_")
        else f"{which}_equals_{types}"
    )


def _with(tree: Call, index: int, arg: Node) -> Call:
    return replace(tree, args=(*tree.args[:index], arg, *tree.args[index + 1 :]))


def survives(mutant: Mutant) -> bool:
    """Return whether every test of the rule passes although it is changed."""
    rule = mutant.rules.rules()[mutant.rule]
    return all(tried.passed for tried in try_rule(mutant.rules, rule))


@cache
def _loaded(folder: Path) -> RuleSet:
    return load(folder)


def survivors(folder: Path, id: str) -> tuple[int, list[str]]:
    """Return how many mutants a rule has, and which of them no test noticed."""
    rules = _loaded(folder)
    rule = rules.rules()[id]
    made = list(mutants(rules, rule))
    return len(made), [mutant.what for mutant in made if survives(mutant)]


def main() -> int:
    """Try the rules that match; 1 where a mutant survives."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument(
        "patterns", nargs="*", default=["*"], help="rules such as COL-01 or 'COL-*' (default: all)"
    )
    parser.add_argument(
        "--rules", type=Path, default=SHIPPED, help="a folder of rules (default: the shipped ones)"
    )
    options = parser.parse_args()
    chosen = [
        rule.id
        for rule in _loaded(options.rules).rules().values()
        if not rule.later and any(fnmatchcase(rule.id, pattern) for pattern in options.patterns)
    ]
    made = lived = 0
    with ProcessPoolExecutor() as pool:
        for name, (count, left) in zip(
            chosen, pool.map(survivors, [options.rules] * len(chosen), chosen), strict=True
        ):
            made, lived = made + count, lived + len(left)
            for what in left:
                sys.stdout.write(f"{name}: survived: {what}\n")
    sys.stdout.write(f"{len(chosen)} rules, {made} mutants, {lived} survived\n")
    return 1 if lived or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
