"""A person's marks: kept, replaced, taken back, and honoured by the export."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.corpus.export import ExportPolicy, export
from simulator.errors import NotMet, UsageError
from simulator.journal.records import PersonMark
from tests import builders
from tests.layout import NOTATION
from tests.worlds import shipped

POLICY = ExportPolicy(builders.QUOTA, builders.ENGAGEMENT, shipped().style, NOTATION)


def exported(journal, out: Path) -> set[str]:
    export(journal, out, POLICY)
    files = (out / "em_character_training.jsonl", out / "validation.jsonl")
    return {json.loads(row)["id"] for file in files if file.exists() for row in file.read_text().splitlines()}


def test_marks_are_kept_replaced_and_taken_back(tmp_path: Path) -> None:
    with builders.filled(tmp_path / "trial", 3) as journal:
        assert journal.marks() == [] and journal.marked_bad() == frozenset()
        first, second, _ = (row.session.id for row in journal.sessions("kept"))
        journal.mark(PersonMark(first, None, False, "dull"))
        journal.mark(PersonMark(first, None, True))
        journal.mark(PersonMark(second, 2, False))
        assert journal.marks() == [PersonMark(first, None, True), PersonMark(second, 2, False)]
        assert journal.marked_bad() == {second}
        assert (journal.unmark(second, 3), journal.unmark(second), journal.marked_bad()) == (0, 1, frozenset())
        with pytest.raises(UsageError, match="no such session"):
            journal.mark(PersonMark("elsewhere", None, False))


def test_bad_sessions_are_not_exported_until_the_mark_is_taken_back(tmp_path: Path) -> None:
    with builders.filled(tmp_path / "trial", 4) as journal:
        every = [row.session.id for row in journal.sessions("kept")]
        journal.mark(PersonMark(every[1], 0, False))
        assert exported(journal, tmp_path / "without") == set(every) - {every[1]}
        assert "A person left out 1 sessions" in (tmp_path / "without" / "README.md").read_text()
        journal.unmark(every[1])
        assert exported(journal, tmp_path / "with") == set(every)
        for session in every:
            journal.mark(PersonMark(session, None, False))
        with pytest.raises(NotMet, match="marked bad"):
            export(journal, tmp_path / "none", POLICY)
