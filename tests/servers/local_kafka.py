"""An Apache Kafka on this machine: one or more brokers on loopback that a test may stop, freeze and kill.

Each broker is its own controller too (KRaft), small enough for many tests beside it and quick to notice a failure. It
dies with the process that started it (tests/servers/dying.py); ports, data and logs are this object's alone.
"""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.servers.kafka_jars import UnavailableError, jars
from tests.servers.kafka_properties import Ports, properties
from tests.servers.starting import started

_CLUSTER_ID: Final = "V2VpZ3VhcmRUZXN0MDAwMA"  # Any 16 bytes in base64url.
_WITHIN_S: Final = 90.0  # For a broker to start, or to end.
_OFTEN_S: Final = 0.05
_SAID: Final = 800  # Characters of what a broker said last.
_ARE_YOU_THERE: Final = (
    bytes.fromhex("0000000d 0012 0000 00000001 0003") + b"wgk"
)  # ApiVersions 0, kept for ever.
_JVM: Final = (
    "-Xmx{heap}",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:MaxDirectMemorySize=96m",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
)


class LocalKafka:
    """Brokers 0 to `brokers`-1 under the folder `home`; `extra` are properties over the usual ones, for all of them."""

    def __init__(self, home: Path, brokers: int = 1, extra: Mapping[str, str] | None = None) -> None:
        self.home, self.brokers = home, brokers
        self._extra = dict(extra or {})
        self._ports = Ports.free(brokers)
        self._jars = Path()
        self._running: dict[int, subprocess.Popen[bytes]] = {}

    @property
    def bootstrap(self) -> str:
        """All brokers, dead ones too, as clients take them."""
        return ",".join(f"127.0.0.1:{port}" for port in self._ports.clients)

    def start(self) -> str:
        """Start what does not run, wait until it answers, return `bootstrap`. Raises UnavailableError."""
        self._jars = jars()
        self._format([node for node in range(self.brokers) if not self._folder(node).exists()])
        dead = [node for node in range(self.brokers) if not self.alive(node)]
        for node in dead:
            self._spawn(node)
        for node in dead:
            self._wait(node)
        return self.bootstrap

    def start_node(self, node: int) -> None:
        """Start a broker that was killed, on its own data, and wait until it answers. Raises UnavailableError."""
        assert not self.alive(node), "it runs"
        self._spawn(node)
        self._wait(node)

    def alive(self, node: int) -> bool:
        """Return whether a broker's process is there, be it frozen."""
        return node in self._running and self._running[node].poll() is None

    def kill(self, node: int, with_signal: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to a broker that runs; wait for its end where the signal ends it."""
        if not self.alive(node):
            return
        self._running[node].send_signal(with_signal)
        if with_signal in (signal.SIGKILL, signal.SIGTERM):
            self._running[node].wait(_WITHIN_S)

    def stop(self) -> None:
        """Kill all brokers and throw their data away; what they said stays."""
        for node in range(self.brokers):
            self.kill(node)
            shutil.rmtree(self._folder(node) / "data", ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _folder(self, node: int) -> Path:
        return self.home / f"node{node}"

    def _format(self, nodes: list[int]) -> None:
        """Make the data folders of new brokers, all at once: most of it is Java's own start."""
        tools = {}
        for node in nodes:
            folder = self._folder(node)
            folder.mkdir(parents=True)
            lines = properties(node, self._ports, folder / "data") | self._extra
            file = folder / "server.properties"
            file.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
            command = [
                "kafka.tools.StorageTool",
                "format",
                "--cluster-id",
                _CLUSTER_ID,
                "--config",
                str(file),
            ]
            tools[node] = self._java("64m", command, folder / "format.log")
        for node, tool in tools.items():
            if tool.wait(_WITHIN_S):
                raise UnavailableError(f"no folder for broker {node}: {self._said(node, 'format.log')}")

    def _spawn(self, node: int) -> None:
        folder = self._folder(node)
        command = ["kafka.Kafka", str(folder / "server.properties")]
        self._running[node] = self._java("320m", command, folder / "server.log")

    def _java(self, heap: str, command: list[str], log: Path) -> subprocess.Popen[bytes]:
        """Start a Java program that dies with us and writes what it says to a file."""
        flags = [flag.format(heap=heap) for flag in _JVM]
        return started(["java", *flags, "-cp", f"{self._jars}/*", *command], log)

    def _wait(self, node: int) -> None:
        """Wait until a broker answers; that it accepts connections would come too early."""
        end = time.monotonic() + _WITHIN_S
        while time.monotonic() < end:
            if not self.alive(node):
                raise UnavailableError(
                    f"broker {node} ended while starting: {self._said(node, 'server.log')}"
                )
            if _answers(self._ports.clients[node]):
                return
            time.sleep(_OFTEN_S)
        raise UnavailableError(f"broker {node} did not answer within {_WITHIN_S:.0f} s")

    def _said(self, node: int, log: str) -> str:
        lines = (self._folder(node) / log).read_text(errors="replace").splitlines()
        return "\n".join(line for line in lines if not line.startswith("\tat "))[-_SAID:]


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 0.5) as connection:
            connection.settimeout(2)
            connection.sendall(_ARE_YOU_THERE)
            return len(connection.recv(8)) == 8
    except OSError:
        return False
