"""Files that come to stand in a folder together, or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from simulator import files
from simulator.errors import StorageError, UsageError

FOLDER = ".export"
"""Inside the target folder, so that a rename never crosses file systems."""
CHUNK = 10_000
"""Files that are listed at once."""


@contextmanager
def staged(out: Path, *, last: str, written: Callable[[str], bool], known: files.Ours = files.never) -> Iterator[Path]:
    """Yields an empty folder to write into; when the block ends well, its files move to `out`.

    `written`: whether this kind of set has files of a name. Those in `out` that are not written again are removed, and
    `last` stands only beside a whole set: it is taken away first and comes back last. All that holds for files of an
    earlier set, as the folder's ledger tells, or `known` by what is in them; where another file has such a name, the
    set is refused before the block begins. If the block fails, nothing in `out` has changed. What a killed process
    left behind is cleared by the next one.

    Raises StorageError where the disk is full or may not be written, UsageError if another process is at it, or for a
    file that is not of an earlier set.
    """
    with _stored(out):
        out.mkdir(parents=True, exist_ok=True)
        busy = UsageError("another export is writing here", place=str(out), remedy="wait for it")
        with files.workshop(out / FOLDER, busy) as fresh:
            check(out, written, known)
            yield fresh
            _publish(fresh, out, last, written, known)


def check(out: Path, written: Callable[[str], bool], known: files.Ours = files.never) -> None:
    """Raises UsageError for the first file in `out` that has a name of the set and is not of an earlier one."""
    if out.is_dir():
        ledger = files.Ledger(out)
        for name in _there(out, written):
            files.check(out / name, _ours(ledger, known), "folder")


def _ours(ledger: files.Ledger, known: files.Ours) -> files.Ours:
    return lambda path: ledger.holds(path) or known(path)


def _there(out: Path, written: Callable[[str], bool]) -> list[str]:
    with os.scandir(out) as entries:
        return sorted(entry.name for entry in entries if written(entry.name))


def _publish(fresh: Path, out: Path, last: str, written: Callable[[str], bool], known: files.Ours) -> None:
    """Takes files by the thousand, as there may be one for each of a million sessions."""
    ledger = files.Ledger(out)
    ours = _ours(ledger, known)
    with os.scandir(fresh) as entries:
        new = {entry.name for entry in entries}
    listed = {name: files.digest(fresh / name) for name in new if not known(fresh / name)}
    there = {*_there(out, written), *(name for name in new if os.path.lexists(out / name))}
    for name in sorted(there):
        files.check(out / name, ours, "folder")
    ledger.expect(listed)
    (out / last).unlink(missing_ok=True)
    while some := _some(fresh, last):
        for name in some:
            files.put(fresh / name, out / name, ours, "folder")
    gone = there - new
    for name in gone:
        (out / name).unlink()
    files.put(fresh / last, out / last, ours, "folder")
    ledger.settle(listed, gone)


def _some(folder: Path, last: str) -> list[str]:
    """Names of files that are still there, `last` left out."""
    with os.scandir(folder) as entries:
        return list(islice((entry.name for entry in entries if entry.name != last), CHUNK))


@contextmanager
def _stored(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            error.strerror or str(error),
            place=str(out if error.filename is None else error.filename),
            remedy="make room or choose another folder, then export again",
        ) from None


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
