"""`rules eval`: one expression from the command line, or many from standard input as JSON lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

from rules.evaluating import Outcome, evaluate
from streams.refusing import RefusedError
from weiguard.failing import FOUND, say

_LONGEST = 1 << 20  # Bytes of one line.


def evaluate_one(source: str, bind: str | None) -> int:
    """Write the value as JSON, or the error to stderr; return the status. Raises RefusedError for a bad binding."""
    try:
        values = _read(bind) if bind is not None else {}
    except ValueError as error:
        raise RefusedError("--bind", repr(bind), "a JSON object of names and values", str(error)) from None
    outcome = evaluate(source, values)
    if outcome.error is not None:
        say(outcome.error)
        return FOUND
    sys.stdout.write(json.dumps(outcome.value) + "\n")
    return 0


def evaluate_all(bind: str | None) -> int:
    """Answer each line of standard input with one line; a bad line gets an error and the others go on.

    Raises RefusedError where values are bound outside the lines, as nothing would read them.
    """
    if bind is not None:
        raise RefusedError(
            "--bind", "values beside -", "values in each line", 'write {"expr": …, "bind": {…}}'
        )
    for line in _lines(sys.stdin.buffer):
        sys.stdout.write(json.dumps(_answer(line)) + "\n")
        sys.stdout.flush()
    return 0


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a stream; of one that is too long only so much that it is seen to be."""
    while line := stream.readline(_LONGEST + 1):
        yield line
        while len(line) > _LONGEST and not line.endswith(b"\n"):
            line = stream.readline(_LONGEST + 1)


def _answer(line: bytes) -> dict[str, Any]:
    try:
        asked = _read(line)
    except ValueError as error:
        return {"error": f"cannot read the line: {error}"}
    source, bind = asked.get("expr"), asked.get("bind", {})
    if not isinstance(source, str) or not isinstance(bind, dict):
        return {"error": 'cannot read the line: expected {"expr": text, "bind": {name: value}}'}
    outcome: Outcome = evaluate(source, bind)
    return {"value": outcome.value} if outcome.error is None else {"error": outcome.error}


def _read(text: str | bytes) -> dict[str, Any]:
    """Read a JSON object strictly; raises ValueError with the reason."""
    if len(text) > _LONGEST:
        raise ValueError(f"it is longer than {_LONGEST:,} bytes")
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    if not isinstance(value, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004  # the caller tells one kind of mistake
    return value


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
