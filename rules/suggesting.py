"""Did you mean …? The known name nearest to an unknown one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `name`, or None where nothing is near enough.

    Names that differ in their last part alone are tried first: the part that all share (`limit.`) says nothing.
    """
    names = sorted(known)
    head, dot, tail = name.rpartition(".")
    alike = {each[len(head) + 1 :]: each for each in names if dot and each.startswith(f"{head}.")}
    if found := get_close_matches(tail, alike, n=1, cutoff=0.6):
        return alike[found[0]]
    return next(iter(get_close_matches(name, names, n=1, cutoff=0.75)), None)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `did you mean x?`, or an empty text where nothing is near enough."""
    found = nearest(name, known)
    return f"did you mean {found}?" if found else ""
