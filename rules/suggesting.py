"""Did you mean …? The known name nearest to an unknown one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `name`, or None where nothing is near enough.

    Names with the same first part (`limit.`) are tried first: a slip is rarely in the part that all names share.
    """
    names = sorted(known)
    head = name.partition(".")[0] + "."
    alike = [each for each in names if each.startswith(head)]
    for group, cutoff in ((alike, 0.7), (names, 0.75)):
        if found := get_close_matches(name, group, n=1, cutoff=cutoff):
            return found[0]
    return None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `did you mean x?`, or an empty text where nothing is near enough."""
    found = nearest(name, known)
    return f"did you mean {found}?" if found else ""
