"""The table of commands."""

from __future__ import annotations

import typer

from weiguard.commands import rules
from weiguard.commands.alerts import alerts
from weiguard.commands.correct import correct
from weiguard.commands.demo import demo
from weiguard.commands.explain import explain
from weiguard.commands.replay import replay
from weiguard.commands.run import run
from weiguard.commands.schema import schema
from weiguard.failing import clear_endings, ending_clearly

app = typer.Typer(
    name="weiguard",
    help="Rules over WeChat micro-commerce events: events in, alerts and their reasons out.",
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
        app(prog_name="weiguard")
