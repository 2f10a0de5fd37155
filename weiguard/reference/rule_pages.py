"""The page of one rule: what it decides, in whose words, on what grounds, and its tests as examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from monitoring.wording.rule_page import case_lines
from monitoring.wording.values import limit_text
from rules.model import Pack, Rule
from weiguard.reference.book import Book
from weiguard.reference.examples import examples
from weiguard.reference.markdown import block, bullets, code, joined, plain, table
from weiguard.reference.wording import CONFIDENCE, DOUBTFUL


def rule_page(rule: Rule, pack: Pack, book: Book) -> str:
    """Return the page of a rule."""
    found, heads = book.described[rule.id], book.heads
    statements = [f"{plain(each.id)} {plain(each.says[book.lang])}" for each in book.behind(rule.id)]
    return joined(
        [
            f"# {rule.id} {plain(rule.title[book.lang])}",
            f"{book.to('index', heads['index'])} · {book.to_pack(pack)}",
            bullets(_facts(found, book)),
            *_doubts(found, book),
            f"## {heads['decides']}",
            block(_decisions(found, book)),
            *_texts(found, book),
            *limits(found["limits"], book),
            *([f"## {heads['from']}", bullets(statements)] if statements else []),
            f"## {heads['tests']}",
            *examples(rule, book),
        ]
    )


def limits(found: Mapping[str, Mapping[str, Any]], book: Book) -> Iterator[str]:
    """Return limits as a table with its heading; nothing without any."""
    heads = book.heads
    if not found:
        return
    yield f"## {heads['limits']}"
    head = [heads[name] for name in ("limit", "value", "source", "confidence", "reviewed")]
    yield table(head, (limit_row(name, limit, book) for name, limit in found.items()))


def limit_row(name: str, limit: Mapping[str, Any], book: Book) -> list[str]:
    """Return one limit: its name, its value in words, where it comes from, how sure that is, and since when."""
    value = limit_text(limit["value"], limit["unit"], book.lang)
    source = plain(limit["source"])
    return [code(name), plain(value), source, book.mark(limit["confidence"]), limit["reviewed"]]


def _facts(found: Mapping[str, Any], book: Book) -> Iterator[str]:
    heads = book.heads
    yield f"{heads['other']}: {plain(found['title']['en' if book.lang == 'zh' else 'zh'])}"
    yield f"{heads['levels']}: {book.levels(found)}"
    for name in ("who", "tags", "later"):
        if found[name]:
            yield f"{heads[name]}: {plain(', '.join(found[name]))}"
    mark = found["confidence"]
    yield f"{heads['source']}: {plain(found['source'])}"
    yield f"{heads['confidence']}: {book.mark(mark)} ({CONFIDENCE[book.lang][mark]})"
    for name in ("effective_from", "until", "note"):
        if found[name]:
            yield f"{heads[name]}: {plain(found[name])}"
    if found["shadow"]:
        yield heads["shadow"]
    yield f"{heads['file']}: {code(found['file'])}"


def _doubts(found: Mapping[str, Any], book: Book) -> Iterator[str]:
    """Say what a reader must not take for granted."""
    heads = book.heads
    if found["confidence"] in DOUBTFUL:
        yield f"> **{heads['doubtful']}**: {heads['doubted'].format(mark=found['confidence'])}"
    names = [code(name) for name, limit in found["limits"].items() if limit["confidence"] in DOUBTFUL]
    if names:
        yield f"> **{heads['doubtful']}**: {heads['doubted_limits'].format(names=', '.join(names))}"


def _decisions(found: Mapping[str, Any], book: Book) -> Iterator[str]:
    """Return what decides as `rules show` draws it; the words for users have their own place."""
    for number, case in enumerate(found["cases"]):
        if number:
            yield ""
        yield from case_lines(case, book.lang, ())


def _texts(found: Mapping[str, Any], book: Book) -> Iterator[str]:
    """Return message and action, once for all cases that have the same."""
    for kind in ("message", "action"):
        yield f"## {book.heads[kind]}"
        words = [(case.get("name", ""), case[kind][book.lang]) for case in found["cases"]]
        if len({text for _, text in words}) == 1:
            yield plain(words[0][1])
        else:
            yield bullets(f"{code(name)}: {plain(text)}" for name, text in words)
