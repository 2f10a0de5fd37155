"""`python -m bench [CASE…] [--events N] [--rounds N] [--full] [--json]`: measure and print the tables."""

from __future__ import annotations

import argparse
import json
import sys

from bench.agreement import differences
from bench.cases import CASES
from bench.log import FOLDER
from bench.measuring import ChildError, measure, needed
from bench.table import report, text

SHOWN = 10  # How many differences between the two versions of the eight rules are printed.


def main() -> int:
    """Measure the cases asked for; 1 where one fails or the two versions of the eight rules disagree."""
    options = _parser().parse_args()
    try:
        found = measure(needed(tuple(options.cases), full=options.full), options.events, options.rounds)
    except ChildError as failed:
        print(failed, file=sys.stderr)
        return 1
    print(json.dumps(report(found), ensure_ascii=False, indent=1) if options.json else text(found))
    if "hand" not in found or "eight" not in found:
        return 0
    rows = differences(FOLDER / "agree-hand.jsonl", FOLDER / "agree-eight.jsonl")
    summary = (
        f"{len(rows)} alerts differ between the loops and the engine"
        if rows
        else "the loops and the engine agree"
    )
    print("\n".join([*rows[:SHOWN], summary]), file=sys.stderr)
    return 1 if rows else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="CPU time of Weiguard beside hand-written loops on one generated log.",
    )
    parser.add_argument("cases", nargs="*", choices=[[], *CASES], metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--events", type=int, default=1_000_000, help="lines in the log (default: a million)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each case is measured (default: 3)")
    parser.add_argument("--full", action="store_true", help="also the slow case: ten times the events")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
