"""What changed in an engine's state, written out by a process that was forked for it, while the engine goes on.

The fork sees the state as it was at that instant: the operating system copies what the engine changes meanwhile. To
write the entries of a large state takes seconds, to fork takes milliseconds.
"""

from __future__ import annotations

import asyncio
import os
import signal
import traceback
import warnings
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from struct import Struct
from typing import Final, NoReturn, TypeAlias

import msgspec

from engine.fold import Engine

Entry: TypeAlias = tuple[bytes, bytes | None]

_BLOCK: Final = (
    100  # Entries that are handed over at once: a fraction of a millisecond's work for who takes them.
)
_SIZE: Final = Struct(">Q")
_NICE: Final = 5  # Deciding goes first.
_END: Final = _SIZE.pack(0)


class Snapshot:
    """The changes of one engine at one instant. Close it, whatever becomes of it."""

    def __init__(self, engine: Engine) -> None:
        """Fork. Raises OSError where that cannot be done."""
        self._source, target = os.pipe()
        with warnings.catch_warnings():
            # Other threads hold no lock that the fork needs: it makes bytes of plain values, and writes them to a pipe.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._child: int | None = os.fork()
        if self._child == 0:
            os.close(self._source)
            _write_all(engine, target)
        os.close(target)

    async def blocks(self) -> AsyncIterator[list[Entry]]:
        """Yield all entries, some at a time. Raises ChildProcessError where the fork fails."""
        loop, reader = asyncio.get_running_loop(), asyncio.StreamReader()
        source = os.fdopen(self._source, "rb", buffering=0)
        self._source = -1
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), source)
        decoder = msgspec.msgpack.Decoder(list[Entry])
        try:
            while size := _SIZE.unpack(await reader.readexactly(_SIZE.size))[0]:
                yield decoder.decode(await reader.readexactly(size))
        except asyncio.IncompleteReadError:
            raise ChildProcessError(f"the fork that wrote a checkpoint ended with {self._reap()}") from None
        finally:
            transport.close()

    def close(self) -> None:
        """End the fork, if it has not ended."""
        if self._source >= 0:
            os.close(self._source)
            self._source = -1
        if self._child is not None:
            os.kill(self._child, signal.SIGKILL)
            self._reap()

    def _reap(self) -> int:
        assert self._child is not None, "a fork is waited for once"
        _, status = os.waitpid(self._child, 0)
        self._child = None
        return os.waitstatus_to_exitcode(status)


def _write_all(engine: Engine, target: int) -> NoReturn:
    """Be the fork: write, and end without a word to what is the other process's."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # A key pressed in the terminal reaches it too.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.nice(_NICE)
        with os.fdopen(target, "wb") as out:
            for block in _blocks(engine):
                out.write(_SIZE.pack(len(block)) + block)
            out.write(_END)
        status = 0
    except BrokenPipeError:
        pass  # Who asked has gone.
    except BaseException:  # noqa: BLE001  # nothing may leave this function
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(status)


def _blocks(engine: Engine) -> Iterator[bytes]:
    encode = msgspec.msgpack.Encoder().encode
    entries = engine.checkpoint()
    while block := list(islice(entries, _BLOCK)):
        yield encode(block)
