"""HexChat and XChat: `May 26 01:27:06 <gale>⇥text`; the year stands only in `**** BEGIN LOGGING AT …`."""

from __future__ import annotations

import re
from datetime import date

from simulator.logs import calendar
from simulator.logs.entry import BLANK, DAY, MESSAGE, NOTICE, LogEntry, Stamp
from simulator.logs.sentences import starred

_LINE = re.compile(
    r"([A-Za-zÀ-ž]{3,5})\.? ([ \d]\d) (\d\d):(\d\d):(\d\d) "
    r"(?:<[@+%&~!]?([^\s<>]+)>(?:[\t ](.*))?|\*{1,3}[\t ]+(.*)|-([^\s]+?)-[\t ].*)$",
    re.DOTALL,
)
LEAP = 2000
"""The year that counts from where the log names none; one in which every day exists."""


class Reader:
    """Remembers the year."""

    def __init__(self) -> None:
        self._year, self._month = LEAP, 0

    def parse(self, line: str) -> LogEntry | None:
        """None: not understood."""
        found = _LINE.match(line)
        if found:
            name, day, hours, minutes, seconds, nick, text, starry, notice = found.groups()
            stamp = Stamp(self._ordinal(name, int(day)), int(hours) * 3600 + int(minutes) * 60 + int(seconds))
            if nick is not None:
                return LogEntry(MESSAGE, nick, text or "", stamp)
            return LogEntry(NOTICE, notice, stamp=stamp) if notice else starred(starry, stamp)
        if line.startswith("**** "):
            day, seconds = calendar.long(line)
            if day:
                self._year, self._month = date.fromordinal(day).year, 0
            return LogEntry(DAY, stamp=Stamp(day, seconds) if day else None)
        return LogEntry(BLANK) if not line or line.isspace() else None

    def _ordinal(self, name: str, day: int) -> int | None:
        """A month that is earlier by half a year or more belongs to the next year."""
        number = calendar.month(name)
        if number and self._month - number >= 6:
            self._year += 1
        self._month = number or self._month
        return calendar.month_day(name, day, self._year)
