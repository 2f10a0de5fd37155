"""What the rule language refuses although CEL would take it: found on the checked tree.

An inline number in a level, a time that nobody can read, a pattern that only shows its mistake when it runs, a lexicon
that is not there, operators of CEL that have no use in a rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from rules.functions import FUNCTIONS
from rules.operators import OVERLOADS
from rules.patterns import pattern_error
from rules.suggesting import did_you_mean
from rules.times import span_of_text, time_of_text
from rules.tree import Call, Const, ListOf, Node

DEFINING: Final = frozenset(
    {0, 1, 2}
)  # Numbers that say what is meant ("two accounts") and are no threshold.
_OF_TEXT: Final = {"string_to_duration": "a duration such as 30s, 10m, 24h or 7d",
                   "string_to_timestamp": "an instant such as 2026-03-10T09:00:00+08:00"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One refusal; `{source}` in `found` stands for the whole expression."""

    offset: int
    found: str
    expected: str
    mend: str


def findings(
    tree: Node, *, levels: bool, lexicons: Iterable[str] | None, open_types: bool
) -> Iterator[Finding]:
    """Yield every refusal in a tree, in the order of its nodes."""
    known = None if lexicons is None else frozenset(lexicons)
    for node, listed in _walk(tree, listed=False):
        if levels and not listed and _is_number(node):
            yield Finding(
                node.offset, "inline number in '{source}'", "a named limit", "name it in limits.yaml"
            )
        if not open_types and "dyn" in node.type:
            yield Finding(
                node.offset, "values of more than one type", "values of one type", "split them by type"
            )
        elif _mixes_times(node):
            yield Finding(
                node.offset, "a time beside values of other types", "values of one type", "split them by type"
            )
        if isinstance(node, Call):
            yield from _call(node, known, open_types=open_types)


def _walk(node: Node, *, listed: bool) -> Iterator[tuple[Node, bool]]:
    """Yield every node, and whether it is a member of a list or map literal."""
    yield node, listed
    if isinstance(node, ListOf):
        for item in node.items:
            yield from _walk(item, listed=True)
    elif isinstance(node, Call):
        for arg in node.args:
            yield from _walk(arg, listed=node.function == "@map")


def _is_number(node: Node) -> bool:
    return isinstance(node, Const) and node.type in {"int", "double"} and node.value not in DEFINING


def _mixes_times(node: Node) -> bool:
    """Whether an open type meets an instant or a duration: at run time both are numbers of microseconds."""
    parts = node.args if isinstance(node, Call) else node.items if isinstance(node, ListOf) else ()
    kinds = [node.type, *(part.type for part in parts)]
    return any("dyn" in kind for kind in kinds) and any(
        "timestamp" in kind or "duration" in kind for kind in kinds
    )


def _call(node: Call, lexicons: frozenset[str] | None, *, open_types: bool) -> Iterator[Finding]:
    function = FUNCTIONS.get(node.function)
    if function is not None:
        if function.kind == "lexicon":
            yield from _lexicon(node, lexicons)
        return
    # Where a type is open several overloads may be meant, those for types that we refuse among them.
    if node.function != "@map" and not any(key in OVERLOADS for key in node.overload.split()):
        name = f"{node.function}() of {node.args[0].type}" if node.args else f"{node.function}()"
        yield Finding(
            node.offset, name, "what the rule language has", "rules have no use for it; leave it out"
        )
    if open_types:  # As in CEL, a text that nobody can read has no value where it is reached.
        return
    if node.overload in _OF_TEXT and isinstance(node.args[0], Const):
        text = str(node.args[0].value)
        if (span_of_text(text) if node.type == "duration" else time_of_text(text)) is None:
            yield Finding(
                node.args[0].offset,
                f'"{text[:40]}"',
                _OF_TEXT[node.overload],
                "down to a microsecond at most",
            )
    if node.function == "matches":
        yield from _pattern(node)


def _lexicon(node: Call, lexicons: frozenset[str] | None) -> Iterator[Finding]:
    name = node.args[1]
    if not isinstance(name, Const):
        yield Finding(
            name.offset,
            "a lexicon that is not named here",
            'a name such as "absolute_terms"',
            "write it in quotes",
        )
    elif lexicons is not None and name.value not in lexicons:
        mend = did_you_mean(str(name.value), lexicons) or (
            f"there are {' '.join(sorted(lexicons))}"
            if lexicons
            else f"write it as lexicons/{name.value}.txt"
        )
        yield Finding(name.offset, f'unknown lexicon "{name.value}"', "a lexicon of this rule set", mend)


def _pattern(node: Call) -> Iterator[Finding]:
    pattern = node.args[1]
    if not isinstance(pattern, Const):
        yield Finding(
            pattern.offset, "a pattern that is not written here", "a literal pattern", "write it in quotes"
        )
    elif error := pattern_error(str(pattern.value)):
        yield Finding(
            pattern.offset,
            error,
            "a pattern that RE2 accepts",
            "it has no look-around and no back-references",
        )
