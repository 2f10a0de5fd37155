"""A, then B within T: chains of events, found by looking back from the last step.

Each earlier step keeps its events by the values a later step must match. When a last step comes, the latest chain that
fits is bound and enters the case's cell as a derived contribution; a late event of any step finds the last steps it can
have changed, and their chains are bound again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from engine.exchanging import exchange
from engine.program import FLAGS, SUB, TIME, Contribution, Found

if TYPE_CHECKING:
    from engine.tenant import Tenant

Chain = tuple[Contribution, ...]  # The bound steps, first to last.


@dataclass(frozen=True, slots=True)
class Link:
    """One step of a sequence: its flag, how near the next step must be, and how it is found and tested."""

    flag: int
    within_us: int  # Greatest distance to the step after it, inclusive; 0 on the last step.
    # What is remembered of an event: its place, and what is read of it.
    keep: Callable[[Contribution], Contribution]
    near: Callable[[Contribution], Any]  # Of what is remembered: the values the very next step must match.
    join: Callable[[Contribution], Any]  # Of what is remembered: the values all later steps must match.
    # Of the bound later steps: the same values as `near`, None if some are absent.
    asked_near: Callable[[Chain], Any]
    asked: Callable[[Chain], Any]  # Of the bound later steps: the same values as `join`.
    fits: Callable[[Chain], bool]  # Of this step and the bound later ones.


@dataclass(frozen=True, slots=True)
class Sequence:
    """A case with `sequence:`, compiled. `since`: the step that each alert belongs to, or -1."""

    place: int  # Where its steps are among the cells.
    links: tuple[Link, ...]
    since: int
    bind: Callable[[Tenant, Chain], tuple[int, Any]]  # (time, fact) for the handler of the derived event.
    kind: int  # Of the derived event, in `Variant.by_kind`.

    @property
    def span_us(self) -> int:
        """Return the greatest distance from a first step to its last."""
        return sum(link.within_us for link in self.links)


class Joined:
    """The events of a step that one next step can follow, and once somebody asked, by all joining values."""

    __slots__ = ("by_join", "items")

    def __init__(self) -> None:
        self.items: list[Contribution] = []
        self.by_join: dict[Any, list[Contribution]] | None = None

    def matching(self, link: Link, wanted: Any) -> list[Contribution]:
        """Return the events with the values wanted, in order."""
        if self.by_join is None:
            self.by_join = {}
            for item in self.items:
                self.by_join.setdefault(link.join(item), []).append(item)
        return self.by_join.get(wanted, [])


ALL: Final = ("steps",)  # The only key of a sequence's cells.


class Steps:
    """What one sequence remembers: every step's events, by joining values and in order."""

    __slots__ = ("bound", "by_near", "ordered")

    def __init__(self, steps: int) -> None:
        self.by_near: list[dict[Any, Joined]] = [{} for _ in range(steps)]
        self.ordered: list[list[Contribution]] = [[] for _ in range(steps)]
        self.bound: dict[Any, list[Contribution]] = {}  # Position of a last step → the contributions it made.


def steps_of(tenant: Tenant, case: Sequence) -> Steps:
    """Return what a tenant remembers of a sequence."""
    cells = tenant.cells[case.place]
    found = cells.get(ALL)
    if found is None:
        found = cells[ALL] = Steps(len(case.links))
    steps: Steps = found
    return steps


def advance(
    tenant: Tenant, case: Sequence, item: Contribution, found: list[Found], undecided: list[int]
) -> None:
    """Enter an event into every step it can be, and bind what it completes."""
    steps = steps_of(tenant, case)
    ordered = steps.ordered
    ends = ordered[-1]
    late = bool(ends) and item < ends[-1]  # A last step that came before it may now end another chain.
    flags, number = item[FLAGS], 0
    for link in case.links:
        if flags & link.flag:
            _keep(tenant, case, steps, number, link.keep(item))
        number += 1  # noqa: SIM113  # this runs for most events of a log
    if late:
        bind_again(tenant, case, item)
    elif ordered[-2] and flags & case.links[-1].flag:
        for chain in chains(case, steps, case.links[-1].keep(item)):
            _enter(tenant, case, steps, chain, found, undecided)


