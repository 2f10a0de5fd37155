"""Which Kafka, and what the topics on it are called."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_PREFIX = "weiguard"


@dataclass(frozen=True, slots=True)
class Cluster:
    """The brokers (`host:port`) and the topics that begin with a prefix; the prefix names the consumer group too."""

    brokers: tuple[str, ...]
    prefix: str = DEFAULT_PREFIX

    @property
    def bootstrap(self) -> str:
        """The brokers as clients take them."""
        return ",".join(self.brokers)

    @property
    def events(self) -> str:
        """The input, the log itself: keyed by tenant, one event a message."""
        return f"{self.prefix}.events"

    @property
    def alerts(self) -> str:
        """Alert records, keyed by tenant."""
        return f"{self.prefix}.alerts"

    @property
    def state(self) -> str:
        """Positions and checkpoints: compacted, with as many partitions as the input."""
        return f"{self.prefix}.state"

    @property
    def quarantine(self) -> str:
        """What could not be decided, whole, with its reason."""
        return f"{self.prefix}.quarantine"
