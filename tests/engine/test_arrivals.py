"""What came inside the lateness, held against a plain list that is searched from end to end."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.arrivals import Arrivals
from engine.program import SUB, TIME
from engine.windows import HOUR

COLUMNS = {0: (6,), 1: (6, 7)}  # Events of type 2 look nobody up.
INSTANTS = st.sampled_from([0, 1, HOUR - 1, HOUR, HOUR + 1, 3 * HOUR])
NAMES = st.sampled_from([None, "A", "B"])
ITEMS = st.tuples(
    INSTANTS, st.just("s"), st.text("abc", max_size=2), st.just(""), st.integers(0, 2), st.just(1), NAMES, NAMES
)  # fmt: skip
STEPS = st.lists(st.one_of(ITEMS, st.tuples(st.just("seen"), NAMES, NAMES), INSTANTS), max_size=30)


@given(steps=STEPS, at=INSTANTS, name=st.text("abc", max_size=2))
def test_it_finds_what_a_search_through_all_finds(steps: list[Any], at: int, name: str) -> None:
    """Whatever is added, seen otherwise (same place, other names) and forgotten in between."""
    arrivals = Arrivals()
    plain: list[Any] = []
    place = (at, "s", name, "")
    for step in steps:
        if isinstance(step, int):
            arrivals.forget(step)
            plain = [item for item in plain if item[TIME] // HOUR >= step // HOUR]
        elif step[0] == "seen":
            changed = {item[: SUB + 1]: (*item[:6], *step[1:]) for item in plain[:1]}
            arrivals.replace(changed)
            plain = [changed.get(item[: SUB + 1], item) for item in plain]
        elif step[: SUB + 1] not in {item[: SUB + 1] for item in plain}:
            arrivals.add(step)
            plain.append(step)
        for asked in ("A", "B"):
            found = list(arrivals.readers("account", COLUMNS, asked, place))
            assert sorted(found, key=repr) == sorted(
                (item for item in plain if item[: SUB + 1] > place and item[4] in COLUMNS
                 and asked in [item[column] for column in COLUMNS[item[4]]]), key=repr
            )  # fmt: skip
    assert sorted(arrivals.after(place)) == sorted(item for item in plain if item[: SUB + 1] > place)
    assert len(arrivals) == len(plain)
