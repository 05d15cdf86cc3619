"""Near-duplicates: which earlier session, or message, a new one is most like.

Texts are compared by their shingles (a few words in a row), of which a sketch of fixed size is kept (MinHash, by
rensa). Two sketches agree in about the share of places that the two sets have in common (Jaccard). Sketches whose
places agree in one band at least are compared (locality-sensitive hashing, Indyk and Motwani 1998). Nothing in a sketch
depends on the process or the machine.
"""

from __future__ import annotations

import operator
import sqlite3
import weakref
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Protocol
from zlib import crc32

from rensa import RMinHash, RMinHashLSH

from simulator.document import Document
from simulator.errors import StorageError
from simulator.line_checks.wording import runs, words_of
from simulator.world.style import StylePolicy

PLACES = 256
"""Of the sketch of a session."""
BAND = 4
"""Places that are looked up together."""
CACHE_KB = 64_000
"""Of pages that SQLite keeps in memory: the bands of some 30,000 sessions."""
_SEED = 1
_WORD = 4
"""Bytes to a place."""


def shingles(words: Sequence[str], length: int) -> list[str]:
    """Every `length` words in a row.

    >>> shingles(["a", "b", "c"], 2)
    ['a b', 'b c']
    """
    if length == 1:
        return list(words)
    return list(map(" ".join, runs(words, length)))


def sketch(parts: Sequence[str], places: int) -> RMinHash | None:
    """Of a set; None for the empty set, which is like no other."""
    if not parts:
        return None
    made = RMinHash(places, _SEED)
    made.update(parts)
    return made


def sketch_session(document: Document, shingle: int) -> RMinHash | None:
    """Of what is said; not of who says it, so that the same session under other nicks is a near-duplicate.

    None for a session with fewer than `shingle` words.
    """
    said = list(chain.from_iterable(words_of(line.text) for line in document.messages))
    return sketch(shingles(said, shingle), PLACES)


class NearDuplicates:
    """All sessions so far. Memory stays flat: from some ten thousand sessions on their sketches are on disk."""

    def __init__(self, style: StylePolicy) -> None:
        self._shingle = style.numbers.near_duplicate_shingle
        self._index = SketchIndex(PLACES, style.numbers.near_duplicate_similarity)

    def find(self, id: str, document: Document, *, remember: bool = True) -> tuple[str, float] | None:
        """The earlier session that this one is most like, and how like (estimated share of common shingles).

        None if there is no near-duplicate; then the session is remembered under `id`, unless `remember` is False.
        """
        own = sketch_session(document, self._shingle)
        return None if own is None else self.find_sketch(id, own, remember=remember)

    def find_sketch(self, id: str, own: RMinHash, *, remember: bool = True) -> tuple[str, float] | None:
        """The same of a session that was sketched before."""
        found = self._index.nearest(own)
        if found is None and remember:
            self._index.add(id, own)
        return found


class SketchIndex:
    """Sketches by name, all of the same number of places. Not to be shared between threads."""

    def __init__(self, places: int, similarity: float, *, last: int | None = None) -> None:
        """`similarity`: from here on two sets are alike. `last`: so many of the last sketches are kept, in memory.

        None: all of them, in bounded memory; an answer then takes some ten times as long.

        With 256 places the similarity is right to within 3 %, and a pair is found with 98 % where it is 0.5 and with
        99.9 % where it is 0.6; with 64 places 6 %, and 89 % at 0.6, 98.7 % at 0.7.
        """
        self._similarity = similarity
        self._store: _Store = _OnDisk(places) if last is None else _InMemory(places, similarity, last)

    def nearest(self, own: RMinHash) -> tuple[str, float] | None:
        """(name, similarity) of the first of those most like it; None if none is alike."""
        found: tuple[str, float] | None = None
        for name, likeness in self._store.candidates(own):
            if likeness >= self._similarity and (found is None or likeness > found[1]):
                found = name, likeness
        return found

    def add(self, name: str, own: RMinHash) -> None:
        """Keeps the sketch of what has that name. Raises StorageError where the disk is full."""
        self._store.add(name, own)


class _Store(Protocol):
    """Where sketches are kept and looked up by their bands."""

    def candidates(self, own: RMinHash) -> Iterable[tuple[str, float]]:
        """(name, similarity) of those with a band in common, in the order in which they came."""
        ...

    def add(self, name: str, own: RMinHash) -> None: ...


class _InMemory:
    """The last sketches."""

    def __init__(self, places: int, similarity: float, most: int) -> None:
        self._most = most
        self._lsh = RMinHashLSH(similarity, places, places // BAND)
        self._kept: dict[int, tuple[str, RMinHash]] = {}
        self._seen = 0

    def candidates(self, own: RMinHash) -> Iterator[tuple[str, float]]:
        for number in sorted(self._lsh.query(own)):
            name, other = self._kept[number]
            yield name, own.jaccard(other)

    def add(self, name: str, own: RMinHash) -> None:
        self._lsh.insert(self._seen, own)
        self._kept[self._seen] = name, own
        self._seen += 1
        if (oldest := self._seen - 1 - self._most) >= 0:
            self._lsh.remove(oldest)
            del self._kept[oldest]


class _OnDisk:
    """Any number of sketches, in a database of SQLite that is private to the process.

    It is kept in memory while it is small, then in a temporary file that goes away with the process. Everything in it
    can be made again from the sessions.
    """

    def __init__(self, places: int) -> None:
        self._places = places
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

    def candidates(self, own: RMinHash) -> Iterator[tuple[str, float]]:
        digest = array("I", own.digest())
        with _disk():
            for name, places in self._db.execute(self._alike, _keys(digest.tobytes())):
                yield name, sum(map(operator.eq, digest, memoryview(places).cast("I"))) / self._places

    def add(self, name: str, own: RMinHash) -> None:
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
