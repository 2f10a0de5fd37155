"""A Prometheus on this machine, with the rules of deploy/: it scrapes each second what it is told to scrape.

It comes with Debian's package `prometheus`. It dies with the process that started it; its port and data are its own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlencode

import pytest
import yaml

from tests.servers.kafka_properties import Ports
from tests.servers.starting import started, wait_until_ready
from tests.tidy.tree import ROOT

SHIPPED: Final = ROOT / "deploy/prometheus"
SCRAPE_S: Final = 1  # It is how long a scrape may take, too: on a busy machine less would leave gaps.
_WITHIN_S: Final = 60.0
_OFTEN_S: Final = 0.1


def need(tool: str) -> None:
    """Skip the test where a tool of Prometheus is not installed."""
    if shutil.which(tool) is None:
        pytest.skip(f"no {tool} on PATH (scripts/servers says how to get it)")


def config_of(targets: Path) -> dict[str, Any]:
    """Return the shipped configuration, made quick, that scrapes what stands in a file."""
    config: dict[str, Any] = yaml.safe_load((SHIPPED / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": f"{SCRAPE_S}s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(SHIPPED / name) for name in config["rule_files"]]
    (job,) = config["scrape_configs"]
    del job["static_configs"]
    job["file_sd_configs"] = [{"files": [str(targets)], "refresh_interval": "1s"}]
    return config


@dataclass(frozen=True, slots=True)
class Span:
    """Some seconds, from one Unix time to another."""

    start: float
    end: float


class LocalPrometheus:
    """One server under the folder `home`."""

    def __init__(self, home: Path, config: Callable[[Path], dict[str, Any]]) -> None:
        self._home, self._config = home, config
        self._url = f"http://127.0.0.1:{Ports.free(1).clients[0]}"
        self._targets: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None

    def scrape(self, address: str) -> None:
        """Scrape a process from now on, HOST:PORT."""
        self._targets.append(address)
        part = self._home / "targets.part"
        part.write_text(json.dumps([{"targets": self._targets}]))
        part.rename(self._home / "targets.json")

    def ask(self, path: str, **arguments: object) -> Any:
        """Return the data of an answer of the HTTP API; fails where it refuses."""
        url = f"{self._url}/api/v1/{path}?{urlencode(arguments)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310  # our own
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            with error:
                pytest.fail(f"{arguments}: {error.read().decode()}")

    def now(self, expr: str, at: float | None = None) -> list[Any]:
        """Return the series of an instant query."""
        result: list[Any] = self.ask("query", query=expr, **({} if at is None else {"time": at}))["result"]
        return result

    def over(self, expr: str, span: Span) -> list[Any]:
        """Return the series of a range query."""
        where = {"start": span.start, "end": span.end, "step": SCRAPE_S}
        result: list[Any] = self.ask("query_range", query=expr, **where)["result"]
        return result

    def until(self, expr: str) -> None:
        """Wait until a query gives something."""
        end = time.monotonic() + _WITHIN_S
        while not self.now(expr):
            assert time.monotonic() < end, f"still nothing after {_WITHIN_S:.0f} s: {expr}"
            time.sleep(_OFTEN_S)

    def __enter__(self) -> Self:
        file = self._home / "prometheus.yml"
        file.write_text(yaml.safe_dump(self._config(self._home / "targets.json")))
        command = ["prometheus", f"--config.file={file}", f"--storage.tsdb.path={self._home / 'data'}"]
        command += [f"--web.listen-address={self._url.removeprefix('http://')}", "--log.level=warn"]
        self._process = started(command, self._home / "prometheus.log")
        try:
            wait_until_ready(self._process, f"{self._url}/-/ready", self._home / "prometheus.log")
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._home / "data", ignore_errors=True)
