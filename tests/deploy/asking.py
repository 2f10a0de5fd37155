"""The queries of the dashboards, as Grafana would send them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from deploy.grafana.__main__ import FOLDER
from tests.servers.prometheus import LocalPrometheus, Span

WINDOW: Final = "5s"  # For `$__interval` and `$__rate_interval`: many scrapes of the test's Prometheus.


@dataclass(frozen=True, slots=True)
class Asked:
    """One query of a dashboard."""

    page: str
    panel: str
    expr: str
    instant: bool

    def filled(self, values: Mapping[str, str]) -> str:
        """Return the query with values in the place of variables."""
        expr = self.expr
        for name, value in values.items():
            expr = expr.replace(f"${name}", value)
        assert "$" not in expr.replace("$1", ""), f"an unknown variable: {expr}"
        return expr


def dashboard(page: str, lang: str = "en") -> dict[str, Any]:
    """Return a dashboard as it is shipped."""
    found: dict[str, Any] = json.loads((FOLDER / lang / f"{page}.json").read_text())
    return found


def panels(page: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the panels that show something."""
    for panel in page["panels"]:
        if panel["type"] != "row":
            yield panel


def queries(page: str, lang: str = "en") -> list[Asked]:
    """Return the queries of all panels."""
    return [
        Asked(page, panel["title"], target["expr"], target["instant"])
        for panel in panels(dashboard(page, lang))
        for target in panel["targets"]
    ]


def values(instance: str, span: Span, rule: str) -> dict[str, str]:
    """Return what stands for the variables of a dashboard; longer names first."""
    return {
        "__rate_interval": WINDOW,
        "__interval": WINDOW,
        "__range": f"{int(span.end - span.start) + 1}s",
        "instance": instance.replace(".", r"\\."),
        "rule": rule,
        "job": "weiguard",
    }


def numbers(
    server: LocalPrometheus, asked: Asked, instance: str, span: Span, rule: str = "COL-01"
) -> list[float]:
    """Return all numbers that a query gives, but for those that are none (0/0)."""
    expr = asked.filled(values(instance, span, rule))
    if asked.instant:
        found = [series["value"][1] for series in server.now(expr, span.end)]
    else:
        found = [value for series in server.over(expr, span) for _, value in series["values"]]
    return [number for number in map(float, found) if isfinite(number)]
