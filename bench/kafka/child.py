"""What a worker is measured beside, each in a process of its own: `python -m bench.kafka.child KIND ARGUMENT…`.

`plain` and `raw` say `ready` once they have all partitions, and end by themselves after so many inputs. What a kind has
to tell is written to a file as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeAlias

from bench.kafka.broker import Place
from streams.kafka.naming import Cluster

Told: TypeAlias = dict[str, float]


async def plain(place: Place, inputs: int) -> Told:
    """Count events one by one, as a Faust agent does that knows nothing of this project."""
    from bench.kafka.plain import count  # noqa: PLC0415 - each kind pays for its own imports only.

    await count(place, inputs, table=False)
    return {}


async def table(place: Place, inputs: int) -> Told:
    """Count events by tenant in a Faust Table."""
    from bench.kafka.plain import count  # noqa: PLC0415 - each kind pays for its own imports only.

    await count(place, inputs, table=True)
    return {}


async def raw(place: Place, inputs: int) -> Told:
    """Read the input and write a position a batch, as a worker does, and decide nothing."""
    from bench.kafka.raw import pass_on  # noqa: PLC0415 - each kind pays for its own imports only.

    await pass_on(place, inputs)
    return {}


async def opening(place: Place, inputs: int) -> Told:
    """Open every partition as a worker does, and tell how long that takes."""
    from bench.kafka.opening import opened  # noqa: PLC0415 - each kind pays for its own imports only.

    return await opened(place, inputs)


KINDS: dict[str, Callable[[Place, int], Coroutine[Any, Any, Told]]] = {
    "plain": plain,
    "table": table,
    "raw": raw,
    "opening": opening,
}


def main() -> None:
    """Do what the command line says."""
    kind, brokers, prefix, partitions, inputs, result = sys.argv[1:]
    place = Place(Cluster(tuple(brokers.split(",")), prefix), int(partitions))
    told = asyncio.run(KINDS[kind](place, int(inputs)))
    if told:
        Path(result).write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main()
