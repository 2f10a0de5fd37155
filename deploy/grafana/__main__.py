"""`python -m deploy.grafana` writes every dashboard as JSON, in both languages, into `deploy/grafana/dashboards/`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana.engine import engine
from deploy.grafana.frame import finish
from deploy.grafana.kafka import kafka
from deploy.grafana.risk import risk
from deploy.grafana.rule import rule
from deploy.grafana.rules import rules
from deploy.grafana.words import LANGUAGES, Say

FOLDER: Final = Path(__file__).parent / "dashboards"
PAGES: Final[dict[str, Callable[[Say], Dashboard]]] = {
    "risk": risk, "rules": rules, "rule": rule, "engine": engine, "kafka": kafka
}  # fmt: skip


def written() -> dict[str, str]:
    """Return every file by its name under FOLDER."""
    encoder = JSONEncoder(indent=2, sort_keys=True, ensure_ascii=False)
    return {
        f"{lang}/{name}.json": encoder.encode(finish(page(Say(lang)))) + "\n"
        for lang in LANGUAGES
        for name, page in PAGES.items()
    }


def main() -> None:
    """Write the files."""
    for name, text in written().items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
