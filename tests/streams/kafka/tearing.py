"""A worker that is killed when its second checkpoint is on the broker but for its end: `python -m … BROKERS PREFIX`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from streams.kafka.kept import Message
from streams.kafka.partition import Partition
from weiguard.settings import settings_from
from weiguard.working import Call, run_worker

_write = Partition._write  # noqa: SLF001  # what is torn
checkpoints = 0


async def tearing(self: Partition, producer: Any, messages: Iterable[Message]) -> list[Any]:
    """Write as ever, but die before the end of the second checkpoint."""
    global checkpoints  # noqa: PLW0603  # counts over all partitions
    if isinstance(messages, Iterator):  # The end of a checkpoint: its entries come in lists.
        checkpoints += 1
        if checkpoints == 2:
            await producer.flush()  # On the broker, in a transaction that nobody will end.
            print("torn", flush=True)  # noqa: T201  # read by the test
            os.kill(os.getpid(), signal.SIGKILL)
    return await _write(self, producer, messages)


if __name__ == "__main__":
    Partition._write = tearing  # type: ignore[method-assign]  # noqa: SLF001
    call = Call(instance=None, ticks=False, session_s=3, listen=None)
    sys.exit(run_worker(call, settings_from({"brokers": sys.argv[1], "prefix": sys.argv[2]})))
