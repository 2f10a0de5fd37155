"""`weiguard replay`: decide a log in memory and write its alert records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from weiguard import options


def replay(  # noqa: PLR0913  # one parameter an option
    events: options.Events,
    *,
    out: Annotated[
        str, typer.Option("--out", metavar="FILE", help="Where the records go; - for standard output.")
    ] = "-",
    standing: Annotated[
        bool,
        typer.Option(
            "--standing",
            help="Only the alerts that stand at the end, sorted by id, without what tells of arrival.",
        ),
    ] = False,
    until: options.Until = None,
    format: Annotated[
        Literal["jsonl", "parquet"],
        typer.Option("--format", help="parquet needs the extra weiguard[parquet]."),
    ] = "jsonl",
    rules: options.Rules = None,
    only: options.Only = None,
    tenant: options.Tenant = None,
    lang: options.Lang = None,
    json: options.Json = False,
    strict: options.Strict = False,
) -> None:
    """Decide a file of events in memory and write the alert records.

    Every record in log order; the same file and rules give the same bytes.

    Example: weiguard replay events.jsonl --out records.jsonl --until 2026-04-01T00:00:00+08:00
    """
    from weiguard.replaying import Order, run_replay
    from weiguard.settings import settings_from

    flags = {"rules": rules, "only": only, "tenant": tenant, "lang": lang}
    order = Order(events, None if out == "-" else Path(out), standing, until, format, json, strict)
    raise typer.Exit(run_replay(order, settings_from(flags)))
