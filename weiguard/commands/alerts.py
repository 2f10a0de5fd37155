"""`weiguard alerts`: the alerts of a database, as a table or as JSON lines."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from weiguard import options


class Level(StrEnum):
    """How serious an alert is."""

    INFO = "info"
    WARN = "warn"
    CRITICAL = "critical"


class State(StrEnum):
    """What a record did to its alert."""

    RAISED = "raised"
    ESCALATED = "escalated"
    LOWERED = "lowered"
    AMENDED = "amended"
    RETRACTED = "retracted"


def alerts(  # noqa: PLR0913  # one parameter an option
    *,
    records: Annotated[
        bool, typer.Option("--records", help="Every record in log order, not only what stands.")
    ] = False,
    shadow: Annotated[
        bool,
        typer.Option(
            "--shadow", help="What shadow rules would have said instead: those of them that stand, or all."
        ),
    ] = False,
    rule: Annotated[
        list[str] | None,
        typer.Option("--rule", metavar="PATTERN", help="Rule ids, such as COL-01 or 'COL-*'; repeatable."),
    ] = None,
    level: Annotated[
        list[Level] | None,
        typer.Option("--level", metavar="LEVEL", help="info, warn or critical; repeatable."),
    ] = None,
    state: Annotated[
        list[State] | None,
        typer.Option(
            "--state",
            metavar="STATE",
            help="What a record did to its alert: raised, escalated, lowered, amended or retracted; repeatable.",
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="[NAME=]VALUE", help="Only alerts with this value in their key."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="Crossed at this instant (RFC 3339) or later."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Crossed before this instant.")
    ] = None,
    db: options.Database = None,
    tenant: options.Tenant = None,
    lang: options.Lang = None,
    json: options.Json = False,
) -> None:
    """List the standing alerts of a database, or all records.

    A table; with --json the records as JSON lines: standing ones by id, --records in log order.

    A shadow rule decides and does not alert; --shadow lists what it found, in the same form. Its alerts are none: no
    other command knows their ids.

    Example: weiguard alerts --level critical --rule 'COL-*' --key account=A1

    Example: weiguard alerts --shadow --rule COL-01
    """
    from monitoring.filtering import Filters
    from weiguard.listing import list_alerts
    from weiguard.settings import settings_from

    filters = Filters.of({"rules": rule, "levels": level, "states": state}, key, since, until)
    settings = settings_from({"db": db, "tenant": tenant, "lang": lang})
    list_alerts(filters, settings, records=records, shadow=shadow, json=json)
