"""What differs between two rule sets, as people read it: + is only in the new one, - only in the old one, ~ in both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, Final

from monitoring.differences import Counts, Differences, LexiconChange, LimitChange, LimitEnd, Part, RuleChange
from monitoring.wording.rule_page import (
    answer_text,
    flat,
    key_text,
    ladder_texts,
    rung_text,
    sourced_limit,
    step_text,
    waiting_text,
)
from monitoring.wording.rule_words import HEADS, counted, how_often
from monitoring.wording.values import limit_text
from monitoring.wording.words import LEVELS, Language
from weiguard.diff_words import COUNTS, EXEMPT, FIELDS, PARTS, READ_BY, SECTIONS, UNREAD, YES_NO

_NUMBERED: Final = ("sequence", "remind")  # Their parts are told by number, other parts by name.


def page(found: Differences, lang: Language) -> Iterator[str]:
    """Return all differences, section by section, line by line; nothing where there is none."""
    first = True
    for name, lines in _sections(found, lang):
        if section := list(lines):
            yield from ("",) if not first else ()
            yield SECTIONS[lang][name]
            yield from section
            first = False


def _sections(found: Differences, lang: Language) -> Iterator[tuple[str, Iterable[str]]]:
    packs, rules, limits, lexicons = found.packs, found.rules, found.limits, found.lexicons
    yield (
        "packs",
        chain(
            (f"+ {name}" for name in packs.added),
            (f"- {name}" for name in packs.removed),
            chain.from_iterable(_pack(each, lang) for each in packs.changed),
        ),
    )
    yield (
        "rules",
        chain(
            (f"+ {row['id']}  {row['title'][lang]}" for row in rules.added),
            (f"- {row['id']}  {row['title'][lang]}" for row in rules.removed),
            chain.from_iterable(_rule(each, lang) for each in rules.changed),
        ),
    )
    yield (
        "limits",
        chain(
            (f"+ {_limit(each, lang)}" for each in limits.added),
            (f"- {_limit(each, lang)}" for each in limits.removed),
            chain.from_iterable(_changed_limit(each, lang) for each in limits.changed),
        ),
    )
    yield (
        "lexicons",
        chain(
            chain.from_iterable(_lexicon("+", each, lang) for each in lexicons.added),
            (f"- {each.name} · {_readers(each.rules, lang)}" for each in lexicons.removed),
            chain.from_iterable(_lexicon("~", each, lang) for each in lexicons.changed),
        ),
    )


def counts_text(counts: Counts, lang: Language) -> str:
    """Return `2 added, 1 changed`; empty where nothing is."""
    words = COUNTS[lang]
    said = ((words[name], getattr(counts, name)) for name in ("added", "removed", "changed"))
    return ("，" if lang == "zh" else ", ").join(word.format(number) for word, number in said if number)


def _pack(pack: dict[str, Any], lang: Language) -> Iterator[str]:
    yield f"~ {pack['name']}"
    for language, after in pack["after"].items():
        before = pack["before"].get(language, "")
        if before != after:
            yield f"    {PARTS[lang]['title']} {language}: {before} → {after}"


def _rule(change: RuleChange, lang: Language) -> Iterator[str]:
    yield f"~ {change.id}  {change.title[lang]}"
    for part in change.parts:
        yield f"    {_name(part, lang)}"
        for sign, value in (("-", part.before), ("+", part.after)):
            if value is not None:
                yield f"      {sign} {_value(part.part, value, lang)}"
    if change.tests != Counts():
        yield f"    {PARTS[lang]['tests']}: {counts_text(change.tests, lang)}"


def _name(part: Part, lang: Language) -> str:
    """Return the way to a part in words: `case small levels warn`."""
    head, *rest = part.part
    words = [f"{PARTS[lang]['case']} {part.case}"] if part.case else []
    return " ".join([*words, PARTS[lang][head], *(LEVELS[lang].get(each, each) for each in rest)])


def _value(way: tuple[str, ...], value: Any, lang: Language) -> str:
    """Return one part's value; those that say more than one thing have the words of the rule's page."""
    special: dict[str, Callable[[], str]] = {
        "shadow": lambda: YES_NO[lang][bool(value)],
        "per": lambda: key_text(value),
        "measure": lambda: flat(counted(value, [], lang)),
        "sequence": lambda: step_text(value, lang),
        "alert": lambda: how_often(value, lang),
    }
    if way == ("expect",):
        return answer_text(value, lang) + waiting_text(value, lang)
    if way[0] == "expect":
        return f"{HEADS[lang]['to']} {flat(value)}"
    if way == ("remind",):
        unit = HEADS[lang][value.get("clock", "days")]
        return " · ".join([flat(value["date"]), unit, *ladder_texts(value, lang)])
    if way[0] == "remind":
        return rung_text(value, HEADS[lang]["days"], lang)
    if way[0] in special:
        return special[way[0]]()
    return ", ".join(value) if isinstance(value, list) else flat(value)


def _readers(rules: tuple[str, ...], lang: Language) -> str:
    return READ_BY[lang].format(", ".join(rules)) if rules else UNREAD[lang]


def _limit(end: LimitEnd, lang: Language) -> str:
    return f"{end.name}  {sourced_limit(end.limit, lang)} · {_readers(end.rules, lang)}"


def _changed_limit(change: LimitChange, lang: Language) -> Iterator[str]:
    yield f"~ {change.name} · {_readers(change.rules, lang)}"
    for name in change.changed:
        before, after = (_field(each, name, lang) for each in (change.before, change.after))
        yield f"    {FIELDS[lang][name]}: {before} → {after}"


def _field(limit: dict[str, Any], name: str, lang: Language) -> str:
    return limit_text(limit["value"], limit["unit"], lang) if name == "value" else str(limit[name])


def _lexicon(sign: str, change: LexiconChange, lang: Language) -> Iterator[str]:
    yield f"{sign} {change.name} · {_readers(change.rules, lang)}"
    comma = "、" if lang == "zh" else ", "
    for mark, terms in (("+", change.added), ("-", change.removed)):
        if terms:
            yield f"    {mark} {comma.join(terms)}"
    if change.exempted:
        yield f"    {EXEMPT[lang]}: {comma.join(change.exempted)}"
