"""The only door to time: seconds inside a session are simulated, seconds outside are the machine's."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

EPOCH = datetime(2026, 1, 5, tzinfo=UTC)
"""The simulated Monday on which every session's time of day is counted."""


def of_day(seconds: float) -> str:
    """`HH:MM` for a number of seconds after midnight; days wrap.

    >>> of_day(9 * 3600 + 61)
    '09:01'
    """
    return (EPOCH + timedelta(seconds=seconds)).strftime("%H:%M")


def now() -> str:
    """Wall time, ISO 8601 in UTC, to the second: for records that people read, never for a decision."""
    return datetime.now(UTC).replace(microsecond=0).isoformat()


def wall() -> float:
    """Wall time in seconds since 1970: for what a server dates, and for what people read; never for a decision."""
    return time.time()


def tick() -> float:
    """Seconds on a clock that never goes back, for measuring how long something took."""
    return time.perf_counter()
