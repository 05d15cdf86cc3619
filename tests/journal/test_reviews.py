"""What reviewers do to a run: by person, undone step by step, while it is played, and never lost."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.corpus.export import ExportPolicy, export
from simulator.errors import UsageError
from simulator.events import Said
from simulator.journal import database
from simulator.journal.journal import Journal
from simulator.journal.records import LineEdit, PersonMark, ReviewAction, ReviewKind
from simulator.journal.reviews import Reviews
from tests import builders
from tests.cli.em import ROOT
from tests.layout import NOTATION
from tests.worlds import shipped

POLICY = ExportPolicy(builders.QUOTA, builders.ENGAGEMENT, shipped().style, NOTATION)
FIRST, SECOND, THIRD = (f"s0000{slot}" for slot in range(3))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "runs" / "trial"
    builders.filled(folder, 3).close()
    return folder


def edit(session: str, line: int, text: str, person: str = "ann") -> ReviewAction:
    return ReviewAction(session, line, ReviewKind.EDIT, person, text)


def texts(events) -> list[str]:
    return [event.text for event in events if isinstance(event, Said)]


def test_each_person_has_a_mark_of_their_own(run: Path) -> None:
    with Reviews.open(run) as journal:
        journal.mark(PersonMark(FIRST, None, True, "fine", "ann"))
        journal.mark(PersonMark(FIRST, None, False, "dull", "bob"))
        journal.mark(PersonMark(FIRST, 3, False, "", "ann"))
        assert [(m.person, m.line, m.good) for m in journal.marks()] == [
            ("ann", None, True), ("bob", None, False), ("ann", 3, False),
        ]  # fmt: skip
        assert journal.unmark(FIRST, None, "bob") == 1 and {m.person for m in journal.marks()} == {"ann"}
        assert all(mark.at and mark.number for mark in journal.marks())


def test_an_edit_heals_a_line_that_was_marked_bad_before_and_keeps_the_original(run: Path) -> None:
    with Reviews.open(run) as journal:
        original = texts(journal.events(FIRST))
        journal.mark(PersonMark(FIRST, 2, False, person="ann"))
        journal.act([edit(FIRST, 2, "quite another thing")])
        assert journal.marked_bad() == frozenset()
        assert texts(journal.edited(FIRST)) == [*original[:2], "quite another thing", *original[3:]]
        assert texts(journal.events(FIRST)) == original
        journal.mark(PersonMark(FIRST, 2, False, person="bob"))
        assert journal.marked_bad() == {FIRST}
        journal.act([edit(FIRST, 2, "")])
        assert journal.edits() == [] and texts(journal.edited(FIRST)) == original


def test_undo_takes_back_whole_steps_of_ones_own_the_last_first(run: Path) -> None:
    with Reviews.open(run) as journal:
        journal.mark(PersonMark(FIRST, None, False, person="ann"))
        journal.act([edit(FIRST, 0, "one"), edit(SECOND, 1, "two")])
        journal.mark(PersonMark(THIRD, None, True, person="bob"))
        assert [each.session for each in journal.undo("ann")] == [FIRST, SECOND] and journal.edits() == []
        assert texts(journal.edited(SECOND)) == texts(journal.events(SECOND))
        assert len(journal.undo("ann")) == 1 and journal.undo("ann") == []
        assert [mark.person for mark in journal.marks()] == ["bob"]


@pytest.mark.parametrize(("session", "line"), [("elsewhere", None), (FIRST, 20), (FIRST, -1)])
def test_what_the_run_has_not_is_refused_and_nothing_written(run: Path, session: str, line: int | None) -> None:
    with Reviews.open(run) as journal:
        with pytest.raises(UsageError, match="no "):
            journal.act([edit(FIRST, 0, "one"), ReviewAction(session, line, ReviewKind.BAD)])
        assert journal.last_action() == 0


def test_a_spare_variant_is_chosen_and_the_choice_undone(run: Path) -> None:
    other = builders.plan(0, id="s00000.1", attempt=1)
    with Journal.open(run) as journal:
        journal.begin(other)
        for event in builders.events(other):
            journal.event(other.id, event)
        journal.spare(other.id, 100, 0.5)
    with Reviews.open(run) as journal:
        with pytest.raises(UsageError, match="no spare"):
            journal.choose(FIRST, "ann")
        journal.choose(other.id, "ann")
        assert {row.session.id for row in journal.sessions("kept")} == {other.id, SECOND, THIRD}
        journal.undo("ann")
        assert {row.session.id for row in journal.sessions("kept")} == {FIRST, SECOND, THIRD}


def test_export_writes_what_was_edited(run: Path, tmp_path: Path) -> None:
    with Reviews.open(run) as journal:
        journal.act([edit(FIRST, 0, "a line that a person wrote")])
    with Journal.read(run) as journal:
        export(journal, tmp_path / "out", POLICY)
    rows = [json.loads(row) for file in (tmp_path / "out").glob("*.jsonl") for row in file.read_text().splitlines()]
    assert [row["id"] for row in rows if "> a line that a person wrote\n" in row["text"]] == [FIRST]


def test_marks_of_the_older_table_still_count(run: Path) -> None:
    with sqlite3.connect(run / database.FILE) as db:
        db.execute("CREATE TABLE mark (session TEXT, line INTEGER, good INTEGER, why TEXT)")
        db.execute("INSERT INTO mark VALUES (?, -1, 0, 'dull'), (?, 4, 1, '')", (FIRST, SECOND))
    with Reviews.open(run) as journal:
        assert journal.marks() == [PersonMark(FIRST, None, False, "dull"), PersonMark(SECOND, 4, True)]
        assert journal.unmark(FIRST) == 1 and journal.marked_bad() == frozenset()


def test_a_journal_of_a_newer_program_is_refused_in_one_line(run: Path) -> None:
    with sqlite3.connect(run / database.FILE) as db:
        db.execute(f"PRAGMA user_version = {database.SHAPE + 1}")
    for opened in (Reviews.open, Journal.open, Journal.read):
        with pytest.raises(UsageError, match="newer"):
            opened(run)


def test_a_run_that_is_written_is_reviewed_meanwhile(run: Path) -> None:
    later = builders.plan(7)
    with Journal.open(run) as writer, Reviews.open(run) as journal:
        writer.begin(later)
        for number, event in enumerate(builders.events(later)):
            writer.event(later.id, event)
            journal.mark(PersonMark(FIRST, number % 20, number % 2 == 0, person="ann"))
        writer.settle(later.id, 1, ())
    with Journal.read(run) as journal:
        assert len(journal.events(later.id)) == len(builders.events(later)) and len(journal.marks()) == 20


MARKING = """
import sys
from pathlib import Path
from simulator.journal.records import PersonMark
from simulator.journal.reviews import Reviews

