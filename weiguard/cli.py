"""The table of commands."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from weiguard.commands import rules
from weiguard.commands.alerts import alerts
from weiguard.commands.correct import correct
from weiguard.commands.demo import demo
from weiguard.commands.explain import explain
from weiguard.commands.replay import replay
from weiguard.commands.run import run
from weiguard.commands.schema import schema
from weiguard.failing import WRONG, clear_endings, ending_clearly, say
from weiguard.leaving import leave
from weiguard.misuse import misuse

app = typer.Typer(
    name="weiguard",
    help="Rules over WeChat micro-commerce events: events in, alerts and their reasons out.",
    epilog="Example: weiguard run events.jsonl, then weiguard alerts. Nothing at hand? weiguard demo",
    rich_markup_mode=None,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (demo, run, replay, alerts, explain, correct, schema):
    app.command(command.__name__)(ending_clearly(command))
app.add_typer(rules.app, name="rules")


def main() -> None:
    """Run one command; exit with its status."""
    with clear_endings():
        try:
            status = app(prog_name="weiguard", standalone_mode=False)
        except typer.TyperException as error:
            say(misuse(error))
            sys.exit(WRONG)
        sys.exit(status)


def start() -> NoReturn:
    """Run one command as a process of its own, and end it."""
    try:
        main()
    except SystemExit as end:
        leave(end.code if isinstance(end.code, int) else 0)
    leave(0)
