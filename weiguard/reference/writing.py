"""Writes the reference of a rule set into a folder: the same rules give the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from monitoring.wording.words import Language
from rules.loading import SHIPPED
from rules.statements import read_statements
from streams.refusing import RefusedError
from weiguard.failing import counted, say
from weiguard.preparing import load_rules
from weiguard.reference.book import Book, Format, pack_page
from weiguard.reference.hypertext import html_page
from weiguard.reference.overviews import all_limits, functions, index, lexicons, pack_overview, statements
from weiguard.reference.rule_pages import rule_page
from weiguard.settings import Settings


def write_reference(settings: Settings, out: Path, form: Format, lang: Language) -> None:
    """Write all pages into a folder, which is made; pages of the same name are replaced, all else is left alone.

    Raises RefusedError where `out` is a file, RuleProblems where the rules or their statements are wrong.
    """
    if out.exists() and not out.is_dir():
        raise RefusedError("--out", f"{out}, which is a file", "a folder", "name another")
    book = Book(load_rules(settings), read_statements(settings.rules or SHIPPED), lang, form)
    written = dict(pages(book))
    out.mkdir(parents=True, exist_ok=True)
    for name, text in written.items():
        (out / name).write_text(text, encoding="utf-8", newline="\n")
    first = out / book.target("index")
    say(f"{counted(len(written), 'page')} of {counted(len(book.described), 'rule')}; {first} is the first")


def pages(book: Book) -> Iterator[tuple[str, str]]:
    """Return the file name and the text of every page."""
    for page, title, markdown in _markdown(book):
        text = markdown if book.format == "md" else html_page(title, markdown, book.lang)
        yield book.target(page), text


def _markdown(book: Book) -> Iterator[tuple[str, str, str]]:
    """Yield every page: its name, its title as plain text, and itself."""
    heads, lang = book.heads, book.lang
    yield "index", heads["reference"], index(book)
    yield "limits", heads["limits"], all_limits(book)
    yield "functions", heads["functions"], functions(book)
    yield "lexicons", heads["lexicons"], lexicons(book)
    if book.seed is not None:
        yield "statements", heads["statements"], statements(book.seed, book)
    for pack in book.rules.packs:
        yield pack_page(pack.name), pack.title[lang], pack_overview(pack, book)
        for rule in pack.rules:
            yield rule.id, f"{rule.id} {rule.title[lang]}", rule_page(rule, pack, book)
