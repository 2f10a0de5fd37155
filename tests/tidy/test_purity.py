"""The engine reads no clock, no chance and no environment, and does no I/O: a replay gives the same bytes."""

from __future__ import annotations

import pytest

from tests.tidy.purity import impurities
from tests.tidy.tree import ROOT, python_files


def test_the_engine_is_pure() -> None:
    files = python_files("engine")
    assert files, "the engine has moved"
    found = [line for path in files for line in impurities(path.read_text(), str(path.relative_to(ROOT)))]
    assert found == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import time", ["1: time is a clock"]),
        ("import time as t", ["1: time is a clock"]),
        ("from time import monotonic", ["1: time is a clock"]),
        ("def f():\n    import random", ["2: random is chance"]),
        ("import uuid, secrets", ["1: secrets is chance", "1: uuid is chance"]),
        ("import os.path", ["1: os reads the environment"]),
        ("from os import environ", ["1: os reads the environment"]),
        ("import datetime\ndatetime.datetime.now()", ["2: datetime.datetime.now is a clock"]),
        ("import datetime as dt\ndt.datetime.now(dt.UTC)", ["2: datetime.datetime.now is a clock"]),
        ("from datetime import datetime as D\nD.utcnow()", ["2: datetime.datetime.utcnow is a clock"]),
        ("from datetime import date\nf(default=date.today)", ["2: datetime.date.today is a clock"]),
        ("x.astimezone()", ["1: astimezone uses the zone of the machine"]),
        ("D.fromtimestamp(0)", ["1: fromtimestamp uses the zone of the machine"]),
        ("open('f')", ["1: open touches files"]),
        ("print(1)", ["1: print writes"]),
        ("input()", ["1: input talks to others"]),
        ("hash('a')", ["1: hash differs from one process to the next"]),
        ("sorted(xs, key=hash)", ["1: hash differs from one process to the next"]),
        ("class A:\n    hash: str\n\nhash(A)", ["4: hash differs from one process to the next"]),
        ("import io\nio.open('f')", ["2: io.open touches files"]),
        ("from io import FileIO", ["1: io.FileIO touches files"]),
        ("from sys import argv", ["1: sys.argv reads the environment"]),
        ("import sys\nsys.argv", ["2: sys.argv reads the environment"]),
        ("__import__('time')", ["1: __import__ hides what is imported"]),
    ],
)
def test_what_is_not_pure_is_found(source: str, found: list[str]) -> None:
    lines = impurities(source, "f.py")
    assert sorted(set(lines)) == [f"f.py:{line}" for line in found]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("clock.now\nclock.now()", id="the tenant's own clock"),
        pytest.param("def f(hash, time):\n    return hash, time", id="parameters with such names"),
        pytest.param("event.time, event.open, event.hash()", id="fields with such names"),
        pytest.param("from datetime import datetime\ndatetime.fromisoformat(text)", id="parsing"),
        pytest.param(
            "x.astimezone(zone)\nD.fromtimestamp(0, zone)\nD.fromtimestamp(0, tz=zone)", id="a given zone"
        ),
        pytest.param("from engine.time import micros", id="a module of our own"),
        pytest.param("import sys\nsys.intern(name)", id="the harmless rest of a module"),
        pytest.param("import io\nio.BytesIO(raw)", id="files in memory"),
        pytest.param("# import time", id="a comment"),
    ],
)
def test_what_is_pure_is_let_through(source: str) -> None:
    assert impurities(source, "f.py") == []
