"""Recorded sessions: the notes that a viewer would have had while one was played, and a picture of one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from math import inf

from rich.console import Console

from simulator.corpus.verdict import Reason, Verdict
from simulator.errors import UsageError
from simulator.events import Said
from simulator.journal.journal import Journal
from simulator.journal.records import SessionRow
from simulator.runs.notes import Answered, Began, Happened, NotNeeded, Settled
from simulator.tui.fold import fold
from simulator.tui.layout import Page
from simulator.tui.state import Opened, Over, Pressed, ViewNote, opened
from simulator.world.world import World


def load_session(journal: Journal, ident: str) -> SessionRow:
    """The session of that id. Raises UsageError if the run has none."""
    row = journal.session(ident)
    if row is None:
        raise UsageError(
            f"no session `{ident}`", place=journal.run.name, remedy=f"`em show {journal.run.name}` lists them"
        )
    return row


def recorded_verdict(journal: Journal, row: SessionRow) -> Verdict | None:
    """What was decided about a session; None: nothing yet, or that it is a spare one."""
    if row.state not in ("kept", "rejected"):
        return None
    reasons = tuple(Reason(rule=r, message=m, evidence=e) for r, m, e in journal.reasons(row.session.id))
    return Verdict(keep=row.state == "kept", reasons=reasons)


def recorded_notes(journal: Journal, world: World, ident: str, *, speed: float = 1.0) -> tuple[Opened, list[ViewNote]]:
    """The first note, and the others in their order: every answer of a model stands before the event it led to."""
    row = load_session(journal, ident)
    session, asked = row.session, _asked(journal, ident)
    first = Opened(journal.run.name, world.engagement.bands, speed=speed)
    shown: list[ViewNote] = [Began(session)]
    messages = 0
    for event in journal.events(ident):
        shown += asked.pop(messages, ())
        shown.append(Happened(session, event))
        messages += isinstance(event, Said)
    shown += [note for left in asked.values() for note in left]
    judged = recorded_verdict(journal, row)
    if judged is not None:
        shown.append(Settled(session, judged, row.bytes))
    elif row.state == "spare":
        shown.append(NotNeeded(session))
    return first, [*shown, Over()]


def notes_until(notes: Iterable[ViewNote], messages: int | None) -> Iterator[ViewNote]:
    """The notes up to the one that brings so many messages; None: all."""
    said = 0
    for note in notes:
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


FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""rich would have it fetched from elsewhere; a picture must open offline."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What a picture shows of a session."""

    messages: int | None = None
    """How many had been said; None: all, and the verdict."""
    width: int = 120
    """Columns of the terminal."""
    height: int = 36
    """Rows of the terminal."""
    reasons: bool = False
    """Why each speaker was chosen, and tries that were refused."""
    title: str = "em replay"


def draw_svg(journal: Journal, world: World, session: str, picture: Picture = Picture()) -> str:
    """The live view of a recorded session as an SVG image. Raises UsageError if there is no such session."""
    first, notes = recorded_notes(journal, world, session)
    keys = [Pressed("r")] if picture.reasons else []
    state = fold(opened(first), [*keys, *notes_until(notes, picture.messages)])
    console = Console(
        record=True, width=picture.width, height=picture.height, file=StringIO(), force_terminal=True,
        color_system="truecolor", markup=False, highlight=False, emoji=False,
    )  # fmt: skip
    console.print(Page(state))
    drawn = FONT.sub("", console.export_svg(title=picture.title))
    return drawn.replace("font-family: Fira Code,", "font-family: DejaVu Sans Mono, Menlo, Consolas,")
