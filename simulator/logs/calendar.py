"""Dates as logs write them."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
_LONG = re.compile(
    r"(?:[A-Za-z]{2,9},? )?([A-Za-z]{3,9}) +(\d{1,2})(?: (\d\d):(\d\d)(?::(\d\d))?)?(?: [A-Z]{3,5})? (\d{4})"
)
_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.]?)(\d\d)\2(\d\d)(?!\d)")


@lru_cache(maxsize=64)
def iso(text: str) -> int | None:
    """The ordinal of `2007-05-26`; None: there is no such day."""
    return _ordinal(int(text[:4]), int(text[5:7]), int(text[8:10]))


@lru_cache(maxsize=512)
def month_day(month: str, day: int, year: int) -> int | None:
    """The ordinal of `May`, 26 in a year; None: no such day, or no English month."""
    return _ordinal(year, _MONTHS.get(month[:3].lower(), 0), day)


def month(name: str) -> int:
    """1 to 12; 0: no English month."""
    return _MONTHS.get(name[:3].lower(), 0)


def long(text: str) -> tuple[int | None, int | None]:
    """Ordinal and seconds of `Sat May 26 2007` or `Sat May 26 01:00:00 2007`; None for what it does not say.

    >>> long("Sat May 26 01:00:07 2007")
    (732822, 3607)
    """
    found = _LONG.search(text)
    if not found:
        return None, None
    name, day, hours, minutes, seconds, year = found.groups()
    time = int(hours) * 3600 + int(minutes) * 60 + int(seconds or 0) if hours else None
    return month_day(name, int(day), int(year)), time


def in_name(name: str) -> int | None:
    """The ordinal of the date in a file's name, such as `#chan_20070526.log` or `2007-05-26.txt`."""
    found = _IN_NAME.search(name)
    return _ordinal(int(found[1]), int(found[3]), int(found[4])) if found else None


def without_date(name: str) -> str:
    """A file's name without the date in it.

    >>> without_date("#chan_20070526.log")
    '#chan_.log'
    """
    return _IN_NAME.sub("", name, count=1)


def _ordinal(year: int, number: int, day: int) -> int | None:
    try:
        return date(year, number, day).toordinal()
    except ValueError:
        return None
