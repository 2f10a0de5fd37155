"""`weiguard audit query`: what stands in the audit log, for auditors, who stand in it too."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from weiguard import options
from weiguard.commands.alerts import Level
from weiguard.failing import ending_clearly


@ending_clearly
def query(  # noqa: PLR0913  # one parameter an option
    *,
    since: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="TIME", help="What happened then or later: a day or an instant (RFC 3339)."
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="What happened before that day or instant.")
    ] = None,
    rule: Annotated[
        list[str] | None,
        typer.Option("--rule", metavar="PATTERN", help="Rule ids, such as COL-01 or 'COL-*'; repeatable."),
    ] = None,
    level: Annotated[
        list[Level] | None,
        typer.Option("--level", metavar="LEVEL", help="info, warn or critical; repeatable."),
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind", metavar="KIND", help="Kinds of entries, such as alert or override.set; repeatable."
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="[NAME=]VALUE", help="Entries with this value in their key."),
    ] = None,
    account: Annotated[str | None, typer.Option("--account", help="Entries about this account.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Entries about this owner.")] = None,
    actor: Annotated[
        str | None, typer.Option("--actor", metavar="NAME", help="What this person did or approved.")
    ] = None,
    alert: Annotated[
        str | None,
        typer.Option(
            "--alert",
            metavar="ID",
            help="An alert, by its id or the beginning of it, and what was done with it.",
        ),
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(
            "--text", metavar="WORDS", help="Words that stand there, Chinese or English; all of them."
        ),
    ] = None,
    oldest: Annotated[
        bool, typer.Option("--oldest", help="The oldest entries first. Default: the newest.")
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option("--limit", help="Entries of a page. Default: 50 as text, all otherwise."),
    ] = None,
    after: Annotated[
        str | None,
        typer.Option("--after", metavar="CURSOR", help="Go on behind the page that ended with this cursor."),
    ] = None,
    by: options.By = None,
    format: Annotated[
        Literal["text", "jsonl", "csv", "parquet"],
        typer.Option("--format", help="parquet needs --out and the extra weiguard[parquet]."),
    ] = "text",
    out: Annotated[
        str, typer.Option("--out", metavar="FILE", help="Where the answer goes; - for standard output.")
    ] = "-",
    proof: Annotated[
        Path | None,
        typer.Option(
            "--proof",
            metavar="FILE.completeness",
            help="Also prove that nothing is left out: all that was told of --account, or of the tenant, on the days "
            "from --from to --until.",
        ),
    ] = None,
    hand_over: Annotated[
        bool,
        typer.Option(
            "--hand-over", help="Only write the event that tells of the query, for a running engine to read."
        ),
    ] = False,
    asked: Annotated[
        str | None,
        typer.Option(
            "--asked", metavar="ID", help="Answer a query that a running engine read as this event."
        ),
    ] = None,
    reindex: Annotated[
        bool, typer.Option("--reindex", help="Make what entries are found by anew, from the entries.")
    ] = False,
    db: options.Database = None,
    tenant: options.Tenant = None,
    rules: options.Rules = None,
    only: options.Only = None,
    audit_key: options.AuditKey = None,
    lang: options.Lang = None,
    json: options.Json = False,
) -> None:
    """Search the audit log. The query itself is written into it first; without that nothing is shown.

    All filters must hold. Each answer says how large the log was that it was read at, and its root; all pages of a
    query are read at the same. --json is --format jsonl.

    With --proof the days are those of the tenant's clock on which it was told, whole and closed, and the answer is all
    of it, up to the last that is closed; `weiguard audit verify FILE.completeness --key FILE` checks the proof offline.

    Example: weiguard audit query --account A1 --from 2026-03-01 --until 2026-03-08 --text 收款 --by li.auditor

    Example: weiguard audit query --account A1 --from 2026-03-01 --until 2026-04-01 --proof a1-march.completeness
    """
    from weiguard.audit_answers import Format
    from weiguard.audit_querying import Order, query_of, run_query
    from weiguard.settings import settings_from

    flags = {"db": db, "tenant": tenant, "rules": rules, "only": only, "lang": lang, "audit_key": audit_key}
    settings = settings_from(flags)
    chosen: Format = "jsonl" if json and format == "text" else format
    filters = {
        "account": account, "owner": owner, "actor": actor, "alert": alert, "text": text, "oldest_first": oldest,
        "limit": 50 if limit is None and chosen == "text" and proof is None else limit, "after": after,
        "proof": proof is not None,
    }  # fmt: skip
    wanted = query_of(filters, {"rules": rule, "levels": level, "kinds": kind}, key, (since, until), settings)
    path = None if out == "-" else Path(out)
    raise typer.Exit(run_query(Order(wanted, by, chosen, path, hand_over, asked, reindex, proof), settings))
