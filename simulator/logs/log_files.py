"""Which files are logs, and which of them go on where another one ends."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from simulator.errors import UsageError
from simulator.logs import calendar
from simulator.logs.formats.registry import LogSource, sources
from simulator.logs.line_counts import SHOWN, LineCounts
from simulator.logs.timeline import Timeline

_ROTATED = re.compile(r"\.\d{1,3}(?=\.|$)")
"""`chan.log.1` and `chan.1.log`, as programs call what they put aside."""
_FIRST = 200
"""Lines in which a log says when it begins, if it does."""


@dataclass(frozen=True, slots=True)
class LogSelection:
    """Which files are to be read, and as what."""

    paths: tuple[Path, ...]
    """Files, and folders that are searched through."""
    format: str = "auto"
    """A name of `registry.NAMES`, or `auto`."""
    templates: tuple[str, ...] = ()
    """Of `--line`, which then are the format."""
    keep: int | None = SHOWN
    """How many lines that were not understood an account holds; None: all."""


class Log(NamedTuple):
    """One channel of a file, and what became of its lines."""

    source: LogSource
    account: LineCounts

    @property
    def path(self) -> Path:
        """The file."""
        return self.source.path


def logs(what: LogSelection, left_out: list[str]) -> list[list[Log]]:
    """The logs of one channel in a row, in the order of their time; the channels in the order in which they are met.

    Files go on with each other if they lie in one folder, are of one format, are called alike but for a date or the
    number of a rotation, and tell their dates, there or inside. `left_out` is told which files of a folder are no logs.

    Raises UsageError for a file that is named and cannot be read or is in no known format, and for a folder without
    logs.
    """
    rows: dict[object, list[tuple[int, Log]]] = {}
    for path in _files(what, left_out):
        for source in sources(path, what.format, what.templates):
            log = Log(source, LineCounts(path.name, source.format, keep=what.keep))
            begins = _begins(source)
            key: object = path, source.channel
            if begins is not None and not source.channel:
                folder, name = calendar.without_date(path)
                key = folder, _ROTATED.sub("", name), source.format
            rows.setdefault(key, []).append((begins or 0, log))
    return [[log for _, log in sorted(row, key=lambda each: each[0])] for row in rows.values()]


def _files(what: LogSelection, left_out: list[str]) -> Iterator[Path]:
    seen: set[Path] = set()
    for path in what.paths:
        found: Sequence[Path] = _inside(path, what, left_out) if path.is_dir() else (path,)
        for each in found:
            if (real := each.resolve()) not in seen:
                seen.add(real)
                yield each


def _inside(folder: Path, what: LogSelection, left_out: list[str]) -> list[Path]:
    """The logs in a folder and the folders in it; what is hidden counts as not there."""
    found = []
    for path in sorted(folder.rglob("*")):
        if any(part.startswith(".") for part in path.relative_to(folder).parts) or not path.is_file():
            continue
        try:
            if what.format == "auto" and not what.templates:
                sources(path, "auto")
            found.append(path)
        except UsageError as error:
            left_out.append(str(error))
    if not found:
        raise UsageError("holds no logs", place=str(folder), remedy="name the files, or their --format")
    return found


def _begins(source: LogSource) -> int | None:
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
