"""One hash over everything that can change a decision or a word shown.

Rules, limits, lexicons, the calendars' version, the language's, and what says where an address is. Not in it: tests,
comments, the order of files and rules, quoting and layout. Two folders with the same hash decide alike.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Final

from rules.lexicons import Lexicon
from rules.locating import Fields, Items, Part
from rules.model import Limit
from rules.places.addresses import places_version

LANGUAGE_VERSION: Final = 1  # Raised when the same rule file would come to decide otherwise.
_UNHASHED: Final = frozenset({"tests", "note"})


def content_hash(
    packs: Iterable[Fields], limits: Mapping[str, Limit], lexicons: Mapping[str, Lexicon]
) -> str:
    """Return `sha256:…` of a rule set: packs as read, limits and lexicons by name."""
    content = {
        "language": LANGUAGE_VERSION,
        "calendars": version("chinesecalendar"),
        "places": places_version(),
        "packs": sorted((_pack(pack) for pack in packs), key=_canonical),
        "limits": [_limit(limits[name]) for name in sorted(limits)],
        "lexicons": [[name, _terms(lexicons[name])] for name in sorted(lexicons)],
    }
    return f"sha256:{hashlib.sha256(_canonical(content).encode()).hexdigest()}"


def _pack(root: Fields) -> object:
    """Return a pack as plain values, its rules by id."""
    plain = {name: _plain(part) for name, part in root.fields.items() if name != "rules"}
    rules = root.fields.get("rules")
    return [
        plain,
        sorted((_rule(part) for part in rules.items), key=_canonical) if isinstance(rules, Items) else [],
    ]


def _rule(part: Part) -> object:
    fields = part.fields if isinstance(part, Fields) else {}
    return {name: _plain(value) for name, value in fields.items() if name not in _UNHASHED}


def _plain(part: Part) -> object:
    """Return a node as text, list or mapping: `true` and "true" say the same, as do folded and unfolded lines."""
    if isinstance(part, Items):
        return [_plain(each) for each in part.items]
    if isinstance(part, Fields):
        return {name: _plain(value) for name, value in part.fields.items()}
    return " ".join(part.text.split())


def _limit(limit: Limit) -> object:
    """Return a limit with its number exact: floats as their shortest text, since canonical JSON here holds none."""
    table = sorted((kind, _number(value)) for kind, value in (limit.table or {}).items())
    words = [limit.source, limit.confidence, limit.reviewed]
    return [limit.name, limit.unit, _number(limit.value), limit.table is not None, table, words]


def _number(value: object) -> object:
    return repr(value) if isinstance(value, float) else value


def _terms(lexicon: Lexicon) -> object:
    """Return a lexicon's terms, each with the contexts that exempt it; their order says nothing."""
    return sorted([term, sorted(contexts)] for term, contexts in lexicon.terms)


def _canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)
