"""What people say about a run: marks, edited lines and chosen variants, in order, with nothing ever taken out.

Reviewers do not need the run's lock: each action is one short transaction for which SQLite lets the others wait, so a
run may be played and reviewed at the same time. With `open`, an action is on the disk (fsync) before the call returns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from simulator import clock
from simulator.errors import UsageError
from simulator.events import Event, Said
from simulator.journal import database
from simulator.journal.database import FILE, storage
from simulator.journal.journal_reader import JournalReader
from simulator.journal.records import REVIEWER, LineEdit, MachineCheck, PersonMark, ReviewAction, ReviewKind, SessionRow
from simulator.llm.model import Prompt, Reply

DESK = "desk"
"""Begins the part of a call that a reviewer asked for, in its id."""
_COLUMNS = "session, line, kind, person, text, why, undone, number, step, at"
_VERDICTS = (ReviewKind.GOOD, ReviewKind.BAD)


class Reviews(JournalReader):
    """The journal of a run as its reviewers see it."""

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The run in `folder`, also while another process plays it. Raises UsageError if there is none."""
        path = folder / FILE
        if not path.is_file():
            raise database.no_such_run(folder)
        db = database.open_database(path)
        db.execute("PRAGMA synchronous = FULL")
        return cls(path, db)

    def close(self) -> None:
        """Closes the database."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def known(self, session: str) -> SessionRow:
        """One session by its id. Raises UsageError if the run has none."""
        row = self.session(session)
        if row is None:
            raise _unknown(session)
        return row

    # what counts now

    def marks(self, session: str | None = None) -> list[PersonMark]:
        """Every mark that stands, in the order of sessions, messages and people; of one session or all."""
        return self._standing(session)[0]

    def edits(self, session: str | None = None) -> list[LineEdit]:
        """The latest edit of each message that has one, in order; of one session or all."""
        return self._standing(session)[1]

    def machine_checks(self, session: str | None = None) -> list[MachineCheck]:
        """What people think of what the machine said, the latest of each; of one session or all."""
        undone, found = self._undone(), dict[tuple[str, str, int | None, str], MachineCheck]()
        for one in self._actions(session):
            if one.kind in (ReviewKind.RIGHT, ReviewKind.WRONG) and one.step not in undone:
                right = one.kind is ReviewKind.RIGHT
                check = MachineCheck(one.session, one.line, one.text, right, one.person)
                found[one.person, one.session, one.line, one.text] = check
        return list(found.values())

    def edited(self, session: str, events: Sequence[Event] | None = None) -> list[Event]:
        """What happened in a session, with edited lines as they were edited: what training documents are made of.

        `events`: what happened, if it was read already.
        """
        events = self.events(session) if events is None else events
        return with_texts(events, {edit.line: edit.text for edit in self.edits(session)})

    def marked_bad(self) -> frozenset[str]:
        """Sessions that somebody marked bad, as a whole or in a message that was not edited since."""
        marks, edits = self._standing()
        mended = {(edit.session, edit.line): edit.number for edit in edits}
        return frozenset(
            mark.session for mark in marks
            if not mark.good and (mark.line is None or mended.get((mark.session, mark.line), -1) < mark.number)
        )  # fmt: skip

    def alike(self, session: str, line: int) -> list[tuple[str, int]]:
        """(Session, message) of what the same nick said in the very words of a message, in other sessions, in order.

        The words as they were said, but for case (ASCII). A message that somebody gave other words than this one has
        now is not alike any more. None where there is no such message.
        """
        said = [event for event in self.events(session) if isinstance(event, Said)]
        if not 0 <= line < len(said):
            return []
        rows = self._all(
            "SELECT session, (SELECT count(*) FROM event AS earlier WHERE earlier.session = event.session"
            " AND earlier.kind = 'said' AND earlier.number < event.number) FROM event WHERE kind = 'said' AND nick = ?"
            " AND session <> ? AND lower(json_extract(body, '$.text')) = lower(?) ORDER BY session, number",
            (said[line].nick, session, said[line].text),
        )
        edits = {(edit.session, edit.line): edit.text for edit in self.edits()}
        now = edits.get((session, line))
        return [(other, place) for other, place in rows if edits.get((other, place), now) == now]

    def last_action(self) -> int:
        """Number of the last action of anybody; 0: there was none."""
        if not self._has("review"):
            return 0
        return int(self._all("SELECT coalesce(max(number), 0) FROM review")[0][0])

    # acting

    def act(self, actions: Sequence[ReviewAction]) -> int:
        """Puts actions on record, all of them or none, as one step, whose number is returned.

        Raises UsageError for a session or a message that the run has not.
        """
        for action in actions:
            self._check(action)
        with storage(self.path), self._db:
            self._db.execute("BEGIN IMMEDIATE")
            return self._put(actions)

    def mark(self, mark: PersonMark) -> None:
        """Puts on record what a person thinks; it counts in place of what the same person thought of it before.

        Raises UsageError for a session or a message that the run has not.
        """
        kind = ReviewKind.GOOD if mark.good else ReviewKind.BAD
        self.act([ReviewAction(mark.session, mark.line, kind, mark.person, why=mark.why)])

    def unmark(self, session: str, line: int | None = None, person: str = REVIEWER) -> int:
        """Takes a person's mark back, or all of a session if no message is named; how many there were."""
        stood = [mark for mark in self.marks(session) if mark.person == person and line in (None, mark.line)]
        if stood:
            self.act([ReviewAction(session, line, ReviewKind.CLEAR, person)])
        return len(stood)

    def undo(self, person: str) -> list[ReviewAction]:
        """Takes the person's last step back that still stands; what it was. Empty: there is none."""
        with storage(self.path), self._db:
            self._db.execute("BEGIN IMMEDIATE")
            own = [action for action in self._actions() if action.person == person and action.number]
            gone = self._undone()
            left = [each for each in own if each.kind is not ReviewKind.UNDO and each.step not in gone]
            if not left:
                return []
            step = left[-1].step
            taken = [action for action in left if action.step == step]
            self._put([ReviewAction(taken[0].session, taken[0].line, ReviewKind.UNDO, person, undone=step)])
            for action in taken:
                if action.kind is ReviewKind.CHOOSE:
                    self._swap(action.text, action.session)
            return taken

    def choose(self, session: str, person: str) -> None:
        """Keeps a spare session for its slot; the one that was kept becomes spare.

        Raises UsageError if it is not spare, or if no session is kept for its slot.
        """
        with storage(self.path), self._db:
            self._db.execute("BEGIN IMMEDIATE")
            kept = self._all(
                "SELECT kept.id FROM session AS kept JOIN session AS chosen ON kept.slot = chosen.slot"
                " WHERE chosen.id = ? AND chosen.state = 'spare' AND kept.state = 'kept'",
                (session,),
            )
            if not kept:
                remedy = "choose one that passed the filters, of a slot that is settled"
                raise UsageError("is no spare variant of a kept session", place=session, remedy=remedy)
            self._put([ReviewAction(session, None, ReviewKind.CHOOSE, person, text=kept[0][0])])
            self._swap(session, kept[0][0])

    # what models answer

    def call(self, session: str, prompt: Prompt, reply: Reply) -> None:
        """A model answered; recorded before anybody looks at the text, so that it is never paid for again."""
        with storage(self.path), self._db:
            self._put_call(session, prompt, reply)

    def desk_call(self, session: str, prompt: Prompt, reply: Reply) -> None:
        """A model answered a reviewer who asked for a line once more; recorded under an id of its own."""
        with storage(self.path), self._db:
            self._db.execute("BEGIN IMMEDIATE")
            part = f"{DESK}{self.desk_calls(session) + 1}{prompt.call_id.part}"
            self._put_call(session, replace(prompt, call_id=replace(prompt.call_id, part=part)), reply)

    def desk_calls(self, session: str) -> int:
        """How many answers reviewers got when they asked for a line of the session once more."""
        found = self._all("SELECT count(*) FROM call WHERE session = ? AND key GLOB ?", (session, f"*-{DESK}[0-9]*"))
        return int(found[0][0])

    def failed(self, session: str, prompt: Prompt, failures: Sequence[str]) -> None:
        """A call was given up; what became of each of its attempts."""
        with storage(self.path), self._db:
            self._count(session, prompt, failures)

    def _put_call(self, session: str, prompt: Prompt, reply: Reply) -> None:
        call_id, usage = prompt.call_id, reply.usage
        asked = (session, str(call_id), prompt.purpose, prompt.speaker)
        answer = (reply.model, reply.text, usage.prompt, usage.cached, usage.completion, reply.billing, reply.cost_usd)
        row = (*asked, *answer, reply.seconds, reply.attempts, reply.cut, call_id.attempt)
        self._db.execute("INSERT INTO call VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        self._count(session, prompt, reply.failures)
        if self._spent is not None:
            self._spent += reply.cost_usd or 0.0

    def _count(self, session: str, prompt: Prompt, failures: Sequence[str]) -> None:
        rows = [(session, str(prompt.call_id), kind, count) for kind, count in Counter(failures).items()]
        if rows:
            self._db.executemany(
                "INSERT INTO failure VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count", rows
            )

    def _swap(self, chosen: str, other: str) -> None:
        self._db.execute("UPDATE session SET state = 'spare' WHERE id = ?", (other,))
        self._db.execute("UPDATE session SET state = 'kept' WHERE id = ?", (chosen,))

    def _check(self, action: ReviewAction) -> None:
        rows = self._all(
            "SELECT count(event.number) FROM session LEFT JOIN event ON event.session = session.id AND kind = 'said'"
            " WHERE session.id = ? GROUP BY session.id",
            (action.session,),
        )
        if not rows:
            raise _unknown(action.session)
        if action.line is not None and not 0 <= action.line < rows[0][0]:
            last = f"the last one is {rows[0][0] - 1}" if rows[0][0] else "it has none"
            raise UsageError(f"no message {action.line}", place=action.session, remedy=last)

    def _put(self, actions: Sequence[ReviewAction]) -> int:
        """Writes actions as one step, inside a transaction; the step."""
        step = self.last_action() + 1
        at = clock.now()
        rows = (
            (a.session, a.line, a.kind, a.person, a.text, a.why, a.undone, step + place, step, at)
            for place, a in enumerate(actions)
        )
        self._db.executemany(f"INSERT INTO review ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        return step

    def _actions(self, session: str | None = None) -> list[ReviewAction]:
        """Everything that was done, in order; of one session or all."""
        found = [ReviewAction(*row) for row in self._older_marks() if session in (None, row[0])]
        if self._has("review"):
            rows = self._all(
                f"SELECT {_COLUMNS} FROM review WHERE ?1 IS NULL OR session = ?1 ORDER BY number", (session,)
            )
            found += (replace(ReviewAction(*row), kind=ReviewKind(row[2])) for row in rows)
        return found

    def _undone(self) -> set[int]:
        """Steps that were taken back; a step may be about many sessions."""
        if not self._has("review"):
            return set()
        return {row[0] for row in self._all("SELECT undone FROM review WHERE undone IS NOT NULL")}

    def _older_marks(self) -> Iterable[Any]:
        """Marks of runs that were reviewed when there was one table with one mark a place, of nobody in particular."""
        if not self._has("mark"):
            return ()
        rows = self._all("SELECT session, nullif(line, -1), good, why FROM mark ORDER BY session, line")
        return ((s, line, _VERDICTS[0] if good else _VERDICTS[1], REVIEWER, "", why) for s, line, good, why in rows)

    def _standing(self, session: str | None = None) -> tuple[list[PersonMark], list[LineEdit]]:
        """The marks and edits that count after all that was done, of one session or all."""
        undone = self._undone()
        marks: dict[tuple[str, str, int | None], PersonMark] = {}
        edits: dict[tuple[str, int], LineEdit] = {}
        for one in self._actions(session):
            if one.number and one.step in undone:
                continue
            if one.kind in _VERDICTS:
                good = one.kind is ReviewKind.GOOD
                mark = PersonMark(one.session, one.line, good, one.why, one.person, one.number, one.at)
                marks[one.person, one.session, one.line] = mark
            elif one.kind is ReviewKind.CLEAR:
                for key in [key for key in marks if key[:2] == (one.person, one.session)]:
                    if one.line in (None, key[2]):
                        del marks[key]
            elif one.kind is ReviewKind.EDIT and one.line is not None:
                edits.pop((one.session, one.line), None)
                if one.text:
                    edit = LineEdit(one.session, one.line, one.text, one.why, one.person, one.number, one.at)
                    edits[one.session, one.line] = edit
        ordered = sorted(marks.values(), key=lambda m: (m.session, -1 if m.line is None else m.line, m.person))
        return ordered, sorted(edits.values(), key=lambda edit: (edit.session, edit.line))


def _unknown(session: str) -> UsageError:
    return UsageError("the run has no such session", place=session, remedy="see `em show NAME`")


def with_texts(events: Sequence[Event], texts: Mapping[int, str]) -> list[Event]:
    """The events with other words for some messages, by index among the messages."""
    changed = list(events)
    said = [place for place, event in enumerate(events) if isinstance(event, Said)] if texts else []
    for line, text in texts.items():
        changed[said[line]] = changed[said[line]].model_copy(update={"text": text})
    return changed
