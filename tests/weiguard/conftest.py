"""What tests of the command line share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeAlias

import pytest

from engine.program import Program
from rules.loading import SHIPPED, load
from rules.model import RuleSet
from rules.planning.compiling import compile_rules
from tests.weiguard.calling import Called, call, end_all
from weiguard import beginning, preparing

Weiguard: TypeAlias = Callable[..., Called]


@cache
def _shipped() -> RuleSet:
    return load()


def _load(folder: Path) -> RuleSet:
    """Load the shipped rules once for all calls."""
    return _shipped() if folder == SHIPPED else load(folder)


_programs: dict[tuple[str, int, tuple[str, ...]], Program] = {}


def _compile(rules: RuleSet, only: tuple[str, ...], archive: bytes | None) -> Program:
    """Compile what was compiled before only once."""
    key = (rules.hash, len(rules.packs), only)
    if key not in _programs:
        _programs[key] = compile_rules(rules, only, archive)
    return _programs[key]


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    """End what a test has started."""
    yield
    end_all()


@pytest.fixture
def weiguard(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> Weiguard:
    """Return what calls weiguard, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    for module in (preparing, beginning):
        monkeypatch.setattr(module, "load", _load)
    monkeypatch.setattr(preparing, "compile_rules", _compile)
    return lambda *arguments, **changed: call(monkeypatch, capfdbinary, *arguments, **changed)
