"""What starts Weiguard elsewhere: files that their tools take, and the steps of the image run in a plain folder.

No Docker engine is used: nobody has built the image or started the compose files in these tests.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
import yaml

from tests.servers.kafka_properties import Ports
from tests.servers.prometheus import need
from tests.tidy.tree import ROOT

DEPLOY = ROOT / "deploy"
COMPOSED = ("compose.yaml", "compose.kafka.yaml")
UNIT = DEPLOY / "systemd/weiguard.service"
MOST_EXPOSED = (
    2.0  # Of 10, as `systemd-analyze security` counts: below it a service is called well protected.
)


def composed(name: str) -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text())["services"]
    return services


@pytest.mark.parametrize("name", COMPOSED)
def test_compose_files_hold_to_the_specification(name: str) -> None:
    schema = msgspec.json.decode((ROOT / "tests/deploy/compose-spec.json").read_bytes())
    valid = jsonschema_rs.validator_for(schema)
    assert not [str(error) for error in valid.iter_errors(yaml.safe_load((DEPLOY / name).read_text()))]
    assert [*valid.iter_errors({"services": {"weiguard": {"comand": []}}})], "it finds a wrong name"


@pytest.mark.parametrize("name", COMPOSED)
def test_what_compose_files_name_is_there(name: str) -> None:
    for service in composed(name).values():
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert not source.startswith(".") or (DEPLOY / source).is_dir(), source
        if "build" in service:
            assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
            assert service["read_only"]
            assert service["cap_drop"] == ["ALL"]


def test_alertmanager_takes_its_configuration() -> None:
    need("amtool")
    command = ["amtool", "check-config", str(DEPLOY / "alertmanager/alertmanager.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_systemd_takes_the_unit_and_calls_it_protected(tmp_path: Path) -> None:
    need("systemd-analyze")
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/usr/local/lib/weiguard/bin/weiguard", sys.executable))
    for command in (
        ["verify", str(unit)],
        ["security", "--offline=true", f"--threshold={MOST_EXPOSED * 10:.0f}", str(unit)],
    ):
        done = subprocess.run(["systemd-analyze", *command], capture_output=True, text=True, check=False)  # noqa: S607  # of the system
        assert done.returncode == 0, done.stdout + done.stderr


def instructions() -> dict[str, list[str]]:
    """Return what the Dockerfile says, by instruction."""
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ").splitlines():
        name, _, rest = line.partition(" ")
        if name.isupper():
            found.setdefault(name, []).append(rest.strip())
    return found


def test_the_image_runs_as_nobody_and_its_context_is_what_it_needs() -> None:
    said = instructions()
    assert said["USER"] == ["weiguard"]
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert all((ROOT / each).exists() for each in kept)
    assert {"engine", "rules", "streams", "monitoring", "weiguard"} <= set(kept)


@pytest.mark.slow
def test_the_steps_of_the_image_run_in_a_plain_folder(tmp_path: Path) -> None:
    """Installed by its script, started by its command, found healthy by its check, ended by its signal."""
    said = instructions()
    (run,) = (each for each in said["RUN"] if "deploy/install" in each)
    place = tmp_path / "opt"
    step = run.replace("/src", str(ROOT)).replace("/usr/local/lib/weiguard", str(place))
    python = {**os.environ, "PYTHON": sys.executable, "PIP_NO_COMPILE": "1"}
    done = subprocess.run(shlex.split(step), env=python, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("weiguard ")
    assert not (place / "bin/pytest").exists(), "what is only needed for tests is left out"
    (port,) = Ports.free(1).clients
    command = [*msgspec.json.decode(said["ENTRYPOINT"][0]), *msgspec.json.decode(said["CMD"][0])]
    command = [each.replace(":8787", f":{port}") for each in command]
    check = msgspec.json.decode(said["HEALTHCHECK"][0].partition("CMD ")[2])
    check = [str(place / "bin/python"), *(each.replace(":8787", f":{port}") for each in check[1:])]
    home = tmp_path / "home"
    home.mkdir()
    bare = {"PATH": f"{place}/bin:{os.environ['PATH']}", "HOME": str(home), "LANG": "C.UTF-8"}
    with subprocess.Popen([str(place / "bin" / command[0]), *command[1:]], cwd=home, env=bare) as running:
        try:
            end = time.monotonic() + 120
            for asked in (check, [each.replace("healthz", "readyz") for each in check]):
                while subprocess.run(asked, env=bare, capture_output=True, check=False).returncode:
                    assert time.monotonic() < end
                    assert running.poll() is None
                    time.sleep(0.2)
            running.send_signal(getattr(signal, said["STOPSIGNAL"][0]))
            assert running.wait(30) == 0
        finally:
            running.kill()
    assert (home / "weiguard.db").is_file()
