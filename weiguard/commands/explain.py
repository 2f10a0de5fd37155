"""`weiguard explain`: why an alert was raised."""

from __future__ import annotations

from typing import Annotated

import typer

from weiguard import options


def explain(
    alert: Annotated[
        str,
        typer.Argument(metavar="ALERT", help="The alert's id, or as much of its beginning as no other has."),
    ],
    *,
    db: options.Database = None,
    lang: options.Lang = None,
    json: options.Json = False,
) -> None:
    """Say why an alert was raised.

    Its rule, values and limits, each of its records, and the events behind them, all from the database.

    Example: weiguard explain a_17be2949
    """
    from weiguard.explaining import show_explained
    from weiguard.settings import settings_from

    show_explained(alert, settings_from({"db": db, "lang": lang}), json=json)
