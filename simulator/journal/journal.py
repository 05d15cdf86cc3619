"""Writing and reading a run. One process writes; `Journal.read` opens the same file for any number of readers.

Every method that writes is one transaction, on its way to the disk before it returns: a process killed at any instant
leaves a journal that holds all it was told. (WAL with synchronous=NORMAL: a power cut may take the last transactions,
never the consistency.)
"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import groupby, starmap
from operator import itemgetter
from pathlib import Path
from typing import Any

from filelock import FileLock
from pydantic import ValidationError

from simulator import files
from simulator.errors import StorageError, UsageError
from simulator.events import EVENT, Event
from simulator.journal.model_choice import ModelChoice
from simulator.journal.records import Call, Cost, Goal, PersonMark, RecordedActivity, RunCard, RunProgress, SessionRow
from simulator.journal.stored_session import read_session, todays_shape
from simulator.llm.model import Billing, CallId, Prompt, Reply, Usage
from simulator.plan.session_plan import AnySession, RecordedSession

FILE = "journal.sqlite"
LOCK = "lock"
_BESIDE = ("-wal", "-shm", "-journal")
"""Endings of the files that SQLite makes and removes as it likes."""
_BEGINS = {"-wal": (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83"), "-journal": (b"\xd9\xd5\x05\xf9",)}
"""How they begin (https://sqlite.org/fileformat2.html, 3 and 4.1)."""
_PAGE = 32_768
"""Bytes; the size of a -shm file is a multiple of it (https://sqlite.org/walformat.html, 2)."""
_CELL = (
    ("setting.engagement",),
    ("setting.channel",),
    ("slot.length", "length"),
    ("slot.pattern", "origin"),
    ("setting.group", "origin"),
)
"""Where the values that quotas are about stand in a session's JSON: in the first of these places that there is."""
_SCHEMA = Path(__file__).with_name("schema.sql")
_FAILURE = """CREATE TABLE IF NOT EXISTS failure (
    session TEXT NOT NULL REFERENCES session (id), key TEXT NOT NULL, kind TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (session, key, kind)
) WITHOUT ROWID"""
"""For runs that were begun before it was part of the schema."""
_MARK = """CREATE TABLE IF NOT EXISTS mark (
    session TEXT NOT NULL REFERENCES session (id), line INTEGER NOT NULL, good INTEGER NOT NULL, why TEXT NOT NULL,
    PRIMARY KEY (session, line)
) WITHOUT ROWID"""
"""What a person thinks of a session, or of one of its messages; made when somebody first says so."""
_WHOLE = -1
"""In place of a message's index: the session as a whole."""
_ACTIVITY = "CREATE TABLE IF NOT EXISTS activity (line TEXT NOT NULL, at TEXT NOT NULL)"
"""One row while a process plays the run: what it is doing."""
_REMEDIES = {
    "SQLITE_FULL": "make room, then go on with `em resume`",
    "SQLITE_IOERR": "is the disk full? make room, then go on with `em resume`",
    "SQLITE_BUSY": "another program holds the file; try again",
    "SQLITE_READONLY": "the file and its folder must be writable",
    "SQLITE_CANTOPEN": "the file and its folder must be writable",
    "SQLITE_CORRUPT": "the file is damaged; take a copy from before",
}
"""By the beginning of the name of SQLite's error."""


_WHAT = "CASE WHEN retry AND purpose <> 'guard' THEN 'retries' ELSE purpose END"
"""What a call counts as: second tries of a line are a purpose of their own; the guard is asked about those, too."""


class Journal:
    """The database of one run; use `create`, `open` or `read`, then as a context manager."""

    def __init__(self, path: Path, db: sqlite3.Connection, lock: FileLock | None) -> None:
        self.path, self._db, self._lock = path, db, lock
        self._spent: float | None = None
        self._made: list[Path] | None = None
        """What `create` has made besides the database; None: this is an older run."""

    # opening

    @classmethod
    def create(cls, folder: Path, run: RunCard) -> Journal:
        """A new run in `folder`, which may hold other files. Raises UsageError if one is there already.

        Made under another name and renamed when whole: a run either exists with its card or does not exist.
        """
        path = folder / FILE
        made = [made for made in (folder, folder / LOCK) if not os.path.lexists(made)]
        lock = _locked(folder)
        try:
            if path.exists():
                remedy = "go on with `em resume`, or choose another --run name"
                raise UsageError("this run exists", place=str(folder), remedy=remedy)
            for other in _beside(path):
                files.check(other, files.never, "--run name")  # SQLite would take it for its own, and remove it
            goal, models = run.goal.model_dump_json(), run.models.model_dump_json()
            card = (run.name, run.seed, goal, models, run.world, run.version, run.begun)
            with (
                files.whole(path, option="--run name", remedy=_REMEDIES["SQLITE_CANTOPEN"]) as fresh,
                _storage(path),
                closing(sqlite3.connect(fresh)) as db,
            ):
                db.executescript(_SCHEMA.read_text())
                db.execute("INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?)", card)
                db.commit()
            journal = cls(path, _connect(path), lock)
        except BaseException:
            _take_back(made)
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
        for path in (self.path, *_beside(self.path)):
            path.unlink(missing_ok=True)
        _take_back(made)
        if self._lock is not None:
            self._lock.release()

    @classmethod
    def open(cls, folder: Path) -> Journal:
        """An existing run, to be written to. Raises UsageError if there is none, or if somebody else is writing."""
        if not (folder / FILE).is_file():
            raise UsageError("no such run", place=str(folder), remedy="`em runs` lists the runs")
        lock = _locked(folder)
        try:
            return cls(folder / FILE, _connect(folder / FILE), lock)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def read(cls, folder: Path) -> Journal:
        """An existing run, to look at while others may write."""
        path = folder / FILE
        if not path.is_file():
            raise UsageError("no such run", place=str(folder), remedy="`em runs` lists the runs")
        return cls(path, _connect(path, read_only=True), None)

    def close(self) -> None:
        """Closes the database and gives up the lock."""
        self._db.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # writing

    def begin(self, session: AnySession) -> None:
        """A session will be played, or has begun in a real channel."""
        self._write(
            "INSERT INTO session (id, slot, attempt, plan) VALUES (?, ?, ?, ?)",
            (session.id, session.number, session.attempt, session.model_dump_json()),
        )

    def event(self, session: str, event: Event) -> None:
        """Something happened. Telling it twice is an error: every event has one index."""
        self._write(
            "INSERT INTO event VALUES (?, ?, ?, ?, ?)",
            (session, event.index, event.kind, event.nick, EVENT.dump_json(event).decode()),
        )

    def call(self, session: str, prompt: Prompt, reply: Reply) -> None:
        """A model answered; recorded before anybody looks at the text, so that it is never paid for again."""
        call_id, usage = prompt.call_id, reply.usage
        asked = (session, str(call_id), prompt.purpose, prompt.speaker)
        answer = (reply.model, reply.text, usage.prompt, usage.cached, usage.completion, reply.billing, reply.cost_usd)
        row = (*asked, *answer, reply.seconds, reply.attempts, reply.cut, call_id.attempt)
        with _storage(self.path), self._db:
            self._db.execute("INSERT INTO call VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            self._count(session, prompt, reply.failures)
        if self._spent is not None:
            self._spent += reply.cost_usd or 0.0

    def failed(self, session: str, prompt: Prompt, failures: Sequence[str]) -> None:
        """A call was given up; what became of each of its attempts."""
        with _storage(self.path), self._db:
            self._count(session, prompt, failures)

    def spare(self, session: str, size: int, score: float | None) -> None:
        """The session passed the filters; whether it is kept is not decided yet."""
        self._write("UPDATE session SET state = 'spare', bytes = ?, score = ? WHERE id = ?", (size, score, session))

    def settle(self, session: str, size: int, reasons: Iterable[tuple[str, int | None, str]]) -> None:
        """The session was judged: kept if there is no reason against it (rule, message, evidence).

        Raises ValueError if there is no such session, or if it was judged before.
        """
        reasons = list(reasons)
        with _storage(self.path), self._db:
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
        rows = [(session.id, e.index, e.kind, e.nick, EVENT.dump_json(e).decode()) for e in events]
        with _storage(self.path), self._db:
            self._db.execute(
                "INSERT INTO session (id, slot, attempt, plan, state, bytes) VALUES (?, ?, ?, ?, 'kept', ?)",
                (session.id, session.number, session.attempt, session.model_dump_json(), size),
            )
            self._db.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?)", rows)

    def complete(self, session: RecordedSession, size: int) -> None:
        """A session that was recorded while it happened is over and kept; `session` says what was counted.

        `size`: bytes of its document. Raises ValueError if no such session is open.
        """
        with _storage(self.path), self._db:
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
        with _storage(self.path), self._db:
            self._db.execute("DELETE FROM activity")
            self._db.execute("INSERT INTO activity VALUES (?, ?)", (line, at))

    def end_activity(self) -> None:
        """Nothing is done any more."""
        self._write("DELETE FROM activity", ())

    # reading

    @contextmanager
    def moment(self) -> Iterator[None]:
        """Everything that is read inside belongs to one moment, whatever another process writes meanwhile."""
        self._all("BEGIN")
        try:
            yield
        finally:
            self._all("ROLLBACK")

    @property
    def run(self) -> RunCard:
        """What the run is."""
        name, seed, goal, models, world, version, begun = self._all("SELECT * FROM run")[0]
        return RunCard(
            name=name,
            seed=seed,
            goal=Goal.model_validate_json(goal),
            models=ModelChoice.model_validate_json(models),
            world=world,
            version=version,
            begun=begun,
        )

    def sessions(self, state: str | None = None) -> Iterator[SessionRow]:
        """In order of slot and attempt; all, or those in one state."""
        where, values = ("WHERE state = ?", (state,)) if state else ("", ())
        with _storage(self.path):
            rows = self._db.execute(
                f"SELECT plan, state, bytes, score FROM session {where} ORDER BY slot, attempt", values
            )
            for plan, *row in rows:
                yield SessionRow(read_session(plan), *row)

    def session(self, session: str) -> SessionRow | None:
        """One session by its id; None: there is none."""
        rows = self._all("SELECT plan, state, bytes, score FROM session WHERE id = ?", (session,))
        return SessionRow(read_session(rows[0][0]), *rows[0][1:]) if rows else None

    def events(self, session: str) -> list[Event]:
        """What happened in a session, in order."""
        with _storage(self.path):
            rows = self._db.execute("SELECT body FROM event WHERE session = ? ORDER BY number", (session,))
            return [EVENT.validate_json(body) for (body,) in rows]

    def replies(self, session: str) -> dict[CallId, Reply]:
        """Everything that models answered in this session."""
        return {call.call_id: call.reply for call in self.calls(session)}

    def calls(self, session: str | None = None, purpose: str | None = None) -> Iterator[Call]:
        """Every answer, of one session or all, for one purpose or all; sessions in their order, the judge last.

        `purpose` is one of Cost.purpose.
        """
        with _storage(self.path):
            rows = self._db.execute(
                f"SELECT call.session, key, {_WHAT} AS what, speaker, text,"
                " model, prompt_tokens, cached_tokens, completion_tokens, billing, cost_usd, seconds, attempts, cut"
                " FROM call JOIN session ON session.id = call.session"
                " WHERE (?1 IS NULL OR call.session = ?1) AND (?2 IS NULL OR what = ?2)"
                " ORDER BY slot, attempt",
                (session, purpose),
            )
            for name, of_session in groupby(rows, key=itemgetter(0)):
                try:
                    found = sorted(starmap(_call, of_session), key=lambda call: call.call_id.order)
                except ValueError as error:
                    remedy = _REMEDIES["SQLITE_CORRUPT"]
                    raise StorageError(
                        f"a call of {name} is damaged: {error}", place=str(self.path), remedy=remedy
                    ) from None
                yield from found

    def said(self) -> dict[str, dict[str, int]]:
        """By session, how many messages each nick has."""
        found: dict[str, dict[str, int]] = {}
        rows = self._all("SELECT session, nick, count(*) FROM event WHERE kind = 'said' GROUP BY session, nick")
        for session, nick, count in rows:
            found.setdefault(session, {})[nick] = count
        return found

    def reasons(self, session: str) -> list[tuple[str, int | None, str]]:
        """(rule, message index or None, evidence) of everything that a session was rejected for."""
        return self._all("SELECT rule, message, evidence FROM reason WHERE session = ?", (session,))

    def mark(self, mark: PersonMark) -> None:
        """Keeps what a person thinks, in place of what they thought of the same before.

        Raises UsageError if there is no such session.
        """
        if self.session(mark.session) is None:
            raise UsageError("the run has no such session", place=mark.session, remedy="see `em show NAME --all`")
        line = _WHOLE if mark.line is None else mark.line
        with _storage(self.path), self._db:
            self._db.execute(_MARK)
            self._db.execute("REPLACE INTO mark VALUES (?, ?, ?, ?)", (mark.session, line, mark.good, mark.why))

    def unmark(self, session: str, line: int | None = None) -> int:
        """Takes a mark back, or all of a session if no message is named; how many there were."""
        where, values = ("session = ?", (session,)) if line is None else ("session = ? AND line = ?", (session, line))
        with _storage(self.path), self._db:
            self._db.execute(_MARK)
            return self._db.execute(f"DELETE FROM mark WHERE {where}", values).rowcount

    def marks(self) -> list[PersonMark]:
        """Every mark, in the order of sessions and messages."""
        if not self._all("SELECT 1 FROM sqlite_master WHERE name = 'mark'"):
            return []
        rows = self._all("SELECT session, line, good, why FROM mark ORDER BY session, line")
        return [
            PersonMark(session, None if line == _WHOLE else line, bool(good), why) for session, line, good, why in rows
        ]

    def marked_bad(self) -> frozenset[str]:
        """Sessions that a person marked bad, as a whole or in a message."""
        return frozenset(mark.session for mark in self.marks() if not mark.good)

    def tally(self) -> RunProgress:
        """How far the run is."""
        rows = self._all("SELECT state, count(*), sum(bytes) FROM session GROUP BY state")
        counts = {state: count for state, count, _ in rows}
        kept = next((size for state, _, size in rows if state == "kept"), 0)
        return RunProgress(counts.get("kept", 0), counts.get("rejected", 0), counts.get("open", 0), kept or 0)

    def cells(self) -> Iterator[tuple[tuple[str, ...], int]]:
        """(engagement, channel, length, pattern, topic group) and how many kept sessions it has."""
        fields = [[f"json_extract(today, '$.{place}')" for place in places] for places in _CELL]
        columns = ", ".join(f"coalesce({', '.join(each)})" if len(each) > 1 else each[0] for each in fields)
        rows = self._all(
            f"SELECT {columns}, count(*) FROM (SELECT CASE WHEN json_type(plan, '$.setting') IS NULL THEN"
            " todays_shape(plan) ELSE plan END AS today FROM session WHERE state = 'kept') GROUP BY 1, 2, 3, 4, 5"
        )
        return ((row[:-1], row[-1]) for row in rows)

    def rejections(self) -> dict[str, int]:
        """How many sessions each rule rejected; a session counts once for every rule that it broke."""
        return dict(self._all("SELECT rule, count(DISTINCT session) n FROM reason GROUP BY rule ORDER BY n DESC, rule"))

    def costs(self) -> list[Cost]:
        """Calls, tokens and dollars by purpose."""
        rows = self._all(
            f"SELECT {_WHAT} AS what, count(*), sum(prompt_tokens),"
            " sum(cached_tokens), sum(completion_tokens), sum(cost_usd), group_concat(DISTINCT billing),"
            " sum(attempts - 1) FROM call GROUP BY what ORDER BY what"
        )
        return [
            Cost(what, n, p, k, c, usd, frozenset(map(Billing, billings.split(","))), failed)
            for what, n, p, k, c, usd, billings, failed in rows
        ]

    def spent(self) -> float:
        """Dollars of all calls whose price is known; summed once, then kept up to date."""
        if self._spent is None:
            self._spent = self._all("SELECT coalesce(sum(cost_usd), 0.0) FROM call")[0][0]
        return self._spent

    def activity(self) -> RecordedActivity | None:
        """What the run is doing, or was doing when it was killed; None: it is not being played."""
        if not self._all("SELECT 1 FROM sqlite_master WHERE name = 'activity'"):
            return None
        rows = self._all("SELECT line, at FROM activity")
        return RecordedActivity(*rows[0]) if rows else None

    def failures(self) -> dict[str, int]:
        """How many requests failed, by retry.Trouble: those of answered calls and of calls that were given up."""
        if not self._all("SELECT 1 FROM sqlite_master WHERE name = 'failure'"):
            return {}  # begun before failures were counted by kind, and not gone on with since
        return dict(self._all("SELECT kind, sum(count) n FROM failure GROUP BY kind ORDER BY n DESC, kind"))

    def retried(self) -> dict[str, int]:
        """How many lines each rule of the line checks refused."""
        return dict(
            self._all(
                "SELECT json_extract(refusal.value, '$.rule') AS rule, count(*) n"
                " FROM event, json_each(event.body, '$.refused') AS refusal"
                # Few lines were sent back, and to look for the letters is a third of the work of reading the JSON.
                """ WHERE instr(event.body, '"refused":[{') GROUP BY rule ORDER BY n DESC, rule"""
            )
        )

    # the door to sqlite

    def _count(self, session: str, prompt: Prompt, failures: Sequence[str]) -> None:
        rows = [(session, str(prompt.call_id), kind, count) for kind, count in Counter(failures).items()]
        if rows:
            self._db.executemany(
                "INSERT INTO failure VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count", rows
            )

    def _write(self, sql: str, values: tuple[object, ...]) -> None:
        with _storage(self.path), self._db:
            self._db.execute(sql, values)

    def _all(self, sql: str, values: tuple[object, ...] = ()) -> list[Any]:
        with _storage(self.path):
            return self._db.execute(sql, values).fetchall()


def _call(session: str, key: str, purpose: str, speaker: str, *reply: Any) -> Call:
    """A row of `Journal.calls`. Raises ValueError if it is damaged."""
    text, model, prompt, cached, completion, billing, usd, seconds, attempts, cut = reply
    usage = Usage(prompt, cached, completion)
    answer = Reply(text, model, usage, Billing(billing), usd, seconds, attempts=attempts, cut=bool(cut))
    return Call(session, CallId.parse(key), purpose, speaker, answer)


def _connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    for other in _beside(path):
        files.check(other, _is_sqlites, "--run name")
    with _storage(path):
        mode = "ro" if read_only else "rw"
        db = sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True, timeout=10)
        db.create_function("todays_shape", 1, todays_shape, deterministic=True)
        if not read_only:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("PRAGMA foreign_keys = ON")
            db.execute(_FAILURE)
            db.execute(_ACTIVITY)
        db.execute("SELECT count(*) FROM run")
        return db


