"""Each rule's own tests, shaken: engine and oracle must still agree on what stands.

Times, amounts and arrivals are moved, events left out and said again. `python -m tests.perturbing [PATTERN…]` shakes
every test of the rules that match a number of times, and prints the command that shows a disagreement again.
"""

from __future__ import annotations

import argparse
import sys
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from engine.fold import Engine
from engine.program import Program
from rules.loading import SHIPPED, load
from rules.model import Rule, RuleSet
from rules.planning.compiling import compile_rules
from rules.trials import events_of
from tests.engine.driving import Run, raw_of
from tests.laws.agreeing import by_key
from tests.logs.arrival import Line, micros
from tests.oracle.deciding import decide
from tests.oracle.instants import rfc3339

_SECOND: Final = 1_000_000
_MOVES: Final = (
    0,
    1,
    -1,
    _SECOND,
    -_SECOND,
    60 * _SECOND,
    -3_600 * _SECOND,
    43_200 * _SECOND,
    86_400 * _SECOND,
)
_LATE: Final = 24 * 3_600 * _SECOND  # The longest delay, inside the lateness of 25 hours.
_ALONE: Final = (
    "transaction_id",
    "refund_id",
    "request_id",
    "post_id",
    "payout_id",
    "settlement_id",
    "broadcast_id",
)
_MOST: Final = 300  # Events of a test that is shaken: the oracle is quadratic.


def shaken(lines: list[Line], seed: int) -> list[Line]:
    """Return a log like another one, in an order of arrival of its own."""
    chance = Random(seed)
    found: list[Line] = []
    for line in lines:
        if line["id"].startswith(("ref-", "mx-")) or line["type"] == "clock.tick":
            found.append(line)
            continue
        if chance.random() < 0.1:
            continue
        first = _moved(line, chance)
        found.append(first)
        if chance.random() < 0.3:
            again = _moved(line, chance)
            if chance.random() < 0.2:  # A copy: what it says again has one time.
                again["time"] = first["time"]
                again["receivedtime"] = max(first["receivedtime"], again["receivedtime"])
            else:
                again["id"] = f"{line['id']}-again"
                data = again["data"]
                again["data"] = {
                    name: f"{value}-again" if name in _ALONE and chance.random() < 0.9 else value
                    for name, value in data.items()
                }
                one_fact = any(
                    name in _ALONE and value == data[name] for name, value in again["data"].items()
                )
                if one_fact or line["type"] == "order.created":
                    # The same fact under another name: one whose times lay days apart would not be known any more.
                    again["time"] = first["time"]
                    again["receivedtime"] = max(first["receivedtime"], again["receivedtime"])
            found.append(again)
    return sorted(found, key=lambda line: micros(line["receivedtime"]))


def _moved(line: Line, chance: Random) -> Line:
    time = micros(line["time"]) + (chance.choice(_MOVES) if chance.random() < 0.5 else 0)
    delay = chance.randrange(_LATE) if chance.random() < 0.3 else 0
    data = dict(line["data"])
    if isinstance(data.get("amount_fen"), int) and chance.random() < 0.3:
        data["amount_fen"] = max(0, data["amount_fen"] + chance.choice((-1, 1)))
    return {**line, "time": rfc3339(time), "receivedtime": rfc3339(time + delay), "data": data}


@cache
def _loaded(folder: Path) -> RuleSet:
    return load(folder)


@cache
def _compiled(folder: Path, id: str) -> Program:
    return compile_rules(_loaded(folder), (id,))


def disagreement(folder: Path, rule: Rule, number: int, seed: int) -> str:
    """Shake one test of a rule; say where engine and oracle disagree, nothing where they agree."""
    lines: list[Line] = [msgspec.json.decode(raw) for raw in events_of(rule.trials[number], rule)]
    if len(lines) > _MOST:
        return ""
    log = shaken(lines, seed)
    run = Run(Engine(_compiled(folder, rule.id))).feed(map(raw_of, log))
    meant = decide(log, folder, only={rule.id})
    found, wanted = by_key(run.engine.standing()), by_key(meant.standing)
    if found.keys() != wanted.keys():
        return f"only here {found.keys() - wanted.keys() or '-'}; only there {wanted.keys() - found.keys() or '-'}"
    for key, one in wanted.items():
        shown = {name: found[key]["values"].get(name) for name in one["values"]}
        if {**found[key], "values": shown} != one:
            return f"{key}: here {found[key]}; there {one}"
    return ""


def main() -> int:
    """Shake the tests of the rules that match; 1 where engine and oracle disagree."""
    parser = argparse.ArgumentParser(prog="python -m tests.perturbing", description=__doc__)
    parser.add_argument(
        "patterns", nargs="*", default=["*"], help="rules such as COL-01 or 'COL-*' (default: all)"
    )
    parser.add_argument(
        "--rules", type=Path, default=SHIPPED, help="a folder of rules (default: the shipped ones)"
    )
    parser.add_argument("--runs", type=int, default=20, help="how often each test is shaken (default: 20)")
    parser.add_argument("--seed", type=int, default=0, help="the first seed (default: 0)")
    options = parser.parse_args()
    found = shaken_tests = 0
    for rule in _loaded(options.rules).rules().values():
        if rule.later or not any(fnmatchcase(rule.id, pattern) for pattern in options.patterns):
            continue
        for seed in range(options.seed, options.seed + options.runs):
            for number, trial in enumerate(rule.trials):
                said = disagreement(options.rules, rule, number, seed)
                shaken_tests += 1
                if said:
                    found += 1
                    again = (
                        f"python -m tests.perturbing {rule.id} --rules {options.rules} --seed {seed} --runs 1"
                    )
                    sys.stdout.write(f"{rule.id} “{trial.name}”: {said}\n  again: {again}\n")
    sys.stdout.write(f"{shaken_tests} shaken tests, {found} disagreements\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
