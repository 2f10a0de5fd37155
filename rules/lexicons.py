"""Term lists, and the contexts in which a term is exempt.

A list is a text file: a term a line, `#` for comments, and under a term `except: a | b | c`, the contexts that exempt
it. A context exempts only an occurrence that it covers: beside 最佳食用期, which 最佳食用 exempts, 最佳选择
still hits. Terms are compared as written, by code points.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final

from ahocorasick_rs import AhoCorasick

EXCEPT: Final = "except:"


@dataclass(frozen=True, slots=True)
class LexiconFault:
    """One mistake in a list; line and column count from 1. A `mild` one changes nothing and is only warned of."""

    line: int
    column: int
    found: str
    expected: str
    mend: str
    mild: bool = False
    context: str = field(
        default="", compare=False
    )  # Of a mild one: the context that its term does not stand in.
    term: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """A term list, ready to search: `terms` are (term, exempting contexts); `about` is the comment at its head."""

    name: str
    terms: tuple[tuple[str, tuple[str, ...]], ...]
    about: str = field(default="", compare=False)
    _search: AhoCorasick = field(init=False, repr=False, compare=False)
    _owner: tuple[int, ...] = field(init=False, repr=False, compare=False)  # By pattern: its term's index.

    def __post_init__(self) -> None:
        patterns = [term for term, _ in self.terms]
        owner = list(range(len(patterns)))
        for at, (_, contexts) in enumerate(self.terms):
            patterns += contexts
            owner += [at] * len(contexts)
        object.__setattr__(self, "_search", AhoCorasick(patterns))
        object.__setattr__(self, "_owner", tuple(owner))

    def __reduce__(self) -> tuple[type[Lexicon], tuple[object, ...]]:
        """Tell pickle to make the search anew."""
        return Lexicon, (self.name, self.terms, self.about)

    def hits(self, text: str) -> bool:
        """Return whether a term stands in the text outside every context that exempts it."""
        terms: list[tuple[int, int, int]] = []
        contexts: dict[int, list[tuple[int, int]]] = {}
        for pattern, start, end in self._matches(text):
            if pattern < len(self.terms):
                terms.append((pattern, start, end))
            else:
                contexts.setdefault(self._owner[pattern], []).append((start, end))
        return any(
            not any(opens <= start and end <= closes for opens, closes in contexts.get(term, ()))
            for term, start, end in terms
        )

    def mentions(self, text: str) -> bool:
        """Return whether a term stands in the text, exempt or not."""
        return any(pattern < len(self.terms) for pattern, _, _ in self._matches(text))

    def _matches(self, text: str) -> list[tuple[int, int, int]]:
        """Every occurrence of a term or context as (pattern, start, end), in code points, overlapping ones too."""
        try:
            found = self._search.find_matches_as_indexes(text, overlapping=True)
        except (
            UnicodeEncodeError
        ):  # A lone surrogate is part of no term; something else in its place changes nothing.
            readable = text.encode("utf-8", "replace").decode()
            found = self._search.find_matches_as_indexes(readable, overlapping=True)
        return found


def parse(name: str, text: str) -> tuple[Lexicon, tuple[LexiconFault, ...]]:
    """Read a list; return it with what could be read, and every mistake in it."""
    terms: dict[str, list[str]] = {}
    faults: list[LexiconFault] = []
    last = ""
    for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        column = raw.index(line[0]) + 1
        if line.startswith(EXCEPT):
            faults += _contexts(line, last, terms, (number, column))
        elif line in terms:
            faults.append(
                LexiconFault(number, column, f"{line} again", "each term once", "take one of them out")
            )
            last = line
        else:
            terms[line] = []
            last = line
    if not terms:
        faults.append(
            LexiconFault(1, 1, "a list without terms", "a term a line", "write one, or take the list out")
        )
    read = tuple((term, tuple(dict.fromkeys(contexts))) for term, contexts in terms.items())
    return Lexicon(name, read, _about(text)), tuple(faults)


def _about(text: str) -> str:
    """Return the comment at the head of a list, on one line."""
    lines = takewhile(lambda line: line.startswith("#"), text.removeprefix("\ufeff").split("\n"))
    return " ".join(line.lstrip("# ").rstrip() for line in lines)


def _contexts(line: str, term: str, terms: dict[str, list[str]], at: tuple[int, int]) -> list[LexiconFault]:
    """Give a term the contexts of an `except:` line; return what is wrong with them."""
    if not term:
        return [LexiconFault(*at, "except: before any term", "a term above it", "put it under its term")]
    faults = []
    for context in (part.strip() for part in line.removeprefix(EXCEPT).split("|")):
        if not context:
            faults.append(LexiconFault(*at, "an empty context", "a | b", "take the bar out"))
        elif term not in context:
            found, mend = f"{context}, which does not hold {term}", "a context exempts only what it covers"
            wanted = f"a context of {term}"
            faults.append(LexiconFault(*at, found, wanted, mend, mild=True, context=context, term=term))
        else:
            terms[term].append(context)
    return faults
