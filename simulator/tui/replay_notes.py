"""A recorded session as the notes that a viewer would have had while it was played."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf

from simulator.corpus.verdict import Reason, Verdict
from simulator.errors import UsageError
from simulator.events import Said
from simulator.journal.journal import Journal
from simulator.journal.records import SessionRow
from simulator.runs.notes import Answered, Began, Happened, NotNeeded, Settled
from simulator.tui.notes import Opened, Over, ViewNote
from simulator.world.world import World


def found(journal: Journal, ident: str) -> SessionRow:
    """The session of that id. Raises UsageError if the run has none."""
    row = journal.session(ident)
    if row is None:
        raise UsageError(
            f"no session `{ident}`", place=journal.run.name, remedy=f"`em show {journal.run.name}` lists them"
        )
    return row


def verdict(journal: Journal, row: SessionRow) -> Verdict | None:
    """What was decided about a session; None: nothing yet, or that it is a spare one."""
    if row.state not in ("kept", "rejected"):
        return None
    reasons = tuple(Reason(rule=r, message=m, evidence=e) for r, m, e in journal.reasons(row.session.id))
    return Verdict(keep=row.state == "kept", reasons=reasons)


def notes(journal: Journal, world: World, ident: str, *, speed: float = 1.0) -> tuple[Opened, list[ViewNote]]:
    """The first note, and the others in their order: every answer of a model stands before the event it led to."""
    row = found(journal, ident)
    session, asked = row.session, _asked(journal, ident)
    first = Opened(journal.run.name, world.engagement.bands, speed=speed)
    told: list[ViewNote] = [Began(session)]
    messages = 0
    for event in journal.events(ident):
        told += asked.pop(messages, ())
        told.append(Happened(session, event))
        messages += isinstance(event, Said)
    told += [note for left in asked.values() for note in left]
    judged = verdict(journal, row)
    if judged is not None:
        told.append(Settled(session, judged, row.bytes))
    elif row.state == "spare":
        told.append(NotNeeded(session))
    return first, [*told, Over()]


def until(told: Iterable[ViewNote], messages: int | None) -> Iterator[ViewNote]:
    """The notes up to the one that brings so many messages; None: all."""
    said = 0
    for note in told:
        yield note
        said += isinstance(note, Happened) and isinstance(note.event, Said)
        if messages is not None and said >= messages:
            return


def _asked(journal: Journal, session: str) -> dict[float, list[ViewNote]]:
    """Answers by the number of messages that stood in the channel when they were asked for; the judge's come last."""
    found: dict[float, list[ViewNote]] = {}
    for call in journal.calls(session):
        message = call.call_id.message
        place = inf if message is None else message
        found.setdefault(place, []).append(Answered(call.purpose, call.reply))
    return found
