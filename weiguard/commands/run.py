"""`weiguard run`: the embedded engine, from sources into a database."""

from __future__ import annotations

from typing import Annotated

import typer

from weiguard import options


def run(  # noqa: PLR0913  # one parameter an option
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE",
            help="Files of events, one a line, plain or packed (.gz, .zst); - for standard input.",
        ),
    ] = None,
    *,
    db: options.Database = None,
    follow: Annotated[
        bool,
        typer.Option("--follow", help="Wait at the end of the files for what is appended, until Ctrl-C."),
    ] = False,
    refold: Annotated[
        bool,
        typer.Option("--refold", help="Decide the database's whole log anew first, by the rules in use now."),
    ] = False,
    listen: options.Listen = None,
    tokens: options.TokenFile = None,
    users: options.UserFile = None,
    public_url: options.PublicUrl = None,
    reload: Annotated[
        bool,
        typer.Option(
            "--reload", help="Where the database has other rules, change to these at its end, as on SIGHUP."
        ),
    ] = False,
    author: Annotated[
        str | None,
        typer.Option(
            "--author", metavar="NAME", help="Who answers for changed rules. Default: the login name."
        ),
    ] = None,
    approver: Annotated[
        str | None, typer.Option("--approver", metavar="NAME", help="Who approved them, if anybody.")
    ] = None,
    audit_key: options.AuditKey = None,
    rules: options.Rules = None,
    only: options.Only = None,
    tenant: options.Tenant = None,
    lang: options.Lang = None,
    json: options.Json = False,
    strict: options.Strict = False,
) -> None:
    """Decide events into a database. The same call goes on where it stopped.

    On SIGHUP it looks at the rule files again: where they hold together they decide from the next event on, with a
    rule.changed in the log; where not, it says so and goes on.

    With --listen it also shows alerts, their feed, the audit log, metrics and health; and when the sources are read it
    takes events sent to /v1/events until Ctrl-C or SIGTERM, with a clock.tick in the log each minute. On this machine
    anybody may ask; from elsewhere whoever bears a token in --tokens. The web console is on / for the users in --users.

    Example: weiguard run payments.jsonl friends.jsonl.gz --db shop.db

    Example: weiguard run --listen 127.0.0.1:8787 --users users.json
    """
    from weiguard.running import Order, run_sources
    from weiguard.settings import settings_from

    flags = {
        "db": db, "rules": rules, "only": only, "tenant": tenant, "lang": lang, "audit_key": audit_key,
        "tokens": tokens, "users": users, "public_url": public_url,
    }  # fmt: skip
    address = None
    if listen is not None:
        from monitoring.serving import Address

        address = Address.of(listen)
    order = Order(tuple(sources or ()), follow, refold, json, strict, address, reload, author, approver)
    raise typer.Exit(run_sources(order, settings_from(flags)))
