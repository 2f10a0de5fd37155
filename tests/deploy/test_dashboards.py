"""The dashboards are what the code says, in the SDK's typed model, complete and in both languages.

No Grafana can be had here, so that it opens them is seen by nobody in a test; the typed model is the next best thing.
"""

from __future__ import annotations

import json
import re
from itertools import combinations
from typing import Any, Final

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard, Panel
from grafana_foundation_sdk.models.prometheus import Dataquery

from deploy.grafana.__main__ import FOLDER, PAGES, written
from deploy.grafana.frame import WORDED, marks
from deploy.grafana.words import LANGUAGES, Language, Say
from engine.disposition import DISPOSITIONS
from engine.program import LEVELS
from tests.deploy.asking import dashboard, panels, queries
from tests.monitoring.test_metrics import NAMES, STATES, WAITING
from tests.tidy.tree import ROOT

CHINESE: Final = re.compile(r"[\u3000-\u303f\u4e00-\u9fff]")
ALL: Final = [pytest.param(page, lang, id=f"{page}-{lang}") for page in PAGES for lang in LANGUAGES]
OF_THE_PROCESS: Final = {
    "process_resident_memory_bytes", "process_cpu_seconds_total", "process_start_time_seconds"
}  # fmt: skip
# Metrics that Prometheus makes of a histogram.
SHAPES: Final = {
    f"weiguard_{name}_seconds_{end}" for name in ("decide", "commit") for end in ("bucket", "sum")
}


def test_the_files_are_what_the_code_writes() -> None:
    """Else run `python -m deploy.grafana`."""
    stand = {path.relative_to(FOLDER).as_posix(): path.read_text("utf-8") for path in FOLDER.rglob("*.*")}
    assert stand == written()


@pytest.mark.parametrize(("page", "lang"), ALL)
def test_a_dashboard_survives_the_typed_model(page: str, lang: Language) -> None:
    register_default_plugins()
    stands = dashboard(page, lang)
    model = Dashboard.from_json(stands)
    back = json.loads(JSONEncoder().encode(model))
    for mark in stands["annotations"]["list"]:
        for word in WORDED:  # The SDK has no fields for how Prometheus words an annotation.
            assert mark.pop(word)
    assert back == stands
    shown = [panel for panel in model.panels or () if isinstance(panel, Panel) and panel.type_val != "row"]
    assert len(shown) == len(list(panels(stands)))
    for panel in shown:
        assert not isinstance(panel.options, dict), f"a type that the SDK does not know: {panel.type_val}"
        assert panel.targets
        assert all(isinstance(target, Dataquery) for target in panel.targets)


@pytest.mark.parametrize(("page", "lang"), ALL)
def test_every_panel_says_what_it_shows(page: str, lang: Language) -> None:
    for panel in panels(dashboard(page, lang)):
        assert panel["title"]
        assert panel["description"].endswith((".", "。")), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        letters = [target["refId"] for target in panel["targets"]]
        assert letters == list("ABCDEFGH")[: len(letters)]
        if panel["type"] == "stat":
            steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
            values = [step["value"] for step in steps[1:]]
            assert steps[0]["value"] is None
            assert values == sorted(values)


@pytest.mark.parametrize("page", PAGES)
def test_panels_have_numbers_and_places_of_their_own(page: str) -> None:
    every = dashboard(page)["panels"]
    assert [panel["id"] for panel in every] == list(range(1, len(every) + 1))
    places = [panel["gridPos"] for panel in every]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert beside or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_show_the_same(page: str) -> None:
    asked = {lang: [(each.expr, each.instant) for each in queries(page, lang)] for lang in LANGUAGES}
    assert asked["zh"] == asked["en"] != []
    assert CHINESE.search(json.dumps(dashboard(page, "en"), ensure_ascii=False)) is None
    for panel in dashboard(page, "zh")["panels"]:
        assert CHINESE.search(panel["title"] + panel["type"]) or panel["title"] == "$rule"
        assert CHINESE.search(panel.get("description") or "的")


@pytest.mark.parametrize("page", PAGES)
def test_queries_name_metrics_and_values_that_there_are(page: str) -> None:
    for asked in queries(page):
        named = set(re.findall(r"\b(?:weiguard|process)_\w+", asked.expr))
        assert named <= NAMES | OF_THE_PROCESS | SHAPES
        assert named
        known: dict[str, set[str]] = {
            "state": set(STATES),
            "level": set(LEVELS),
            "disposition": set(DISPOSITIONS),
        }
        for label, values in re.findall(r'(state|level|disposition)[=!]~?"([^"]+)"', asked.expr):
            assert set(values.split("|")) <= known[label]
        chosen = asked.expr.count('job=~"$job",instance=~"$instance"')
        assert (
            chosen
            == len(re.findall(r"\b(?:weiguard|process)_\w+\{", asked.expr))
            == len(re.findall(r"\b(?:weiguard|process)_\w+", asked.expr))
        ), "a selector that looks at all processes"


@pytest.mark.parametrize(("page", "lang"), ALL)
def test_links_lead_somewhere(page: str, lang: Language) -> None:
    text = (FOLDER / lang / f"{page}.json").read_text("utf-8")
    stands: dict[str, Any] = json.loads(text)
    uids = {dashboard(name, lang)["uid"] for name in PAGES}
    assert len(uids) == len(PAGES)
    assert set(re.findall(r"/d/([\w-]+)", text)) <= uids
    names = {each["name"]: each for each in stands["templating"]["list"]}
    assert names["console"]["query"] == "http://127.0.0.1:8787"
    used = set(re.findall(r"\$\{?(\w+)", text)) - {"__value", "__url_time_range", "1"}
    assert {name for name in used if not name.startswith("__")} <= names.keys() | {"rule"}
    assert stands["links"][0]["tags"] == [f"weiguard-{lang}"]
    assert stands["tags"] == ["weiguard", f"weiguard-{lang}"]


def test_some_panels_link_to_the_console_and_to_one_rule() -> None:
    text = (FOLDER / "en/rules.json").read_text()
    assert "/d/weiguard-rule-en?var-rule=${__value.raw}&${__url_time_range}" in text
    assert "${console:raw}/?rule=${__value.raw}" in text


def test_the_mark_of_a_rule_set_is_the_one_that_was_tested() -> None:
    """`promtool test rules` asks it of all processes."""
    tests = yaml.safe_load((ROOT / "tests/deploy/alerting.test.yml").read_text())["tests"]
    (tested,) = {each["expr"] for test in tests for each in test.get("promql_expr_test", ())}
    mark = marks(Say("en"))[0]
    assert (mark.expr or "").replace('{job=~"$job",instance=~"$instance"}', "") == tested


def test_grafana_is_told_of_every_folder_of_dashboards() -> None:
    """No Grafana reads the files here; that they name what there is can be seen without one."""
    folder = FOLDER.parent / "provisioning"
    (source,) = yaml.safe_load((folder / "datasources/weiguard.yaml").read_text())["datasources"]
    assert (source["type"], source["isDefault"]) == ("prometheus", True)
    providers = yaml.safe_load((folder / "dashboards/weiguard.yaml").read_text())["providers"]
    paths = {each["options"]["path"] for each in providers}
    assert paths == {f"$WEIGUARD_DASHBOARDS/{lang.name}" for lang in FOLDER.iterdir()}


def test_the_page_about_it_names_every_metric() -> None:
    """Those that wait for a part that is not built, too."""
    named = set(re.findall(r"\bweiguard_\w+", (ROOT / "docs/monitoring.md").read_text()))
    assert named == NAMES | WAITING
