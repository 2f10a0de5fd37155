"""`weiguard tokens`: made once, shown once, listed by name, taken away."""

from __future__ import annotations

import stat
from pathlib import Path

from tests.weiguard.conftest import Weiguard


def test_the_file_holds_no_token(weiguard: Weiguard, tmp_path: Path) -> None:
    made = weiguard(
        "tokens", "add", "pay", "--scope", "ingest", "--source", "wechatpay/*", "--tokens", "t.json"
    )
    bearer = made.out.strip()
    assert (made.status, bearer[:3]) == (0, "wg_")
    file = tmp_path / "t.json"
    assert bearer not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert weiguard("tokens", "list", "--tokens", "t.json").out == "pay  ingest  sources: wechatpay/*\n"
    again = weiguard("tokens", "add", "pay", "--scope", "read", "--tokens", "t.json")
    assert (again.status, "found a token pay" in again.err) == (2, True)
    assert weiguard("tokens", "remove", "pay", "--tokens", "t.json").status == 0
    gone = weiguard("tokens", "remove", "pay", "--tokens", "t.json")
    assert (gone.status, "expected one of none" in gone.err) == (2, True)


def test_a_file_that_is_not_there_is_refused(weiguard: Weiguard) -> None:
    refused = weiguard("run", "--listen", "127.0.0.1:0", "--tokens", "nowhere.json")
    assert refused.status == 2
    assert "nowhere.json: found “No such file or directory”; expected a file of tokens" in refused.err
