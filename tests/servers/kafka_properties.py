"""The settings of a broker for tests: small, on loopback, and quick to notice that another one is gone."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

_SMALL_AND_QUICK: Final = {
    "process.roles": "broker,controller",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "auto.create.topics.enable": "false",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "num.network.threads": "2",
    "num.io.threads": "2",
    "num.replica.fetchers": "1",
    "num.recovery.threads.per.data.dir": "1",
    "background.threads": "2",
    "log.cleaner.threads": "1",
    "log.cleaner.dedupe.buffer.size": str(4 << 20),
    "log.cleaner.backoff.ms": "1000",
    "log.segment.bytes": str(64 << 20),
    "log.index.size.max.bytes": str(1 << 20),
    "log.retention.check.interval.ms": "5000",
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "controller.quorum.election.timeout.ms": "500",
    "controller.quorum.fetch.timeout.ms": "1000",
}


@dataclass(frozen=True, slots=True)
class Ports:
    """Loopback ports of each broker: for clients, and for its controller."""

    clients: tuple[int, ...]
    controllers: tuple[int, ...]

    @classmethod
    def free(cls, brokers: int) -> Self:
        """Return ports that nobody listens on now."""
        with ExitStack() as held:
            sockets = [held.enter_context(socket.socket()) for _ in range(2 * brokers)]
            for each in sockets:
                each.bind(("127.0.0.1", 0))
            ports = [each.getsockname()[1] for each in sockets]
        return cls(tuple(ports[:brokers]), tuple(ports[brokers:]))


def properties(node: int, ports: Ports, data: Path) -> dict[str, str]:
    """Return the settings of one of the brokers; what Kafka keeps for itself is copied to up to three of them."""
    copies = min(3, len(ports.clients))
    in_sync = max(1, copies - 1)
    at = f"PLAINTEXT://127.0.0.1:{ports.clients[node]}"
    voters = (f"{each}@127.0.0.1:{port}" for each, port in enumerate(ports.controllers))
    inner = ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic")
    return {
        **_SMALL_AND_QUICK,
        "node.id": str(node),
        "controller.quorum.voters": ",".join(voters),
        "listeners": f"{at},CONTROLLER://127.0.0.1:{ports.controllers[node]}",
        "advertised.listeners": at,
        "log.dirs": str(data),
        "default.replication.factor": str(copies),
        "min.insync.replicas": str(in_sync),
        **{f"{name}.replication.factor": str(copies) for name in inner},
        **{f"{name}.min.isr": str(in_sync) for name in inner[1:]},
        "controlled.shutdown.enable": str(len(ports.clients) > 1).lower(),
    }
