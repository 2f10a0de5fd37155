"""The simulation runs, and would notice: a few seeds every day, more in the slow tests."""

from __future__ import annotations

import pytest

from streams.embedded import Runner
from tests.simulation import simulate


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 12))])
def test_the_laws_hold(seed: int) -> None:
    assert simulate(seed)["ended"] > 0


@pytest.mark.slow
def test_disasters_happen() -> None:
    met = simulate(1)
    assert met["killed"] > 5
    assert met["disk full"] > 5


def test_a_runner_that_forgets_to_restore_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Runner, "_restore", lambda *_: None)
    with pytest.raises(AssertionError):  # noqa: PT012  # one of the seeds is enough
        for seed in range(1, 6):
            simulate(seed)
