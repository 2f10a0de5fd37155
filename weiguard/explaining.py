"""An explained alert as people read it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from engine.alert import Record
from monitoring.describing import limits_of
from monitoring.explaining import Explained, explain
from monitoring.wording.record_values import case_of, told_values
from monitoring.wording.rule_page import case_lines, limit_lines, sourced
from monitoring.wording.values import limit_text
from monitoring.wording.words import LEVELS, STATES, Language
from streams.stores.sqlite_reading import open_reader
from weiguard.settings import Settings
from weiguard.words import EXPLAINED, language


def show_explained(alert: str, settings: Settings, *, json: bool) -> None:
    """Write why an alert is there to standard output. Raises RefusedError."""
    with open_reader(settings.db) as reader:
        explained = explain(reader, alert)
    if json:
        sys.stdout.write(msgspec.json.encode(explained.plain()).decode() + "\n")
        return
    for line in lines(explained, settings.lang or language(os.environ)):
        sys.stdout.write(line + "\n")


def lines(explained: Explained, lang: Language) -> Iterator[str]:
    """Return the explanation line by line."""
    words, last, rule = EXPLAINED[lang], explained.records[-1], explained.rule
    case = case_of(rule, last)
    title = rule.get("title", {}).get(lang, "")
    yield f"{last.rule} {title} · {LEVELS[lang][last.level]} · {last.id}"
    if last.state == "retracted":
        yield f"  {words['retracted']}"
    yield f"  {last.message.get(lang, '')}"
    yield f"  {words['action']}: {last.action.get(lang, '')}"
    yield f"{words['key']}: {_pairs({'tenant': last.tenant, **last.key})}"
    yield f"{words['window']}: {_pairs(last.window)}"
    if rule:
        yield ""
        yield f"{words['rule']} {rule['id']} · {sourced(rule, lang)}"
        yield from (f"  {line}" for line in case_lines(case, lang, languages=()))
        limits = {name: rule["limits"][name] for name in limits_of(case) if name in rule["limits"]}
        if limits:
            yield from (f"  {line}" for line in limit_lines(limits, lang))
    yield ""
    yield f"{words['records']}"
    for record in explained.records:
        yield from _record(record, rule, lang)
    yield ""
    yield from _decided(explained, lang)
    evidence = [event for event in explained.events if event["role"] == "evidence"]
    arrivals = [event for event in explained.events if event["role"] == "arrival"]
    yield words["events"].format(shown=len(evidence), count=max(last.evidence.get("count", 0), len(evidence)))
    yield from _events(evidence)
    if arrivals:
        yield words["arrivals"]
        yield from _events(arrivals)
    if explained.missing:
        yield f"{words['missing']}: {', '.join(explained.missing)}"
    yield f"{words['ruleset']}: {last.ruleset}"


def _decided(explained: Explained, lang: Language) -> Iterator[str]:
    """Return what people decided, and who; nothing where nobody decided anything."""
    words, known = EXPLAINED[lang], explained.rule.get("limits", {})
    for name in ("overrides", "suppressions"):
        found: list[dict[str, Any]] = getattr(explained, name)
        if found:
            yield words[name]
        for each in found:
            if name == "overrides":
                unit = known.get(each["limit"], {}).get("unit", "")
                scope: dict[str, Any] = {part: each[part] for part in ("account", "owner_id") if part in each}
                what = f"{each['limit']} {limit_text(each['value'], unit, lang)} · {_pairs(scope) or words['tenant']}"
            else:
                what = f"{each['rule']} {_pairs(each['key']) or words['tenant']}"
            end = f" {words['until']} {each['until']}" if "until" in each else ""
            kind = f" {words['ended']}" if each["type"] == "suppression.ended" else ""
            why = f": {each['reason']}" if "reason" in each else ""
            yield f"  {each['from']}{end}  {what}{kind} · {words['signed'].format(**each)}{why}"
        if found:
            yield ""


def _events(events: list[dict[str, Any]]) -> Iterator[str]:
    for event in events:
        fate = "" if event["disposition"] == "decided" else f"  {event['disposition']}"
        name = f"{event.get('type')}  {event.get('source')} {event['id']}"
        yield f"  {event.get('time')}  {name}{fate}  [{event['from']}]"
        subject = {"subject": event["subject"]} if "subject" in event else {}
        data = event.get("data")
        yield f"      {_pairs({**subject, **(data if isinstance(data, dict) else {})})}"


def _record(record: Record, rule: Mapping[str, Any], lang: Language) -> Iterator[str]:
    words = EXPLAINED[lang]
    state = STATES[lang].get(record.state) or words["raised"]
    late = f" · {words['late']}" if record.late else ""
    yield f"  {record.record}. {record.at}  {state} · {LEVELS[lang][record.level]}{late}"
    yield f"     {words['trigger']} {record.trigger['source']} {record.trigger['id']}"
    if record.cause != record.trigger:
        yield f"     {words['cause']} {record.cause['source']} {record.cause['id']} ({record.raised_at})"
    values, limits = told_values(rule, record, lang)
    if values:
        yield f"     {words['values']}: {_pairs(values)}"
    if limits:
        yield f"     {words['limits']}: {_pairs(limits)}"


def _pairs(values: Mapping[str, Any]) -> str:
    return " · ".join(
        f"{name} {value if isinstance(value, str) else msgspec.json.encode(value).decode()}"
        for name, value in values.items()
    )
