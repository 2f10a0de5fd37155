"""The panels that the dashboards are made of: a number, lines, bars, a ranking, a heat map, a table.

Each has a title, a sentence that says what it shows and when to worry, a unit, and thresholds where there is a limit.
Whoever reads a dashboard knows levels by the same colours everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from grafana_foundation_sdk.builders import bargauge, common, heatmap, stat, table, timeseries
from grafana_foundation_sdk.builders.dashboard import DashboardLink, FieldColor, ThresholdsConfig
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    GraphDrawStyle,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    ScaleDistribution,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
)
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode

from deploy.grafana.queries import PROMETHEUS

LEVELS: Final = {"info": "blue", "warn": "orange", "critical": "red"}
DISPOSITIONS: Final = {
    "decided": "green",
    "duplicate": "text",
    "conflict": "purple",
    "late": "orange",
    "quarantined": "red",
}
GOOD: Final = "green"
_HEIGHT: Final = 8
_LOW: Final = 4  # Of a panel that shows one number.
_HIGH: Final = 12  # Of a table.
_Any = TypeVar("_Any", stat.Panel, bargauge.Panel, heatmap.Panel, table.Panel, timeseries.Panel)


@dataclass(frozen=True, slots=True)
class Face:
    """What a panel says of itself. `unit` is a name of Grafana's; `steps` are (from this value on, colour)."""

    title: str
    text: str
    unit: str = "short"
    steps: tuple[tuple[float, str], ...] = ()
    width: int = 12
    decimals: int | None = None


def number(face: Face, query: Dataquery, *links: DashboardLink, first: str = GOOD) -> stat.Panel:
    """Show one number, coloured by its thresholds; `first` is the colour below them."""
    drawn = bool(query.build().range_val)
    panel = (
        _dressed(stat.Panel(), face, _LOW)
        .thresholds(_thresholds(face.steps, first))
        .color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .color_mode(BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.AREA if drawn else BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .data_links(list(links))
        .with_target(query.ref_id("A"))
    )
    return panel if face.decimals is None else panel.decimals(face.decimals)


def lines(face: Face, *queries: Dataquery, colours: dict[str, str] | None = None) -> timeseries.Panel:
    """Draw lines over time; where there are thresholds, the limit is drawn too."""
    panel = _drawn(face, queries, colours).line_width(1).fill_opacity(8)
    if face.steps:
        dashed = common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)
        panel = panel.thresholds(_thresholds(face.steps, "transparent")).thresholds_style(dashed)
    return panel


def bars(face: Face, *queries: Dataquery, colours: dict[str, str] | None = None) -> timeseries.Panel:
    """Draw what was added in each step, stacked."""
    return (
        _drawn(face, queries, colours)
        .draw_style(GraphDrawStyle.BARS)
        .fill_opacity(80)
        .line_width(0)
        .stacking(common.StackingConfig().mode(StackingMode.NORMAL).group("A"))
    )


def ranking(face: Face, query: Dataquery, *links: DashboardLink) -> bargauge.Panel:
    """Show the greatest of a few numbers as bars that lie."""
    return (
        _dressed(bargauge.Panel(), face)
        .decimals(0)
        .min(0)
        .thresholds(_thresholds(face.steps, "blue"))
        .orientation(VizOrientation.HORIZONTAL)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .data_links(list(links))
        .with_target(query.ref_id("A"))
    )


def heat(face: Face, query: Dataquery) -> heatmap.Panel:
    """Show how often something took how long, over time."""
    return (
        _dressed(heatmap.Panel(), face)
        .y_axis(heatmap.YAxisConfig().unit(face.unit))
        .color(heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Blues").steps(64))
        .scale_distribution(common.ScaleDistributionConfig().type(ScaleDistribution.LINEAR))
        .with_target(query.ref_id("A"))
    )


def listing(
    face: Face, columns: Sequence[tuple[str, Dataquery]], *links: DashboardLink, key: str = "rule"
) -> table.Panel:
    """Show a table: a row for each value of the label `key`, a column for each query; the first sorts it."""
    panel = (
        _dressed(table.Panel(), face, _HIGH)
        .decimals(face.decimals or 0)
        .filterable(filterable=True)
        .sort_by([common.TableSortByFieldState().display_name(columns[0][0]).desc(desc=True)])
        .override_by_name(
            key, [DynamicConfigValue(id_val="links", value=[link.build().to_json() for link in links])]
        )
    )
    names: dict[str, str] = {}
    for letter, (name, query) in zip("ABCDEFGH", columns, strict=False):
        names[f"Value #{letter}" if len(columns) > 1 else "Value"] = name
        panel = panel.with_target(query.ref_id(letter))
    order: dict[str, Any] = {"excludeByName": {"Time": True}, "indexByName": {}, "renameByName": names}
    return panel.transformations(
        [
            DataTransformerConfig(id_val="merge", options={}),
            DataTransformerConfig(id_val="organize", options=order),
        ]
    )


def link(title: str, url: str, *, blank: bool = False) -> DashboardLink:
    """Return a link that a panel offers for what is clicked on."""
    return DashboardLink(title).type(DashboardLinkType.LINK).url(url).target_blank(target_blank=blank)


def _dressed(panel: _Any, face: Face, height: int = _HEIGHT) -> _Any:
    panel.title(face.title).description(face.text).datasource(PROMETHEUS)
    return panel.height(height).span(face.width).unit(face.unit)


def _drawn(face: Face, queries: Sequence[Dataquery], colours: dict[str, str] | None) -> timeseries.Panel:
    panel = (
        _dressed(timeseries.Panel(), face)
        .min(0)
        .show_points(VisibilityMode.NEVER)
        .legend(
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(show_legend=True)
        )
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
    )
    for letter, query in zip("ABCDEFGH", queries, strict=False):
        panel = panel.with_target(query.ref_id(letter))
    if face.decimals is not None:
        panel = panel.decimals(face.decimals)
    for name, colour in (colours or {}).items():
        fixed = {"mode": "fixed", "fixedColor": colour}
        panel = panel.override_by_name(name, [DynamicConfigValue(id_val="color", value=fixed)])
    return panel


def _thresholds(steps: Sequence[tuple[float, str]], first: str) -> ThresholdsConfig:
    below = Threshold(value=None, color=first)
    above = [Threshold(value=value, color=colour) for value, colour in steps]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps([below, *above])
