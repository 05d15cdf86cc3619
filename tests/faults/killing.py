"""A run that is killed at an instant and gone on with; beside it the same run that nobody disturbed."""

from __future__ import annotations

import gc
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from simulator import rng
from simulator.journal.database import FILE
from simulator.runs.notes import RunNote
from tests.worlds import card, exported, play_run

SESSIONS = 4
CONCURRENCY = 2
ROWS = {
    "run": "name, seed, goal, models, world, version",
    "session": "*",
    "event": "*",
    "call": "session, key, purpose, speaker, model, text, attempts, cut, retry",
    "reason": "*",
}
"""What must come out the same: all that is on record but wall time."""


@dataclass(frozen=True, slots=True)
class Killed:
    """What became of one run."""

    notes: int
    """What the run had told of when the wait for the instant began."""
    alive: bool
    """It was still playing."""
    events: int
    """That were on disk then."""
    same: bool
    """Gone on with, it came to the same rows and the same files as without the kill."""
    twice: int
    """Rows of events and calls that are there twice, under one name or two."""


class Uncut:
    """The run without a kill."""

    def __init__(self, folder: Path) -> None:
        times: list[float] = []
        play(folder / "run", lambda note: times.append(time.perf_counter()))
        self.notes, self.step = len(times), (times[-1] - times[0]) / len(times)
        """What the run tells of, and the mean seconds between two of these."""
        self.rows, self.files = rows(folder / "run"), exported(folder / "run", folder / "out")

    def killed(self, folder: Path, instant: int, of: int) -> Killed:
        """The same run, killed at the given one of so many random instants, then gone on with to its end."""
        draw = rng.stream(3, "instant", instant)
        least = int(draw.uniform(instant / of, (instant + 1) / of) * self.notes)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                gc.disable()
                play(folder / "run", lambda note: os.write(writing, b"."))
            finally:
                os._exit(0)
        os.close(writing)
        told = 0
        while told <= least and (more := os.read(reading, 1)):
            told += len(more)
        time.sleep(draw.uniform(0, 2 * self.step))  # the instant is the point here, nothing is waited for
        os.kill(child, signal.SIGKILL)
        alive = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        os.close(reading)
        events = _count(folder / "run")
        play(folder / "run")
        found = rows(folder / "run")
        same = found == self.rows and exported(folder / "run", folder / "out") == self.files
        twice = sum(len(found[table]) - len({row[:2] for row in found[table]}) for table in ("event", "call"))
        return Killed(told, alive, events, same, twice)


def play(folder: Path, watch: Callable[[RunNote], object] = lambda note: None) -> None:
    play_run(folder, card(sessions=SESSIONS, length="short"), concurrency=CONCURRENCY, watch=watch)


def rows(folder: Path) -> dict[str, list[tuple]]:
    with closing(sqlite3.connect(folder / FILE)) as db:
        return {
            table: sorted(db.execute(f"SELECT {columns} FROM {table}").fetchall(), key=repr)
            for table, columns in ROWS.items()
        }


def _count(folder: Path) -> int:
    """Read as a stranger would, so that the log which the dead writer left is found."""
    with closing(sqlite3.connect(folder / FILE)) as db:
        return db.execute("SELECT count(*) FROM event").fetchone()[0]
