"""What all dashboards have alike: names, variables, links to each other and to the console, marks of rule changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from grafana_foundation_sdk.builders.dashboard import (
    Dashboard,
    DashboardLink,
    DatasourceVariable,
    QueryVariable,
    TextBoxVariable,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    VariableHide,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from deploy.grafana.panels import link
from deploy.grafana.queries import PROMETHEUS, eq, like, of
from deploy.grafana.words import Say

CONSOLE: Final = "http://127.0.0.1:8787"  # Where the console is found; a variable of each dashboard.
_TAG: Final = "weiguard"
CHANGES: Final = ("rule.changed", "override.set", "suppression.added", "suppression.ended")
# Prometheus's words for an annotation. They stand beside the fields that the SDK knows of one.
WORDED: Final = ("titleFormat", "textFormat", "tagKeys", "step")


class Mark(model.AnnotationQuery):
    """An annotation with the words that Grafana's Prometheus source shows for it; the SDK has no fields for them."""

    def __init__(self, title: str, text: str, **known: Any) -> None:
        super().__init__(datasource=PROMETHEUS, enable=True, **known)
        self._words = dict(zip(WORDED, (title, text, "ruleset,version,type", "60s"), strict=True))

    def to_json(self) -> dict[str, object]:
        """Return the fields of the SDK, and these words."""
        return {**super().to_json(), **self._words}


class _Made(Builder[model.AnnotationQuery]):
    """Hands a mark to the SDK, which takes builders."""

    def __init__(self, mark: Mark) -> None:
        self._mark = mark

    def build(self) -> model.AnnotationQuery:
        return self._mark


def begin(say: Say, name: str, title: str, text: str, shown_by: str = "weiguard_build_info") -> Dashboard:
    """Return a dashboard without panels. `shown_by`: the metric by which its processes are known."""
    jobs = f"label_values({shown_by}, job)"
    processes = f'label_values({shown_by}{{job=~"$job"}}, instance)'
    return (
        Dashboard(f"Weiguard · {title}")
        .uid(uid(say, name))
        .description(text)
        .tags([_TAG, f"{_TAG}-{say.lang}"])
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .timezone("browser")
        .time("now-24h", "now")
        .refresh("30s")
        .with_variable(DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
        .with_variable(_chosen("job", say("任务", "Job"), jobs))
        .with_variable(_chosen("instance", say("进程", "Process"), processes))
        .with_variable(
            TextBoxVariable("console")
            .label(say("控制台地址", "Console"))
            .description(say("控制台的地址，链接由此而来", "Where the console is, for links"))
            .default_value(CONSOLE)
            .current(VariableOption(selected=False, text=CONSOLE, value=CONSOLE))
            .hide(VariableHide.DONT_HIDE)
        )
        .annotations([_Made(mark) for mark in marks(say)])
        .link(
            DashboardLink("Weiguard")
            .type(DashboardLinkType.DASHBOARDS)
            .tags([f"{_TAG}-{say.lang}"])
            .keep_time(keep_time=True)
            .include_vars(include_vars=True)
        )
        .link(
            DashboardLink(say("控制台", "Console"))
            .type(DashboardLinkType.LINK)
            .url("${console:raw}")
            .tooltip(say("控制台", "The console"))
            .target_blank(target_blank=True)
        )
    )


def finish(page: Dashboard) -> model.Dashboard:
    """Return the dashboard with its panels numbered in reading order."""
    made = page.build()
    for number, panel in enumerate(_panels(made), 1):
        panel.id_val = number
    return made


def rule_variable(say: Say) -> QueryVariable:
    """Return the choice of one rule."""
    return (
        _chosen("rule", say("规则", "Rule"), 'label_values(weiguard_alerts_total{job=~"$job"}, rule)')
        .multi(multi=False)
        .include_all(include_all=False)
        .all_value("")
        .current(VariableOption(selected=True, text="COL-01", value="COL-01"))
    )


def uid(say: Say, name: str) -> str:
    """Return the name by which links find a dashboard."""
    return f"weiguard-{name}-{say.lang}"


def to_rule(say: Say) -> DashboardLink:
    """Return a link from a rule's id to its dashboard."""
    return link(
        say("看这条规则", "This rule"),
        f"/d/{uid(say, 'rule')}?var-rule=${{__value.raw}}&${{__url_time_range}}&${{datasource:queryparam}}",
    )


def to_console(say: Say, query: str) -> DashboardLink:
    """Return a link to the console, with filters of the alert list."""
    return link(say("在控制台查看", "In the console"), f"${{console:raw}}/?{query}", blank=True)


def marks(say: Say) -> Sequence[Mark]:
    """Return the marks of a rule change: another rule set runs, or the log holds a change made by a person."""
    running = "count by (ruleset, version)"
    build = of("weiguard_build_info")
    return (
        Mark(
            say("规则集或版本更换", "Another rule set or version"),
            "{{ruleset}} · {{version}}",
            name=say("规则集", "Rule set"),
            icon_color="purple",
            # One that no process had in the day before.
            expr=f"{running} ({build}) unless {running} (last_over_time({build}[1d] offset 2m))",
        ),
        Mark(
            say("规则、限额或豁免变更", "A rule, limit or suppression was changed"),
            "{{type}}",
            name=say("变更", "Changes"),
            icon_color="orange",
            expr="sum by (type) (increase("
            + of("weiguard_events_total", like("type", *CHANGES), eq("disposition", "decided"))
            + "[2m])) > 0",
        ),
    )


def _chosen(name: str, label: str, query: str) -> QueryVariable:
    return (
        QueryVariable(name)
        .label(label)
        .datasource(PROMETHEUS)
        .query(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(multi=True)
        .include_all(include_all=True)
        .all_value(".*")
        .current(VariableOption(selected=True, text="All", value="$__all"))
    )


def _panels(made: model.Dashboard) -> Iterator[model.Panel | model.RowPanel]:
    for panel in made.panels or ():
        yield panel
        if isinstance(panel, model.RowPanel):
            yield from panel.panels
