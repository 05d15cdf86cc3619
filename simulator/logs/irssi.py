"""irssi: `01:27 < gale> text`, `01:27  * gale waves`, `01:27 -!- …`, `--- Day changed Sun May 27 2007`."""

from __future__ import annotations

import re

from simulator.logs import calendar
from simulator.logs.entry import ACTION, BLANK, DAY, MESSAGE, NOTICE, LogEntry, Stamp
from simulator.logs.sentences import system

_LINE = re.compile(
    r"(?:(\d{4}-\d\d-\d\d)[ T])?(\d\d):(\d\d)(?::(\d\d))? "
    r"(?:<[ @+%&~!]?([^\s<>]+)>(?: (.*))?|  ?\* (\S+)(?: (.*))?| \* (\S+)(?: (.*))?|-!- (.*)|-([^\s-]\S*?)-(?: .*)?)$",
    re.DOTALL,
)


def parse(line: str) -> LogEntry | None:
    """None: not understood."""
    found = _LINE.match(line)
    if found:
        day, hours, minutes, seconds, nick, text, actor, deed, other, done, told, notice = found.groups()
        stamp = Stamp(
            calendar.iso(day) if day else None,
            int(hours) * 3600 + int(minutes) * 60 + int(seconds or 0),
            seconds is not None,
        )
        if nick is not None:
            return LogEntry(MESSAGE, nick, text or "", stamp)
        if actor or other:
            return LogEntry(ACTION, actor or other, deed or done or "", stamp)
        return LogEntry(NOTICE, notice, stamp=stamp) if notice else system(told, stamp)
    if line.startswith("--- "):
        day, seconds = calendar.long(line)
        return LogEntry(DAY, stamp=Stamp(day, seconds) if day else None)
    return LogEntry(BLANK) if not line or line.isspace() else None
