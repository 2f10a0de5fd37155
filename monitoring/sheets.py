"""Rows as CSV for spreadsheets: they read Chinese right, and compute nothing."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

_BOM: Final = "\ufeff"  # Without it some spreadsheets take Chinese for something else.
# A cell that begins so is a formula to a spreadsheet (owasp.org/www-community/attacks/CSV_Injection).
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class Writable(Protocol):
    """What text is written to."""

    def write(self, text: str, /) -> object:
        """Write some."""


def write_sheet(file: Writable, columns: Sequence[str], rows: Iterable[Iterable[object]]) -> int:
    """Write a sheet with a head; return how many rows it has below that."""
    file.write(_BOM)
    sheet = csv.writer(file)
    sheet.writerow(columns)
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007  # the last number is the count
        sheet.writerow(map(plain_cell, row))
    return count


def plain_cell(value: object) -> object:
    """Return a value as no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
