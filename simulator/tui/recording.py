"""Recorded sessions: the notes that a viewer would have had while one was played, and a picture of one."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
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
from simulator.tui.terminal import Terminal
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


FASTER = 1.5
"""Factor on the speed for one press of `+`."""


LONGEST = 3.0
"""Seconds that a pause lasts at most, whatever the speed."""
UNHURRIED = 0.05
"""Seconds between two events that happened at the same moment."""


def pause_between(before: ViewNote | None, after: ViewNote, speed: float) -> float:
    """Seconds to wait between two notes."""
    if not isinstance(after, Happened) or not isinstance(before, Happened) or speed == math.inf:
        return 0.0
    return min(LONGEST, max(UNHURRIED, (after.event.at - before.event.at) / speed))


class Player:
    """Where in a recording we are. The state is always the fold of the notes so far, seen as the keys have chosen."""

    def __init__(self, first: Opened, notes: Sequence[ViewNote], *, reasons: bool) -> None:
        assert first.speed is not None
        self._first, self._notes, self._speed = first, notes, first.speed
        self._events = [number for number, note in enumerate(notes) if isinstance(note, Happened)]
        self._at = 0
        """How many notes are folded into the state."""
        self.state = opened(first) if not reasons else fold(opened(first), [Pressed("r")])
        self._pressed = asyncio.Event()

    def key(self, key: str) -> bool:
        """Steps and speed; False for a key that is not about these. Any key makes `play` look again."""
        self._pressed.set()
        match key:
            case "right" | "n":
                self._step(1)
            case "left" | "b":
                self._step(-1)
            case "+" | "=":
                self._speed *= FASTER
            case "-":
                self._speed /= FASTER
            case _:
                return False
        return True

    def _step(self, by: int) -> None:
        """To the next event, or to the one before; past the last one stands the verdict."""
        places = [0, *(number + 1 for number in self._events[:-1]), len(self._notes)]
        reached = sum(place <= self._at for place in places) - 1
        self._at = places[min(max(0, reached + by), len(places) - 1)]

    async def play(self, screen: Terminal) -> None:
        """Until somebody leaves."""
        while not screen.left.is_set():
            self._pressed.clear()
            self._draw(screen)
            still = screen.state.view.paused or self._at >= len(self._notes)
            try:
                async with asyncio.timeout(None if still else self._pause()):
                    await self._pressed.wait()
            except TimeoutError:
                self._at += 1
                while self._at < len(self._notes) and not self._pause():
                    self._at += 1

    def _pause(self) -> float:
        """Seconds until the next note is due."""
        before = [number for number in self._events if number < self._at]
        return pause_between(self._notes[before[-1]] if before else None, self._notes[self._at], self._speed)

    def _draw(self, screen: Terminal) -> None:
        now = fold(opened(replace(self._first, speed=round(self._speed, 1))), self._notes[: self._at])
        screen.show(replace(now, view=screen.state.view, now=screen.state.now))
