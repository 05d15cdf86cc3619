"""Activity of a run: what it is doing and waiting for at the moment, in one line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from simulator import clock, files
from simulator.corpus.facts import to_json
from simulator.corpus.file_names import PROGRESS
from simulator.corpus.stats import Steps, is_progress, progress
from simulator.errors import StorageError
from simulator.events import Said
from simulator.journal.journal import Journal
from simulator.llm.progress import CallProgress, Phase
from simulator.runs.notes import Asking, Began, CallEnded, Happened, NotNeeded, RunNote, Settled

_ORDER = (Phase.LIMITED, Phase.LOADING, Phase.RETRYING, Phase.QUEUED, Phase.READING, Phase.WRITING)
"""What a reader of one line has to know first."""

RECORDED = 2.0
"""Seconds between two lines in the journal."""


class Activity:
    """A fold over notes."""

    def __init__(self) -> None:
        self._open: set[str] = set()
        self._messages = 0
        self._calls: dict[tuple[str, str], CallProgress | None] = {}
        """By session and call; None: it was sent, and nothing is known of it since."""

    def note(self, note: RunNote) -> None:
        """One more thing happened."""
        match note:
            case Began(session):
                self._open.add(session.id)
            case Settled(session) | NotNeeded(session):
                self._open.discard(session.id)
                self._calls = {key: call for key, call in self._calls.items() if key[0] != session.id}
            case Happened(_, Said()):
                self._messages += 1
            case Asking(prompt):
                self._calls[prompt.session, str(prompt.call_id)] = None
            case CallEnded(prompt):
                self._calls.pop((prompt.session, str(prompt.call_id)), None)
            case CallProgress(session=session_id, call=call, phase=phase) if phase is not Phase.NOTICE:
                if (session_id, call) in self._calls or (note.elsewhere and session_id in self._open):
                    self._calls[session_id, call] = note

    def waits(self) -> str:
        """What calls wait for, such as `reading 1,762 tokens, 38 % (2 calls)`; empty: no call is under way."""
        known = [call for call in self._calls.values() if call is not None]
        parts = []
        for phase in _ORDER:
            those = [call for call in known if call.phase is phase]
            if those:
                parts.append(_counted(str(those[0]), len(those)))
        if silent := len(self._calls) - len(known):
            parts.append(_counted("waiting for an answer", silent))
        return ", ".join(parts)

    def line(self) -> str:
        """Open sessions, messages so far, and what calls wait for."""
        sessions = f"{len(self._open)} session{'' if len(self._open) == 1 else 's'} open"
        said = f"{self._messages} message{'' if self._messages == 1 else 's'}"
        return f"{sessions}, {said}; {self.waits() or 'no call is under way'}"


@asynccontextmanager
async def recorded_activity(
    journal: Journal, activity: Activity, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> AsyncIterator[None]:
    """While the block lasts, the journal holds a line that is at most RECORDED seconds old, for `em status`."""

    async def record() -> None:
        while True:
            journal.record_activity(activity.line(), clock.now())
            await sleep(RECORDED)

    recording = asyncio.create_task(record())
    try:
        yield
    finally:
        recording.cancel()
        await asyncio.gather(recording, return_exceptions=True)
        with suppress(StorageError):
            journal.end_activity()


def _counted(words: str, calls: int) -> str:
    return words if calls == 1 else f"{words} ({calls} calls)"


@dataclass(frozen=True, slots=True)
class ProgressFile:
    """A file in `folder` that always holds the whole of one `stats.progress`."""

    folder: Path
    steps: Steps

    def write(self, journal: Journal) -> None:
        """Raises UsageError if a file of that name was not written by this program, StorageError if none can be."""
        data = json.dumps(to_json(progress(journal, self.steps)), indent=2, ensure_ascii=False).encode() + b"\n"
        files.write(self.folder / PROGRESS, data, is_progress)