def is_own(path: Path) -> bool:
    """Whether a file in a run's folder is the journal's: the database, what SQLite makes beside it, and the lock."""
    database = FILE in {path.name.removesuffix(ending) for ending in ("", *_BESIDE)}
    half_made = path.name.startswith(f".{FILE}.")
    return path.is_file() and (database or half_made or (path.name == LOCK and not path.stat().st_size))


def _beside(path: Path) -> list[Path]:
    return [path.with_name(path.name + ending) for ending in _BESIDE]


def _is_sqlites(path: Path) -> bool:
    """Whether a file beside a database is SQLite's, whole or as a kill or a power cut may have left it."""
    ending = path.name[len(FILE) :]
    if ending not in _BEGINS:
        return path.stat().st_size % _PAGE == 0
    with path.open("rb") as file:
        head = file.read(4)
    return not any(head) or any(begin.startswith(head) for begin in _BEGINS[ending])


def _take_back(made: list[Path]) -> None:
    """Removes the lock and the folder, as far as they were made and hold nothing."""
    for path in reversed(made):
        with suppress(OSError):
            path.rmdir() if path.is_dir() else path.unlink()


def _locked(folder: Path) -> FileLock:
    busy = UsageError("another process is writing this run", place=str(folder), remedy="wait for it, or stop it first")
    files.folder(folder, "choose a writable --data")
    try:
        return files.locked(folder / LOCK, busy)
    except OSError as error:
        raise StorageError(error.strerror or str(error), place=str(folder), remedy="choose a writable --data") from None


@contextmanager
def _storage(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise
    except sqlite3.DatabaseError as error:
        kind = getattr(error, "sqlite_errorname", "")
        remedy = next((told for begins, told in _REMEDIES.items() if kind.startswith(begins)), "is this a journal?")
        raise StorageError(str(error), place=str(path), remedy=remedy) from None
    except ValidationError as error:
        raise StorageError(
            f"a record is damaged: {error.errors()[0]['msg']}", place=str(path), remedy=_REMEDIES["SQLITE_CORRUPT"]
        ) from None
    except OSError as error:
        raise StorageError(error.strerror or str(error), place=str(path), remedy=_REMEDIES["SQLITE_CANTOPEN"]) from None
