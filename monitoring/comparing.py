"""Two rule sets side by side: what was added, removed and changed, part by part, in plain values.

The rules are compared as they are understood, not as they are written: layout, quotes, comments and the order of rules
are no difference, and neither are the blanks inside an expression.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from monitoring.describing import lexicons_of, limits_of, plain_limit, row, whole
from monitoring.differences import (
    Counts,
    Differences,
    LexiconChange,
    LimitChange,
    LimitEnd,
    Part,
    RuleChange,
    Sorted,
)
from rules.lexicons import Lexicon
from rules.model import Limit, Rule, RuleSet
from rules.scanning import squeezed

_SAID: Final = (
    "pack",
    "source",
    "confidence",
    "who",
    "tags",
    "note",
    "shadow",
    "effective_from",
    "until",
    "migrate",
)
_ORDER: Final = (
    "title", *_SAID, "on", "sequence", "where", "per", "measure", "let", "levels", "expect", "remind", "alert",
    "message", "action",
)  # fmt: skip
_EXPRESSIONS: Final = ("where", "per", "measure", "let", "levels", "sequence", "expect", "remind")


def compared(old: RuleSet, new: RuleSet) -> Differences:
    """Return in what the new rule set differs from the old one, in the order of the new one's files."""
    was, now = old.rules(), new.rules()
    changed = [_rule(was[name], now[name], old, new) for name in now if name in was]
    read = _readers(old), _readers(new)
    return Differences(
        packs=_packs(old, new),
        rules=Sorted(
            added=tuple(row(rule) for name, rule in now.items() if name not in was),
            removed=tuple(row(rule) for name, rule in was.items() if name not in now),
            changed=tuple(each for each in changed if each.parts or each.tests != Counts()),
        ),
        limits=_limits(old.limits, new.limits, read),
        lexicons=_lexicons(old.lexicons, new.lexicons, read),
    )


def _packs(old: RuleSet, new: RuleSet) -> Sorted[dict[str, Any]]:
    was = {pack.name: dict(pack.title) for pack in old.packs}
    now = {pack.name: dict(pack.title) for pack in new.packs}
    return Sorted(
        tuple(name for name in now if name not in was),
        tuple(name for name in was if name not in now),
        tuple(
            {"name": name, "before": was[name], "after": title}
            for name, title in now.items()
            if _canonical(was.get(name, title)) != _canonical(title)
        ),
    )


def _rule(was: Rule, now: Rule, old: RuleSet, new: RuleSet) -> RuleChange:
    before, after = parts_of(whole(was, old.limits)), parts_of(whole(now, new.limits))
    found = tuple(
        Part(*where, before.get(where), after.get(where))
        for where in _in_order({**after, **before})
        if _meant(where[1], before.get(where)) != _meant(where[1], after.get(where))
    )
    return RuleChange(now.id, now.title, found, _tests(was, now))


def _in_order(parts: Iterable[tuple[str, tuple[str, ...]]]) -> list[tuple[str, tuple[str, ...]]]:
    """Return parts case by case, in the order of a rule file, whichever of the two rules they are from."""
    found = list(parts)
    cases = list(dict.fromkeys(case for case, _ in found))
    return sorted(found, key=lambda part: (cases.index(part[0]), _ORDER.index(part[1][0])))


def parts_of(rule: Mapping[str, Any]) -> dict[tuple[str, tuple[str, ...]], Any]:
    """Return a described rule's parts, each by its case and the way to it."""
    found: dict[tuple[str, tuple[str, ...]], Any] = {
        ("", ("title", language)): text for language, text in rule["title"].items()
    }
    found |= {("", (name,)): rule[name] for name in _SAID if rule.get(name)}
    for case in rule["cases"]:
        found |= {(case.get("name", ""), way): value for way, value in _of_case(case).items()}
    return found


def _of_case(case: Mapping[str, Any]) -> dict[tuple[str, ...], Any]:
    found: dict[tuple[str, ...], Any] = {}
    if "sequence" in case:
        found |= {("sequence", str(n)): step for n, step in enumerate(case["sequence"], 1)}
    else:
        found[("on",)] = case["on"]
    found |= {(name,): case[name] for name in ("where", "per") if name in case}
    found |= {("measure", name): _measure(each, case) for name, each in case.get("measure", {}).items()}
    for name in ("let", "levels"):
        found |= {(name, each): value for each, value in case.get(name, {}).items()}
    if "expect" in case:
        found[("expect",)] = {name: value for name, value in case["expect"].items() if name != "by"}
        found |= {("expect", level): due for level, due in case["expect"]["by"].items()}
    if "remind" in case:
        found[("remind",)] = {name: value for name, value in case["remind"].items() if name != "rungs"}
        found |= {("remind", str(n)): rung for n, rung in enumerate(case["remind"]["rungs"], 1)}
    found[("alert",)] = case["alert"]
    for name in ("message", "action"):
        found |= {(name, language): text for language, text in case.get(name, {}).items()}
    return found


