"""An Alertmanager on this machine, which tells nobody of anything: it is asked what it knows.

It comes with Debian's package `prometheus-alertmanager`. It dies with the process that started it; its port and data
are its own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tests.servers.kafka_properties import Ports
from tests.servers.starting import started, wait_until_ready

PROGRAM: Final = "prometheus-alertmanager"
_CONFIG: Final = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"
_WITHIN_S: Final = 60.0


class LocalAlertmanager:
    """One server under the folder `home`."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.url = f"http://127.0.0.1:{Ports.free(1).clients[0]}"
        self._process: subprocess.Popen[bytes] | None = None

    def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts that it takes to be firing."""
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts", timeout=10) as answer:  # noqa: S310  # our own
            found: list[dict[str, Any]] = json.load(answer)
        return found

    def wait(self, holds: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """Wait until the alerts are as they must be, and return them."""
        end = time.monotonic() + _WITHIN_S
        while not holds(found := self.alerts()):
            assert time.monotonic() < end, found
            time.sleep(0.1)
        return found

    def start(self) -> None:
        """Start it, and wait until it answers."""
        config, log = self._home / "alertmanager.yml", self._home / "alertmanager.log"
        config.write_text(_CONFIG)
        command = [PROGRAM, f"--config.file={config}", f"--storage.path={self._home / 'data'}"]
        command += [f"--web.listen-address={self.url.removeprefix('http://')}", "--cluster.listen-address="]
        self._process = started(command, log)
        wait_until_ready(self._process, f"{self.url}/-/ready", log)

    def stop(self) -> None:
        """Kill it; what it knew and had not written is gone."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

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
        shutil.rmtree(self._home / "data", ignore_errors=True)
