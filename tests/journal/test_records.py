"""Journals of older versions are read, exported and gone on with as they are; nothing in them is rewritten."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.journal.database import FILE
from simulator.journal.journal import Journal
from simulator.journal.records import SessionRow, read_session, todays_shape
from simulator.plan.session_plan import AnySession, Origin, RecordedSession, SessionPlan, Setting
from tests import builders
from tests.worlds import card, exported, play_run

SESSIONS = 3


def old_shape(session: AnySession) -> str:
    """As versions up to 0.1 stored it: one flat object, with made-up values where nobody had planned anything."""
    setting = session.setting.model_dump(mode="json")
    if isinstance(session, SessionPlan):
        script, slot = session.script.model_dump(mode="json"), session.slot.model_dump(mode="json")
        renamed = {"parts": "slots", "presence": "comings", "number": "slot", "messages": "n", "lead_messages": "k"}
        return json.dumps({renamed.get(name, name): value for name, value in {**setting, **script, **slot}.items()})
    kind, imported = session.origin.value, session.origin is Origin.IMPORTED
    setting |= {"group": kind, "topic": "a recorded conversation" if imported else session.topic, "angle": ""}
    told = {"seed": session.seed, "slot": session.number, "attempt": 0, "scenario": kind, "pattern": kind}
    counted = {"n": session.messages, "k": session.lead_messages, "length": session.length}
    made_up = {
        "slots": {},
        "mood": {},
        "premise": "",
        "fill": {},
        "avoid": [],
        "beats": [],
        "comings": [],
        "expect": [],
    }
    return json.dumps({**setting, **told, **counted, **made_up})


def as_of_old(folder: Path, *, keep_events: int | None = None) -> None:
    """Rewrites a journal as an older version would have left it; cut off after so many events of the last session."""
    with closing(sqlite3.connect(folder / FILE)) as db:
        rows = db.execute("SELECT id, plan FROM session ORDER BY slot, attempt").fetchall()
        for name, stored in rows:
            db.execute("UPDATE session SET plan = ? WHERE id = ?", (old_shape(read_session(stored)), name))
        if keep_events is not None:
            last = rows[-1][0]
            db.execute("DELETE FROM event WHERE session = ? AND number >= ?", (last, keep_events))
            db.execute("UPDATE session SET state = 'open', bytes = 0 WHERE id = ?", (last,))
        db.commit()


RECORDED = [
    RecordedSession(
        setting=Setting(
            id=f"{origin.value[0]}00003",
            channel="#general",
            engagement="LOW",
            lead="Em",
            cast=("ann", "bo"),
            topic=None if origin is Origin.IMPORTED else "rain",
            begins=99.5,
        ),
        origin=origin,
        number=3,
        seed=0 if origin is Origin.IMPORTED else 5,
        length="long",
        messages=40,
        lead_messages=3,
    )
    for origin in Origin
]


@pytest.mark.parametrize("session", [builders.plan(0), builders.plan(8, attempt=2), *RECORDED], ids=lambda s: s.id)
def test_both_shapes_are_read_as_the_same_session(session: AnySession) -> None:
    assert read_session(old_shape(session)) == read_session(session.model_dump_json()) == session
    assert todays_shape(session.model_dump_json()) == session.model_dump_json()


def without_voices(row: SessionRow) -> SessionRow:
    """Old runs did not say which example lines their prompts showed."""
    script = row.session.script.model_copy(update={"voices": {}})
    return replace(row, session=row.session.model_copy(update={"script": script}))


def test_an_old_run_is_counted_and_exported_like_a_new_one(tmp_path: Path) -> None:
    for name in ("new", "old"):
        play_run(tmp_path / name, card("trial", sessions=SESSIONS, length="short"))
    as_of_old(tmp_path / "old")
    before = (tmp_path / "old" / FILE).read_bytes()
    with Journal.read(tmp_path / "new") as new, Journal.read(tmp_path / "old") as old:
        assert list(old.cells()) == list(new.cells()) != []
        assert list(old.sessions()) == [without_voices(row) for row in new.sessions()]
    assert exported(tmp_path / "old", tmp_path / "out-old") == exported(tmp_path / "new", tmp_path / "out-new")
    assert (tmp_path / "old" / FILE).read_bytes() == before


@pytest.mark.parametrize("events", [1, 9])
def test_an_old_run_that_was_cut_is_gone_on_with(tmp_path: Path, events: int) -> None:
    for name in ("whole", "cut"):
        play_run(tmp_path / name, card("trial", sessions=SESSIONS, length="short"))
    as_of_old(tmp_path / "cut", keep_events=events)
    play_run(tmp_path / "cut", card("trial", sessions=SESSIONS, length="short"))
    assert exported(tmp_path / "cut", tmp_path / "out-cut") == exported(tmp_path / "whole", tmp_path / "out-whole")


def test_cells_of_a_run_in_a_real_channel_say_where_its_sessions_come_from(tmp_path: Path) -> None:
    said = builders.said([("ann", "hello there")] * 40)
    with Journal.create(tmp_path / "run", builders.run_card()) as journal:
        journal.keep(RECORDED[0], said, 9)
    for reshape in (lambda folder: None, as_of_old):
        reshape(tmp_path / "run")
        with Journal.read(tmp_path / "run") as journal:
            assert list(journal.cells()) == [(("LOW", "#general", "long", "imported", "imported"), 1)]
