"""Do the hand-written loops and the engine say the same? A comparison of speed means nothing otherwise."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any


def raised(path: Path) -> Counter[tuple[str, str, str, str]]:
    """Return the raised and escalated alerts of a file by rule, level, key and time of crossing."""
    found: Counter[tuple[str, str, str, str]] = Counter()
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row.get("state", "raised") in ("raised", "escalated"):
                found[row["rule"], row["level"], _key(row["key"]), row["at"][:19]] += 1
    return found


def differences(one: Path, other: Path) -> list[str]:
    """Return what only one of two files has, as lines to show; none where they agree."""
    left, right = raised(one), raised(other)
    rows = [f"only in {one.name}: {' '.join(row)}" for row in sorted((left - right).elements())]
    return rows + [f"only in {other.name}: {' '.join(row)}" for row in sorted((right - left).elements())]


def _key(key: Any) -> str:
    return "|".join(str(value) for value in key.values()) if isinstance(key, dict) else str(key)
