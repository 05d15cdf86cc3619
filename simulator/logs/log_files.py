"""Which files are logs, and which of them go on where another one ends."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from simulator.errors import UsageError
from simulator.logs import calendar
from simulator.logs.formats.registry import Source, detect, sources
from simulator.logs.line_counts import LineCounts
from simulator.logs.timeline import Timeline

_ROTATED = re.compile(r"\.\d{1,3}(?=\.|$)")
"""`chan.log.1` and `chan.1.log`, as programs call what they put aside."""
_FIRST = 200
"""Lines in which a log says when it begins, if it does."""


class Log(NamedTuple):
    """One channel of a file, and what became of its lines."""

    source: Source
    account: LineCounts

    @property
    def path(self) -> Path:
        """The file."""
        return self.source.path


def logs(
    what: Iterable[Path], format: str, keep: int | None, left_out: list[str], templates: tuple[str, ...] = ()
) -> list[list[Log]]:
    """The logs of one channel in a row, in the order of their time; the channels in the order in which they are met.

    `what`: files, and folders that are searched through. Files go on with each other if they lie in one folder, are of
    one format, are called alike but for a date or the number of a rotation, and tell their dates, there or inside.
    `format`: a name, or `auto`. `keep`: as of an account. `left_out` is told which files of a folder are no logs.
    `templates`: of `--line`, which then are the format.

    Raises UsageError for a file that is named and cannot be read or is in no known format, and for a folder without
    logs.
    """
    rows: dict[object, list[tuple[int, Log]]] = {}
    for path in _files(what, format, left_out, templates):
        for source in sources(path, format, templates):
            log = Log(source, LineCounts(path.name, source.format, keep=keep))
            begins = _begins(source)
            key: object = path, source.channel
            if begins is not None and not source.channel:
                folder, name = calendar.without_date(path)
                key = folder, _ROTATED.sub("", name), source.format
            rows.setdefault(key, []).append((begins or 0, log))
    return [[log for _, log in sorted(row, key=lambda each: each[0])] for row in rows.values()]


def _files(what: Iterable[Path], format: str, left_out: list[str], templates: tuple[str, ...]) -> Iterator[Path]:
    seen: set[Path] = set()
    for path in what:
        found: Sequence[Path] = _inside(path, format, left_out, templates) if path.is_dir() else (path,)
        for each in found:
            if (real := each.resolve()) not in seen:
                seen.add(real)
                yield each


def _inside(folder: Path, format: str, left_out: list[str], templates: tuple[str, ...]) -> list[Path]:
    """The logs in a folder and the folders in it; what is hidden counts as not there."""
    found = []
    for path in sorted(folder.rglob("*")):
        if any(part.startswith(".") for part in path.relative_to(folder).parts) or not path.is_file():
            continue
        try:
            if format == "auto" and not templates:
                detect(path)
            found.append(path)
        except UsageError as error:
            left_out.append(str(error))
    if not found:
        raise UsageError("holds no logs", place=str(folder), remedy="name the files, or their --format")
    return found


def _begins(source: Source) -> int | None:
    """Seconds since the beginning of the calendar, as the log's clock shows; None: it does not tell the date."""
    day = calendar.in_path(source.path)
    time = Timeline(day)
    first = None
    for _, entry in islice(source.entries(Counter()), _FIRST):
        stamp = None if entry is None else entry.stamp
        if stamp is None or (stamp.day is None and stamp.seconds is None):
            continue
        if stamp.day is not None and stamp.day < calendar.EPOCH:
            return None  # a day without a year
        at = time.at(stamp)
        if first is None or not day:
            first = at
        if time.dated:
            return first
    return first if time.dated else None
