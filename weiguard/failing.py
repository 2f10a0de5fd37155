"""How a command ends when something is wrong: one clear paragraph on stderr and a status, never a traceback.

Statuses: 0 done, 1 a check found something, 2 the call or its input as a whole is wrong, 3 Kafka was lost,
130 interrupted.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Final, ParamSpec, TypeVar

import typer

from rules.problems import RuleProblems
from streams.refusing import RefusedError

Given = ParamSpec("Given")
Result = TypeVar("Result")
FOUND: Final = 1
WRONG: Final = 2
LOST: Final = 3
INTERRUPTED: Final = 130
_INTERNAL: Final = 70  # An internal error: neither the call nor its input is to blame.


def say(text: str) -> None:
    """Write a line for people to stderr."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201  # this is where people are spoken to


@contextmanager
def clear_endings() -> Iterator[None]:
    """Turn what stops a command into a paragraph and a status."""
    try:
        yield
    except RefusedError as error:
        say(f"weiguard: {error}")
        sys.exit(WRONG)
    except RuleProblems as error:
        say(str(error))
        say(f"weiguard: {counted(len(error.problems), 'problem')} in the rules; nothing was decided")
        sys.exit(WRONG)
    except BrokenPipeError:
        _let_go_of_output()  # Whoever read it has enough.
        sys.exit(0)
    except OSError as error:
        # A disk that is full or fails, or a file that went away: where we write or read, not what we do.
        place = f"{error.filename}: " if error.filename else ""
        say(
            f"weiguard: {place}found “{(error.strerror or str(error)).lower()}”; "
            "expected a place that can be read and written; make room or name another, and call it again"
        )
        _let_go_of_output()
        sys.exit(WRONG)
    except KeyboardInterrupt:
        say("weiguard: interrupted")
        sys.exit(INTERRUPTED)
    except typer.Exit:
        raise
    except Exception as error:  # noqa: BLE001  # the last resort: no traceback reaches a user
        if os.environ.get("WEIGUARD_DEBUG") == "1":
            traceback.print_exc()
        last = traceback.extract_tb(error.__traceback__)[-1]
        what = traceback.format_exception_only(error)[-1].strip()
        say(
            f"weiguard: internal error: {what} ({os.path.basename(last.filename)}:{last.lineno}); "  # noqa: PTH119
            "this is a mistake in weiguard, please report it; WEIGUARD_DEBUG=1 shows the whole trace"
        )
        sys.exit(_INTERNAL)


def _let_go_of_output() -> None:
    """Send what is left for stdout nowhere: to write it once more at exit would fail again, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def ending_clearly(command: Callable[Given, Result]) -> Callable[Given, Result]:
    """Let a command end clearly before the framework sees its exceptions, of which it knows some by its own rules."""

    @wraps(command)
    def ending(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        with clear_endings():
            result = command(*args, **kwargs)
            sys.stdout.flush()
            return result

    return ending


def counted(number: int, noun: str) -> str:
    """Return `1 problem`, `2 problems`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
