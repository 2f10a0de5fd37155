"""What generated code runs in: the language's functions, the engine's parts it folds into, and the limits."""

from __future__ import annotations

import linecache
import marshal
from bisect import bisect_left
from sys import intern
from typing import Any

from engine import lateness, sequences
from engine.boundaries import EVE, arm, last_seen, name_of
from engine.business import business_deadline
from engine.cells import Cell, level_in
from engine.deadlines import Due, owe
from engine.entities import limits_of
from engine.instants import day_number, hash_of
from engine.periods import named_period, period_of
from engine.program import AFTER_ALL, named
from engine.reference import PAYMENT, REQUEST, Timeline, consented, in_force, listed, qualified
from engine.ripening import wait
from engine.sweeping import tidy
from engine.tenant import BASES
from engine.windows import Zone
from engine.workdays import workday_after, workday_before
from rules.aggregates import AGGREGATES
from rules.caching import kept
from rules.functions import date_of
from rules.model import RuleSet
from rules.places.addresses import carrier_of, city_of, country_of, lat_of, lon_of
from rules.planning.reader import constant
from rules.planning.receiving import functions_of
from rules.scores import SCORES


def namespace(rules: RuleSet) -> dict[str, Any]:
    """Return what generated code may call: the language's functions, and the engine's parts it folds into."""
    space = functions_of(rules)
    space["fn_hour"] = _hour
    space.update(
        UNREAD=object(),
        AGGREGATES=AGGREGATES, SCORES=SCORES, bisect_left=bisect_left, Cell=Cell, level_in=level_in, NOTHING={},
        Due=Due, owe=owe,
        advance=sequences.advance, named=named, insert_late=lateness.insert_late, tidy=tidy, note=lateness.note,
        limits_of=limits_of,
        qualified=qualified, consented=consented, in_force=in_force, listed=listed, hash_of=hash_of, day_of=date_of,
        business_deadline=business_deadline, period_of=period_of, named_period=named_period, day_number=day_number,
        workday_after=workday_after, workday_before=workday_before,
        PAYMENT=PAYMENT, REQUEST=REQUEST, EVE=EVE, AFTER_ALL=AFTER_ALL, intern=intern,
        arm=arm, last_seen=last_seen, name_of=name_of, wait=wait,
        country_of=country_of, city_of=city_of, carrier_of=carrier_of, lat_of=lat_of, lon_of=lon_of,
        **{f"UNKNOWN_{kind}": Timeline(base) for kind, base in BASES.items()},  # Of which nothing was ever said.
    )  # fmt: skip
    for name, limit in rules.limits.items():
        value = constant(limit)
        space[f"LIMIT_{name}"] = value
    return space


def _hour(us: int, zone: Zone) -> int:
    """Return the hour of an event's time, which is always in range."""
    return zone.hour(us)


def execute(source: str, space: dict[str, Any], name: str) -> None:
    """Run generated source; it shows in tracebacks under a name of its own."""
    linecache.cache[name] = (len(source), None, [line + "\n" for line in source.split("\n")], name)
    made_of = f"{name}\n{source}".encode()
    code = kept("code", made_of, lambda: compile(source, name, "exec"), marshal.dumps, marshal.loads)
    exec(code, space)  # noqa: S102  # written by this compiler from checked trees
