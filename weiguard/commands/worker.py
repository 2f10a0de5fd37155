"""`weiguard worker`: the engine as a stream processor on Kafka."""

from __future__ import annotations

from typing import Annotated

import typer

from weiguard import options


def worker(  # noqa: PLR0913  # one parameter an option
    *,
    brokers: options.Brokers = None,
    prefix: options.Prefix = None,
    instance: Annotated[
        str | None,
        typer.Option(
            "--instance",
            metavar="NAME",
            help="A name of this worker's own that a restart keeps: its partitions then wait for it.",
        ),
    ] = None,
    ticks: Annotated[
        bool,
        typer.Option(
            "--ticks/--no-ticks",
            help="Let clocks tick each minute; not for a log of the past, whose events move its clocks.",
        ),
    ] = True,
    session: Annotated[
        float,
        typer.Option(
            "--session",
            metavar="SECONDS",
            min=1,
            max=300,
            help="How long a worker may be silent before another takes over.",
        ),
    ] = 6.0,
    listen: options.Listen = None,
    rules: options.Rules = None,
    only: options.Only = None,
) -> None:
    """Decide the events of a Kafka topic, sharing its partitions with all other workers of the same prefix.

    It works until Ctrl-C or SIGTERM. Status 3: Kafka was lost or does not answer; what was committed stands, so
    start it again.

    Example: weiguard worker --brokers k1:9092,k2:9092 --instance shop-1 --listen 127.0.0.1:9464
    """
    from weiguard.needing import need_kafka

    need_kafka()
    from weiguard.settings import settings_from
    from weiguard.working import Call, run_worker

    flags = {"brokers": brokers, "prefix": prefix, "rules": rules, "only": only}
    address = None
    if listen is not None:
        from monitoring.serving import Address

        address = Address.of(listen)
    call = Call(instance=instance, ticks=ticks, session_s=session, listen=address)
    raise typer.Exit(run_worker(call, settings_from(flags)))