def _measure(measure: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    """Return a measure, without its key where that is the case's: a changed key is told once."""
    own = measure.get("per", []) == list(case.get("per", ()))
    return {name: value for name, value in measure.items() if not (own and name == "per")}


def _meant(way: tuple[str, ...], value: Any) -> object:
    """Return a part without what only lays it out. The order of a key's dimensions is meant, that of names is not."""
    if way == ("per",) and value is not None:
        return [[name, squeezed(source)] for name, source in value.items()]
    return _canonical(value, expression=way[0] in _EXPRESSIONS)


def _canonical(value: object, *, expression: bool = False) -> object:
    if isinstance(value, str):
        return squeezed(value) if expression else " ".join(value.split())
    if isinstance(value, dict):
        return {name: _canonical(each, expression=expression) for name, each in value.items()}
    if isinstance(value, list):
        return [_canonical(each, expression=expression) for each in value]
    return value


def _tests(was: Rule, now: Rule) -> Counts:
    before = {trial.name: (trial.given, trial.expect, trial.until) for trial in was.trials}
    after = {trial.name: (trial.given, trial.expect, trial.until) for trial in now.trials}
    both = before.keys() & after.keys()
    changed = sum(before[name] != after[name] for name in both)
    return Counts(len(after) - len(both), len(before) - len(both), changed)


def _readers(rules: RuleSet) -> dict[str, list[str]]:
    """Return which rules read each limit and each term list; the two cannot be mistaken for one another."""
    found: dict[str, list[str]] = {}
    for name, rule in rules.rules().items():
        cases = whole(rule, rules.limits)["cases"]
        reads = [f"limit {each}" for each in limits_of(cases)]
        for each in (*reads, *(f"lexicon {each}" for each in lexicons_of(cases))):
            found.setdefault(each, []).append(name)
    return found


_Readers = tuple[Mapping[str, list[str]], Mapping[str, list[str]]]


def _of_either(key: str, read: _Readers) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*read[1].get(key, ()), *read[0].get(key, ())]))


def _limits(was: Mapping[str, Limit], now: Mapping[str, Limit], read: _Readers) -> Sorted[LimitChange]:
    changed = []
    for name in (name for name in now if name in was):
        before, after = plain_limit(was[name]), plain_limit(now[name])
        differ = tuple(each for each in after if _canonical(before[each]) != _canonical(after[each]))
        if differ:
            changed.append(LimitChange(name, before, after, differ, _of_either(f"limit {name}", read)))
    return Sorted(
        tuple(_end(limit, read[1]) for name, limit in now.items() if name not in was),
        tuple(_end(limit, read[0]) for name, limit in was.items() if name not in now),
        tuple(changed),
    )


def _end(limit: Limit, read: Mapping[str, list[str]]) -> LimitEnd:
    return LimitEnd(limit.name, plain_limit(limit), tuple(read.get(f"limit {limit.name}", ())))


def _lexicons(
    was: Mapping[str, Lexicon], now: Mapping[str, Lexicon], read: _Readers
) -> Sorted[LexiconChange]:
    """Compare term lists; the order of terms says nothing."""
    found = {}
    for name in {**now, **was}:
        before = dict(was[name].terms) if name in was else {}
        after = dict(now[name].terms) if name in now else {}
        exempted = tuple(t for t in after if t in before and {*before[t]} != {*after[t]})
        added, removed = (
            tuple(t for t in after if t not in before),
            tuple(t for t in before if t not in after),
        )
        found[name] = LexiconChange(name, added, removed, exempted, _of_either(f"lexicon {name}", read))
    return Sorted(
        tuple(each for name, each in found.items() if name not in was),
        tuple(each for name, each in found.items() if name not in now),
        tuple(
            each
            for name, each in found.items()
            if name in was and name in now and (each.added or each.removed or each.exempted)
        ),
    )
