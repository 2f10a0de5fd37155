"""Golden sessions: what people type and what they read, word for word.

$ weiguard the call
what it writes to standard output
! what it writes to stderr
[2]

`python -m tests.weiguard.sessions` writes all of them anew, for the difference to be read before it is kept. The last
line of a call is its status, where it is not 0. Hashes of rule sets, the day of a new limit and the path of
the folder are left out.
"""

from __future__ import annotations

import contextlib
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.weiguard.calling import COMMAND, Called, environment

GOLDEN = Path(__file__).parent.parent / "golden" / "cli"
_REVIEWED = re.compile(r"(reviewed: )\d{4}-\d\d-\d\d(?=\})")
_HASH = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call and what it wrote."""

    call: str
    words: str

    @property
    def arguments(self) -> list[str]:
        """What stands behind `weiguard`."""
        return shlex.split(self.call)[1:]


def exchanges(name: str) -> Iterator[Exchange]:
    """Read a session."""
    text = (GOLDEN / name).read_text(encoding="utf-8")
    for section in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        call, _, words = section.partition("\n")
        yield Exchange(call, words.rstrip("\n"))


def words_of(done: Called) -> str:
    """Return what a call wrote as a session shows it."""
    lines = [line.rstrip() for line in done.out.splitlines()]
    lines += [f"! {line}".rstrip() for line in done.err.splitlines()]
    if done.status:
        lines.append(f"[{done.status}]")
    text = "\n".join(lines).replace(f"{Path.cwd()}/", "")
    return _REVIEWED.sub(r"\1…", _HASH.sub("sha256:…", text)).rstrip("\n")


def workplace(folder: Path, weiguard: Callable[..., Called]) -> None:
    """Put rules and events into a folder, which must be the working directory, and make a database of both."""
    shutil.copytree(GOLDEN, folder, dirs_exist_ok=True)
    assert weiguard("run", "events.jsonl", "--rules", "mine", "--db", "shop.db").status == 0


def replayed(name: str, weiguard: Callable[..., Called]) -> str:
    """Make all calls of a session and return it as it would be written now."""
    return (
        "\n\n".join(f"$ {each.call}\n{words_of(weiguard(*each.arguments))}" for each in exchanges(name))
        + "\n"
    )


def _in_a_process(*arguments: str) -> Called:
    done = subprocess.run(
        [*COMMAND, *arguments], env=environment(), capture_output=True, text=True, check=False
    )
    return Called(done.returncode, done.stdout, done.stderr)


def _rewrite() -> None:
    for path in sorted(
        GOLDEN.glob("*.txt")
    ):  # Each in a place of its own: a session may change what it finds.
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            workplace(Path(folder), _in_a_process)
            path.write_text(replayed(path.name, _in_a_process), encoding="utf-8")


if __name__ == "__main__":
    _rewrite()
