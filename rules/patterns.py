"""Regular expressions as CEL has them: RE2, in linear time, run by the official runtime itself.

Python's own engine differs in syntax and can take exponential time; one more dialect would be one more disagreement.
"""

from __future__ import annotations

from functools import lru_cache

from cel_expr_python import cel


@lru_cache(maxsize=1)
def _expression() -> cel.Expression:
    env = cel.NewEnv(variables={"text": cel.Type.STRING, "pattern": cel.Type.STRING})
    return env.compile("text.matches(pattern)")


def matches(text: str, pattern: str) -> bool | None:
    """Return whether a pattern is found anywhere in a text; None for a bad pattern or a text that is not Unicode."""
    try:
        found = _expression().eval(data={"text": text, "pattern": pattern}).value()
    except (RuntimeError, TypeError, UnicodeError):
        return None
    return found if isinstance(found, bool) else None


def pattern_error(pattern: str) -> str:
    """Return what is wrong with a pattern, or an empty text."""
    try:
        value = _expression().eval(data={"text": "", "pattern": pattern})
    except (RuntimeError, TypeError, UnicodeError):
        return "a pattern that is not Unicode text"
    found = value.value()
    return "" if isinstance(found, bool) else str(found).partition(": ")[2]
