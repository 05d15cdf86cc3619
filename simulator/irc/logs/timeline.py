"""From what lines say of the time to seconds that can be compared, also where no line says the date."""

from __future__ import annotations

from simulator.irc.logs.entry import Stamp

DAY = 86_400
HALF = DAY // 2
JITTER = 300
"""Seconds that a clock may go back without a new day having begun: servers and clients disagree, and are set right.
When summer time ends the clock goes back by an hour; that counts as a night, and cuts a conversation once a year."""


class Timeline:
    """Seconds since the beginning of the calendar (of year 1), in the log's own time zone.

    Times without dates count on from the line before; a time that is earlier by more than JITTER means that midnight
    has passed. On a 12-hour clock without am and pm, 12:59 is followed by 01:00: then the hours go round twice a day.
    """

    def __init__(self, day: int | None = None) -> None:
        """`day`: the ordinal of the first line's date, where something else than the lines tells it."""
        self._day, self._known = day or 1, day is not None
        self._last: int | None = None
        """Seconds of the last line, since the beginning of the calendar."""
        self._round: int | None = None
        """After how many seconds the clock's hours begin again; None: not known yet, 24 hours until shown wrong."""

    @property
    def dated(self) -> bool:
        """Whether the log has told a date so far."""
        return self._known

    def at(self, stamp: Stamp | None) -> int:
        """The time of a line; that of the line before if it has none. May go back where dates do."""
        if stamp is None or (stamp.day is None and stamp.seconds is None):
            return self._last if self._last is not None else self._day * DAY
        if stamp.day is not None:
            self._known = True
            self._last = stamp.day * DAY + (stamp.seconds or 0)
            return self._last
        assert stamp.seconds is not None
        now, hour = stamp.seconds, stamp.seconds // 3600
        if hour >= 13 or hour == 0:
            self._round = DAY
        if self._last is None:
            self._last = self._day * DAY + now
            return self._last
        before = self._last % DAY
        if self._round is None and before // 3600 == 12 and hour == 1:
            self._round = HALF
        whole = self._round or DAY
        ahead = (now - before) % whole
        if ahead <= whole - JITTER:
            self._last += ahead
        return self._last