def _keep(tenant: Tenant, case: Sequence, steps: Steps, number: int, kept: Contribution) -> None:
    """Remember an event as a step."""
    _put(steps.ordered[number], kept)
    if tenant.touched is not None:
        _touch(tenant, case, "step", number, kept)
    if number == len(case.links) - 1:
        return  # No later step looks for it.
    link = case.links[number]
    near = link.near(kept)
    if near is not None:
        by_near = steps.by_near[number]
        joined = by_near.get(near)
        if joined is None:
            joined = by_near[near] = Joined()
        _put(joined.items, kept)
        if joined.by_join is not None:
            _put(joined.by_join.setdefault(link.join(kept), []), kept)


def _put(held: list[Contribution], kept: Contribution) -> None:
    if held and kept < held[-1]:
        insort(held, kept)
    else:
        held.append(kept)


def chains(case: Sequence, steps: Steps, last: Contribution) -> list[Chain]:
    """Return the chains a last step completes: the latest that fits, or one for each step named by `since`."""
    found: list[Chain] = []
    seen: set[Any] = set()
    for chain in _bound(case, steps, len(case.links) - 1, (last,)):
        since = chain[case.since][: SUB + 1] if case.since >= 0 else None
        if since not in seen:
            seen.add(since)
            found.append(chain)
        if case.since < 0:
            break
    return found


def _bound(case: Sequence, steps: Steps, step: int, tail: Chain) -> Iterator[Chain]:
    """Yield every chain that ends in `tail`, latest earlier steps first."""
    if step == 0:
        yield tail
        return
    link = case.links[step - 1]
    near = link.asked_near(tail)
    joined = steps.by_near[step - 1].get(near) if near is not None else None
    held = joined.matching(link, link.asked(tail)) if joined is not None else []
    first = bisect_left(held, (tail[0][TIME] - link.within_us,))
    for index in range(bisect_left(held, tail[0][: SUB + 1]) - 1, first - 1, -1):
        if link.fits((held[index], *tail)):
            yield from _bound(case, steps, step - 1, (held[index], *tail))


def _enter(
    tenant: Tenant, case: Sequence, steps: Steps, chain: Chain, found: list[Found], undecided: list[int]
) -> None:
    time, fact = case.bind(tenant, chain)
    tenant.derived.clear()
    tenant.variant.by_kind[case.kind].fold(tenant, time, fact, found, undecided)
    steps.bound.setdefault(chain[-1][: SUB + 1], []).extend(tenant.derived)
    _touch(tenant, case, "bound", None, chain[-1])


def bind_again(tenant: Tenant, case: Sequence, item: Contribution) -> None:
    """Bind again the chains of every last step that an event, entered or gone, may have changed."""
    steps = steps_of(tenant, case)
    removed: list[Contribution] = list(steps.bound.pop(item[: SUB + 1], []))
    _touch(tenant, case, "bound", None, item)
    added: list[Contribution] = []
    for last in _ends(case, steps, item):
        place = last[: SUB + 1]
        removed += steps.bound.pop(place, [])
        _touch(tenant, case, "bound", None, last)
        made = [_made(tenant, case, chain) for chain in chains(case, steps, last)]
        if made:
            steps.bound[place] = made
        added += made
    kept = [new for new in added if new in removed]
    exchange(tenant, [old for old in removed if old not in kept], [new for new in added if new not in kept])


def _ends(case: Sequence, steps: Steps, item: Contribution) -> list[Contribution]:
    """Return the last steps whose chains an event can be part of: itself, and those that later steps lead to."""
    ordered = steps.ordered[-1]
    own = bisect_left(ordered, item[: SUB + 1])
    first = min(
        (
            bisect_left(ordered, place)
            for number, link in enumerate(case.links[:-1])
            if item[FLAGS] & link.flag and (place := _before_ends(case, steps, number, item)) is not None
        ),
        default=len(ordered),
    )
    until = bisect_right(ordered, (item[TIME] + case.span_us + 1,))
    itself = ordered[own : own + 1] if own < first and item[FLAGS] & case.links[-1].flag else []
    return [last for last in itself if last[: SUB + 1] == item[: SUB + 1]] + ordered[first:until]


