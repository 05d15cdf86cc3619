"""A table in as many parquet files as its size asks for: `train-00000-of-00003.parquet`, the convention of the Hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

ROWS = 1_000
"""Rows to a group: what is held in memory at most."""
SHARD_BYTES = 500_000_000
"""Bytes to a file, as `datasets` and the Hub cut them."""


class Shards:
    """One table, row by row. Its files have their names when it is closed, since only then their number is known."""

    def __init__(self, folder: Path, stem: str, most: int = SHARD_BYTES) -> None:
        """`most`: bytes to a file; it may be more by one group of rows."""
        self._folder, self._stem, self._most = folder, stem, most
        self._waiting: list[dict[str, Any]] = []
        self._parts: list[Path] = []
        self._sink: Any = None
        self._writer: Any = None

    def add(self, row: dict[str, Any]) -> None:
        """Every row has the same columns, with text, whole numbers, numbers or truth in them."""
        self._waiting.append(row)
        if len(self._waiting) == ROWS:
            self._flush()

    def close(self) -> None:
        """No file for no row."""
        try:
            if self._waiting:
                self._flush()
        finally:
            self._end()
        for number, part in enumerate(self._parts):
            part.rename(self._folder / f"{self._stem}-{number:05d}-of-{len(self._parts):05d}.parquet")

    def _flush(self) -> None:
        import pyarrow
        from pyarrow import parquet

        kinds = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64(), bool: pyarrow.bool_()}
        schema = pyarrow.schema([(name, kinds[type(value)]) for name, value in self._waiting[0].items()])
        if self._writer is None:
            part = self._folder / f"{self._stem}-{len(self._parts):05d}.part"
            self._sink = pyarrow.OSFile(str(part), "wb")
            self._writer = parquet.ParquetWriter(self._sink, schema)
            self._parts.append(part)
        self._writer.write_table(pyarrow.Table.from_pylist(self._waiting, schema))
        self._waiting.clear()
        if self._sink.tell() >= self._most:
            self._end()

    def _end(self) -> None:
        """Closes the file that is open, if one is."""
        writer, sink, self._writer, self._sink = self._writer, self._sink, None, None
        if writer is not None:
            try:
                writer.close()
            finally:
                sink.close()
