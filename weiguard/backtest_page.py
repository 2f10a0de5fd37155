"""A backtest's answer as people read it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitoring.wording.words import LEVELS as LEVEL_WORDS
from monitoring.wording.words import Language
from rules.model import Rule
from streams.difference import Change, Example, OfDay, OfRule
from weiguard.backtest_answer import Answer
from weiguard.summary import LEVELS
from weiguard.words import BACKTEST, COLOURS

_CHANGES: Final[tuple[Change, ...]] = ("raised", "gone", "changed")
_DAYS: Final = 5  # Days that are named: those that differ most.
_KEYS: Final = 10


def show(answer: Answer, rules: Mapping[str, Rule], lang: Language) -> None:
    """Write it to standard output; `rules` have the titles."""
    words = BACKTEST[lang]
    for line in _head(answer, lang):
        sys.stdout.write(line + "\n")
    differing = [each for each in answer.rules if each.differing]
    if not differing:
        sys.stdout.write(words["none"] + "\n")
        return
    sys.stdout.write("\n")
    sys.stdout.flush()
    console = Console(highlight=False)
    (console if console.is_terminal else Console(highlight=False, width=240)).print(_table(differing, lang))
    for each in differing:
        title = rules[each.rule].title.get(lang, "")
        for line in ("", f"{each.rule} {title}", *_rule(each, lang)):
            sys.stdout.write(line + "\n")
    for line in ("", *_days(answer.days, lang), "", *_keys(answer, lang)):
        sys.stdout.write(line + "\n")


def _head(answer: Answer, lang: Language) -> Iterator[str]:
    """Return which rule sets were compared, and the rules that one of them alone has."""
    words = BACKTEST[lang]
    for name, flag, side in (("before", "--against", answer.before), ("after", "--rules", answer.after)):
        yield words["side"].format(side=words[name], flag=flag, ruleset=side.ruleset, rules=f"{side.rules:,}")
    for name, alone in (("only_before", answer.only_before), ("only_after", answer.only_after)):
        if alone:
            yield words[name].format(rules=", ".join(alone))


def _table(rules: list[OfRule], lang: Language) -> Table:
    """Return how many alerts there are of each rule and level, and how many differ."""
    words = BACKTEST[lang]
    table = Table(box=None, pad_edge=False)
    for name in ("rule", "level"):
        table.add_column(words[name])
    for name in ("before", "after", *_CHANGES):
        table.add_column(words[name], justify="right")
    for each in rules:
        for level in LEVELS:
            changed = sum(moved.count for moved in each.changed if moved.to == level)
            counts = [side.get(level, 0) for side in (each.before, each.after, each.raised, each.gone)]
            if any([*counts, changed]):
                cells = [f"{count:,}" if count else "" for count in (*counts, changed)]
                table.add_row(each.rule, Text(LEVEL_WORDS[lang][level], style=COLOURS[level]), *cells)
    return table


def _rule(rule: OfRule, lang: Language) -> Iterator[str]:
    """Return what differs in one rule, with its examples."""
    words = BACKTEST[lang]
    counts = {"raised": sum(rule.raised.values()), "gone": sum(rule.gone.values()),
              "changed": sum(moved.count for moved in rule.changed)}  # fmt: skip
    for change in _CHANGES:
        if not counts[change]:
            continue
        yield f"  {words[change]} {counts[change]:,}" + (_how(rule, lang) if change == "changed" else "")
        for example in rule.examples.get(change, ()):
            yield from _example(example, lang)


def _how(rule: OfRule, lang: Language) -> str:
    """Return which facts and levels changed how often."""
    words, levels = BACKTEST[lang], LEVEL_WORDS[lang]
    facts = [f"{words[name]} {count:,}" for name, count in rule.fields.items() if name != "level"]
    moves = [
        f"{levels[moved.from_]} → {levels[moved.to]} {moved.count:,}"
        for moved in rule.changed
        if moved.from_ != moved.to
    ]
    return f" ({' · '.join([*moves, *facts])})"


def _example(example: Example, lang: Language) -> Iterator[str]:
    words, levels = BACKTEST[lang], LEVEL_WORDS[lang]
    level = levels[example.level]
    if "level" in example.was:
        level = f"{levels[example.was['level']]} → {level}"
    event = f"{words['event']} {example.event['source']} {example.event['id']}"
    about = (_pairs({"tenant": example.tenant, **example.key}), _window(example.window), event, example.id)
    yield f"    {example.at}  {' · '.join(filter(None, (level, *about)))}"
    text, old = example.message.get(lang, ""), example.was.get("message", {}).get(lang)
    if old is not None and old != text:
        yield f"      {words['before']}: {old}"
        text = f"{words['after']}: {text}"
    yield f"      {text}"


def _window(window: Mapping[str, Any]) -> str:
    """Return a window as its kind, its start and its case; where it is one event, that is named anyway."""
    shown = ("case",) if window["kind"] == "event" else ("kind", "start", "case")
    return " ".join(str(window[name]) for name in shown if window.get(name))


def _days(days: list[OfDay], lang: Language) -> Iterator[str]:
    """Return how many alerts there are on a day, and the days that differ most."""
    words = BACKTEST[lang]
    first, last = days[0].day, days[-1].day
    span = (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
    before, after = sum(each.before for each in days), sum(each.after for each in days)
    yield words["days"].format(
        first=first, last=last, before=f"{before / span:,.1f}", after=f"{after / span:,.1f}"
    )
    most = sorted(days, key=lambda each: (-abs(each.after - each.before), each.day))[:_DAYS]
    for each in sorted(most, key=lambda each: each.day):
        if each.before != each.after:
            yield f"  {each.day}  {each.before:,} → {each.after:,}"


def _keys(answer: Answer, lang: Language) -> Iterator[str]:
    words = BACKTEST[lang]
    yield words["keys"]
    for each in answer.keys[:_KEYS]:
        counts = {"raised": each.raised, "gone": each.gone, "changed": each.changed}
        told = " · ".join(f"{words[name]} {count:,}" for name, count in counts.items() if count)
        yield f"  {_pairs({'tenant': each.tenant, **each.key})}  {told}"


def _pairs(values: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in values.items())