def _before_ends(case: Sequence, steps: Steps, number: int, item: Contribution) -> tuple[Any, ...] | None:
    """Return a place before every last step that a chain with this event as a step can have; None: no such chain.

    What was taken out together with it is asked for by itself, so the steps between may be looked for as they are now.
    """
    place, until_us = item[: SUB + 1], item[TIME]
    for later in range(number + 1, len(case.links) - 1):
        ordered = steps.ordered[later]
        until_us += case.links[later - 1].within_us
        at = bisect_left(ordered, place)
        if at == len(ordered) or ordered[at][TIME] > until_us:
            return None
        place = ordered[at][: SUB + 1]
    return place


def _made(tenant: Tenant, case: Sequence, chain: Chain) -> Contribution:
    time, fact = case.bind(tenant, chain)
    make = tenant.variant.by_kind[case.kind].make
    assert make is not None, "a derived event has a maker"
    return make(tenant, time, fact)


def displace(tenant: Tenant, case: Sequence, item: Contribution) -> None:
    """Take an event out of every step it was."""
    steps = steps_of(tenant, case)
    for number, link in enumerate(case.links):
        if item[FLAGS] & link.flag:
            _forget(tenant, case, steps, number, link.keep(item))
            _drop(steps.ordered[number], item)


def _forget(tenant: Tenant, case: Sequence, steps: Steps, number: int, kept: Contribution) -> None:
    """Take what is remembered of a step's event out of the joins."""
    _touch(tenant, case, "step", number, kept)
    if number == len(case.links) - 1:
        return
    link = case.links[number]
    near = link.near(kept)
    if near is None:
        return
    joined = steps.by_near[number][near]
    _drop(joined.items, kept)
    if joined.by_join is not None:
        _drop(joined.by_join[link.join(kept)], kept)
    if not joined.items:
        del steps.by_near[number][near]


def place(tenant: Tenant, case: Sequence, item: Contribution) -> None:
    """Put an event into every step it can be, without binding anything."""
    steps = steps_of(tenant, case)
    for number, link in enumerate(case.links):
        if item[FLAGS] & link.flag:
            _keep(tenant, case, steps, number, link.keep(item))


def _drop(held: list[Contribution], item: Contribution) -> None:
    at = bisect_left(held, item[: SUB + 1])
    assert held[at][: SUB + 1] == item[: SUB + 1], "only what was entered can be dropped"
    del held[at]


def forget(tenant: Tenant, case: Sequence, limit: int) -> None:
    """Drop up to `limit` events of each step that no last step to come can reach."""
    steps = steps_of(tenant, case)
    horizon = tenant.clock - tenant.lateness_us
    last = len(case.links) - 1
    for number in range(len(case.links)):
        ordered = steps.ordered[number]
        if not ordered or ordered[0][TIME] >= horizon:
            continue
        reach = sum(later.within_us for later in case.links[number:])
        cut = min(bisect_left(ordered, (horizon - reach,)), limit)
        for old in ordered[:cut]:
            _forget(tenant, case, steps, number, old)
            if number == last and steps.bound.pop(old[: SUB + 1], None) is not None:
                _touch(tenant, case, "bound", None, old)
        del ordered[:cut]


# --- for checkpoints -------------------------------------------------------------------------------------------------


def _touch(tenant: Tenant, case: Sequence, what: str, number: int | None, item: Contribution) -> None:
    if tenant.touched is not None:
        place = (case.place, item[: SUB + 1]) if number is None else (case.place, number, item[: SUB + 1])
        tenant.touched.add((what, *place))


def step_at(tenant: Tenant, case: Sequence, number: int, position: Any) -> Contribution | None:
    """Return the event that a step keeps at a position, or None where it keeps none."""
    ordered = steps_of(tenant, case).ordered[number]
    at = bisect_left(ordered, position)
    return ordered[at] if at < len(ordered) and ordered[at][: SUB + 1] == position else None


def take_step(tenant: Tenant, case: Sequence, number: int, item: Contribution) -> None:
    """Put an event read back from a checkpoint into its step."""
    _keep(tenant, case, steps_of(tenant, case), number, item)
