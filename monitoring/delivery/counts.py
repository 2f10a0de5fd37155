"""What Prometheus is told of delivery: how many records of each route came to what.

`delivered` and `digested` count records their receivers have, by themselves or in a digest; `retried` attempts that are
made again; `dead` records that wait for somebody. Labels are the routes of the file and these four.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector


class DeliveryMetrics(Collector):
    """The metrics of a process that delivers, in a registry of their own."""

    def __init__(self, counts: Mapping[tuple[str, str], int]) -> None:
        """Take counts by route and outcome; they are read when somebody asks."""
        self.registry = CollectorRegistry(auto_describe=True)
        self._counts = counts
        self.registry.register(self)
        ProcessCollector(registry=self.registry)

    def collect(self) -> Iterator[Metric]:
        """Yield every metric as it is now."""
        help_ = "Records by route and by what became of them; `retried` counts attempts."
        family = CounterMetricFamily("weiguard_delivery_total", help_, labels=("route", "outcome"))
        for labels, count in sorted(dict(self._counts).items()):
            family.add_metric(labels, count)
        yield family
