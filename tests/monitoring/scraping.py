"""What a scrape gives, for tests to look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TypeAlias

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

Labels: TypeAlias = frozenset[tuple[str, str]]
Series: TypeAlias = dict[tuple[str, Labels], float]


def parsed(text: str) -> Series:
    """Read a scrape as Prometheus would; every series stands there once."""
    found: Series = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            name = (sample.name, frozenset(sample.labels.items()))
            assert name not in found, "a series stands there twice"
            found[name] = sample.value
    return found


def scraped(registry: CollectorRegistry) -> Series:
    """Scrape a registry."""
    return parsed(generate_latest(registry).decode())


def by(series: Mapping[tuple[str, Labels], float], metric: str, *labels: str) -> Counter[tuple[str, ...]]:
    """Return what a metric adds up to, by some of its labels."""
    found: Counter[tuple[str, ...]] = Counter()
    for (name, pairs), value in series.items():
        if name == metric:
            found[tuple(dict(pairs)[label] for label in labels)] += int(value)
    return found
