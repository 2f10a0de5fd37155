"""What the audit log costs: the same run without it. No command can leave it out, so the bench calls the runner."""

from __future__ import annotations

from pathlib import Path

from bench.copies import EIGHT
from rules.caching import keep_in
from streams.embedded import Runner
from streams.large_state import large_state
from streams.sources.jsonl import JsonLines
from weiguard.cli import cache_folder
from weiguard.preparing import prepare
from weiguard.running import opened
from weiguard.settings import Settings


def decide(log: Path, database: Path) -> dict[str, object]:
    """Decide a log into a database by the eight rules; return how many inputs there were."""
    keep_in(cache_folder())  # As the command does.
    settings = Settings(db=database, only=tuple(EIGHT))
    with opened(prepare(settings), settings) as (prepared, store), large_state():
        Runner(store, prepared.engine(), audited=False).run([JsonLines(str(log))])
        return {"inputs": store.last}
