"""Dates as logs write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path

_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
_LONG = re.compile(
    r"(?P<name>[^\W\d_]{3,12})\.? +(?P<day>\d{1,2}),?(?: (?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d))?)?"
    r"(?: [A-Z]{3,5})? (?P<year>\d{4})"
    r"|(?P<day2>\d{1,2})\.? (?P<name2>[^\W\d_]{3,12})\.? (?P<year2>\d{4})"
    r"(?:,? (?P<hour2>\d\d):(?P<minute2>\d\d)(?::(?P<second2>\d\d))?)?"
    r"|(?P<year3>\d{4})-(?P<month3>\d\d)-(?P<day3>\d\d)(?:"
    r"[ T](?P<hour3>\d\d):(?P<minute3>\d\d)(?::(?P<second3>\d\d))?)?"
)
_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.]?)(\d\d)\2(\d\d)(?!\d)")
_NAMED = re.compile(r"(?<!\d)(\d\d)(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)((?:19|20)\d\d)(?!\d)")
_IN_FOLDERS = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_./])(\d\d)\2(\d\d)(?!\d)")
_MONTH_FOLDER = re.compile(r"((?:19|20)\d\d)-(\d\d)")
_DAY_FILE = re.compile(r"\.(\d\d)(?=\.|$)")
LEAP = 4
"""The year that counts where a log names none; one in which every day exists, and long before any chat."""
EPOCH = date(1970, 1, 1).toordinal()


@lru_cache(maxsize=512)
def ordinal(year: int, month: int, day: int) -> int | None:
    """Proleptic Gregorian ordinal; None: there is no such day."""
    try:
        return date(year, month, day).toordinal()
    except ValueError:
        return None


def iso(text: str) -> int | None:
    """The ordinal of `2007-05-26`; None: there is no such day."""
    return ordinal(int(text[:4]), int(text[5:7]), int(text[8:10]))


def month(name: str) -> int:
    """1 to 12; 0: no English month."""
    return _MONTHS.get(name[:3].lower(), 0)


def long(text: str, months: Mapping[str, int] | None = None) -> tuple[int | None, int | None]:
    """Ordinal and seconds of the first `Sat May 26 2007`, `Sat May 26 01:00:00 2007`, `26. May 2007` or ISO date in a
    text; None for what it does not say. `months`: names besides the English ones, in lower case.

    >>> long("Sat May 26 01:00:07 2007")
    (732822, 3607)
    """
    for found in _LONG.finditer(text):
        parts = {name.rstrip("23"): value for name, value in found.groupdict().items() if value is not None}
        number = int(parts.get("month", 0)) or (months or {}).get(parts.get("name", "").lower(), 0)
        day = ordinal(int(parts["year"]), number or month(parts.get("name", "")), int(parts["day"]))
        if day is None:
            continue
        hour = parts.get("hour")
        return day, int(hour) * 3600 + int(parts["minute"]) * 60 + int(parts.get("second", 0)) if hour else None
    return None, None


def in_name(name: str) -> int | None:
    """The ordinal of the date in a file's name, such as `#chan_20070526.log`, `2007-05-26.txt`,
    `chan.log.26May2007`."""
    if found := _IN_NAME.search(name):
        return ordinal(int(found[1]), int(found[3]), int(found[4]))
    if found := _NAMED.search(name):
        return ordinal(int(found[3]), month(found[2]), int(found[1]))
    return None


def in_path(path: Path) -> int | None:
    """The ordinal of the date in a file's name, in the folders above it (`2007/05/26/#chan.log`), or in a folder of
    a month and a file of a day (`2007-05/#chan.26.log`)."""
    if (day := in_name(path.name)) is not None:
        return day
    if found := _IN_FOLDERS.search(_folders(path)):
        return ordinal(int(found[1]), int(found[3]), int(found[4]))
    folder, file = _MONTH_FOLDER.fullmatch(path.parent.name), _DAY_FILE.search(path.name)
    return ordinal(int(folder[1]), int(folder[2]), int(file[1])) if folder and file else None


def _folders(path: Path) -> str:
    return "/".join(path.parts[-5:])


def without_date(path: Path) -> tuple[str, str]:
    """The folder and the name of a file without the date in them: the same for the daily files of one channel.

    >>> without_date(Path("net/#chan_20070526.log"))
    ('net', '#chan_.log')
    """
    if in_name(path.name) is not None:
        return str(path.parent), _NAMED.sub("", _IN_NAME.sub("", path.name, count=1), count=1)
    if _IN_FOLDERS.search(_folders(path)):
        return _IN_FOLDERS.sub("", str(path)), path.name
    if _MONTH_FOLDER.fullmatch(path.parent.name) and _DAY_FILE.search(path.name):
        return str(path.parent.parent), _DAY_FILE.sub("", path.name, count=1)
    return str(path.parent), path.name
