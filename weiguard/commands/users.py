"""`weiguard users`: who may log in to the web console."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from streams.refusing import RefusedError
from weiguard.failing import ending_clearly

app = typer.Typer(
    help="Users of the web console of `weiguard run --listen`: add, list, remove, passwd. The file keeps only hashes.",
    epilog="Example: weiguard users add li.wei --role risk --users users.json",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class RoleName(StrEnum):
    """What a user may do."""

    OPERATOR = "operator"
    RISK = "risk"
    COMPLIANCE = "compliance"
    AUDITOR = "auditor"
    ADMIN = "admin"


_FILE: Final = Path("weiguard-users.json")
File: TypeAlias = Annotated[
    Path, typer.Option("--users", metavar="FILE", help="The file that `weiguard run --users` reads.")
]
Name: TypeAlias = Annotated[
    str, typer.Argument(metavar="NAME", help="Who it is; stands in the log beside what they do.")
]
Stdin: TypeAlias = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the first line of standard input.")
]


@app.command()
@ending_clearly
def add(
    name: Name,
    *,
    role: Annotated[
        RoleName,
        typer.Option(
            "--role",
            help="operator: alerts, and acts on them; risk: rules and quarantine too; compliance: AML and audit too; "
            "auditor: all alerts, rules and the audit log, no acts; admin: users, rules, quarantine, alerts but AML.",
        ),
    ],
    password_stdin: Stdin = False,
    users: File = _FILE,
) -> None:
    """Let somebody log in. The password is asked for on the terminal, twice and without echo.

    A server that runs takes the user with its next request.

    Example: weiguard users add li.wei --role compliance
    """
    from monitoring.web.console import users as kept

    kept.add(users, name, role.value, _password(from_stdin=password_stdin))


@app.command("list")
@ending_clearly
def list_(*, users: File = _FILE) -> None:
    """List the users and their roles.

    Example: weiguard users list --users users.json
    """
    from monitoring.web.console import users as kept

    for each in kept.listed(users):
        sys.stdout.write(f"{each.name}  {each.role}\n")


@app.command()
@ending_clearly
def remove(name: Name, *, users: File = _FILE) -> None:
    """Take a user away: a server that runs logs them out with their next request.

    Example: weiguard users remove li.wei
    """
    from monitoring.web.console import users as kept

    kept.remove(users, name)


@app.command()
@ending_clearly
def passwd(name: Name, *, password_stdin: Stdin = False, users: File = _FILE) -> None:
    """Give a user another password, and end what they have open.

    Example: weiguard users passwd li.wei
    """
    from monitoring.web.console import users as kept

    kept.check_known(users, kept.listed(users), name)
    kept.change(users, name, _password(from_stdin=password_stdin))


def _password(*, from_stdin: bool) -> str:
    """Return the password that somebody types. Raises RefusedError."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise RefusedError(
            "the password", "no terminal to ask for it", "one, or --password-stdin",
            "add --password-stdin and send it on standard input",
        )  # fmt: skip
    from getpass import getpass

    password = getpass("Password: ")
    if getpass("The same again: ") != password:
        raise RefusedError("the password", "two that differ", "the same twice", "type it again")
    return password
