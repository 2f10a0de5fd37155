"""`python -m weiguard`."""

from __future__ import annotations

from weiguard.cli import start

start()
