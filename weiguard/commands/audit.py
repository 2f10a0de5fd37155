"""`weiguard audit`: keys, verification, proofs and publication of the audit log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from weiguard import options
from weiguard.commands.audit_query import query
from weiguard.failing import ending_clearly

app = typer.Typer(
    help="The audit log: keygen, verify, prove, replay, query, export, rotate, witness, erase.",
    epilog="Example: weiguard audit verify published --key audit.key.pub",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Keys: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option("--key", metavar="FILE", help="A public key; repeatable, for a log whose key was changed."),
]


@app.command()
@ending_clearly
def keygen(
    *,
    out: Annotated[
        Path,
        typer.Option("--out", metavar="FILE", help="Where the private key goes; FILE.pub is the public one."),
    ] = Path("weiguard-audit.key"),
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            metavar="NAME",
            help="The log's name, such as audit.example.cn/shop. Default: one drawn.",
        ),
    ] = None,
    witness: Annotated[
        bool, typer.Option("--witness", help="Make the key of a witness, who signs the log of another.")
    ] = False,
) -> None:
    """Make a key that signs an audit log.

    The private key can be read by you alone; give the public one to whoever is to verify the log. Keep the name when
    you make a key that is to take another's place.

    Example: weiguard audit keygen --name audit.example.cn/shop --out audit.key
    """
    from weiguard.audit_keys import make_keys

    make_keys(out, name, witness=witness)


@app.command()
@ending_clearly
def verify(  # one parameter an option
    subject: Annotated[
        str | None,
        typer.Argument(
            metavar="DIR|URL|DB|PROOF",
            help="A published log, a database, a .tlog-proof or a .completeness. Default: the database of --db.",
        ),
    ] = None,
    *,
    key: Keys = None,
    seen: Annotated[
        list[Path] | None,
        typer.Option(
            "--seen",
            metavar="FILE",
            help="A checkpoint kept from before, which the log must continue; repeatable.",
        ),
    ] = None,
    witness: Annotated[
        list[Path] | None,
        typer.Option(
            "--witness", metavar="FILE", help="The public key of a witness who must have signed; repeatable."
        ),
    ] = None,
    db: options.Database = None,
    lang: options.Lang = None,
    json: options.Json = False,
) -> None:
    """Verify an audit log: every entry, every tile, every checkpoint; exit with 1 where something does not hold.

    For a published log the public key is enough. Of a database it is also shown that the log says what the inputs and
    records say. Only a checkpoint of your own (--seen) shows that you were not given another log than others. A proof
    needs no log: a .tlog-proof shows that an alert is in it, a .completeness that it told nothing else on some days.

    Example: weiguard audit verify published --key audit.key.pub --seen checkpoint-of-last-month
    """
    from weiguard.audit_verifying import Order, run_verification
    from weiguard.settings import settings_from

    order = Order(subject, tuple(key or ()), tuple(seen or ()), json, tuple(witness or ()))
    raise typer.Exit(run_verification(order, settings_from({"db": db, "lang": lang})))


@app.command()
@ending_clearly
def prove(  # one parameter an option
    alert: Annotated[
        str,
        typer.Argument(metavar="ALERT", help="The alert's id, or as much of its beginning as no other has."),
    ],
    *,
    record: Annotated[
        int | None, typer.Option("--record", help="Which of its records. Default: the last.")
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", metavar="FILE", help="Where it goes; - for standard output. Default: ALERT.tlog-proof."
        ),
    ] = None,
    db: options.Database = None,
    audit_key: options.AuditKey = None,
) -> None:
    """Write a proof that an alert is in the audit log; it verifies offline, without the database.

    Example: weiguard audit prove a_17be2949 && weiguard audit verify a_17be2949….tlog-proof --key audit.key.pub
    """
    from weiguard.audit_publishing import write_proof
    from weiguard.settings import settings_from

    write_proof(alert, record, out, settings_from({"db": db, "audit_key": audit_key}))


@app.command()
@ending_clearly
def replay(  # one parameter an option
    alert: Annotated[
        str | None, typer.Argument(metavar="ALERT", help="An alert's id, or enough of its beginning.")
    ] = None,
    *,
    day: Annotated[
        str | None, typer.Option("--day", metavar="DAY", help="What was told on a day of the zone.")
    ] = None,
    tenant: Annotated[str | None, typer.Option("--tenant", help="One tenant's log.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="The whole log.")] = False,
    db: options.Database = None,
    lang: options.Lang = None,
    json: options.Json = False,
) -> None:
    """Decide the log again, by the rules of its time, and say whether each entry comes out as it stands there.

    Inputs are taken as they are stored, rules as the database kept them, each by its hash; exit with 1 where something
    comes out otherwise. That nobody changed the log is what `verify` shows.

    Example: weiguard audit replay a_17be2949
    """
    from weiguard.audit_replaying import Order, run_replay
    from weiguard.settings import settings_from

    order = Order(alert, day, tenant, everything, json)
    raise typer.Exit(run_replay(order, settings_from({"db": db, "lang": lang})))


app.command()(query)


@app.command()
@ending_clearly
def export(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where it goes; what is there of the same log is added to.")
    ],
    *,
    db: options.Database = None,
    audit_key: options.AuditKey = None,
    lang: options.Lang = None,
) -> None:
    """Write the audit log as a folder of static files, for any web server to publish.

    Example: weiguard audit export published
    """
    from weiguard.audit_publishing import write_export
    from weiguard.settings import settings_from

    write_export(folder, settings_from({"db": db, "audit_key": audit_key, "lang": lang}))


@app.command()
@ending_clearly
def rotate(  # noqa: PLR0913  # one parameter an option
    *,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="The private key that signs from now on.")],
    by: options.By = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; stands in the log.")] = "",
    audit_key: options.AuditKey = None,
    db: options.Database = None,
    rules: options.Rules = None,
    only: options.Only = None,
    lang: options.Lang = None,
) -> None:
    """Let another key sign the audit log from now on. The log says so, and both keys sign that it does.

    Example: weiguard audit rotate --audit-key old.key --to new.key --by zhang.san --reason 'yearly change'
    """
    from weiguard.audit_keys import rotate_key
    from weiguard.settings import settings_from

    flags = {"db": db, "rules": rules, "only": only, "lang": lang, "audit_key": audit_key}
    rotate_key(to, by, reason, settings_from(flags))


@app.command()
@ending_clearly
def erase(  # noqa: PLR0913  # one parameter an option
    subject: Annotated[
        str,
        typer.Argument(
            metavar="SUBJECT", help="A payer, contact, operator or account, written as events do."
        ),
    ],
    *,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why, naming nobody; stands in the log for good.")
    ],
    by: options.By = None,
    tenant: Annotated[
        str | None, typer.Option("--tenant", help="In one tenant. Default: wherever it is.")
    ] = None,
    audit_key: options.AuditKey = None,
    db: options.Database = None,
    lang: options.Lang = None,
    json: options.Json = False,
) -> None:
    """Destroy the key that a subject's personal values are sealed with, for good. The log says that it was done.

    Nobody can read them any more, in the database or in what was exported before; all proofs still hold. Copies of
    the database that were made before keep the key: erase there too, or destroy them.

    Example: weiguard audit erase wx-8821 --reason 'request 2026-114' --by wang
    """
    from weiguard.audit_erasing import run_erasure
    from weiguard.settings import settings_from

    flags = {"db": db, "lang": lang, "audit_key": audit_key, "tenant": tenant}
    run_erasure(subject, reason, by, settings_from(flags), json=json)


@app.command()
@ending_clearly
def retention(*, db: options.Database = None, lang: options.Lang = None, json: options.Json = False) -> None:
    """Show how long addresses can be read and the audit log is kept, by which law, and what has ended in a database.

    Addresses end by themselves while `weiguard run` decides, week by week. Settings: keep_addresses and keep_audit in
    weiguard.toml, or WEIGUARD_KEEP_ADDRESSES and WEIGUARD_KEEP_AUDIT.

    Example: WEIGUARD_KEEP_ADDRESSES=90d weiguard audit retention --db shop.db
    """
    from weiguard.audit_retaining import show_retention
    from weiguard.settings import settings_from

    show_retention(settings_from({"db": db, "lang": lang}), json=json)


@app.command()
@ending_clearly
def witness(
    subject: Annotated[str, typer.Argument(metavar="DIR|URL", help="A published log.")],
    *,
    key: Keys = None,
    witness_key: Annotated[
        Path, typer.Option("--witness-key", metavar="FILE", help="Your private key (`keygen --witness`).")
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="FILE", help="Where the checkpoint goes. What is there is what you signed last."
        ),
    ],
) -> None:
    """Sign the log of another as its witness: that it holds, and continues what you signed last.

    Keep FILE and sign from one place only. Whoever demands your signature (`verify --witness`) cannot be shown another
    history than you were.

    Example: weiguard audit witness https://example.cn/tlog --key log.pub --witness-key w.key --out checkpoint
    """
    from weiguard.audit_witnessing import Order, run_witness

    raise typer.Exit(run_witness(Order(subject, tuple(key or ()), witness_key, out)))
