"""What became of every line of a log: nothing is left out in silence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

SHOWN = 20
"""Lines that were not understood, and bots and speakers, that a summary shows."""


def shown_time(seconds: int | None) -> str | None:
    """Seconds since the beginning of the calendar as ISO 8601 in UTC.

    >>> shown_time(63852343200)
    '2024-05-26T10:00:00Z'
    """
    if seconds is None:
        return None
    return (datetime.min + timedelta(seconds=seconds - 86_400)).isoformat() + "Z"


@dataclass(slots=True)
class LineCounts:
    """One file's figures. Counts are of lines (of messages in JSON), unless they say otherwise."""

    file: str
    format: str
    channel: str = ""
    network: str = ""
    """Where folders name it, as ZNC's do."""
    dated: bool = False
    """Whether dates are known; if not, days are counted from the first line's."""
    lines: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    """Kind of line, as in `entry`."""
    encodings: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    """Why messages and actions that were understood are in no conversation: empty, bot, flood, repeated, pasted, in a
    conversation that is too short or has one speaker. `joined`: went into the message before, nothing is lost."""
    bots: Counter[str] = field(default_factory=Counter)
    """Lines of each program."""
    speakers: Counter[str] = field(default_factory=Counter)
    """Messages and actions in conversations, by person."""
    conversations: int = 0
    messages: int = 0
    """In conversations; actions are not messages."""
    actions: int = 0
    not_understood: int = 0
    unknown: list[tuple[int, str]] = field(default_factory=list)
    """(line from 1, text), the first of those that were not understood."""
    keep: int | None = SHOWN
    """How many of them; None: all."""
    notes: list[str] = field(default_factory=list)
    """What was resolved and how: dates, years, the zone, who the log's owner is."""
    first: int | None = None
    """Seconds since the beginning of the calendar, UTC, of the first message in a conversation; None: there is none."""
    last: int | None = None

    def lost(self, number: int, line: str) -> None:
        """A line was not understood."""
        self.not_understood += 1
        if self.keep is None or len(self.unknown) < self.keep:
            self.unknown.append((number, line[:200]))

    def plain(self) -> dict[str, Any]:
        """As values for JSON; counts from the largest."""
        counted = {
            name: {what: n for what, n in getattr(self, name).most_common() if n}
            for name in ("kinds", "encodings", "dropped", "bots", "speakers")
        }
        return {
            "file": self.file,
            "format": self.format,
            "channel": self.channel or None,
            "network": self.network or None,
            "dated": self.dated,
            "lines": self.lines,
            **counted,
            "conversations": self.conversations,
            "messages": self.messages,
            "actions": self.actions,
            "first_message_utc": shown_time(self.first),
            "last_message_utc": shown_time(self.last),
            "notes": self.notes,
            "not_understood": self.not_understood,
            "unknown": [{"line": number, "text": text} for number, text in self.unknown],
        }
