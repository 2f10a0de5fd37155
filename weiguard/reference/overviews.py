"""The pages that lead to others: the index, a pack, the limits, the functions, the term lists, the statements."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from rules.functions import FUNCTIONS, Function
from rules.model import Pack
from rules.scores import SCORES, Score
from rules.statements import Seed, Statement
from weiguard.reference.book import Book
from weiguard.reference.markdown import bullets, code, joined, plain, table
from weiguard.reference.rule_pages import limit_row
from weiguard.reference.wording import CONFIDENCE, FUNCTIONS_ZH


def index(book: Book) -> str:
    """Return the first page: the packs, all rules, the other pages, and what the marks of confidence mean."""
    heads, lang = book.heads, book.lang
    others = ["limits", "functions", "lexicons", *(["statements"] if book.seed else [])]
    packs = [[book.to_pack(pack), code(pack.name), str(len(pack.rules))] for pack in book.rules.packs]
    return joined(
        [
            f"# {heads['reference']}",
            f"{heads['ruleset']} {code(book.rules.hash)}",
            bullets(book.to(page, heads[page]) for page in others),
            f"## {heads['packs']}",
            table([heads["title"], heads["pack"], heads["counts"]], packs),
            f"## {heads['rules']}",
            _rules(book, book.described),
            f"## {heads['confidence']}",
            table([heads["confidence"], heads["means"]], CONFIDENCE[lang].items()),
        ]
    )


def pack_overview(pack: Pack, book: Book) -> str:
    """Return the page of a pack."""
    return joined(
        [
            f"# {plain(pack.title[book.lang])}",
            book.to("index", book.heads["index"]),
            _rules(book, [rule.id for rule in pack.rules]),
        ]
    )


def all_limits(book: Book) -> str:
    """Return every limit with the rules that read it."""
    heads = book.heads
    described = {name: limit for rule in book.described.values() for name, limit in rule["limits"].items()}
    head = [heads[name] for name in ("limit", "value", "source", "confidence", "reviewed", "read_by")]
    rows = [
        [*limit_row(name, described[name], book), book.to_rules(book.readers_of_limit(name))]
        for name in book.rules.limits
        if name in described
    ]
    return joined([f"# {heads['limits']}", book.to("index", heads["index"]), table(head, rows)])


def functions(book: Book) -> str:
    """Return every function that an expression may call beside the language's own."""
    heads = book.heads
    rows = [
        [*_signature(each), _unit(each, book), _sentence(each, book), heads["fallible"] * each.fallible]
        for each in FUNCTIONS.values()
    ]
    rows += [
        [*_of_score(each), code(each.unit), _sentence(each, book), heads["fallible"]]
        for each in SCORES.values()
    ]
    head = [heads[name] for name in ("function", "called", "unit", "does", "note")]
    return joined([f"# {heads['functions']}", book.to("index", heads["index"]), table(head, rows)])


def lexicons(book: Book) -> str:
    """Return every term list with its terms, the contexts that exempt them, and the rules that read it."""
    heads = book.heads
    parts = [f"# {heads['lexicons']}", book.to("index", heads["index"])]
    for name, lexicon in book.rules.lexicons.items():
        readers = book.to_rules(book.readers_of_lexicon(name))
        parts += [
            f"## {plain(name)}",
            plain(lexicon.about),
            f"{heads['terms'].format(count=len(lexicon.terms))} · {heads['read_by']}: {readers}",
            table(
                [heads["term"], heads["exempt"]],
                ([plain(term), plain(" · ".join(contexts))] for term, contexts in lexicon.terms),
            ),
        ]
    return joined(parts)


def statements(seed: Seed, book: Book) -> str:
    """Return what each statement of the text became: rules, or information and why."""
    heads = book.heads
    rows = [[plain(each.id), plain(each.says[book.lang]), _became(each, book)] for each in seed.statements]
    return joined(
        [
            f"# {heads['statements']}",
            book.to("index", heads["index"]),
            plain(seed.source[book.lang]),
            table(["", heads["statement"], heads["became"]], rows),
        ]
    )


def _rules(book: Book, ids: Iterable[str]) -> str:
    heads = book.heads
    rows = [
        [
            book.to(rule["id"], rule["id"]),
            plain(rule["title"][book.lang]),
            book.levels(rule),
            plain(rule["source"]),
            book.mark(rule["confidence"]),
        ]
        for rule in map(book.described.__getitem__, ids)
    ]
    return table([heads[name] for name in ("rule", "title", "levels", "source", "confidence")], rows)


def _became(statement: Statement, book: Book) -> str:
    """Return links to the rules of a statement, patterns written out, and its note."""
    ids = [
        name
        for pattern in statement.rules
        for name in ([each for each in book.described if fnmatchcase(each, pattern)] or [pattern])
    ]
    note = plain(statement.note[book.lang]) if statement.note else ""
    return " — ".join(part for part in (book.to_rules(dict.fromkeys(ids)), note) if part)


def _signature(function: Function) -> tuple[str, str]:
    """Return a function's name, and how it is called, in each of its forms."""
    forms = []
    for _, params, result in function.overloads:
        target, rest = (f"{params[0]}.", params[1:]) if function.member else ("", params)
        forms.append(code(f"{target}{function.name}({', '.join(rest)}) → {result}"))
    return code(function.name), ", ".join(forms)


def _of_score(score: Score) -> tuple[str, str]:
    """Return a score's name, and how a measure takes it, with its features in their order."""
    features = ", ".join(score.features)
    return code(score.name), code(f"{{score: {score.name}, features: [{features}]}} → double")


def _unit(function: Function, book: Book) -> str:
    return book.heads["same_unit"] if function.unit == "=" else code(function.unit)


def _sentence(function: Function | Score, book: Book) -> str:
    known = FUNCTIONS_ZH.get(function.name) if book.lang == "zh" else None
    return plain(known or function.doc)
