"""The oracle's one exception for what CEL calls an error, and its refusal of what it does not evaluate."""

from __future__ import annotations


class Undecided(Exception):  # noqa: N818 - the language's own word, and no mistake of anybody's
    """An expression has no value: an absent field, an empty measure, an overflow, a missing entry."""


class Unsupported(Exception):  # noqa: N818 - says what is so; raised about a rule, not by one
    """A rule uses a construct that this evaluator does not know."""
