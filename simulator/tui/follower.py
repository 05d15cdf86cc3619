"""Watching a run in lines: follows one session after the other, from notes alone."""

from __future__ import annotations

from rich.console import Console

from simulator.events import Event
from simulator.plan.session_plan import AnySession
from simulator.runs.run import Began, Happened, Note, NotNeeded, Settled
from simulator.tui import lines


class Follower:
    """Prints the session that has been open longest as it happens; the others wait their turn in full.

    Call it with every note of a run.
    """

    def __init__(self, console: Console, *, reasons: bool = False) -> None:
        self._console, self._reasons = console, reasons
        self._open: dict[str, list[Event | Settled | NotNeeded]] = {}
        self._sessions: dict[str, AnySession] = {}
        self._shown: str | None = None

    def __call__(self, note: Note) -> None:
        match note:
            case Began(session):
                self._open[session.id], self._sessions[session.id] = [], session
            case Happened(session, event):
                self._open[session.id].append(event)
            case Settled(session) | NotNeeded(session):
                self._open.setdefault(session.id, []).append(note)
                self._sessions[session.id] = session
        self._catch_up()

    def _catch_up(self) -> None:
        while self._open:
            if self._shown is None:
                self._shown = next(iter(self._open))
                self._console.print()
                self._console.print(lines.heading(self._sessions[self._shown]))
            ident, session = self._shown, self._sessions[self._shown]
            waiting, self._open[ident] = self._open[ident], []
            for item in waiting:
                if isinstance(item, Settled | NotNeeded):
                    rows = lines.verdict(ident, item.verdict) if isinstance(item, Settled) else lines.spared(ident)
                    self._shown = None
                else:
                    rows = lines.event(item, session.setting.lead, reasons=self._reasons)
                for row in rows:
                    self._console.print(row)
            if self._shown is not None:
                return
            del self._open[ident], self._sessions[ident]
