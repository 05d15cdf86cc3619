"""Any number of sketches in bounded memory, and which of them a new one is most like.

Sketches whose places agree in one band at least are compared (locality-sensitive hashing, Indyk and Motwani 1998). The
bands and the sketches lie in a database of SQLite that is private to the process: it is kept in memory while it is
small, then in a temporary file that goes away with the process. Everything in it can be made again from the sessions.
"""

from __future__ import annotations

import operator
import sqlite3
import weakref
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from zlib import crc32

from rensa import RMinHash

from simulator.corpus.sketch import BAND
from simulator.errors import StorageError

CACHE_KB = 64_000
"""Of pages that SQLite keeps in memory: the bands of some 30,000 sessions."""
_WORD = 4
"""Bytes to a place."""


class SketchIndex:
    """Sketches by name, all of the same number of places. Not to be shared between threads."""

    def __init__(self, places: int, similarity: float) -> None:
        """`similarity`: from here on two sets are alike. How well that is told, and how many are found: see `Index`."""
        self._places, self._similarity = places, similarity
        with _disk():
            # The collector may close it from another thread; otherwise it stays in its own.
            db = self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            weakref.finalize(self, db.close)
            # Nobody else reads it and nothing has to survive: no journal, no sync, and one transaction for ever.
            db.execute("PRAGMA journal_mode = OFF")
            db.execute("PRAGMA synchronous = OFF")
            db.execute(f"PRAGMA cache_size = -{CACHE_KB}")
            db.execute("CREATE TABLE sketch (number INTEGER PRIMARY KEY, name TEXT NOT NULL, places BLOB NOT NULL)")
            db.execute(
                "CREATE TABLE band (key INTEGER NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (key, number))"
                " WITHOUT ROWID"
            )
            db.execute("BEGIN")
        marks = ", ".join("?" * (places // BAND))
        self._alike = (
            "SELECT name, places FROM sketch"
            f" WHERE number IN (SELECT number FROM band WHERE key IN ({marks})) ORDER BY number"
        )

    def nearest(self, own: RMinHash) -> tuple[str, float] | None:
        """(name, similarity) of the first of those most like it; None if none is alike."""
        digest = array("I", own.digest())
        found: tuple[str, float] | None = None
        with _disk():
            for name, places in self._db.execute(self._alike, _keys(digest.tobytes())):
                likeness = sum(map(operator.eq, digest, memoryview(places).cast("I"))) / self._places
                if likeness >= self._similarity and (found is None or likeness > found[1]):
                    found = name, likeness
        return found

    def add(self, name: str, own: RMinHash) -> None:
        """Keeps the sketch of what has that name. Raises StorageError where the disk is full."""
        digest = array("I", own.digest()).tobytes()
        with _disk():
            row = self._db.execute("INSERT INTO sketch (name, places) VALUES (?, ?)", (name, digest))
            number = row.lastrowid
            self._db.executemany("INSERT INTO band VALUES (?, ?)", [(key, number) for key in _keys(digest)])


def _keys(digest: bytes) -> list[int]:
    """One number for every band: which it is, and what is in it. Two bands that differ may have one number (2^-32)."""
    width = BAND * _WORD
    return [at << 32 | crc32(digest[at : at + width]) for at in range(0, len(digest), width)]


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise StorageError(
            str(error),
            place="the temporary folder",
            remedy="make room there, or name another one in the environment as SQLITE_TMPDIR",
        ) from None
