"""The options that commands share, each declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

Events: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="EVENTS",
        help="A file of events, one a line, plain or packed (.gz, .zst); - for standard input.",
    ),
]
Until: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--until", metavar="TIME", help="Let the clock run on to TIME (RFC 3339) after the last event."
    ),
]
Rules: TypeAlias = Annotated[
    Path | None,
    typer.Option("--rules", metavar="DIR", help="Rule files of one's own. Default: the shipped catalogue."),
]
Only: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--only", metavar="PATTERN", help="Rule ids to decide, such as COL-01 or 'COL-*'; repeatable."
    ),
]
Tenant: TypeAlias = Annotated[str | None, typer.Option("--tenant", help="Only this tenant's records.")]
Lang: TypeAlias = Annotated[
    Literal["zh", "en"] | None,
    typer.Option("--lang", help="Language of what is shown. Default: the terminal's."),
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
Strict: TypeAlias = Annotated[
    bool, typer.Option("--strict", help="Exit with 1 where a line was quarantined.")
]
Database: TypeAlias = Annotated[
    Path | None, typer.Option("--db", metavar="FILE", help="The database. Default: weiguard.db.")
]
AuditKey: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--audit-key",
        metavar="FILE",
        help="The private key that signs the audit log. Default: WEIGUARD_AUDIT_KEY, a file or the key itself.",
    ),
]
TokenFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--tokens", metavar="FILE", help="Who may ask from elsewhere; see `weiguard tokens`. Default: nobody."
    ),
]
UserFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--users",
        metavar="FILE",
        help="Who may log in to the console; see `weiguard users`. Default: nobody.",
    ),
]
PublicUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--public-url",
        metavar="URL",
        help="Where browsers find the console, behind a proxy; with https its cookie goes over https alone.",
    ),
]
By: TypeAlias = Annotated[
    str | None,
    typer.Option("--by", metavar="NAME", help="Who asks for it; stands in the log. Default: the login name."),
]
Brokers: TypeAlias = Annotated[
    str | None,
    typer.Option("--brokers", metavar="HOST:PORT,…", help="Where Kafka is reached. Default: 127.0.0.1:9092."),
]
Prefix: TypeAlias = Annotated[
    str | None,
    typer.Option("--prefix", metavar="NAME", help="What the topics' names begin with. Default: weiguard."),
]
Listen: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--listen", metavar="HOST:PORT", help="Serve HTTP there, metrics and health too. Default: nowhere."
    ),
]
