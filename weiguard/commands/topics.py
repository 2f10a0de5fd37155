"""`weiguard topics`: the topics on Kafka, made and mended, or only looked at."""

from __future__ import annotations

from typing import Annotated

import typer

from weiguard import options


def topics(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Only look; exit with 1 where a topic could lose data.")
    ] = False,
    partitions: Annotated[
        int | None,
        typer.Option("--partitions", min=1, max=1000, help="Partitions of new topics, for good. Default: 4."),
    ] = None,
    replication: Annotated[
        int | None,
        typer.Option(
            "--replication", min=1, max=9, help="Copies of new topics. Default: 3, if there are 3 brokers."
        ),
    ] = None,
    brokers: options.Brokers = None,
    prefix: options.Prefix = None,
    json: options.Json = False,
) -> None:
    """Make the topics on Kafka, and mend settings by which they could lose data.

    What is well is left alone, and so is the number of partitions.

    Example: weiguard topics --brokers k1:9092,k2:9092,k3:9092 --partitions 12
    """
    from weiguard.needing import need_kafka

    need_kafka()
    from weiguard.settings import settings_from
    from weiguard.topics import Order, run_topics

    order = Order(check, partitions, replication, json)
    raise typer.Exit(run_topics(order, settings_from({"brokers": brokers, "prefix": prefix})))
