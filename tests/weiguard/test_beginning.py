"""`weiguard rules new`: what it writes holds together, and what it refuses it leaves as it was."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from monitoring.comparing import parts_of
from monitoring.describing import whole
from rules.loading import SHIPPED, load
from rules.model import RuleSet
from tests.mutation import survivors
from tests.weiguard.conftest import Weiguard
from tests.weiguard.sessions import GOLDEN
from weiguard import beginning, preparing
from weiguard.drafting import Draft, after, from_template
from weiguard.placing import place
from weiguard.settings import Settings
from weiguard.testing import try_rule


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    shutil.copytree(GOLDEN / "mine", tmp_path / "mine")
    return tmp_path / "mine"


def test_the_template_would_be_let_into_the_catalogue(weiguard: Weiguard, tmp_path: Path) -> None:
    assert weiguard("rules", "new", "TAK-01", "--rules", "fresh/rules").status == 0
    rules = load(tmp_path / "fresh/rules", strict_tests=True)
    (rule,) = rules.rules().values()
    assert rules.warnings == ()
    assert all(tried.passed and not tried.refused for tried in try_rule(rules, rule))
    made, survived = survivors(tmp_path / "fresh/rules", "TAK-01")
    assert (made >= 6, survived) == (True, [])
    assert {limit.reviewed for limit in rules.limits.values()} == {date.today().isoformat()}  # noqa: DTZ011  # likewise


def test_a_rule_goes_to_those_of_its_kind(weiguard: Weiguard, mine: Path) -> None:
    before = contents(mine)
    done = weiguard("rules", "new", "TAK-03", "--rules", "mine")
    assert (done.status, done.out) == (0, "TAK-03 mine/takings.yaml:59\n")
    now = contents(mine)
    assert now.keys() == before.keys()
    assert all(now[name].startswith(before[name]) for name in before)
    assert load(mine).rules()["TAK-03"].pack == "takings"


def test_in_the_shipped_layout_each_pack_has_its_limits(weiguard: Weiguard, mine: Path) -> None:
    for name in ("catalog", "limits"):
        (mine / name).mkdir()
    (mine / "takings.yaml").rename(mine / "catalog/takings.yaml")
    (mine / "limits.yaml").rename(mine / "limits/takings.yaml")
    assert weiguard("rules", "new", "SHP-01", "--rules", "mine").out == "SHP-01 mine/catalog/shp.yaml:4\n"
    assert weiguard("rules", "new", "PST-06", "--like", "PST-06", "--rules", "mine").status == 0
    assert sorted(contents(mine)) == [
        "catalog/pst.yaml", "catalog/shp.yaml", "catalog/takings.yaml", "lexicons/absolute_context.txt",
        "lexicons/absolute_terms.txt", "limits/shp.yaml", "limits/takings.yaml",
    ]  # fmt: skip
    assert weiguard("rules", "check", "mine").err.endswith("no problems, 0 warnings\n")


def test_term_lists_beside_the_rules_are_added_to(weiguard: Weiguard, mine: Path) -> None:
    (mine.parent / "lexicons").mkdir()
    assert weiguard("rules", "new", "PST-06", "--like", "PST-06", "--rules", "mine").status == 0
    assert len(list((mine.parent / "lexicons").iterdir())) == 2
    assert not (mine / "lexicons").exists()


def test_rules_in_brackets_are_refused_and_left_alone(weiguard: Weiguard, mine: Path) -> None:
    limits = (mine / "limits.yaml").read_text("utf-8").removeprefix("limits:").replace("}\n", "},\n")
    (mine / "limits.yaml").write_text(f"limits: {{{limits}}}", "utf-8")
    before = contents(mine)
    done = weiguard("rules", "new", "TAK-03", "--rules", "mine")
    assert done.status == 2
    assert "found the limits of mine/limits.yaml in brackets, or none; expected an entry a line" in done.err
    assert contents(mine) == before


def test_limits_that_are_left_over_are_refused(weiguard: Weiguard, mine: Path) -> None:
    with (mine / "limits.yaml").open("a", encoding="utf-8") as file:
        file.write("  tak_03_most: {value: 1, unit: fen, source: x, confidence: D, reviewed: 2026-01-01}\n")
    before = contents(mine)
    done = weiguard("rules", "new", "TAK-03", "--rules", "mine")
    assert (done.status, contents(mine)) == (2, before)
    assert "found the limits tak_03_most; expected names that are free" in done.err


def test_what_does_not_hold_together_is_taken_back(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(mine)
    broken = from_template("TAK-03", date(2026, 1, 1))
    broken = replace(broken, rule=broken.rule.replace("taken >=", "takn >="), lexicons={"words": "最好\n"})
    with pytest.raises(Exception, match="nothing was written"):
        place(broken, "other", mine, load(mine))
    assert contents(mine) == before
    assert "did you mean taken?" in capsys.readouterr().err


def test_the_catalogue_of_an_installed_program_is_refused(
    weiguard: Weiguard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    installed = tmp_path / "site-packages/rules"
    installed.mkdir(parents=True)
    monkeypatch.setattr(beginning, "SHIPPED", installed)
    done = weiguard("rules", "new", "TAK-01", "--rules", "site-packages/rules")
    assert done.status == 2
    assert "mkdir my-rules && cp -r site-packages/rules/catalog" in done.err
    assert contents(tmp_path) == {}
    (
        tmp_path / "site-packages/pyproject.toml"
    ).touch()  # Now it is a checkout: that is where the catalogue is changed.
    assert weiguard("rules", "new", "TAK-01", "--rules", "site-packages/rules").status == 0


def test_copies_decide_as_their_originals(weiguard: Weiguard, tmp_path: Path) -> None:
    """A copy says for itself what its pack says for all of its rules."""
    shipped = preparing.load_rules(Settings())
    chosen = [shipped.rules()[name] for name in ("LOG-02", "LOG-03", "QUA-01", "TAX-03", "PST-07", "COL-01")]
    assert any("new_device" in str(rule.cases) for rule in chosen), "none reads what its pack defines"
    drafts = [after(f"CPY-{number:02}", rule, shipped, SHIPPED) for number, rule in enumerate(chosen, 1)]
    together = Draft(
        "CPY",
        "\n".join(draft.rule for draft in drafts),
        {name: text for draft in drafts for name, text in draft.limits.items()},
        {name: text for draft in drafts for name, text in draft.lexicons.items()},
    )
    folder = tmp_path / "copies"
    place(together, "copies", folder, RuleSet((), {}))
    copies = load(folder)
    for original, copy in zip(chosen, copies.rules().values(), strict=True):
        assert [trial.given for trial in copy.trials] == [trial.given for trial in original.trials]
        expected = parts_of(whole(original, shipped.limits)) | {("", ("pack",)): "copies"}
        assert parts_of(whole(copy, copies.limits)) == expected, original.id
    assert all(copies.limits[name] == shipped.limits[name] for name in copies.limits)
