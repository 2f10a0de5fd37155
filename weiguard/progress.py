"""A progress bar on stderr, where that is a terminal; elsewhere nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def progress_bar(total_bytes: int | None) -> Iterator[Callable[[int, int], None]]:
    """Show how far the work is; yield what is called with all lines and bytes so far. None: the end is not known."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _lines, _bytes: None
        return
    columns = (
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%") if total_bytes else TextColumn(""),
        TextColumn("{task.fields[lines]:,}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=total_bytes, lines=0)
        yield lambda lines, size: bar.update(task, completed=size, lines=lines)
