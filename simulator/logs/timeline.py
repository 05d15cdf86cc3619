"""Time: from what lines say of it, and the log's time zone, to seconds that can be compared."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from simulator.errors import UsageError
from simulator.logs.entry import Stamp

DAY = 86_400
_FIRST = datetime(1, 1, 1)


class Zone:
    """An IANA time zone. Seconds count from the beginning of the calendar, of the clock's or of UTC."""

    def __init__(self, name: str) -> None:
        """Raises UsageError for a name that is none."""
        self.name = name
        try:
            self._zone = ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise UsageError(
                f"no time zone is called `{name}`",
                place="--timezone",
                remedy="give an IANA name, such as Europe/Berlin or UTC",
            ) from None

    def utc(self, shown: int, after: int | None) -> tuple[int, bool]:
        """What the clock shows to UTC, and whether that is the second time it shows it.

        `after`: a moment in UTC that it cannot be earlier than, if one is known. An hour that comes twice, when the
        clock is put back, is the first one as long as `after` allows it. One that never came, when the clock was put
        forward, is read as if it had not been.
        """
        first, second = self._both(shown)
        again = after is not None and first < after <= second
        return (second, True) if again else (first, False)

    def twice(self, shown: int) -> bool:
        """Whether the clock shows this time two times that day."""
        first, second = self._both(shown)
        return first < second

    def _both(self, shown: int) -> tuple[int, int]:
        when = (_FIRST + timedelta(days=shown // DAY - 1, seconds=shown % DAY)).replace(tzinfo=self._zone)
        offsets = (when.replace(fold=fold).utcoffset() or timedelta() for fold in (0, 1))
        first, second = (shown - round(offset.total_seconds()) for offset in offsets)
        return first, second


HALF = DAY // 2
HOUR = 3600
JITTER = 300
"""Seconds that a clock may go back without a new day having begun: servers and clients disagree, and are set right.
When summer time ends the clock goes back by an hour. With the log's zone that is known; without it, it counts as a
night, and cuts a conversation once a year."""


class Timeline:
    """Seconds since the beginning of the calendar (of year 1), in UTC.

    Times without dates count on from the line before; a time that is earlier by more than JITTER means that midnight
    has passed. On a 12-hour clock without am and pm, 12:59 is followed by 01:00: then the hours go round twice a day.
    """

    def __init__(self, day: int | None = None, zone: Zone | None = None) -> None:
        """`day`: the ordinal of the first line's date, where something else than the lines tells it. `zone`: of the
        log's clock; None: UTC. Without any date there is no telling summer from winter, and the zone is left aside."""
        self._day, self._known, self._zone = day or 1, day is not None, zone
        self._last: int | None = None
        """What the clock showed at the last line, with the date."""
        self._utc: int | None = None
        """The last line's time in UTC."""
        self._again = False
        """Whether the clock showed it for the second time that night."""
        self._round: int | None = None
        """After how many seconds the clock's hours begin again; None: not known yet, 24 hours until shown wrong."""

    @property
    def dated(self) -> bool:
        """Whether the log has told a date so far."""
        return self._known

    @property
    def midnights(self) -> int:
        """How many have passed since the first line."""
        return 0 if self._last is None else self._last // DAY - self._day

    def at(self, stamp: Stamp | None) -> int:
        """The time of a line; that of the line before if it has none. May go back where dates do."""
        if stamp is None or (stamp.day is None and stamp.seconds is None):
            if self._utc is None:
                return self._day * DAY
            return self._utc
        shown = self._shown(stamp)
        if stamp.ahead is not None:
            self._utc = shown - stamp.ahead
        elif self._zone is None or not self._known:
            self._utc = shown
        else:
            # In the second of two hours that look alike a clock that is a little behind is still in the second.
            after = None if self._utc is None else self._utc - (0 if self._again else JITTER)
            self._utc, self._again = self._zone.utc(shown, after)
        return self._utc

    def _shown(self, stamp: Stamp) -> int:
        """What the clock showed, with the date."""
        if stamp.day is not None:
            self._known = True
            self._last = stamp.day * DAY + (stamp.seconds or 0)
            return self._last
        assert stamp.seconds is not None
        now, hour = stamp.seconds, stamp.seconds // HOUR
        if hour >= 13 or hour == 0:
            self._round = DAY
        if self._last is None:
            self._last = self._day * DAY + now
            return self._last
        before = self._last % DAY
        if self._round is None and before // HOUR == 12 and hour == 1:
            self._round = HALF
        whole = self._round or DAY
        ahead = (now - before) % whole
        if ahead <= whole - JITTER:
            back = whole - ahead
            self._last += -back if self._put_back(back) else ahead
        return self._last

    def _put_back(self, seconds: int) -> bool:
        """Whether the clock was put back since the last line, so that it shows the same hour again."""
        if self._zone is None or not self._known or self._last is None or seconds > HOUR:
            return False
        again = self._last - seconds
        return again >= DAY and self._zone.twice(again)
