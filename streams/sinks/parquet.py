"""Records and entries as a Parquet file, for analysts: a column a field; what has a shape of its own is JSON text.

Needs the extra `parquet`. Rows are written in groups, so memory does not grow with the records.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from streams.refusing import RefusedError

_GROUP: Final = 10_000  # Rows written at a time.
_NUMBERS: Final = ("record", "leaf", "position", "tree_size")
_SHAPED: Final = ("key", "window", "trigger", "cause", "values", "limits", "evidence", "message", "action")


class ParquetSink:
    """A Parquet file being written. Takes records as plain values; those of one file have the same fields."""

    def __init__(self, path: Path, fields: tuple[str, ...]) -> None:
        """Begin a file; raises RefusedError without the extra, or where it cannot be written."""
        try:
            import pyarrow as pa  # noqa: PLC0415  # only with the extra
            import pyarrow.parquet as pq  # noqa: PLC0415  # only with the extra
        except ImportError:
            raise RefusedError(
                "--format",
                "parquet, which needs pyarrow",
                "",
                "install weiguard[parquet], or take --format jsonl",
            ) from None
        self._arrow: Any = pa
        kinds = {**dict.fromkeys(_NUMBERS, pa.int64()), "late": pa.bool_()}
        self._schema = pa.schema([(name, kinds.get(name, pa.string())) for name in fields])
        self._columns: dict[str, list[Any]] = {name: [] for name in fields}
        try:
            self._file: Any = pq.ParquetWriter(path, self._schema)
        except OSError as error:
            raise RefusedError(
                str(path), f"“{error.strerror}”", "a file that can be written", "name another with --out"
            ) from None

    def add(self, row: dict[str, Any]) -> None:
        """Add one record."""
        for name, column in self._columns.items():
            value = row[name]
            column.append(msgspec.json.encode(value).decode() if name in _SHAPED else value)
        if len(column) >= _GROUP:
            self._flush()

    def _flush(self) -> None:
        self._file.write_table(self._arrow.table(self._columns, schema=self._schema))
        for column in self._columns.values():
            column.clear()

    def close(self) -> None:
        """Write what is left and end the file."""
        self._flush()
        self._file.close()
