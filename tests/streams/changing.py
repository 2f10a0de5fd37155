"""A shop whose rules change while it runs: a database, a folder of rules, and an engine between them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from engine.alert import encode
from monitoring.describing import texts
from streams.audit.notes import Signer
from streams.commit import StoredRecord
from streams.embedded import Runner
from streams.ports import Block
from streams.rereading import decided_again
from streams.stores.deciding import decided_by
from streams.stores.sqlite import SqliteStore, open_store
from streams.stores.sqlite_reading import open_reader
from tests.logs.arrival import Line
from tests.streams.running import SEED
from weiguard.preparing import prepare_kept
from weiguard.reloading import Reloading
from weiguard.settings import Settings as Chosen

MINE = Path(__file__).parent.parent / "golden" / "cli" / "mine"


class Shop:
    """A database, a folder of rules beside it, and an engine that may be started again at any time."""

    def __init__(self, folder: Path, signer: Signer | None = None) -> None:
        self.signer = signer
        self.folder, self.db = folder / "mine", folder / "shop.db"
        shutil.copytree(MINE, self.folder)
        self.settings = Chosen(rules=self.folder, db=self.db, checkpoint=1_000)
        self.start()

    def start(self, *, reload: bool = False) -> None:
        """Start, as the command does, by the rules in the folder."""
        made = prepare_kept(self.settings, as_decided=reload)
        self.reloading = Reloading(made, self.settings, "li", "wang", asked=reload)
        by = decided_by(made.program, made.settings, (), made.since)
        told = texts(made.rules, made.program)
        self.store: SqliteStore = open_store(self.db, by, told, archive=made.archive, seed=SEED)
        self.runner = Runner(self.store, made.engine(), signer=self.signer)
        self.runner.resume()

    def stop(self, *, cleanly: bool = True) -> None:
        """Stop; where it is not done cleanly, without a last checkpoint."""
        if cleanly:
            self.runner.end()
        self.store.close()

    def take(self, *lines: Line) -> list[str]:
        """Decide lines; return state, level and rule set of each record."""
        done = self.runner.take("log", Block([msgspec.json.encode(line) for line in lines], None))
        return [f"{each.state} {each.level}" for each in done.records]

    def edit(self, old: str, new: str, file: str = "limits.yaml") -> None:
        """Change a rule file."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def change(self) -> list[str]:
        """Let the edited rules decide; return what they say at once."""
        before = len(list(self.store.records()))
        self.reloading.change(self.runner)
        said = [msgspec.json.decode(each.body) for each in self.store.records()][before:]
        return [f"{each['state']} {each['level']}" for each in said]

    def replayed(self) -> None:
        """Decide the database again from itself, and hold it against what is stored."""
        with open_reader(self.db) as reader:
            again = [
                (
                    each.stored.seq,
                    each.outcome.disposition,
                    [encode(record) for record in each.records],
                    [encode(record) for record in each.shadows],
                )
                for each in decided_again(reader)
            ]
            told = [_by_input(reader.sealed_records()), _by_input(reader.sealed_shadows())]
            assert again == [
                (each.seq, each.disposition, *(found.get(each.seq, []) for found in told))
                for each in reader.inputs()
            ]


def _by_input(stored: Iterator[StoredRecord]) -> dict[int, list[bytes]]:
    found: dict[int, list[bytes]] = {}
    for each in stored:
        found.setdefault(each.input, []).append(each.body)
    return found
