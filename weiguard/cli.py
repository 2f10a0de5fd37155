"""The table of commands."""

from __future__ import annotations

import gc
import os
import sys
from importlib import metadata
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from rules.caching import keep_in
from streams.refusing import RefusedError
from weiguard.commands import audit, rules, tokens, users
from weiguard.commands.alerts import alerts
from weiguard.commands.backtest import backtest
from weiguard.commands.correct import correct
from weiguard.commands.deliver import deliver
from weiguard.commands.demo import demo
from weiguard.commands.explain import explain
from weiguard.commands.produce import produce
from weiguard.commands.replay import replay
from weiguard.commands.run import run
from weiguard.commands.schema import schema
from weiguard.commands.topics import topics
from weiguard.commands.worker import worker
from weiguard.failing import WRONG, clear_endings, ending_clearly, say
from weiguard.leaving import leave
from weiguard.misuse import misuse

# What a start makes is there to stay: the collector would look through it each 700 objects, for a tenth of the start.
_YOUNG: Final = 10_000


def _version(asked: bool) -> None:  # noqa: FBT001  # as typer calls it
    if asked:
        sys.stdout.write(f"weiguard {metadata.version('weiguard')}\n")
        raise typer.Exit


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
for command in (
    demo,
    run,
    replay,
    backtest,
    alerts,
    explain,
    correct,
    deliver,
    schema,
    topics,
    produce,
    worker,
):
    app.command(command.__name__)(ending_clearly(command))
app.add_typer(rules.app, name="rules")
app.add_typer(audit.app, name="audit")
app.add_typer(tokens.app, name="tokens")
app.add_typer(users.app, name="users")


@app.callback()
def _weiguard(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run one command; exit with its status."""
    keep_in(cache_folder())
    with clear_endings():
        if sys.stdout is None:
            raise RefusedError(
                "standard output",
                "that it is closed",
                "a place to write to",
                "send it to /dev/null to see nothing",
            )
        try:
            status = app(prog_name="weiguard", standalone_mode=False)
        except typer.TyperException as error:
            say(misuse(error))
            sys.exit(WRONG)
        sys.exit(status)


def cache_folder() -> Path | None:
    """Return where compiled rules are kept, by the XDG Base Directory Specification; None where there is no home."""
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if named.is_absolute():
        return named / "weiguard"
    try:
        return Path.home() / ".cache" / "weiguard"
    except RuntimeError:
        return None


def start() -> NoReturn:
    """Run one command as a process of its own, and end it."""
    gc.set_threshold(_YOUNG)
    if sys.stderr is None:  # Whoever closed it wants to hear nothing.
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # open to the end
    try:
        main()
    except SystemExit as end:
        leave(end.code if isinstance(end.code, int) else 0)
    leave(0)
