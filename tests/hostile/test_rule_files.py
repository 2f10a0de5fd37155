"""Rule files that somebody bent: they load and run, or every problem is told where it stands; never anything else."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.fold import Engine
from rules.loading import SHIPPED
from rules.model import RuleSet
from rules.planning.compiling import compile_rules
from tests.hostile.bending import SPLINTERS
from tests.hostile.rule_folders import told, written
from tests.logs.making import make_log

SEEDS = st.integers(0, 1_000_000)
SAMPLE: Final = Path(__file__).parents[1] / "golden" / "rules" / "base"
PACKS: Final = sorted((SHIPPED / "catalog").glob("*.yaml"))
LIMITS: Final = sorted((SHIPPED / "limits").glob("*.yaml"))

_WORDS: Final = (
    "null", "~", "{}", "[]", "''", "true", "-1", "1e999", ".inf", ".nan", "9" * 30, "0x10", "2026-02-30", "\x00",
    "event.amount_fen", "event.zzz", "limit.zzz", "account.kind", "size(event.text)", "1/0", "1 % 0", "'a' + 1",
    "event.text.matches('(a+)+$')", "has(event.fee_fen)", "[1,2].map(x, x)", "duration('1s')", "timestamp('x')",
    "day", "year", "-5d", "99999999999d", "{collected|yuan}", "{zzz}", "{", "}", "{{", "(((((", "COL-01", "critical",
    "on: x", "over: day", "per: [account, owner]", "lexicon('zzz')", "购", "\u202e", "|", ">", "*", "&a", "%", "@", "`",
)  # fmt: skip
# Half a surrogate pair is a case of its own: test_rule_bombs.py.
_SPLINTERS: Final = [piece.decode("utf-8", "replace") for piece in SPLINTERS if not piece.startswith(b"\\ud")]
_STARTS: Final = (" ", "  ", "\t", "- ", "&a ", "*a ", "!!python/object ", "<<: ", "? ", "# ")
# What can be another number, comparison or word of the language without breaking the file.
_TURNED: Final = re.compile(
    r"(?<=[ (])(\d+[smhd]?|day|week|month|year|>=|<=|>|<|==|&&|\|\||sum|count|max|min)(?=[ ,)}\n])"
)
_TURNS: Final = (
    "0", "1", "-1", "7", "1000000", "9007199254740991", "9223372036854775807", "0.5", "1s", "24h", "30d", "day", "week",
    "month", "quarter", "year", ">=", "<=", ">", "<", "==", "!=", "&&", "||", "+", "-", "*", "/", "%", "sum", "count",
    "max", "min", "distinct", "median", "last",
)  # fmt: skip


def _swapped(text: str, rng: random.Random, by: str) -> str:
    parts = text.split(by)
    one, two = rng.randrange(len(parts)), rng.randrange(len(parts))
    parts[one], parts[two] = parts[two], parts[one]
    return by.join(parts)


def _lines_swapped(text: str, rng: random.Random) -> str:
    return _swapped(text, rng, "\n")


def _words_swapped(text: str, rng: random.Random) -> str:
    return _swapped(text, rng, " ")


def _line_gone(text: str, rng: random.Random) -> str:
    lines = text.split("\n")
    del lines[rng.randrange(len(lines))]
    return "\n".join(lines)


def _line_twice(text: str, rng: random.Random) -> str:
    lines = text.split("\n")
    at = rng.randrange(len(lines))
    return "\n".join([*lines[:at], lines[at], *lines[at:]])


def _started_otherwise(text: str, rng: random.Random) -> str:
    lines = text.split("\n")
    at = rng.randrange(len(lines))
    lines[at] = rng.choice(_STARTS) + lines[at]
    return "\n".join(lines)


def _word_changed(text: str, rng: random.Random) -> str:
    words = text.split(" ")
    words[rng.randrange(len(words))] = rng.choice(_WORDS)
    return " ".join(words)


def _characters(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text))
    piece = rng.choice((*_SPLINTERS, "", "\n", text[at : at + 30]))
    return text[:at] + piece + text[at + rng.choice((0, 0, 1, 5)) :]


_BENDS: Final[tuple[Callable[[str, random.Random], str], ...]] = (
    _lines_swapped, _words_swapped, _line_gone, _line_twice, _started_otherwise, _word_changed, _word_changed,
    _characters,
)  # fmt: skip


def bent(text: str, rng: random.Random) -> str:
    """Return the text of a file after one to five bends."""
    for _ in range(rng.choice((1, 1, 2, 5))):
        text = rng.choice(_BENDS)(text, rng) if text else text
    return text


def turned(text: str, rng: random.Random) -> str:
    """Return the text of a file with one number, comparison or word another, so that it may well still load."""
    match = rng.choice(list(_TURNED.finditer(text)))
    return text[: match.start()] + rng.choice(_TURNS) + text[match.end() :]


def shipped_limits(folder: Path) -> Path:
    """Copy the shipped limits and term lists into a folder, so that a pack can be loaded there by itself."""
    for path in LIMITS:
        shutil.copy(path, folder / f"limits_{path.name}")
    shutil.copytree(SHIPPED / "lexicons", folder / "lexicons")
    return folder


@given(seed=SEEDS)
def test_bent_packs_of_the_catalogue(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    rng = random.Random(seed)
    path = rng.choice(PACKS)
    folder = shipped_limits(tmp_path_factory.mktemp("rules"))
    told(written(folder, bent(path.read_text(encoding="utf-8"), rng), path.name))


@given(seed=SEEDS)
def test_bent_files_of_the_sample(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Packs, limits and lexicons, all of them."""
    rng = random.Random(seed)
    folder = tmp_path_factory.mktemp("rules")
    for path in SAMPLE.iterdir():
        text = path.read_text(encoding="utf-8")
        written(folder, bent(text, rng) if rng.random() < 0.6 else text, path.name)
    told(folder)


@given(raw=st.binary(max_size=400))
def test_any_bytes(raw: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert not isinstance(told(written(tmp_path_factory.mktemp("rules"), raw)), RuleSet)


# Each example loads a pack five times and decides a log.
@settings(max_examples=settings().max_examples // 4)
@given(seed=SEEDS)
def test_what_still_loads_compiles_and_decides(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    rng = random.Random(seed)
    path = rng.choice(PACKS)
    folder = shipped_limits(tmp_path_factory.mktemp("rules"))
    text = path.read_text(encoding="utf-8")
    for _ in range(4):  # Many a turn is refused; go on from the last text that was not.
        trial = turned(text, rng)
        text = trial if isinstance(told(written(folder, trial, path.name)), RuleSet) else text
    ruleset = told(written(folder, text, path.name))
    assert isinstance(ruleset, RuleSet), "it loaded before"
    engine = Engine(compile_rules(ruleset))
    for line in make_log(seed, 40):
        engine.feed(msgspec.json.encode(line))
    assert engine.tally.inputs == sum(engine.tally.by_disposition().values())
