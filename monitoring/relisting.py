"""The rows by which alerts are listed, held against the records and acts that they are folded from.

A row that is gone, or says otherwise, would hide an alert from who watches: verifying notices.
"""

from __future__ import annotations

from streams.audit.broken import BrokenError
from streams.stores.sqlite_alerts import Row
from streams.stores.sqlite_reading import SqliteReader


def check_alerts(reader: SqliteReader) -> None:
    """Raise BrokenError at the first row that its alert does not have, or at an alert that has none."""
    for seq, row, alert, wanted in reader.alert_rows():
        where = f"row {seq:,} of the table of alerts"
        if wanted is None:
            raise BrokenError(where, "a row", "the number of an alert's last record")
        for name, found, expected in zip(Row._fields, row, wanted, strict=True):
            if found != expected:
                raise BrokenError(
                    f"{where}, {alert}", f"{name} {found!r}", f"{expected!r}, as its records say"
                )
    missing = reader.unlisted()
    if missing is not None:
        raise BrokenError("the table of alerts", f"no row of {missing}", "one for its last record")
