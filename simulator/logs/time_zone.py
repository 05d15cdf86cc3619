"""The time zone of a log's clock: from what it shows to UTC, also in the two nights when it is put forward or back."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from simulator.errors import UsageError

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
