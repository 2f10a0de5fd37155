"""Queries to Prometheus as the dashboards ask them.

All of them look at what the variables `job` and `instance` have chosen. What is counted over the whole time shown
(`$__range`) is asked once; what is drawn over time is asked for each step.
"""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models.dashboard import DataSourceRef
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

PROMETHEUS: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")
_CHOSEN: Final = 'job=~"$job",instance=~"$instance"'
_STEP: Final = "1m"  # The shortest step of a bar: it must hold several scrapes, or it shows no increase.


def of(metric: str, *labels: str) -> str:
    """Return a selector of what is chosen."""
    return f"{metric}{{{','.join((*labels, _CHOSEN))}}}"


def eq(label: str, value: str) -> str:
    """Return a matcher of one value."""
    return f'{label}="{value}"'


def unlike(label: str, value: str) -> str:
    """Return a matcher of every value but one."""
    return f'{label}!="{value}"'


def like(label: str, *values: str) -> str:
    """Return a matcher of some values."""
    any_of = "|".join(values)
    return f'{label}=~"{any_of}"'


def rate(metric: str, *labels: str) -> str:
    """Return how fast a counter grows, a second."""
    return f"rate({of(metric, *labels)}[$__rate_interval])"


def grown(metric: str, *labels: str) -> str:
    """Return by how much a counter grew over the whole time shown."""
    return f"increase({of(metric, *labels)}[$__range])"


def step(metric: str, *labels: str) -> str:
    """Return by how much a counter grew in each step."""
    return f"increase({of(metric, *labels)}[$__interval])"


def quantile(share: float, metric: str, *by: str) -> str:
    """Return a quantile of a histogram of seconds."""
    return f"histogram_quantile({share}, sum by ({', '.join(('le', *by))}) ({rate(f'{metric}_bucket')}))"


def now(expr: str, legend: str = "") -> Dataquery:
    """Ask once, for the end of the time shown."""
    return _query(expr, legend).instant()


def over_time(expr: str, legend: str = "") -> Dataquery:
    """Ask for each step of the time shown."""
    return _query(expr, legend).range()


def bars(expr: str, legend: str = "") -> Dataquery:
    """Ask for each step what was added in it."""
    return over_time(expr, legend).interval(_STEP)


def heat(expr: str) -> Dataquery:
    """Ask for the buckets of a histogram in each step."""
    return bars(expr, "{{le}}").format(PromQueryFormat.HEATMAP)


def rows(expr: str) -> Dataquery:
    """Ask once, for a table with a row a series."""
    return now(expr).format(PromQueryFormat.TABLE)


def _query(expr: str, legend: str) -> Dataquery:
    return Dataquery().expr(expr).legend_format(legend or "__auto").datasource(PROMETHEUS)