with Reviews.open(Path(sys.argv[1])) as journal:
    for number in range(10_000):
        journal.mark(PersonMark("s00000", number % 20, False, str(number), f"p{number}"))
        print(number, flush=True)
"""
WRITING = """
import sys
from pathlib import Path
from simulator.journal.journal import Journal
from tests import builders

with Journal.open(Path(sys.argv[1])) as journal:
    for slot in range(100, 1000):
        builders.fill(journal, [builders.plan(slot)])
        print(slot, flush=True)
"""


@pytest.mark.parametrize("killed", ["the one who marks", "the one who plays"])
def test_nothing_that_was_told_is_lost_when_either_is_killed(run: Path, killed: str) -> None:
    """Both write at once; one is killed in the middle. What either had said was done is there, and both can go on."""
    both = [
        subprocess.Popen([sys.executable, "-c", code, str(run)], stdout=subprocess.PIPE, text=True, cwd=ROOT,
                         env={**os.environ, "PYTHONPATH": str(ROOT)})
        for code in (MARKING, WRITING)
    ]  # fmt: skip
    try:
        told = [[process.stdout.readline() for _ in range(3)] for process in both]
        victim = both[0 if killed == "the one who marks" else 1]
        victim.send_signal(signal.SIGKILL)
        other = both[1 - both.index(victim)]
        after = [other.stdout.readline() for _ in range(3)]
        assert all(after), "the other goes on"
    finally:
        for process in both:
            process.kill()
            process.wait()
            process.stdout.close()
    with Journal.open(run) as journal:
        numbers = {int(mark.why) for mark in journal.marks()}
        assert {int(line) for line in told[0]} <= numbers
        assert {f"s{int(line):05d}" for line in told[1]} <= {row.session.id for row in journal.sessions("kept")}
        journal.mark(PersonMark(SECOND, None, True))
    with sqlite3.connect(run / database.FILE) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_an_edit_equals_another_by_what_it_says() -> None:
    assert LineEdit(FIRST, 0, "so", number=3, at="now") == LineEdit(FIRST, 0, "so")
