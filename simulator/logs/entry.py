"""One line of a log, understood: what every format makes of its lines, and all that the rest has to know."""

from __future__ import annotations

from typing import NamedTuple

MESSAGE, ACTION, NOTICE = "message", "action", "notice"
JOIN, PART, RENAME, TOPIC = "join", "part", "rename", "topic"
SYSTEM = "system"
"""Modes, netsplits, what the client says of itself: understood, and of no interest."""
DAY = "day"
"""A line that tells the date, or that logging began."""
BLANK = "blank"
OPTIN, OPTOUT = "optin", "optout"
"""Somebody says in the channel whether what they say may become training data: see `conversations`."""
KINDS = (MESSAGE, ACTION, NOTICE, JOIN, PART, RENAME, TOPIC, SYSTEM, DAY, BLANK)


class Stamp(NamedTuple):
    """When, as far as the line says."""

    day: int | None
    """Proleptic Gregorian ordinal (`date.toordinal`); None: the line has no date."""
    seconds: int | None
    """After midnight; None: the line has a date and no time."""
    fine: bool = True
    """False: the clock shows minutes only."""
    ahead: int | None = None
    """Seconds that the clock is ahead of UTC, where the line says so; None: the clock of the log's zone."""


class LogEntry(NamedTuple):
    """A line by its kind. Built for speed: a log has millions of these, and none lives longer than its conversation."""

    kind: str
    nick: str = ""
    """As shown in the log, without status signs. Empty in a rename: the log's owner, whom the line calls `You`."""
    text: str = ""
    """What was said; of a rename, the new nick; of a part, empty."""
    stamp: Stamp | None = None
    channel: str = ""
    """Where the line names it."""
    bot: bool = False
    """True: the log itself says that a program wrote it."""
    sure: bool = True
    """False: in this format the same shape is printed for two kinds of line; see `survey`."""
    more: bool = False
    """True: goes on with the message of the line before."""
