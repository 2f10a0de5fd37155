"""A rule as people read it: its title, what it counts, its levels and limits with their sources, its words, its tests.

It is made from the rule's plain description, so a rule of today's files and one kept in a database look alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from monitoring.wording.rule_words import HEADS, counted, how_often
from monitoring.wording.values import limit_text, span
from monitoring.wording.words import LEVELS, Language

_LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")


def page(rule: Mapping[str, Any], lang: Language) -> Iterator[str]:
    """Return a whole rule, line by line."""
    heads = HEADS[lang]
    other: Language = "en" if lang == "zh" else "zh"
    yield f"{rule['id']}  {rule['title'][lang]}"
    yield f"        {rule['title'][other]}"
    facts = [f"{heads['pack']} {rule['pack']}", rule["file"]]
    facts += [f"{heads[name]} {', '.join(rule[name])}" for name in ("who", "tags") if rule[name]]
    facts += [
        f"{heads[name]} {rule[name]}" for name in ("effective_from", "until", "migrate") if rule.get(name)
    ]
    yield " · ".join(facts)
    yield sourced(rule, lang)
    if rule["note"]:
        yield f"{heads['note']}: {rule['note']}"
    if rule["shadow"]:
        yield heads["shadow"]
    if rule["later"]:
        yield f"{heads['later']} {', '.join(rule['later'])}"
    for case in rule["cases"]:
        yield ""
        yield from case_lines(case, lang)
    if rule["limits"]:
        yield ""
        yield from limit_lines(rule["limits"], lang)
    yield from ("", heads["tests"])
    for number, name in enumerate(rule["tests"], 1):
        yield f"  {number}. {name}"


def sourced(rule: Mapping[str, Any], lang: Language) -> str:
    """Say where a rule comes from and how sure that is."""
    heads = HEADS[lang]
    return f"{heads['source']}: {rule['source']} ({heads['confidence']} {rule['confidence']})"


def case_lines(
    case: Mapping[str, Any], lang: Language, languages: tuple[Language, ...] = _LANGUAGES
) -> Iterator[str]:
    """Return one case of a rule; its words in the languages asked for."""
    heads = HEADS[lang]
    if "name" in case:
        yield f"{heads['case']} {case['name']}"
    if "sequence" in case:
        yield heads["sequence"]
        yield from (f"  {step_text(step, lang)}" for step in case["sequence"])
    else:
        yield f"{heads['on']} {', '.join(case['on'])}"
    if "where" in case:
        yield f"{heads['where']} {flat(case['where'])}"
    if "per" in case:
        yield f"{heads['per']} {key_text(case['per'])}"
    key = list(case.get("per", ()))
    measures = {name: counted(measure, key, lang) for name, measure in case.get("measure", {}).items()}
    levels = {LEVELS[lang][level]: source for level, source in case.get("levels", {}).items()}
    yield from _block(heads["measure"], measures)
    yield from _block(heads["let"], case.get("let", {}))
    yield from _block(heads["levels"], levels)
    yield from _expected(case, lang)
    yield from _reminded(case, lang)
    yield f"{heads['alert']} {how_often(case['alert'], lang)}"
    for name in ("message", "action"):
        yield from _block(heads[name], {each: case.get(name, {}).get(each, "") for each in languages})


def key_text(per: Mapping[str, str]) -> str:
    """Return the dimensions of a key, each with its expression where the name does not tell it."""
    return ", ".join(
        name if source == f"event.{name}" else f"{name} = {flat(source)}" for name, source in per.items()
    )


def step_text(step: Mapping[str, Any], lang: Language) -> str:
    """Return one step of a sequence."""
    heads = HEADS[lang]
    within = f" {heads['to']} {span(step['within'], lang)}" if "within" in step else ""
    return f"{step['as']}: {', '.join(step['event'])}{within}{_where(step, lang)}"


def _where(part: Mapping[str, Any], lang: Language) -> str:
    return f" {HEADS[lang]['where']} {flat(part['where'])}" if "where" in part else ""


def _expected(case: Mapping[str, Any], lang: Language) -> Iterator[str]:
    if "expect" not in case:
        return
    expect, heads = case["expect"], HEADS[lang]
    yield f"{heads['expect']} {answer_text(expect, lang)}"
    how = waiting_text(expect, lang)
    yield from (
        f"  {LEVELS[lang][level]}  {heads['to']} {source}{how}" for level, source in expect["by"].items()
    )


def answer_text(expect: Mapping[str, Any], lang: Language) -> str:
    """Return what answers."""
    return f"{', '.join(expect['event'])}{_where(expect, lang)}"


def waiting_text(expect: Mapping[str, Any], lang: Language) -> str:
    """Return by which clock and from when the time to answer runs; empty where nothing is said of it."""
    return "".join(f" {HEADS[lang][expect[name]]}" for name in ("clock", "arm") if name in expect)


def _reminded(case: Mapping[str, Any], lang: Language) -> Iterator[str]:
    if "remind" not in case:
        return
    remind, heads = case["remind"], HEADS[lang]
    yield f"{heads['remind']} {flat(remind['date'])}"
    unit = heads[remind.get("clock", "days")]
    yield from (f"  {rung_text(rung, unit, lang)}" for rung in remind["rungs"])
    yield from (f"  {line}" for line in ladder_texts(remind, lang))


def rung_text(rung: Mapping[str, Any], unit: str, lang: Language) -> str:
    """Return one rung of a ladder; `unit` is the word for what its days are."""
    side = HEADS[lang]["after" if rung["after"] else "before"]
    return f"{LEVELS[lang][rung['level']]}  {rung['days']} {unit} {side}"


def ladder_texts(remind: Mapping[str, Any], lang: Language) -> Iterator[str]:
    """Return what else a ladder says: what withdraws its rungs, and when it comes again."""
    heads = HEADS[lang]
    if "unless" in remind:
        yield f"{heads['unless']} {', '.join(remind['unless'].get('event', ()))}{_where(remind['unless'], lang)}"
    if "every" in remind:
        yield f"{heads['every']} {remind['every']}"


def limit_lines(limits: Mapping[str, Mapping[str, Any]], lang: Language) -> Iterator[str]:
    """Return limits with their values and where these come from."""
    yield HEADS[lang]["limits"]
    wide = max(map(len, limits))
    for name, limit in limits.items():
        yield f"  {name:{wide}}  {sourced_limit(limit, lang)}"


def sourced_limit(limit: Mapping[str, Any], lang: Language) -> str:
    """Return a limit's value and where it comes from."""
    heads = HEADS[lang]
    sure = f"{heads['confidence']} {limit['confidence']}, {heads['reviewed']} {limit['reviewed']}"
    return f"{limit_text(limit['value'], limit['unit'], lang)} · {limit['source']} ({sure})"


def _block(head: str, values: Mapping[str, str]) -> Iterator[str]:
    """Return names with their texts under a head; nothing without any."""
    stated = {name: flat(text) for name, text in values.items() if text}
    if not stated:
        return
    yield head
    wide = max(map(len, stated))
    yield from (f"  {name:{wide}}  {text}" for name, text in stated.items())


def flat(text: str) -> str:
    """Return an expression that stands on several lines as one."""
    return " ".join(str(text).split())
