"""CI skips nothing: with CI=true a skip is a failure, wherever it is said."""

from __future__ import annotations

import pytest

from tests.tidy.tree import ROOT

SKIPS = {
    "marked": "import pytest\n@pytest.mark.skip(reason='no')\ndef test_a(): pass",
    "in the test": "import pytest\ndef test_a(): pytest.skip('no')",
    "in a fixture": "import pytest\n@pytest.fixture\ndef f(): pytest.skip('no')\ndef test_a(f): pass",
    "the whole module": "import pytest\npytest.skip('no', allow_module_level=True)\ndef test_a(): pass",
    "a missing import": "import pytest\npytest.importorskip('no_such_module')\ndef test_a(): pass",
    "unittest": "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): self.skipTest('no')",
}


def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, source: str, ci: str) -> pytest.RunResult:
    """Run one test file under this project's conftest."""
    monkeypatch.setenv("CI", ci)
    pytester.makeconftest((ROOT / "tests/conftest.py").read_text())
    pytester.makepyfile(source)
    return pytester.runpytest_subprocess("-p", "no:cacheprovider")


@pytest.mark.parametrize("source", SKIPS.values(), ids=SKIPS)
def test_a_skip_fails_in_ci_and_nowhere_else(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    in_ci = run(pytester, monkeypatch, source, "true")
    assert in_ci.ret != pytest.ExitCode.OK
    assert "skipped, which CI does not allow" in in_ci.stdout.str()
    assert "skipped" in run(pytester, monkeypatch, source, "false").stdout.str().splitlines()[-1]


def test_an_expected_failure_is_no_skip(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "import pytest\n@pytest.mark.xfail(reason='known')\ndef test_a(): assert False"
    done = run(pytester, monkeypatch, source, "true")
    done.assert_outcomes(xfailed=1)
    assert done.ret == pytest.ExitCode.OK
