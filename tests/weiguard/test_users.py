"""`weiguard users`: people who may log in, by a password that stands nowhere."""

from __future__ import annotations

import io
import stat
import sys
from pathlib import Path

import pytest

from monitoring.web.console.users import Users
from tests.weiguard.conftest import Weiguard

PASSWORD = "four words of no poem"


def test_the_file_holds_no_password(
    weiguard: Weiguard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def typed(*arguments: str, password: str = PASSWORD) -> tuple[int, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
        done = weiguard("users", *arguments, "--users", "u.json")
        return done.status, done.out + done.err

    assert typed("add", "li", "--role", "risk", "--password-stdin") == (0, "")
    file = tmp_path / "u.json"
    assert PASSWORD not in file.read_text()
    assert "$argon2id$" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert typed("list") == (0, "li  risk\n")
    for arguments, password, words in (
        (("add", "li", "--role", "admin", "--password-stdin"), PASSWORD, "found a user li"),
        (
            ("add", "wang", "--role", "admin", "--password-stdin"),
            "short",
            "found 5 characters; expected 12 to",
        ),
        (("add", "wang li", "--role", "admin", "--password-stdin"), PASSWORD, "NAME: found 'wang li'"),
        (("add", "wang", "--role", "admin"), PASSWORD, "no terminal to ask for it"),
        (("add", "wang", "--role", "king", "--password-stdin"), PASSWORD, "king"),
        (("passwd", "wang", "--password-stdin"), PASSWORD, "found no user wang; expected one of li"),
        (("remove", "wang"), PASSWORD, "found no user wang; expected one of li"),
    ):
        status, said = typed(*arguments, password=password)
        assert (status, words in said) == (2, True), said
    known = Users(file)
    assert typed("passwd", "li", "--password-stdin", password="another five words or so") == (0, "")
    assert known.verified("li", PASSWORD) is None
    assert known.verified("li", "another five words or so") is not None
    assert typed("remove", "li") == (0, "")
    assert known.of("li") is None


def test_a_file_that_is_not_there_is_refused(weiguard: Weiguard) -> None:
    refused = weiguard("run", "--listen", "127.0.0.1:0", "--users", "nowhere.json")
    assert refused.status == 2
    assert "nowhere.json: found “No such file or directory”; expected a file of users" in refused.err


def test_an_address_that_is_none_is_refused(weiguard: Weiguard) -> None:
    refused = weiguard("run", "--listen", "127.0.0.1:0", "--public-url", "weiguard.example/console")
    assert refused.status == 2
    assert "--public-url: found 'weiguard.example/console'" in refused.err
