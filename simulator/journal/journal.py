"""Writing a run. One process writes; `Journal.read` opens the same file for any number of readers.

Every method that writes is one transaction, on its way to the disk before it returns: a process killed at any instant
leaves a journal that holds all it was told. (WAL with synchronous=NORMAL: a power cut may take the last transactions,
never the consistency.)
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Self

from simulator.errors import UsageError
from simulator.events import EVENT, Event
from simulator.journal import database
from simulator.journal.database import FILE, LOCK, storage
from simulator.journal.records import Goal, RunCard
from simulator.journal.reviews import Reviews
from simulator.plan.session_plan import AnySession, RecordedSession

if TYPE_CHECKING:
    import sqlite3

    from filelock import FileLock


_NEW_EVENT = "INSERT INTO event VALUES (?, ?, ?, ?, ?)"


def _event_row(session: str, event: Event) -> tuple[object, ...]:
    return (session, event.index, event.kind, event.nick, EVENT.dump_json(event).decode())


class Journal(Reviews):
    """The database of one run; use `create`, `open` or `read`, then as a context manager."""

    def __init__(self, path: Path, db: sqlite3.Connection, lock: FileLock | None = None) -> None:
        super().__init__(path, db)
        self._lock = lock
        self._made: list[Path] | None = None
        """What `create` has made besides the database; None: this is an older run."""

    # opening

    @classmethod
    def create(cls, folder: Path, run: RunCard) -> Self:
        """A new run in `folder`, which may hold other files. Raises UsageError if one is there already.

        Made under another name and renamed when whole: a run either exists with its card or does not exist.
        """
        path = folder / FILE
        made = [made for made in (folder, folder / LOCK) if not os.path.lexists(made)]
        lock = database.lock_folder(folder)
        try:
            if path.exists():
                remedy = f"continue with `em resume {folder.name}`, or choose another --run name"
                raise UsageError("this run exists", place=str(folder), remedy=remedy)
            database.make_database(path, run)
            journal = cls(path, database.open_database(path), lock)
        except BaseException:
            database.take_back(made)
            lock.release()
            raise
        journal._made = made
        return journal

    def discard(self) -> None:
        """Takes back what `create` has made, and nothing else: the run was not begun. The journal is closed then."""
        if self._made is None:
            raise ValueError("only the process that created a run may discard it")
        made, self._made = self._made, None
        self._db.close()
        for path in (self.path, *database.beside(self.path)):
            path.unlink(missing_ok=True)
        database.take_back(made)
        if self._lock is not None:
            self._lock.release()

    @classmethod
    def open(cls, folder: Path) -> Self:
        """An existing run, to be written to. Raises UsageError if there is none, or if somebody else is writing."""
        if not (folder / FILE).is_file():
            raise database.no_such_run(folder)
        lock = database.lock_folder(folder)
        try:
            return cls(folder / FILE, database.open_database(folder / FILE), lock)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def read(cls, folder: Path) -> Self:
        """An existing run, to look at while others may write."""
        path = folder / FILE
        if not path.is_file():
            raise database.no_such_run(folder)
        return cls(path, database.open_database(path, read_only=True), None)

    def close(self) -> None:
        """Closes the database and gives up the lock."""
        self._db.close()
        if self._lock is not None:
            self._lock.release()

    # writing

    def begin(self, session: AnySession) -> None:
        """A session will be played, or has begun in a real channel."""
        self._write(
            "INSERT INTO session (id, slot, attempt, plan) VALUES (?, ?, ?, ?)",
            (session.id, session.number, session.attempt, session.model_dump_json()),
        )

    def event(self, session: str, event: Event) -> None:
        """Something happened. Telling it twice is an error: every event has one index."""
        self._write(_NEW_EVENT, _event_row(session, event))

    def spare(self, session: str, size: int, score: float | None) -> None:
        """The session passed the filters; whether it is kept is not decided yet."""
        self._write("UPDATE session SET state = 'spare', bytes = ?, score = ? WHERE id = ?", (size, score, session))

    def settle(self, session: str, size: int, reasons: Iterable[tuple[str, int | None, str]]) -> None:
        """The session was judged: kept if there is no reason against it (rule, message, evidence).

        Raises ValueError if there is no such session, or if it was judged before.
        """
        reasons = list(reasons)
        with storage(self.path), self._db:
            self._db.executemany("INSERT INTO reason VALUES (?, ?, ?, ?)", [(session, *reason) for reason in reasons])
            done = self._db.execute(
                "UPDATE session SET state = ?, bytes = ? WHERE id = ? AND state IN ('open', 'spare')",
                ("rejected" if reasons else "kept", size, session),
            )
            if done.rowcount != 1:
                raise ValueError(f"{session}: no session that is open or spare")

    def keep(self, session: RecordedSession, events: Iterable[Event], size: int) -> None:
        """A whole session that happened elsewhere, kept: one transaction, as nobody is waiting between its events.

        `size`: bytes of its document.
        """
        rows = [_event_row(session.id, event) for event in events]
        with storage(self.path), self._db:
            self._db.execute(
                "INSERT INTO session (id, slot, attempt, plan, state, bytes) VALUES (?, ?, ?, ?, 'kept', ?)",
                (session.id, session.number, session.attempt, session.model_dump_json(), size),
            )
            self._db.executemany(_NEW_EVENT, rows)

    def fill(self, session: str, events: Iterable[Event], size: int) -> None:
        """A planned session was written elsewhere, whole, and is kept: one transaction.

        `size`: bytes of its document. Raises ValueError if no such session is open.
        """
        rows = [_event_row(session, event) for event in events]
        with storage(self.path), self._db:
            self._db.executemany(_NEW_EVENT, rows)
            done = self._db.execute(
                "UPDATE session SET state = 'kept', bytes = ? WHERE id = ? AND state = 'open'", (size, session)
            )
            if done.rowcount != 1:
                raise ValueError(f"{session}: no session that is open")

    def complete(self, session: RecordedSession, size: int) -> None:
        """A session that was recorded while it happened is over and kept; `session` says what was counted.

        `size`: bytes of its document. Raises ValueError if no such session is open.
        """
        with storage(self.path), self._db:
            done = self._db.execute(
                "UPDATE session SET plan = ?, state = 'kept', bytes = ? WHERE id = ? AND state = 'open'",
                (session.model_dump_json(), size, session.id),
            )
            if done.rowcount != 1:
                raise ValueError(f"{session.id}: no session that is open")

    def extend(self, goal: Goal) -> None:
        """The run gets another goal."""
        self._write("UPDATE run SET goal = ?", (goal.model_dump_json(),))

    def record_activity(self, line: str, at: str) -> None:
        """The run is doing this, at this wall time; in place of what was said before."""
        with storage(self.path), self._db:
            self._db.execute("DELETE FROM activity")
            self._db.execute("INSERT INTO activity VALUES (?, ?)", (line, at))

    def end_activity(self) -> None:
        """Nothing is done any more."""
        self._write("DELETE FROM activity", ())

    def _write(self, sql: str, values: tuple[object, ...]) -> None:
        with storage(self.path), self._db:
            self._db.execute(sql, values)
