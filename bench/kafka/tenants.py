"""The bench log spread over several tenants, so that all partitions have work: a tenant is never torn in two.

Who an account's owner is decides its tenant, so all that belongs together stays together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from bench.log import Parameters, lines
from streams.kafka.addressing import partition_of

TENANTS: Final = 8
_WHOSE: Final = re.compile(r'"subject":"A(\d+)"|"owner_id":"O(\d+)"')
_OF_ONE: Final = '"tenant":"bench"'
_FACE_TO_FACE: Final = '"code_kind":"personal_static","face_to_face":true'


def tenants(partitions: int) -> list[str]:
    """Return the names of tenants of which every partition has as many."""
    room = dict.fromkeys(range(partitions), max(1, TENANTS // partitions))
    found, number = [], 0
    while any(room.values()):
        name = f"tenant-{number}"
        number += 1
        if room[partition_of(name, partitions)]:
            room[partition_of(name, partitions)] -= 1
            found.append(name)
    return found


def spread(log: Iterable[str], owners: int, names: list[str]) -> Iterator[str]:
    """Return the lines of a bench log with such an owner's tenant in the place of the one they have."""
    for line in log:
        whose = _WHOSE.search(line)
        assert whose is not None, "every line names an account or an owner"
        owner = int(whose[1] or whose[2]) % owners
        yield line.replace(_OF_ONE, f'"tenant":"{names[owner % len(names)]}"', 1)


def remote(log: Iterable[str]) -> Iterator[str]:
    """Return lines of which some thirty in a thousand raise an alert: static codes are used remotely (COL-04)."""
    for line in log:
        yield line.replace(_FACE_TO_FACE, _FACE_TO_FACE.replace("true", "false"))


def spread_log(parameters: Parameters, partitions: int) -> Iterator[str]:
    """Return the lines of such a log for so many partitions."""
    return spread(lines(parameters), parameters.owners, tenants(partitions))


def written(parameters: Parameters, partitions: int) -> Path:
    """Return the file of such a log, written first where it is not there yet."""
    path = parameters.path()
    path = path.with_stem(f"{path.stem}-{partitions}")
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".part")
        with half.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(line + "\n" for line in spread_log(parameters, partitions))
        half.rename(path)
    return path
