"""An explained alert as people read it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.text import Text

from engine.alert import Record
from monitoring.explaining import Explained, explain
from streams.stores.sqlite_reading import open_reader
from weiguard.settings import Settings
from weiguard.words import EXPLAINED, LEVELS, STATES, Language, language

# The parts of a rule, in the order of reading.
_SHOWN: Final = ("on", "where", "sequence", "per", "measure", "let", "levels", "expect", "remind", "alert")


def show_explained(alert: str, settings: Settings, *, json: bool) -> None:
    """Write why an alert is there to standard output. Raises RefusedError."""
    reader = open_reader(settings.db)
    try:
        explained = explain(reader, alert)
    finally:
        reader.close()
    if json:
        sys.stdout.write(msgspec.json.encode(explained.plain()).decode() + "\n")
        return
    console = Console(highlight=False, soft_wrap=True)
    for line in lines(explained, settings.lang or language(os.environ)):
        console.print(Text(line))


def lines(explained: Explained, lang: Language) -> Iterator[str]:
    """Return the explanation line by line."""
    words, last = EXPLAINED[lang], explained.records[-1]
    title = explained.rule.get("title", {}).get(lang, "")
    yield f"{last.rule} {title} · {LEVELS[lang][last.level]} · {last.id}"
    yield f"  {last.message.get(lang, '')}"
    yield f"  {words['action']}: {last.action.get(lang, '')}"
    yield f"{words['key']}: {_pairs({'tenant': last.tenant, **last.key})}"
    yield f"{words['window']}: {_pairs(last.window)}"
    yield from _rule(explained.rule, words)
    yield f"{words['records']}:"
    for record in explained.records:
        yield from _record(record, words, lang)
    yield f"{words['events'].format(count=last.evidence.get('count', 0))}:"
    for event in explained.events:
        name = f"{event['type']}  {event['source']} {event['id']}"
        yield f"  {event['time']}  {name}  {_pairs(event.get('data') or {})}  [{event['from']}]"
    if explained.missing:
        yield f"{words['missing']}: {', '.join(explained.missing)}"
    yield f"{words['ruleset']}: {last.ruleset}"


def _rule(rule: Mapping[str, Any], words: Mapping[str, str]) -> Iterator[str]:
    if not rule:
        return
    yield f"{words['rule']}: {words['source']} {rule['source']} ({rule['confidence']})"
    for case in rule["cases"]:
        if "name" in case:
            yield f"  {words['case']} {case['name']}:"
        for name in _SHOWN:
            if name in case:
                value = case[name]
                text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
                yield f"    {name}: {text}"


def _record(record: Record, words: Mapping[str, str], lang: Language) -> Iterator[str]:
    state = STATES[lang].get(record.state) or words["raised"]
    late = f" ({words['late']})" if record.late else ""
    level = LEVELS[lang][record.level]
    cause = f"{words['cause']} {record.cause['source']} {record.cause['id']}"
    yield f"  {record.record}. {record.at}  {state} · {level}{late}  {cause}"
    if record.values:
        yield f"     {words['values']}: {_pairs(record.values)}"
    if record.limits:
        yield f"     {words['limits']}: {_pairs(record.limits)}"


def _pairs(values: Mapping[str, Any]) -> str:
    return "  ".join(
        f"{name}={value if isinstance(value, str) else msgspec.json.encode(value).decode()}"
        for name, value in values.items()
    )
