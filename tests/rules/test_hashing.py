"""The hash of a rule set: the same for the same decisions and words, another for any other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rules import hashing
from rules.loading import load
from tests.rules.golden import GOLDEN

SAMPLE = {path.name: path.read_text(encoding="utf-8") for path in (GOLDEN / "base").iterdir()}


def hash_of(folder: Path, texts: dict[str, str]) -> str:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return load(folder).hash


def changed(old: str, new: str) -> dict[str, str]:
    assert sum(text.count(old) for text in SAMPLE.values()) == 1, old
    return {name: text.replace(old, new) for name, text in SAMPLE.items()}


def test_it_names_its_algorithm(tmp_path: Path) -> None:
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", hash_of(tmp_path, SAMPLE))


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(
            {name: f"# a comment\n{text}\n" for name, text in SAMPLE.items()}, id="comments and blank lines"
        ),
        pytest.param({f"z_{name}": text for name, text in SAMPLE.items()}, id="names of files"),
        pytest.param(
            {f"catalog/{n}" if n == "sample.yaml" else f"limits/{n}": t for n, t in SAMPLE.items()},
            id="folders",
        ),
        pytest.param(changed("zh: 今日停止收款。", 'zh: "今日停止收款。"'), id="quotes"),
        pytest.param(
            changed("      warn: collected >=", "      warn: >-\n        collected >="),
            id="folding of a long expression",
        ),
        pytest.param(changed("    who: [seller]", "    who:\n      - seller"), id="style of a list"),
        pytest.param(changed("name: one fen above", "name: a fen above"), id="tests"),
        pytest.param(
            changed("    who: [seller]", "    note: to be looked at\n    who: [seller]"), id="notes"
        ),
    ],
)
def test_what_changes_nothing_leaves_it(texts: dict[str, str], tmp_path: Path) -> None:
    assert hash_of(tmp_path / "b", texts) == hash_of(tmp_path / "a", SAMPLE)


def test_the_order_of_rules_and_limits_says_nothing(tmp_path: Path) -> None:
    head, first, second = re.split(r"(?m)^(?=  - id:)", SAMPLE["sample.yaml"])
    title, *limits = SAMPLE["limits.yaml"].splitlines(keepends=True)
    turned = {"sample.yaml": head + second + first, "limits.yaml": title + "".join(reversed(limits))}
    assert hash_of(tmp_path / "b", turned) == hash_of(tmp_path / "a", SAMPLE)


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(changed("collected > limit.daily\n", "collected >= limit.daily\n"), id="a comparator"),
        pytest.param(changed("value: 5000000", "value: 5000001"), id="a limit"),
        pytest.param(changed("5000000, unit: fen, source: policy", "5000000, unit: fen, source: law"),
                     id="a limit's source"),
        pytest.param(changed("Answer it now.", "Answer now."), id="a word"),
        pytest.param(changed("zh: 未回复", "zh: 没回复"), id="a title"),
        pytest.param(changed("    who: [service]", "    who: [legal]"), id="who acts"),
        pytest.param(changed("    who: [service]", "    shadow: true\n    who: [service]"), id="shadow"),
        pytest.param(changed("{sum: event.amount_fen, over: day}", "{sum: event.amount_fen, over: month}")
                     | {"sample.yaml": SAMPLE["sample.yaml"].replace("over: day", "over: month")}, id="a window"),
    ],
)  # fmt: skip
def test_what_changes_a_decision_or_a_word_changes_it(texts: dict[str, str], tmp_path: Path) -> None:
    assert hash_of(tmp_path / "b", texts) != hash_of(tmp_path / "a", SAMPLE)


@pytest.mark.parametrize(
    ("terms", "same"),
    [
        ("最佳\n  except: 最佳食用 | 最佳保存\n第一\n", True),
        ("# terms\n\n第一\n最佳\n  except: 最佳保存 | 最佳食用\n", True),
        ("最佳\n  except: 最佳食用\n第一\n", False),
        ("最佳\n第一\n  except: 第一次\n", False),
    ],
)
def test_a_lexicon_counts_by_its_terms(terms: str, same: bool, tmp_path: Path) -> None:
    first = SAMPLE | {"lexicons/words.txt": "最佳\n  except: 最佳食用 | 最佳保存\n第一\n"}
    second = SAMPLE | {"lexicons/words.txt": terms}
    assert (hash_of(tmp_path / "b", second) == hash_of(tmp_path / "a", first)) is same


@pytest.mark.parametrize(
    ("what", "other"),
    [
        ("LANGUAGE_VERSION", 2),
        ("version", lambda _: "9.9"),
        ("places_version", lambda: ["0.3.3", "another table"]),
    ],
)
def test_the_language_the_calendars_and_the_places_are_in_it(
    what: str, other: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = hash_of(tmp_path, SAMPLE)
    monkeypatch.setattr(hashing, what, other)
    assert hash_of(tmp_path, SAMPLE) != before
