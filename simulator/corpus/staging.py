"""Files that come to stand in a folder together, or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from filelock import FileLock, Timeout

from simulator.errors import StorageError, UsageError

FOLDER = ".export"
"""Inside the target folder, so that a rename never crosses file systems."""
CHUNK = 10_000
"""Files that are listed at once."""


@contextmanager
def staged(out: Path, *, last: str, stale: Callable[[str], bool]) -> Iterator[Path]:
    """Yields an empty folder to write into; when the block ends well, its files move to `out`.

    If the block fails, nothing in `out` has changed. When it ends well, `last` is taken away first and comes back last,
    so it stands only beside a whole set; files of `out` for whose name `stale` is true and that were not written again
    are removed. What a killed process left behind is cleared by the next one.

    Raises StorageError where the disk is full or may not be written, UsageError if another process is at it.
    """
    folder = out / FOLDER
    with _stored(out):
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise UsageError("another export is writing here", place=str(out), remedy="wait for it") from None
        try:
            fresh = folder / "files"
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir()
            yield fresh
            _publish(fresh, out, last, stale)
        finally:
            lock.release()
            shutil.rmtree(folder, ignore_errors=True)


def _publish(fresh: Path, out: Path, last: str, stale: Callable[[str], bool]) -> None:
    """Takes files by the thousand, as there may be one for each of a million sessions."""
    (out / last).unlink(missing_ok=True)
    with os.scandir(out) as there:
        gone = [entry.name for entry in there if stale(entry.name) and not (fresh / entry.name).exists()]
    while some := _some(fresh, last):
        for name in some:
            (fresh / name).replace(out / name)
    for name in gone:
        (out / name).unlink()
    (fresh / last).replace(out / last)


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
            remedy="make room or choose another --out, then export again",
        ) from None
