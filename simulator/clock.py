"""The only door to time: seconds inside a session are simulated, seconds outside are the machine's."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

EPOCH = datetime(2026, 1, 5, tzinfo=UTC)
"""The simulated Monday on which every session's time of day is counted, UTC."""


def of_day(seconds: float, zone: str | None = None) -> str:
    """`HH:MM` for a number of seconds after midnight UTC; days wrap. `zone`: where; None: UTC.

    >>> of_day(9 * 3600 + 61), of_day(9 * 3600 + 61, "Asia/Kolkata")
    ('09:01', '14:31')
    """
    return _at(seconds, zone).strftime("%H:%M")


def hour_of_day(seconds: float, zone: str | None = None) -> int:
    """The hour, 0 to 23, as `of_day` tells it."""
    return _at(seconds, zone).hour


def _at(seconds: float, zone: str | None) -> datetime:
    at = EPOCH + timedelta(seconds=seconds)
    return at if zone is None else at.astimezone(ZoneInfo(zone))


def is_zone(name: str) -> bool:
    """Whether the IANA database of time zones has this name, such as `Europe/Lisbon`."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of one of the database's folders
        return False
    return True


def now() -> str:
    """Wall time, ISO 8601 in UTC, to the second: for records that people read, never for a decision."""
    return datetime.now(UTC).replace(microsecond=0).isoformat()


def wall() -> float:
    """Wall time in seconds since 1970: for what a server dates, and for what people read; never for a decision."""
    return time.time()


def tick() -> float:
    """Seconds on a clock that never goes back, for measuring how long something took."""
    return time.perf_counter()
