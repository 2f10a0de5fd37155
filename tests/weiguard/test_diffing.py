"""`weiguard rules diff`: what it compares with, and how it ends; its words are pinned in a session."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from rules.loading import load
from tests.weiguard.conftest import Weiguard
from tests.weiguard.sessions import GOLDEN
from weiguard import preparing
from weiguard.settings import Settings


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    shutil.copytree(GOLDEN / "mine", tmp_path / "mine")
    return tmp_path / "mine"


def test_one_folder_is_compared_with_the_shipped_rules(weiguard: Weiguard, mine: Path) -> None:
    done = weiguard("rules", "diff", "mine", "--json")
    found = json.loads(done.out)
    shipped = preparing.load_rules(Settings())
    assert (found["old"], found["new"]) == (shipped.hash, load(mine).hash)
    assert [row["id"] for row in found["rules"]["added"]] == ["TAK-01", "TAK-02"]
    assert [row["id"] for row in found["rules"]["removed"]] == list(shipped.rules())
    assert done.status == 0


def test_only_when_asked_is_a_difference_a_status(weiguard: Weiguard, mine: Path) -> None:
    shutil.copytree(mine, mine.parent / "other")
    assert weiguard("rules", "diff", "mine", "other", "--exit-code").status == 0
    path = mine.parent / "other/limits.yaml"
    path.write_text(path.read_text("utf-8").replace("value: 10m", "value: 11m"), "utf-8")
    assert weiguard("rules", "diff", "mine", "other").status == 0
    assert weiguard("rules", "diff", "mine", "other", "--exit-code").status == 1
