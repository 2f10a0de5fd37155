"""Houses for the tests of what is served."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.monitoring.web.house import House, house


@pytest.fixture(scope="module")
def open_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Return a house that the tests of a module share."""
    with house(tmp_path_factory.mktemp("house") / "weiguard.db") as found:
        yield found
