"""The console's own words in both languages, and which language somebody reads."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import yaml
from starlette.requests import Request

from monitoring.wording.words import Language

COOKIE: Final = "weiguard-lang"
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")


class Words:
    """The words of one language; one that is not there is a mistake of ours."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = words

    def __call__(self, name: str, **values: object) -> str:
        """Return a sentence by its name, with its values."""
        return self._words[name].format(**values) if values else self._words[name]

    def has(self, name: str) -> bool:
        """Return whether there is such a sentence."""
        return name in self._words


@cache
def words_of(lang: Language) -> Words:
    """Return the words of a language."""
    return Words({name: each[lang] for name, each in both().items()})


def both() -> dict[str, dict[str, str]]:
    """Return all words, by name and language."""
    found: dict[str, dict[str, str]] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text("utf-8"))
    return found


def language_of(request: Request) -> Language:
    """Return the language that a request asks for, its cookie names, or its browser prefers; else English."""
    for named in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        for lang in LANGUAGES:
            if named == lang:
                return lang
    return _preferred(request.headers.get("accept-language", ""))


def _preferred(header: str) -> Language:
    """Return which of the languages stands first by weight in an Accept-Language header (RFC 9110, 12.5.4)."""
    best: Language = "en"
    most = 0.0
    for part in header.split(",")[:20]:
        name, _, weight = part.strip().partition(";")
        lang = next((each for each in LANGUAGES if name.lower().partition("-")[0] == each), None)
        try:
            given = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if lang is not None and given > most:
            best, most = lang, given
    return best
