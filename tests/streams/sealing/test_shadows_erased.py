"""What shadow rules found of somebody is sealed like alerts, and erased with them."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from rules.loading import SHIPPED
from streams.refusing import RefusedError
from streams.stores.sqlite_reading import open_reader
from tests.streams.sealing import forgetting
from tests.streams.sealing.forgetting import OTHER, PAYER, bytes_of, erase, make, paid, refold, replayed, take
from tests.streams.sealing.telling import SECRETS
from weiguard.preparing import prepare
from weiguard.settings import Settings


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a database of the story, decided by rules of which every one is a shadow."""
    for part in ("catalog", "limits", "lexicons"):
        shutil.copytree(SHIPPED / part, tmp_path / "rules" / part)
    for path in (tmp_path / "rules/catalog").iterdir():
        path.write_text(
            re.sub(r"(?m)^  - (id: .*)$", r"  - shadow: true\n    \1", path.read_text("utf-8")), "utf-8"
        )
    rules = prepare(Settings(rules=tmp_path / "rules"))
    monkeypatch.setattr(forgetting, "rules", lambda: rules)
    make(tmp_path / "shop.db")
    return tmp_path / "shop.db"


def shadows(db: Path, *, sealed: bool = False) -> list[bytes]:
    with open_reader(db) as reader:
        return [each.body for each in (reader.sealed_shadows() if sealed else reader.shadows())]


@pytest.mark.slow
def test_they_are_sealed_and_erased_and_the_run_goes_on(db: Path) -> None:
    held = b"".join(shadows(db, sealed=True))
    assert not [each for each in (*SECRETS, b"z.q") if each in held]
    found = b"".join(shadows(db))
    assert PAYER.encode() in found, "who looks sees it in clear"
    assert "悄悄话z.q".encode() in found, "what a text says, too"
    before = len(shadows(db))
    for subject in (PAYER, OTHER, "op-z.q", "A1"):
        with suppress(RefusedError):  # What belongs to nobody's name but to the account's, say.
            erase(db, subject)
    left = b"".join(shadows(db))
    assert not [each for each in (PAYER, OTHER, "op-z.q", "悄悄话z.q") if each.encode() in left]
    assert PAYER.encode() not in bytes_of(db)
    assert len(shadows(db)) >= before, "what was found stays"
    assert take(db, paid("n2", "d2 08:10", 100, "new", "d2 12:00")) == []
    names = [(each["id"], each["record"]) for each in map(msgspec.json.decode, shadows(db))]
    assert len(set(names)) == len(names)
    assert replayed(db).ok
    refold(db)
    assert shadows(db)
