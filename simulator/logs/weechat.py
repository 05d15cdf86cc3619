"""WeeChat: three columns between tabs, `2007-05-26 01:27:06`, who or a sign, and the text."""

from __future__ import annotations

import re

from simulator.logs import calendar
from simulator.logs.entry import ACTION, BLANK, MESSAGE, NOTICE, SYSTEM, LogEntry, Stamp
from simulator.logs.sentences import system

_WHEN = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?:(Z)|([+-])(\d\d):?(\d\d))?$")
_SIGNS = {"-->", "<--", "--", "=!=", "", "⇒", "⇐"}
_NOTICE = re.compile(r"Notice\((\S+?)\)")


def parse(line: str) -> LogEntry | None:
    """None: not understood."""
    columns = line.split("\t", 2)
    if len(columns) < 3:
        return LogEntry(BLANK) if not line or line.isspace() else None
    when, who, text = columns
    found = _WHEN.match(when)
    if not found:
        return None
    day, hours, minutes, seconds, utc, sign, east, rest = found.groups()
    ahead = 0 if utc else (int(east) * 3600 + int(rest) * 60) * (-1 if sign == "-" else 1) if sign else None
    time = int(hours) * 3600 + int(minutes) * 60 + int(seconds or 0)
    stamp = Stamp(calendar.iso(day), time, seconds is not None, ahead)
    who = who.strip()
    if who in _SIGNS:
        if who == "--" and (notice := _NOTICE.match(text)):
            return LogEntry(NOTICE, notice[1], stamp=stamp)
        return system(text, stamp) if text else LogEntry(SYSTEM, stamp=stamp)
    if who == "*":
        nick, _, rest = text.partition(" ")
        return LogEntry(ACTION, nick, rest, stamp)
    nick = who.lstrip("@+%&~!")
    return LogEntry(MESSAGE, nick, text, stamp) if nick and " " not in nick else None
