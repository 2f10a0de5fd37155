"""`weiguard produce`: files of events into Kafka."""

from __future__ import annotations

from typing import Annotated

import typer

from weiguard import options


def produce(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="Files of events, one a line, plain or packed (.gz, .zst); - for standard input.",
        ),
    ],
    *,
    brokers: options.Brokers = None,
    prefix: options.Prefix = None,
    json: options.Json = False,
) -> None:
    """Send files of events to Kafka, where workers decide them. Sent twice, they are still decided once.

    Example: weiguard produce payments.jsonl friends.jsonl.gz --brokers 127.0.0.1:9092
    """
    from weiguard.needing import need_kafka

    need_kafka()
    from weiguard.producing import Order, run_produce
    from weiguard.settings import settings_from

    flags = {"brokers": brokers, "prefix": prefix}
    raise typer.Exit(run_produce(Order(tuple(files), json), settings_from(flags)))
