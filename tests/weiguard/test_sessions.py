"""The words of the command line, pinned: help, refusals, rule pages, lists and explanations."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.weiguard.conftest import Weiguard
from tests.weiguard.sessions import GOLDEN, exchanges, replayed, workplace

SESSIONS = sorted(path.name for path in GOLDEN.glob("*.txt"))


@pytest.fixture
def shop(weiguard: Weiguard, tmp_path: Path) -> Weiguard:
    """Return what calls weiguard in a folder with rules, events and a database made of both."""
    workplace(tmp_path, weiguard)
    return weiguard


@pytest.mark.parametrize("name", SESSIONS)
def test_a_session_reads_as_it_always_has(name: str, shop: Weiguard) -> None:
    assert replayed(name, shop) == (GOLDEN / name).read_text(encoding="utf-8")


def test_every_command_has_its_help_pinned() -> None:
    from weiguard.cli import app  # noqa: PLC0415  # as late as its users load it
    from weiguard.commands import rules  # noqa: PLC0415  # likewise

    called = {each.call for each in exchanges("help.txt")}
    names = {command.name for command in app.registered_commands}
    assert called >= {f"weiguard {name} --help" for name in names}
    for command in rules.app.registered_commands:
        assert command.callback is not None
        assert f"weiguard rules {command.name or command.callback.__name__} --help" in called


def test_every_help_has_an_example() -> None:
    for each in exchanges("help.txt"):
        assert "Example: weiguard " in each.words, each.call
