"""`weiguard correct`: fold the events that came too late."""

from __future__ import annotations

from typing import Annotated

import typer

from weiguard import options


def correct(  # noqa: PLR0913  # one parameter an option
    *,
    by: options.By = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; stands in the log.")] = "",
    db: options.Database = None,
    tenant: options.Tenant = None,
    rules: options.Rules = None,
    only: options.Only = None,
    audit_key: options.AuditKey = None,
    lang: options.Lang = None,
    json: options.Json = False,
) -> None:
    """Fold the late events of a database and write the corrections.

    Without --tenant, of every tenant.

    Example: weiguard correct --by zhang.san --reason 'bill of March imported'
    """
    from weiguard.correcting import run_correction
    from weiguard.settings import settings_from

    flags = {"db": db, "tenant": tenant, "rules": rules, "only": only, "lang": lang, "audit_key": audit_key}
    raise typer.Exit(run_correction(by, reason, settings_from(flags), json=json))
