"""Settings: flags over variables over the file, and a wrong one refused where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.refusing import RefusedError
from weiguard.settings import settings_from

FILE = """\
lang = "zh"
db = "from-file.db"
lateness = "30h"

[tenants.t1]
lateness = "7d"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_anything_the_defaults_hold() -> None:
    found = settings_from({}, {})
    assert (found.db, found.lang, found.zone, found.rules) == (
        Path("weiguard.db"),
        None,
        "Asia/Shanghai",
        None,
    )
    assert found.for_engine(keep=True).lateness_us == 25 * 3_600 * 10**6


def test_flags_win_over_variables_and_these_over_the_file(folder: Path) -> None:
    (folder / "weiguard.toml").write_text(FILE)
    assert settings_from({}, {}).db == Path("from-file.db")
    assert settings_from({}, {"WEIGUARD_DB": "v.db"}).db == Path("v.db")
    assert settings_from({"db": Path("f.db")}, {"WEIGUARD_DB": "v.db"}).db == Path("f.db")
    assert settings_from({"db": None, "only": []}, {"WEIGUARD_ONLY": "COL-*, FRD-01"}).only == (
        "COL-*",
        "FRD-01",
    )


def test_the_engine_is_told_of_tenants(folder: Path) -> None:
    (folder / "weiguard.toml").write_text(FILE)
    found = settings_from({}, {}).for_engine(keep=False)
    assert (found.lateness_us, found.lateness_of) == (30 * 3_600 * 10**6, {"t1": 7 * 86_400 * 10**6})


def test_the_file_may_be_elsewhere(folder: Path) -> None:
    (folder / "other.toml").write_text('lang = "en"')
    assert settings_from({}, {"WEIGUARD_CONFIG": "other.toml"}).lang == "en"
    with pytest.raises(RefusedError, match=r"WEIGUARD_CONFIG: found no file none\.toml"):
        settings_from({}, {"WEIGUARD_CONFIG": "none.toml"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param('lang = "fr"', r"weiguard\.toml:1: found 'fr'; expected 'zh' or 'en'", id="no language"),
        pytest.param(
            'db = "x"\n\nzone = "Mars/Base"',
            r"weiguard\.toml:3: found 'Mars/Base'; expected a time zone",
            id="no zone",
        ),
        pytest.param(
            'lateness = "soon"',
            r"weiguard\.toml:1: found 'soon'; expected a duration such as 25h",
            id="no duration",
        ),
        pytest.param(
            '[tenants.a]\nlateness = "1h"\n[tenants.b]\nlateness = "36d"',
            r"weiguard\.toml:4: found '36d'; expected at most 35d",
            id="too late",
        ),
        pytest.param(
            'lnag = "zh"',
            r"weiguard\.toml:1: found the setting lnag; expected one of .*did you mean lang\?",
            id="no setting",
        ),
        pytest.param(
            '[tenants.a]\nzone = "UTC"',
            r"weiguard\.toml:2: found the setting zone; expected one of lateness",
            id="no tenant's setting",
        ),
        pytest.param(
            "\nlang = x",
            r"weiguard\.toml: found “Invalid value \(at line 2, column 8\)”; expected TOML",
            id="no TOML",
        ),
    ],
)
def test_a_wrong_setting_in_the_file_is_told_with_its_line(folder: Path, text: str, words: str) -> None:
    (folder / "weiguard.toml").write_text(text)
    with pytest.raises(RefusedError, match=words):
        settings_from({}, {})


def test_a_wrong_variable_is_told_by_its_name() -> None:
    with pytest.raises(RefusedError, match="WEIGUARD_LATENESS: found 'x'; expected a duration"):
        settings_from({}, {"WEIGUARD_LATENESS": "x"})
