"""Prometheus takes the rules; each alert fires and stays silent when it should, and is told of in the runbook."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from typing import Any, Final

import pytest
import yaml

from tests.servers.prometheus import SHIPPED, need
from tests.tidy.tree import ROOT

TESTS: Final = ("alerting.test.yml", "alerting_days.test.yml")
RUNBOOK: Final = ROOT / "docs/runbook.md"


@cache
def alerts() -> dict[str, dict[str, Any]]:
    """Return the alerting rules by name."""
    groups = yaml.safe_load((SHIPPED / "alerting.yml").read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def promtool(*arguments: str) -> str:
    """Run promtool where the rules are; return what it says, or fail."""
    need("promtool")
    done = subprocess.run(["promtool", *arguments], cwd=SHIPPED, capture_output=True, text=True, check=False)  # noqa: S607
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_takes_the_configuration_and_its_rules() -> None:
    said = promtool("check", "config", "prometheus.yml")
    assert f"SUCCESS: {len(alerts())} rules found" in said
    assert "valid prometheus config" in said
    promtool("check", "rules", "recording.yml", "alerting.yml")


@pytest.mark.parametrize("file", TESTS)
def test_alerts_fire_when_they_should(file: str) -> None:
    assert "SUCCESS" in promtool("test", "rules", str(ROOT / "tests/deploy" / file))


def test_every_alert_is_seen_to_fire_and_to_stay_silent() -> None:
    found: dict[str, set[bool]] = {}
    for file in TESTS:
        for test in yaml.safe_load((ROOT / "tests/deploy" / file).read_text())["tests"]:
            for case in test.get("alert_rule_test", ()):
                found.setdefault(case["alertname"], set()).add(bool(case.get("exp_alerts")))
    assert found == {name: {True, False} for name in alerts()}


@pytest.mark.parametrize("name", sorted(alerts()))
def test_every_alert_says_what_is_wrong_and_where_to_read_on(name: str) -> None:
    rule = alerts()[name]
    assert rule["labels"] in ({"severity": "critical"}, {"severity": "warning"})
    words = rule["annotations"]
    assert words["summary"].endswith(".")
    assert words["summary_zh"].endswith("。")
    assert words["runbook_url"] == f"docs/runbook.md#{name.lower()}"


def test_the_runbook_has_an_entry_for_each_alert_and_no_other() -> None:
    """With what it means, what to look at and what to do."""
    text = RUNBOOK.read_text()
    entries = dict(re.findall(r"^## (Weiguard\w+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert list(entries) == list(alerts())
    for name, entry in entries.items():
        assert all(f"**{part}**" in entry for part in ("Means", "Look", "Do")), name
        assert re.search(r"[\u4e00-\u9fff]", entry), name
    assert set(re.findall(r"\bWeiguard[A-Z]\w+", text)) == alerts().keys()
