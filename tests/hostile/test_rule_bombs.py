"""Rule files made to break a reader: each loads, or is refused in words, in bounded time."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from rules.model import RuleSet
from rules.planning.compiling import compile_rules
from rules.problems import RuleProblems
from tests.hostile.rule_folders import PACK, RULE, pack_of, told, where, written

_LAUGHS: Final = "abcdefghijklmnopqrstuvw"

FILES: Final[dict[str, str | bytes]] = {
    "nothing": b"",
    "blanks": b" \n\n  \n",
    "a comment": b"# nothing\n",
    "a NUL": b"pack: p\x00\n",
    "only NULs": b"\x00" * 1_000,
    "UTF-16": "pack: p\n".encode("utf-16"),
    "broken UTF-8": b"pack: \xff\xfe\n",
    "a surrogate in UTF-8": b"pack: \xed\xa0\x80\n",
    "a surrogate by escape": 'pack: "\\ud800"\n',
    "a NUL by escape": 'pack: "a\\0b"\n',
    "a NUL by escape in a message": pack_of(message='"a\\0b"'),
    "a surrogate by escape in a message": pack_of(message='"\\ud83d"'),
    "a surrogate by escape in a title": PACK.replace("en: P", 'en: "\\udfff"')
    + RULE.replace("WHERE", "'true'"),
    "a surrogate by escape in an id": pack_of().replace("PAY-01", '"\\ud800"'),
    "a surrogate by escape as a key": pack_of().replace("source:", '"\\ud800":'),
    "a surrogate by escape in an expression": pack_of("\"event.payer_id == '\\ud800'\""),
    "a NUL by escape in an expression": pack_of("\"event.payer_id == '\\0'\""),
    "a NUL by escape behind an expression": pack_of('"true\\0"'),
    "a line separator by escape": pack_of('"true\\L || false"'),
    "tabs": "pack:\tp\n\ttitle: x\n",
    "a list": "- pack: p\n",
    "a scalar": "pack\n",
    "two documents": "pack: p\n---\npack: q\n",
    "a directive": "%YAML 1.1\n---\npack: p\n",
    "a directive that no version fits": "%YAML 9" + "9" * 5_000 + ".1\n---\npack: p\n",
    "a tag": "pack: !!python/object/apply:os.system ['true']\n",
    "a merge key": "a: {b: 1}\n<<: {pack: p}\n",
    "a billion laughs": "a: &a [x,x]\n"
    + "".join(f"{new}: &{new} [*{old},*{old},*{old}]\n" for old, new in pairwise(_LAUGHS)),
    "an alias of itself": "a: &a [*a]\n",
    "an alias of nothing": "pack: *nothing\n",
    "a duplicate key": "pack: p\npack: q\n",
    "a duplicate key of two spellings": 'pack: p\n"pack": q\n',
    "a key that is a list": "? [a, b]\n: c\n",
    "a key that is null": "~: p\n",
    "ten thousand brackets": "a: " + "[" * 10_000,
    "ten thousand closed brackets": "a: " + "[" * 10_000 + "]" * 10_000,
    "ten thousand braces": "a: " + "{a: " * 10_000,
    "deep blocks": "".join(" " * depth + "a:\n" for depth in range(900)),
    "ten thousand dashes": "- " * 10_000,
    "ten thousand questions": "? " * 10_000,
    "a scalar of half a megabyte": "pack: " + "x" * 500_000 + "\n",
    "a quoted scalar of half a megabyte": 'pack: "' + "x " * 250_000 + '"\n',
    "a block scalar of half a megabyte": "pack: |\n" + "  x\n" * 125_000,
    "a key of half a megabyte": "x" * 500_000 + ": p\n",
    "a comment of half a megabyte": "# " + "x" * 500_000 + "\npack: p\n",
    "two megabytes": "pack: p\n" + "# x\n" * 500_000,
    "five thousand keys": "".join(f"k{number}: 1\n" for number in range(5_000)),
    "five thousand items": "pack: p\nrules:\n" + "  - x\n" * 5_000,
    "two hundred rules of one name": PACK + RULE.replace("WHERE", "'true'") * 200,
    "a number of half a megabyte": "limits: {a: {value: " + "9" * 500_000 + "}}\n",
    "no end of a quote": "pack: 'x\n" * 2,
}

EXPRESSIONS: Final[dict[str, str]] = {
    "sixty kilobytes": "true && " * 7_500 + "true",
    "a long sum": "event.amount_fen" + " + 1" * 10_000 + " > 0",
    "ten thousand parentheses": "(" * 10_000 + "true" + ")" * 10_000,
    "ten thousand open parentheses": "(" * 10_000,
    "ten thousand nots": "!" * 10_001 + "true",
    "ten thousand minuses": "-" * 10_000 + "1 > 0",
    "ten thousand lists": "[" * 10_000 + "]" * 10_000 + " == []",
    "ten thousand conditions": "true ? " * 10_000 + "true" + " : true" * 10_000,
    "two hundred parentheses": "(" * 200 + "true" + ")" * 200,
    "two hundred nots": "!" * 200 + "(event.amount_fen > 0)",
    "two hundred conditions": "event.amount_fen > 0 ? " * 200 + "true" + " : true" * 200,
    "a list of ten thousand": "event.amount_fen in [" + "1," * 10_000 + "1]",
    "a text of ten thousand": 'event.payer_id == "' + "x" * 10_000 + '"',
    "macros within macros": "[1,2,3].all(a, " * 30 + "true" + ")" * 30,
    "macros that grow": "[1,2,3,4,5,6,7,8,9].map(a, " * 8 + "1" + ")" * 8 + ".size() > 0",
    "a pattern that backtracks": 'event.payer_id.matches("(a+)+$")',
    "a pattern that is none": 'event.payer_id.matches("(")',
    "a pattern that counts": 'event.payer_id.matches("((a{1000}){1000}){1000}")',
    "a pattern of a hundred kilobytes": 'event.payer_id.matches("' + "(a|b)" * 20_000 + '")',
    "a pattern that looks back": 'event.payer_id.matches("(a)\\\\1")',
    "an unknown function": 'open("/etc/passwd") == ""',
    "Python in an expression": '__import__("os").system("true") == 0',
    "a lambda": "lambda: 0",
    "a macro's own name": "[1].all(__import__, true)",
    "a word of Python as a name": "[1].all(None, None == 1) && [1].all(def, def == 1)",
    "a field of Python's": "event.__class__ == 1",
    "a quote that ends code": "event.payer_id == \"'''; raise SystemExit; '''\"",
    "a line that ends code": 'event.payer_id == "x\\n    raise SystemExit\\n"',
    "bytes": "event.payer_id == b'x'",
    "a number beyond every type": "event.amount_fen > 99999999999999999999",
    "the least number negated": "event.amount_fen > -(-9223372036854775808)",
    "a division by nothing": "event.amount_fen / 0 > 1",
    "a remainder by nothing": "event.amount_fen % 0 > 1",
    "a duration without end": "duration('999999999999999999999h') > duration('1s')",
    "an instant that is none": "timestamp('yesterday') < timestamp('tomorrow')",
}

MESSAGES: Final[dict[str, str]] = {
    "code": "'{__import__(1)}'",
    "braces": "'" + "{" * 5_000 + "'",
    "a format": "'{event.payer_id!r:>9999999}'",
    "a field of a field": "'{event.payer_id.__class__}'",
    "an index": "'{event[0]}'",
    "a chain of forms": "'{event.amount_fen" + "|yuan" * 1_000 + "}'",
}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_files(text: str | bytes, tmp_path: Path) -> None:
    assert isinstance(told(written(tmp_path / "rules", text)), RuleProblems)


@pytest.mark.parametrize("source", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_expressions(source: str, tmp_path: Path) -> None:
    found = told(written(tmp_path / "rules", where(source)))
    if isinstance(found, RuleSet):
        compile_rules(found)


@pytest.mark.parametrize("text", MESSAGES.values(), ids=MESSAGES)
def test_messages(text: str, tmp_path: Path) -> None:
    assert isinstance(told(written(tmp_path / "rules", pack_of(message=text))), RuleProblems)


def test_the_rule_that_bombs_are_made_of_is_good(tmp_path: Path) -> None:
    """Else every bomb would be refused for something else."""
    found = told(written(tmp_path / "rules", where("event.amount_fen > 0")))
    assert isinstance(found, RuleSet), found
    assert list(compile_rules(found).rules) == ["PAY-01"]


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_a_folder_that_is_none(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("pack: p\n", encoding="utf-8")
    assert isinstance(told(tmp_path / name), RuleProblems)


def test_a_folder_with_odd_things_in_it(tmp_path: Path) -> None:
    """A folder named as a file, a link to nowhere, a link in a circle, a hidden file, a file of another kind."""
    folder = written(tmp_path / "rules", where("event.amount_fen > 0"))
    (folder / "folder.yaml").mkdir()
    (folder / "nowhere.yaml").symlink_to(tmp_path / "gone")
    (folder / "circle.yaml").symlink_to(folder / "circle.yaml")
    (folder / ".hidden.yaml").write_bytes(b"\xff")
    (folder / "README").write_bytes(b"\xff")
    assert isinstance(told(folder), RuleSet)


def test_a_file_whose_name_is_no_text(tmp_path: Path) -> None:
    folder = written(tmp_path / "rules", where("event.amount_fen > 0"))
    Path(os.fsdecode(os.fsencode(folder) + b"/odd\xff.yaml")).write_text("pack: [\n", encoding="utf-8")
    assert isinstance(told(folder), RuleProblems)
