"""`weiguard tokens`: who may send events and look at what was decided, from elsewhere."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from weiguard.failing import ending_clearly

app = typer.Typer(
    help="Bearer tokens for `weiguard run --listen`: add, list, remove. A file keeps only their digests.",
    epilog="Example: weiguard tokens add wechatpay --scope ingest --source 'wechatpay/*' --tokens tokens.json",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class Scope(StrEnum):
    """What a bearer may do."""

    INGEST = "ingest"
    ACT = "act"
    READ = "read"
    AUDIT = "audit"


_FILE: Final = Path("weiguard-tokens.json")
File: TypeAlias = Annotated[
    Path, typer.Option("--tokens", metavar="FILE", help="The file that `weiguard run --tokens` reads.")
]
Name: TypeAlias = Annotated[
    str, typer.Argument(metavar="NAME", help="Who bears it; stands in the audit log.")
]


@app.command()
@ending_clearly
def add(
    name: Name,
    *,
    scope: Annotated[
        list[Scope],
        typer.Option(
            "--scope",
            help="ingest: send events; act: with ingest, Weiguard's own too, such as suppressions; "
            "read: alerts and feed; audit: the audit log; repeatable.",
        ),
    ],
    source: Annotated[
        list[str] | None,
        typer.Option("--source", metavar="PATTERN", help="Only events of these sources; repeatable."),
    ] = None,
    tenant: Annotated[
        list[str] | None, typer.Option("--tenant", help="Only these tenants; repeatable.")
    ] = None,
    tokens: File = _FILE,
) -> None:
    """Make a token and print it, once: the file keeps only its digest.

    A server that runs takes it with its next request.

    Example: weiguard tokens add grafana --scope read --tenant shops
    """
    from monitoring.web import tokens as kept

    scopes: list[kept.Scope] = [each.value for each in scope]
    sys.stdout.write(f"{kept.add(tokens, name, scopes, source or (), tenant or ())}\n")


@app.command("list")
@ending_clearly
def list_(*, tokens: File = _FILE) -> None:
    """List the tokens: names and what they may do.

    Example: weiguard tokens list --tokens tokens.json
    """
    from monitoring.web import tokens as kept

    for each in kept.read(tokens):
        rights = " ".join(each.scopes)
        sources = "" if each.sources is None else f"  sources: {' '.join(each.sources)}"
        tenants = "" if each.tenants is None else f"  tenants: {' '.join(each.tenants)}"
        sys.stdout.write(f"{each.name}  {rights}{sources}{tenants}\n")


@app.command()
@ending_clearly
def remove(name: Name, *, tokens: File = _FILE) -> None:
    """Take a token away: a server that runs refuses it from its next request on.

    Example: weiguard tokens remove grafana
    """
    from monitoring.web import tokens as kept

    kept.remove(tokens, name)
