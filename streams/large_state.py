"""How a process holds a large state: garbage is not looked for, and memory comes in huge pages where that is possible.

An event touches some dozens of places all over the state. With pages of 4 KiB the processor knows few of them, and must
look most of them up in tables of tables first, in a virtual machine twice over. Linux gives pages of 2 MiB to whoever
asks, where `transparent_hugepage` is at `madvise`, as most distributions have it; Python's allocator does not ask. So
it is done here as the heap grows (madvise(2): MADV_HUGEPAGE and, since Linux 6.1, MADV_COLLAPSE). Elsewhere nothing
happens, and nothing is decided otherwise.
"""

from __future__ import annotations

import ctypes
import gc
import mmap
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Final

_HUGE: Final = 2 << 20  # Bytes of a huge page on the processors that matter here.
_STEP: Final = 8 * _HUGE  # So much must the process have grown to be looked at again.
_EVERY_S: Final = 1.0
_COLLAPSE: Final = 25  # MADV_COLLAPSE, which Python's mmap does not name yet.
_MODE: Final = Path("/sys/kernel/mm/transparent_hugepage/enabled")
_STATM: Final = Path("/proc/self/statm")
_MAPS: Final = Path("/proc/self/maps")
# What the allocator took: private and anonymous.
_ANONYMOUS: Final = re.compile(rb"^([0-9a-f]+)-([0-9a-f]+) rw-p 0+ 00:00 0 *(?:\[heap\])?$", re.MULTILINE)


@contextmanager
def large_state(*, forks: bool = False) -> Iterator[None]:
    """Hold a large state while this lasts.

    `forks`: the process forks while it works. Its pages stay small: what is written to after a fork is copied, and a
    huge page is taken apart for that and put together again later, which keeps everybody waiting.

    The engine makes no cycles, and what it drops is freed at once: a full look for garbage at a large state takes
    hundreds of milliseconds, and even the short ones cost a tenth of all time.
    """
    gc.disable()
    over = Event()
    asking = Thread(target=_ask_as_it_grows, args=(over,), name="huge pages", daemon=True)
    if not forks and _given():
        asking.start()
    try:
        yield
    finally:
        over.set()
        gc.freeze()  # All that came meanwhile is old, too: else the first look would go through the whole state.
        gc.unfreeze()
        gc.enable()


def _given() -> bool:
    """Return whether the system gives huge pages to those who ask, and only to them."""
    try:
        return b"[madvise]" in _MODE.read_bytes()
    except OSError:
        return False


def _ask_as_it_grows(over: Event) -> None:
    grown = _held() + _STEP
    done: set[tuple[bytes, bytes]] = set()
    while not over.wait(_EVERY_S):
        if _held() < grown:
            continue
        spans = set(_ANONYMOUS.findall(_MAPS.read_bytes()))
        for start, end in spans - done:
            _ask(int(start, 16), int(end, 16))
        done = spans
        grown = _held() + _STEP


def _held() -> int:
    """Return how many bytes of this process are in memory."""
    return int(_STATM.read_bytes().split()[1]) * mmap.PAGESIZE


def _ask(start: int, end: int) -> None:
    """Ask for a span of addresses; what cannot be had stays as it is."""
    first = -(-start // _HUGE) * _HUGE
    size = end // _HUGE * _HUGE - first
    if size > 0:
        for advice in (mmap.MADV_HUGEPAGE, _COLLAPSE):
            _madvise(first, size, advice)


_madvise = ctypes.CDLL(None).madvise  # It lets other threads run meanwhile.
_madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
