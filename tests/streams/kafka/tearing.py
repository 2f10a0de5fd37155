"""A worker that is killed when half of its second checkpoint is on the broker: `python -m … BROKERS PREFIX`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from itertools import islice
from typing import Any

from streams.kafka.kept import Message
from streams.kafka.partition import Partition
from weiguard.settings import settings_from
from weiguard.working import Call, run_worker

_write = Partition._write  # noqa: SLF001  # what is torn
_LEAST = 100  # Messages: more than a position alone has.
checkpoints = 0


async def tearing(self: Partition, messages: Iterable[Message]) -> list[Any]:
    """Write as ever, but die in the middle of the second checkpoint."""
    global checkpoints  # noqa: PLW0603  # counts over all partitions
    everything = list(messages)
    if len(everything) > _LEAST:
        checkpoints += 1
        if checkpoints == 2:
            for future in await _write(self, islice(everything, len(everything) // 2)):
                await future  # On the broker, in a transaction that nobody will end.
            print("torn", flush=True)  # noqa: T201  # read by the test
            os.kill(os.getpid(), signal.SIGKILL)
    return await _write(self, everything)


if __name__ == "__main__":
    Partition._write = tearing  # type: ignore[method-assign]  # noqa: SLF001
    call = Call(instance=None, ticks=False, session_s=3, listen=None)
    sys.exit(run_worker(call, settings_from({"brokers": sys.argv[1], "prefix": sys.argv[2]})))
