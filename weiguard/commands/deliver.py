"""`weiguard deliver`: alerts of a database on their way to others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from weiguard import options


def deliver(  # noqa: PLR0913  # one parameter an option
    *,
    routes: Annotated[
        Path, typer.Option("--routes", metavar="FILE", help="Who is told of what; see docs/delivery.md.")
    ] = Path("routes.yaml"),
    db: options.Database = None,
    once: Annotated[
        bool, typer.Option("--once", help="Send what is due now, and end. Status 1 where something failed.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only read the routes, and say what is wrong with them.")
    ] = False,
    test: Annotated[
        str | None, typer.Option("--test", metavar="ROUTE", help="Only send a test by a route, once.")
    ] = None,
    dead: Annotated[
        bool, typer.Option("--dead", help="Only list the dead letters: what no receiver would take.")
    ] = False,
    retry: Annotated[
        str | None,
        typer.Option("--retry", metavar="NUMBER|all", help="Only let a dead letter, or all, be sent again."),
    ] = None,
    listen: options.Listen = None,
    json: options.Json = False,
) -> None:
    """Send the alert records of a database to webhooks, groups of WeCom and Alertmanager, until Ctrl-C.

    It runs beside `weiguard run` and only reads its database, so it never holds up a decision. What waits stands in a
    file beside it (.deliveries): it goes on where it stopped, and loses nothing. What a crash between answer and
    commit sends again has the same id.

    A new route begins with what comes now, or with the first record where it says `from: start`.

    Example: weiguard deliver --routes routes.yaml --db shop.db

    Example: weiguard deliver --routes routes.yaml --test duty
    """
    from weiguard.delivering import Jobs, Order, run_delivery
    from weiguard.settings import settings_from

    address = None
    if listen is not None:
        from monitoring.serving import Address

        address = Address.of(listen)
    jobs = Jobs(check=check, test=test, dead=dead, retry=retry)
    order = Order(routes=routes, jobs=jobs, once=once, listen=address, json=json)
    raise typer.Exit(run_delivery(order, settings_from({"db": db})))
