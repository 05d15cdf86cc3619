"""Progress of a call: what a model or its server is doing while somebody waits for the answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from simulator import clock


class Phase(StrEnum):
    """What a call waits for."""

    QUEUED = "waiting for a free place at the server"
    LOADING = "waiting for the server to load the model"
    READING = "reading"
    """The server takes the prompt in."""
    WRITING = "writing"
    LIMITED = "waiting for a rate limit"
    RETRYING = "retrying"
    NOTICE = "note"
    """Nothing is waited for: something about the server that a user should know, told once for an address."""


@dataclass(frozen=True, slots=True)
class CallProgress:
    """One note about one call. `str()` gives the words for a status line."""

    model: str
    """What the user called it."""
    session: str
    """Whose call it is; empty: a call that stands alone."""
    call: str
    """The call's name within its session, as `Prompt.call_id`."""
    phase: Phase
    speaker: str = ""
    """Nick of whoever the line is for."""
    tokens: int | None = None
    """Of the prompt (READING, all of them) or of the answer (WRITING, so far); None: the server does not say."""
    share: float | None = None
    """Of the prompt's tokens that were read so far, in [0, 1]."""
    until: float | None = None
    """End of the wait in seconds since 1970 (LIMITED, RETRYING)."""
    elsewhere: bool = False
    """On a worker of a cluster: when the call was sent is not told here."""
    cause: str = ""
    """Why it waits, or what is to be known (NOTICE)."""

    def __str__(self) -> str:
        if self.phase is Phase.NOTICE:
            return self.cause
        if self.phase in (Phase.READING, Phase.WRITING) and self.tokens is not None:
            share = "" if self.share is None else f", {100 * self.share:.0f} %"
            return f"{self.phase} {self.tokens:,} tokens{share}"
        until = "" if self.until is None else f" until {datetime.fromtimestamp(self.until):%H:%M:%S}"
        cause = f": {self.cause}" if self.cause and self.phase is not Phase.LIMITED else ""
        return f"{self.phase}{until}{cause}"


Listener = Callable[[CallProgress], None]
"""Is called in the event loop, often; must not wait."""

LONG_WAIT = 60.0
"""Seconds of a wait that deserve a line also where nobody listens."""
_logger = logging.getLogger(__name__)


def log_progress(note: CallProgress) -> None:
    """The listener where there is no other: notes about a server go to the log, as warnings."""
    if note.phase is Phase.NOTICE:
        _logger.warning("%s: %s", note.model, note.cause)
    elif note.phase is Phase.LIMITED and note.until is not None and note.until - clock.wall() >= LONG_WAIT:
        _logger.warning("%s: %s", note.model, note)
