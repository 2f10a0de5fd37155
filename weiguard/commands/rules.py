"""`weiguard rules`: look at the rule set, check it, test it, and try expressions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from weiguard import options
from weiguard.failing import ending_clearly

app = typer.Typer(
    help="The rule set: list, show, check, test, diff, new, docs, hash, eval, override, suppress.",
    epilog="Example: weiguard rules check my-rules",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
@ending_clearly
def list_(
    *,
    rules: options.Rules = None,
    only: options.Only = None,
    lang: options.Lang = None,
    json: options.Json = False,
) -> None:
    """List the rules.

    Example: weiguard rules list --only 'COL-*' --json
    """
    from weiguard import ruling
    from weiguard.settings import settings_from

    ruling.list_rules(settings_from({"rules": rules, "only": only, "lang": lang}), json=json)


@app.command()
@ending_clearly
def show(
    id: Annotated[str, typer.Argument(metavar="ID", help="A rule's id.")],
    *,
    rules: options.Rules = None,
    lang: options.Lang = None,
    json: options.Json = False,
) -> None:
    """Show one rule as people read it.

    What it counts, its levels and limits with their sources, its words in both languages, and its tests.

    Example: weiguard rules show COL-01
    """
    from weiguard import ruling
    from weiguard.settings import settings_from

    ruling.show_rule(id, settings_from({"rules": rules, "lang": lang}), json=json)


@app.command()
@ending_clearly
def check(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="A folder of rule files. Default: as --rules.")
    ] = None,
    *,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against", metavar="DIR", help="The rules that these will replace in a running engine."
        ),
    ] = None,
    rules: options.Rules = None,
    lang: options.Lang = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 where there is a warning.")] = False,
    json: options.Json = False,
) -> None:
    """Check rule files and show all problems at once.

    Each with its place and the way out. Exits with 1 where there are any. With --against, a rule whose windows are
    defined otherwise than there has to say how it migrates. What is allowed and probably not meant is
    warned of on stderr: a level that never holds or that another hides, a limit that nothing reads, memory without end.

    Example: weiguard rules check my-rules
    """
    from weiguard import ruling
    from weiguard.settings import settings_from

    raise typer.Exit(
        ruling.check_rules(
            settings_from({"rules": folder or rules, "lang": lang}), against, strict=strict, json=json
        )
    )


@app.command("test")
@ending_clearly
def run_tests(
    patterns: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATTERN", help="Rule ids, such as COL-01 or 'COL-*'. Default: all."),
    ] = None,
    *,
    watch: Annotated[
        bool, typer.Option("--watch", help="Run them anew whenever a rule file changes, until Ctrl-C.")
    ] = False,
    rules: options.Rules = None,
    json: options.Json = False,
) -> None:
    """Run the tests written inside the rule files.

    Exits with 1 where one fails, and shows what came instead of what was expected.

    Example: weiguard rules test 'COL-*' TAX-01 --watch
    """
    from weiguard import testing
    from weiguard.settings import settings_from

    work = testing.keep_testing if watch else testing.run_tests
    raise typer.Exit(work(patterns or [], settings_from({"rules": rules}), json=json))


@app.command()
@ending_clearly
def diff(
    folders: Annotated[
        list[Path],
        typer.Argument(
            metavar="[OLD] NEW", help="Folders of rule files. Without OLD: the shipped catalogue."
        ),
    ],
    *,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 1 where there is a difference.")
    ] = False,
    lang: options.Lang = None,
    json: options.Json = False,
) -> None:
    """Say in words what one rule set changes in another: what was OLD, then what is NEW.

    Rules and their parts, limits and who reads them, terms of lists; of tests only how many. Layout, quotes, comments
    and the order of rules are no difference.

    Example: weiguard rules diff rules-2025 rules-2026
    """
    from weiguard import diffing
    from weiguard.settings import settings_from

    raise typer.Exit(
        diffing.compare_rules(folders, settings_from({"lang": lang}), json=json, exit_code=exit_code)
    )


@app.command()
@ending_clearly
def new(
    id: Annotated[str, typer.Argument(metavar="ID", help="The new rule's id, such as TAK-01.")],
    *,
    pack: Annotated[
        str | None,
        typer.Option(
            "--pack", help="The pack it goes into. Default: the one that has such ids, or a new one."
        ),
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(
            "--like", metavar="RULE", help="Start from a copy of this rule, yours or a shipped one."
        ),
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option(
            "--rules",
            metavar="DIR",
            help="Your folder of rule files, made where it is not there; - only prints.",
        ),
    ] = None,
) -> None:
    """Start a rule in a folder of your own, which may be empty or not yet there.

    A whole rule, with limits and tests: it holds together and its tests pass, so that each change can be tried at once.
    With --like the limits and term lists that the other rule reads come along.

    Example: weiguard rules new TAK-01 --rules my-rules
    """
    from weiguard import beginning
    from weiguard.settings import settings_from

    beginning.begin_rule(beginning.Wish(id, pack, like), settings_from({"rules": rules}))


@app.command("docs")
@ending_clearly
def docs(
    *,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder to write into; it is made.")],
    form: Annotated[
        Literal["md", "html"], typer.Option("--format", help="Markdown, or HTML that stands by itself.")
    ] = "md",
    rules: options.Rules = None,
    lang: options.Lang = None,
) -> None:
    """Write the reference of the rule set.

    An index, a page for each pack and rule with its limits, sources and tests as examples, and pages of all limits,
    functions and term lists. The same rules give the same bytes.

    Example: weiguard rules docs --out reference --format html --lang zh
    """
    import os

    from weiguard.reference.writing import write_reference
    from weiguard.settings import settings_from
    from weiguard.words import language

    settings = settings_from({"rules": rules, "lang": lang})
    write_reference(settings, out, form, settings.lang or language(os.environ))


@app.command("hash")
@ending_clearly
def hash_(*, rules: options.Rules = None) -> None:
    """Print the content hash of the rule set.

    It changes with anything that can change a decision or a word.

    Example: weiguard rules hash --rules my-rules
    """
    from weiguard import ruling
    from weiguard.settings import settings_from

    ruling.print_hash(settings_from({"rules": rules}))


@app.command("eval")
@ending_clearly
def eval_(
    expression: Annotated[
        str, typer.Argument(metavar="EXPR", help='An expression; - for JSON lines {"expr": …, "bind": {…}}.')
    ],
    *,
    bind: Annotated[
        str | None, typer.Option("--bind", metavar="JSON", help="Values of names, as a JSON object.")
    ] = None,
) -> None:
    """Evaluate an expression as a rule would.

    A bound value has the type of its JSON; durations come out as "3600s", instants as RFC 3339. With - each line of
    standard input is answered by one line, {"value": …} or {"error": …}.

    Example: weiguard rules eval 'paid * 10 > 300' --bind '{"paid": 31}'
    """
    from weiguard import evaluating

    raise typer.Exit(
        evaluating.evaluate_all(bind) if expression == "-" else evaluating.evaluate_one(expression, bind)
    )


Author = Annotated[
    str | None, typer.Option("--author", metavar="NAME", help="Who decides. Default: the login name.")
]
Approver = Annotated[
    str, typer.Option("--approver", metavar="NAME", help="Who approves it: never the author.")
]
Since = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="From when. Default: the tenant's clock; without --db now."),
]
End = Annotated[
    str | None,
    typer.Option("--until", metavar="DAY", help="When it ends, a day or an instant. Default: never."),
]
Why = Annotated[str, typer.Option("--reason", help="Why; stands in the log.")]
Into = Annotated[
    Path | None,
    typer.Option("--db", metavar="FILE", help="Decide it in this database. Default: write the event out."),
]
Of = Annotated[
    str | None, typer.Option("--tenant", help="Whose. Default: the database's only one, or default.")
]


@app.command()
@ending_clearly
def override(  # noqa: PLR0913  # one parameter an option
    limit: Annotated[str, typer.Argument(metavar="LIMIT", help="The limit's name.")],
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="Its value, as the rule files write it: 4000000, 10m, 0.5.")
    ],
    *,
    approver: Approver,
    author: Author = None,
    account: Annotated[str | None, typer.Option("--account", help="Only for this account.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Only for this owner's accounts.")] = None,
    since: Since = None,
    until: End = None,
    reason: Why = "",
    tenant: Of = None,
    db: Into = None,
    rules: options.Rules = None,
    only: options.Only = None,
    audit_key: options.AuditKey = None,
    lang: options.Lang = None,
) -> None:
    """Override a limit for a tenant, an account or an owner.

    An event of its own, approved by somebody else than the author. It holds from its time on, whenever it comes; the
    newest of a limit and scope counts, so one that ends at once (--until the time of --from) takes it back.

    Example: weiguard rules override personal_daily 4000000 --author li --approver wang --until 2026-07-01 --db shop.db
    """
    from weiguard import deciding
    from weiguard.settings import settings_from

    flags = {"rules": rules, "only": only, "tenant": tenant, "audit_key": audit_key, "lang": lang}
    settings = settings_from(flags)
    signed = deciding.Signed(author, approver, reason, since, until)
    deciding.override(limit, value, {"account": account, "owner_id": owner}, signed, settings, db)


@app.command()
@ending_clearly
def suppress(  # noqa: PLR0913  # one parameter an option
    rule: Annotated[
        str,
        typer.Argument(metavar="RULE", help="A rule's id, or a pattern such as 'COL-*' for a whole pack."),
    ],
    *,
    approver: Approver,
    author: Author = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            "--key",
            metavar="NAME=VALUE",
            help="Only alerts of this key, such as account=A1; repeatable. Default: all.",
        ),
    ] = None,
    since: Since = None,
    until: End = None,
    end: Annotated[bool, typer.Option("--end", help="End the suppression of this RULE and key.")] = False,
    reason: Why = "",
    tenant: Of = None,
    db: Into = None,
    rules: options.Rules = None,
    only: options.Only = None,
    audit_key: options.AuditKey = None,
    lang: options.Lang = None,
) -> None:
    """Keep the alerts of a rule silent: of a key, or all of them, which switches the rule or pack off.

    An event of its own, approved by somebody else than the author. Rules are decided all the same; what crosses a level
    in that time is not said, and what was said of that time already is retracted. Rules that watch this one are told.

    Example: weiguard rules suppress COL-01 --key account=A1 --author li --approver wang --until 2026-07-01 --db shop.db
    """
    from weiguard import deciding
    from weiguard.settings import settings_from

    flags = {"rules": rules, "only": only, "tenant": tenant, "audit_key": audit_key, "lang": lang}
    settings = settings_from(flags)
    signed = deciding.Signed(author, approver, reason, since, until)
    deciding.suppress_alerts(rule, deciding.key_of(key or []), signed, settings, db, end=end)
