"""The tests of a rule as worked examples: what is given, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from monitoring.wording.values import span
from monitoring.wording.words import LEVELS
from rules.model import Rule, Trial
from rules.trials import ENVELOPE, trigger_type
from weiguard.reference.book import Book
from weiguard.reference.markdown import code, plain, table


def examples(rule: Rule, book: Book) -> Iterator[str]:
    """Return the tests of a rule, each with a heading, its events as a table, and what they give."""
    heads = book.heads
    for number, trial in enumerate(rule.trials, 1):
        yield f"### {number}\\. {plain(trial.name)}"
        rows = [_event(given, rule, book) for given in trial.given]
        yield table([heads["at"], heads["event"], heads["with"]], rows)
        yield f"→ {_outcome(trial, book)}"


def _event(given: Mapping[str, object], rule: Rule, book: Book) -> list[str]:
    heads = book.heads
    kind = str(given.get("type") or trigger_type(rule))
    said = [code(f"{name}: {given[name]}") for name in ("account", "owner") if name in given]
    if "amount" in given:
        said.append(plain(heads["yuan"].format(amount=given["amount"])))
    said += [code(f"{name}: {_text(value)}") for name, value in given.items() if name not in ENVELOPE]
    if "repeat" in given:
        step = span(str(given.get("step", "")), book.lang)
        said.append(plain(heads["times"].format(count=given["repeat"], step=step)))
    if "received" in given:
        said.append(plain(heads["arrives"].format(at=given["received"])))
    return [code(str(given["at"])), code(kind), ", ".join(said)]


def _outcome(trial: Trial, book: Book) -> str:
    heads = book.heads
    fired = [
        f"{code(str(each['at']))} **{LEVELS[book.lang][each['level']]}**"  # type: ignore[index]  # loading checked it
        for each in trial.expect
    ]
    outcome = ", ".join(fired) or f"**{heads['silent']}**"
    return f"{outcome} ({plain(heads['clock'].format(at=trial.until))})" if trial.until else outcome


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
