"""`weiguard backtest`: what a change of rules would have done to a history."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from weiguard import options


def backtest(  # noqa: PLR0913  # one parameter an option
    events: options.Events,
    *,
    rules: Annotated[
        Path | None,
        typer.Option("--rules", metavar="DIR", help="The rules in question. Default: the shipped catalogue."),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="DIR",
            help="The rules they are compared with, usually those of today. Default: the shipped catalogue.",
        ),
    ] = None,
    examples: Annotated[
        int,
        typer.Option("--examples", metavar="N", min=0, help="So many alerts of each change of each rule."),
    ] = 3,
    until: options.Until = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", metavar="N", min=1, help="Processes at most. Default: one a core."),
    ] = None,
    only: options.Only = None,
    tenant: options.Tenant = None,
    lang: options.Lang = None,
    json: options.Json = False,
    strict: options.Strict = False,
) -> None:
    """Say what a change of rules would have done.

    The same events are decided under both rule sets, and the alerts that stand at the end are compared: raised (only
    under --rules), gone (only under --against), changed (under both, with another level, time, trigger, values, limits
    or evidence; other words alone are no change). Two alerts are one where tenant, rule, key and window are the same;
    where a change moves the start of a window, one alert is gone and another raised.

    --json writes one object: before, after (--against, --rules: ruleset, rules, dispositions, undecided, unlisted),
    only_before, only_after (rules that one side alone decides), raised, gone, changed (how many), rules (for each rule:
    before, after, raised, gone by level; changed as from, to, count; fields that differ; examples), days (alerts
    before and after), keys (accounts with the most alerts that differ).

    Example: weiguard backtest events.jsonl --rules new --against old
    """
    from weiguard.backtesting import Order, run_backtest
    from weiguard.settings import settings_from

    flags = {"rules": rules, "only": only, "tenant": tenant, "lang": lang}
    order = Order(events, against, until, examples, jobs, json, strict)
    raise typer.Exit(run_backtest(order, settings_from(flags)))
