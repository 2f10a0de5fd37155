"""Faults of the engine that hostile input found and that are not mended yet: empty is the aim.

A row is struck out with its fault. Until then the input that shows it is an expected failure (test_found_lines.py), and
random input that runs into the same place ends there, so that it may find others.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from _pytest.mark import ParameterSet
from hypothesis import reject


@dataclass(frozen=True, slots=True)
class Fault:
    """Where it raises (`file:function`, the last of the trace), and which rows of test_found_lines.py show it."""

    place: str
    why: str
    shown_by: tuple[str, ...]


FAULTS: Final = (
    Fault(
        "deadlines.py:_last",
        "engine/deadlines.py: an arming of which nothing is ever due",
        ("a verification that ends tomorrow", "a licence of the first day of all"),
    ),
    Fault(
        "windows.py:midnight_of",
        "engine/windows.py: a day beyond the calendar",
        ("a verification without end", "a licence without end", "a licence for nine thousand years"),
    ),
    Fault(
        "windows.py:next_first_day",
        "engine/windows.py: a window beyond the calendar",
        ("a payment on the last day of all", "a payment after the last day of all"),
    ),
    Fault(
        "receiving.py:value",
        "engine/fold.py: a correction folds a late limit that was never checked",
        ("a limit set late to what it cannot be, then a correction",),
    ),
    Fault(
        ":rewind_",
        "rules/planning/states.py: a sum of nought leaves no entry to take from",
        ("a payment of nothing before a late one",),
    ),
)
_ESCAPED: Final = "rules/parsing.py: an escape brings in a character that the file itself may not have"
_FLOODS: Final = "rules/problems.py: what was found is shown at any length"
NAMELESS: Final = "a file whose name is no text"
# Rows of test_rule_bombs.py.
RULES: Final = {
    "a surrogate by escape": _ESCAPED,
    "a NUL by escape in a message": _ESCAPED,
    "a surrogate by escape in a message": _ESCAPED,
    "a surrogate by escape in a title": _ESCAPED,
    "a surrogate by escape in an id": _ESCAPED,
    "a surrogate by escape as a key": _ESCAPED,
    "a scalar of half a megabyte": _FLOODS,
    "a quoted scalar of half a megabyte": _FLOODS,
    "a block scalar of half a megabyte": _FLOODS,
    "a chain of forms": _FLOODS,
    NAMELESS: "rules/loading/files.py: a name that cannot be written stands in a problem",
}
OPEN: Final = {**{name: fault.why for fault in FAULTS for name in fault.shown_by}, **RULES}


def cases(rows: Mapping[str, object]) -> list[ParameterSet]:
    """Return the rows of a table as cases; what shows an open fault is expected to fail."""
    marks = {name: [pytest.mark.xfail(reason=why, strict=True)] for name, why in OPEN.items()}
    return [pytest.param(row, id=name, marks=marks.get(name, [])) for name, row in rows.items()]


@contextmanager
def past_open_faults() -> Iterator[None]:
    """End a random example where it runs into a fault that is known; anything else it finds is news."""
    try:
        yield
    except (IndexError, OverflowError, ValueError, TypeError, KeyError) as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        if any(fault.place in f"{Path(last.filename).name}:{last.name}" for fault in FAULTS):
            reject()
        raise
