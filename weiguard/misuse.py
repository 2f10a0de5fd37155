"""A wrong call in one paragraph: what was found, what was expected, and where help stands.

The framework tells a mistake over three lines and in words of its own; here it reads as every other refusal does.
"""

from __future__ import annotations

import re
from typing import Any, Final

import typer

from rules.suggesting import did_you_mean

_EXTRA: Final = re.compile(r"Got unexpected extra argument.*?\((?P<given>[^()]*)\)\Z")
_LONE: Final = re.compile(r"Option '(?P<option>[^']*)' requires an argument")


def misuse(error: typer.TyperException) -> str:
    """Return the paragraph for a mistake in a call; the help where a call says nothing at all."""
    context = getattr(error, "ctx", None)
    if error.message.startswith("Usage:"):
        return error.message
    path = context.command_path if context is not None else "weiguard"
    return f"{path}: {'; '.join(part for part in _parts(error, context) if part)} (`{path} --help` says more)"


def _parts(error: typer.TyperException, context: Any) -> list[str]:
    """Return what was found, what was expected and the way out, each perhaps empty."""
    parameter = getattr(error, "param", None)
    if parameter is not None:
        return _of_parameter(error, parameter)
    if context is not None and hasattr(error, "possibilities"):
        given = str(getattr(error, "option_name", ""))
        return _unknown(given, given, [name for each in context.command.params for name in each.opts])
    if context is not None and error.message.startswith("No such command"):
        given = error.message.split("'")[1]
        return _unknown(f"the command {given}", given, list(context.command.commands))
    if extra := _EXTRA.match(error.message):
        return [f"found {extra['given']}", "expected nothing more"]
    if lone := _LONE.match(error.message):
        return [f"found {lone['option']} at the end", "expected its value behind it"]
    return [error.format_message().rstrip(".")]


def _unknown(found: str, given: str, known: list[str]) -> list[str]:
    expected = f"expected one of {', '.join(known)}" if known else "expected a command"
    return [f"found {found}", expected, did_you_mean(given, known)]


def _of_parameter(error: typer.TyperException, parameter: Any) -> list[str]:
    """Say that a value is missing, or what is wrong with it."""
    name = (
        parameter.opts[0] if parameter.param_type_name == "option" else parameter.metavar or parameter.opts[0]
    )
    if not error.message:
        meaning = (parameter.help or "a value").rstrip(".")
        return [f"found no {name}", f"expected {meaning[:1].lower()}{meaning[1:]}"]
    message = error.message.removeprefix("Value error, ").rstrip(".")
    return [f"{name}: {message.replace('Input should be', 'expected')}"]
