"""The files of a run's journal: making, opening, locking and knowing them, and SQLite's errors in our words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from simulator import files
from simulator.errors import StorageError, UsageError
from simulator.journal.records import RunCard, todays_shape
from simulator.world.yaml_file import near

if TYPE_CHECKING:
    from filelock import FileLock

FILE = "journal.sqlite"
LOCK = "lock"
SHAPE = 1
"""Of the tables, as SQLite's user_version: rises when an older program could no longer read them. 0: before it was
written down."""
WAIT = 10
"""Seconds that one process waits for another's transaction, which take milliseconds."""
_BESIDE = ("-wal", "-shm", "-journal")
"""Endings of the files that SQLite makes and removes as it likes."""
_BEGINS = {"-wal": (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83"), "-journal": (b"\xd9\xd5\x05\xf9",)}
"""How they begin (https://sqlite.org/fileformat2.html, 3 and 4.1)."""
_PAGE = 32_768
"""Bytes; the size of a -shm file is a multiple of it (https://sqlite.org/walformat.html, 2)."""
_SCHEMA = Path(__file__).with_name("schema.sql")
_LATER = Path(__file__).with_name("later.sql")
"""Tables that runs lack which were begun before there were any."""
DAMAGED = "the file is damaged; take a copy from before"
"""The remedy for what cannot be read."""
_WRITABLE = "the file and its folder must be writable"
_REMEDIES = {
    "SQLITE_FULL": "make room, then continue with `em resume`",
    "SQLITE_IOERR": "is the disk full? make room, then continue with `em resume`",
    "SQLITE_BUSY": "another program holds the file; try again",
    "SQLITE_READONLY": _WRITABLE,
    "SQLITE_CANTOPEN": _WRITABLE,
    "SQLITE_CORRUPT": DAMAGED,
}
"""By the beginning of the name of SQLite's error."""


def make_database(path: Path, run: RunCard) -> None:
    """Makes the database of a new run under another name and renames it when whole, with the run's card in it."""
    for other in beside(path):
        files.check(other, files.never, "--run name")  # SQLite would take it for its own, and remove it
    goal, models = run.goal.model_dump_json(), run.models.model_dump_json()
    card = (run.name, run.seed, goal, models, run.world, run.version, run.begun, run.played)
    with (
        files.whole(path, option="--run name", remedy=_WRITABLE) as fresh,
        storage(path),
        closing(sqlite3.connect(fresh)) as db,
    ):
        db.executescript(_SCHEMA.read_text() + _LATER.read_text())
        db.execute("INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?)", card)
        db.commit()


def open_database(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """An open database that exists. Raises StorageError if it is none of ours, UsageError for a newer program's."""
    for other in beside(path):
        files.check(other, _is_sqlites, "--run name")
    with storage(path):
        mode = "ro" if read_only else "rw"
        db = sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True, timeout=WAIT)
        if (shape := db.execute("PRAGMA user_version").fetchone()[0]) > SHAPE:
            db.close()
            remedy = "read it with the emsim that wrote it, or a newer one"
            raise UsageError(f"this journal has shape {shape}, known is {SHAPE}", place=str(path), remedy=remedy)
        db.create_function("todays_shape", 1, todays_shape, deterministic=True)
        if not read_only:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("PRAGMA foreign_keys = ON")
            if shape < SHAPE:
                db.execute(f"PRAGMA user_version = {SHAPE}")
            db.executescript(_LATER.read_text())
        db.execute("SELECT count(*) FROM run")
        return db


def is_own(path: Path) -> bool:
    """Whether a file in a run's folder is the journal's: the database, what SQLite makes beside it, and the lock."""
    database = FILE in {path.name.removesuffix(ending) for ending in ("", *_BESIDE)}
    half_made = path.name.startswith(f".{FILE}.")
    return path.is_file() and (database or half_made or (path.name == LOCK and not path.stat().st_size))


def beside(path: Path) -> list[Path]:
    """The files that SQLite may make beside a database."""
    return [path.with_name(path.name + ending) for ending in _BESIDE]


def _is_sqlites(path: Path) -> bool:
    """Whether a file beside a database is SQLite's, whole or as a kill or a power cut may have left it."""
    ending = path.name[len(FILE) :]
    if ending not in _BEGINS:
        return path.stat().st_size % _PAGE == 0
    with path.open("rb") as file:
        head = file.read(4)
    return not any(head) or any(begin.startswith(head) for begin in _BEGINS[ending])


def take_back(made: list[Path]) -> None:
    """Removes the lock and the folder, as far as they were made and hold nothing."""
    for path in reversed(made):
        with suppress(OSError):
            path.rmdir() if path.is_dir() else path.unlink()


def no_such_run(folder: Path) -> UsageError:
    """There is no run in `folder`; names those beside it that are called much the same."""
    others = [path.parent.name for path in folder.parent.glob(f"*/{FILE}")]
    return UsageError("no such run", place=str(folder), remedy=near(folder.name, others) or "`em runs` lists the runs")


def lock_folder(folder: Path) -> FileLock:
    """The lock of the one process that writes. Raises UsageError if another process has it."""
    busy = UsageError("another process is writing this run", place=str(folder), remedy="wait for it, or stop it first")
    files.folder(folder, "choose a writable --data")
    try:
        return files.locked(folder / LOCK, busy)
    except OSError as error:
        raise StorageError(error.strerror or str(error), place=str(folder), remedy="choose a writable --data") from None


@contextmanager
def storage(path: Path) -> Iterator[None]:
    """Tells SQLite's errors, and records that cannot be read, as a StorageError with a remedy."""
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise
    except sqlite3.DatabaseError as error:
        kind = getattr(error, "sqlite_errorname", "")
        remedy = next((remedy for begins, remedy in _REMEDIES.items() if kind.startswith(begins)), "is this a journal?")
        raise StorageError(str(error), place=str(path), remedy=remedy) from None
    except ValidationError as error:
        raise StorageError(
            f"a record is damaged: {error.errors()[0]['msg']}", place=str(path), remedy=DAMAGED
        ) from None
    except OSError as error:
        raise StorageError(error.strerror or str(error), place=str(path), remedy=_WRITABLE) from None
