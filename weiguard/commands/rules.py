"""`weiguard rules`: look at the rule set, check it, test it, and try expressions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from weiguard import options
from weiguard.failing import ending_clearly

app = typer.Typer(
    help="The rule set: list, show, check, test, diff, new, docs, hash, eval.",
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
    rules: options.Rules = None,
    lang: options.Lang = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 where there is a warning.")] = False,
    json: options.Json = False,
) -> None:
    """Check rule files and show all problems at once.

    Each with its place and the way out. Exits with 1 where there are any. What is allowed and probably not meant is
    warned of on stderr: a level that never holds or that another hides, a limit that nothing reads, memory without end.

    Example: weiguard rules check my-rules
    """
    from weiguard import ruling
    from weiguard.settings import settings_from

    raise typer.Exit(
        ruling.check_rules(settings_from({"rules": folder or rules, "lang": lang}), strict=strict, json=json)
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
