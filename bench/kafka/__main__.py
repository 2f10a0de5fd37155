"""`python -m bench.kafka [CASE…]`: measure workers on a real Kafka and print the tables."""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from typing import Final

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # kafka-python, on every import.
    from bench.kafka import latency, restore, takeover, throughput
    from bench.kafka.broker import reached, say
    from bench.kafka.table import Found, report, text
from bench.log import FOLDER, Parameters
from bench.measuring import ChildError
from streams.refusing import RefusedError

CASES: Final = ("throughput", "latency", "takeover", "restore")
_SLOW: Final = 1_000  # Events a second of the first latency.


def main() -> int:
    """Measure the cases asked for; 1 where one fails."""
    options = _parser().parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        with reached(options.brokers) as brokers:
            found = measure(options, brokers)
    except (ChildError, RefusedError) as failed:
        print(failed, file=sys.stderr)
        return 1
    print(json.dumps(report(found), ensure_ascii=False, indent=1) if options.json else text(found))
    return 0


def measure(options: argparse.Namespace, brokers: tuple[str, ...]) -> Found:
    """Measure the cases asked for, one after the other. Raises ChildError and RefusedError."""
    cases, partitions, rounds = options.cases or CASES, options.partitions, options.rounds
    log = Parameters(events=options.events)
    found = Found({}, [], {})
    if "throughput" in cases:
        found.rates = throughput.measure(brokers, log, partitions, rounds)
    if "latency" in cases:
        rates = found.rates
        if not rates:
            say("latency needs a worker's capacity")
            rates = throughput.measure(brokers, log, partitions, 1, ("worker",))
        for a_second in (_SLOW, latency.half(rates["worker"].typical())):
            found.latencies.append(latency.measure(brokers, log, partitions, a_second, options.seconds))
    if "takeover" in cases:
        found.taken = takeover.measure(brokers, partitions, rounds)
    if "restore" in cases:
        found.restored = restore.measure(brokers, partitions, options.cells)
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.kafka",
        description="Workers on a real Kafka: throughput beside the embedded runner, latency, take-over and restore.",
        epilog="Example: python -m bench.kafka throughput latency --events 500000 --brokers 127.0.0.1:9092",
    )
    parser.add_argument("cases", nargs="*", choices=[[], *CASES], metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--brokers", help="host:port,… of a Kafka to use (default: one is started)")
    parser.add_argument("--events", type=int, default=200_000, help="events in the log (default: 200,000)")
    parser.add_argument(
        "--rounds", type=int, default=3, help="rounds of throughput and take-over (default: 3)"
    )
    parser.add_argument("--partitions", type=int, default=4, help="partitions of the topics (default: 4)")
    parser.add_argument(
        "--seconds", type=float, default=20, help="how long latency is measured (default: 20)"
    )
    parser.add_argument(
        "--cells", type=int, default=200_000, help="about so many are restored (default: 200,000)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
