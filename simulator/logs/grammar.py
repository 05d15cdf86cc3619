"""Declared grammars of text logs: a clock at the start of the line, and a table of line shapes with the kind of each.

Shapes are templates. Outside braces every character stands for itself.

    {nick}     a nick, without the status signs before it (`@`, `+` and others, see `nicks.STATUS`) and padding
    {column}   a nick in a column of its own, with whatever people put around it
    {name}     a name that may hold spaces, as messengers show it
    {new}      the nick that somebody takes
    {text}     what was said, to the end of the line, or empty
    {host}     user and host, one word
    {channel}  a channel
    {any}      anything, or nothing
    {word}     one word

Clocks are templates of `strftime` codes; see `CODES`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from simulator.logs import calendar
from simulator.logs.entry import ACTION, BLANK, DAY, JOIN, MESSAGE, NOTICE, PART, RENAME, LogEntry, Stamp
from simulator.logs.nicks import STATUS
from simulator.logs.text_decoding import plain

_NICK = r"[^\s<>*][^\s<>]*?"
PARTS = {
    "nick": rf" *[{re.escape(STATUS)}]* *(?P<nick>{_NICK}) *",
    "name": r"(?P<nick>\S(?:[^\n]{0,60}?\S)??)",
    "new": rf"[{re.escape(STATUS)}]*(?P<new>{_NICK})",
    "text": r"(?P<text>.*)",
    "host": r"\S*",
    "channel": r"(?P<channel>[#&!+]\S*?)",
    "column": r"(?P<nick>[^\t]*[^\s\t][^\t]*)",
    "any": r".*?",
    "word": r"\S+",
}
CODES = {
    "Y": r"(?P<year>\d{4})", "y": r"(?P<short>\d\d)", "m": r"(?P<month>\d\d?)", "d": r"(?P<day>[ \d]?\d)",
    "b": r"(?P<name>[^\W\d_]{3,12})\.?", "a": r"[^\W\d_]{2,12}\.?", "H": r"(?P<hour>[ \d]?\d)",
    "M": r"(?P<minute>\d\d)",
    "S": r"(?P<second>\d\d)(?:[.,]\d+)?", "p": r"(?P<half>[AaPp])\.?\s?[Mm]\.?", "z": r"(?P<zone>Z|[+-]\d\d:?\d\d)",
    "Z": r"(?:[A-Z]{2,5}|[+-]\d\d)", "s": r"(?P<epoch>\d{9,10})",
}  # fmt: skip
"""`strftime` code to pattern. %d and %H may be padded with a space; seconds may have a fraction."""
_SHORT = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M"}
_TOKEN = re.compile(r"\{(\w+)\}")
_CODE = re.compile(r"%([A-Za-z])")


_UNSAID = (JOIN, PART, NOTICE)


class LineShape(NamedTuple):
    """One kind of line."""

    kind: str
    pattern: re.Pattern[str]
    sure: bool
    """False: the format prints something else in the same shape; see `survey`."""


def shape(kind: str, template: str, *, sure: bool = True) -> LineShape:
    """A row of a grammar's table, from a template.

    >>> shape("join", "*** Joins: {nick} ({host})").pattern.fullmatch("*** Joins: ann (~a@b)")["nick"]
    'ann'
    """
    made, end = "", 0
    for found in _TOKEN.finditer(template):
        made += re.escape(template[end : found.start()]) + PARTS[found[1]]
        end = found.end()
    return LineShape(kind, re.compile(made + re.escape(template[end:]), re.DOTALL), sure)


def shapes(kind: str, *templates: str, sure: bool = True) -> tuple[LineShape, ...]:
    """Rows of one kind."""
    return tuple(shape(kind, template, sure=sure) for template in templates)


def clock(*templates: str) -> tuple[re.Pattern[str], ...]:
    """Patterns of a clock, from `strftime` templates with what stands around the codes, tried in order.

    >>> clock("[%T] ")[0].match("[10:00:07] <ann> hi")["second"]
    '07'
    """
    return tuple(re.compile(clock_pattern(template)) for template in templates)


def clock_pattern(template: str) -> str:
    """One clock template as a regular expression."""
    template = _CODE.sub(lambda found: _SHORT.get(found[1], found[0]), template)
    made, end = "", 0
    for found in _CODE.finditer(template):
        made += re.escape(template[end : found.start()]) + CODES[found[1]]
        end = found.end()
    return made + re.escape(template[end:])


class LineParser(Protocol):
    """What reads the lines of one text format."""

    @property
    def name(self) -> str:
        """Of `--format`."""

    @property
    def program(self) -> str:
        """As people call it."""

    def parse(self, line: str) -> LogEntry | None:
        """What a line is. None: not understood."""

    def as_action(self, line: str) -> LogEntry | None:
        """The line as something that somebody did, where its shape allows that; else None."""


@dataclass(frozen=True)
class Grammar:
    """How one program writes its lines."""

    name: str
    """Of `--format`."""
    program: str
    """As people call it."""
    clocks: tuple[re.Pattern[str], ...]
    """What a line with a time begins with. Without any, all lines are `bare`."""
    table: tuple[LineShape, ...]
    """Shapes of what stands behind the clock."""
    bare: tuple[LineShape, ...] = ()
    """Shapes of lines without a clock; a `day` shape is searched for a date."""
    rest: str | None = None
    """Kind of a line with a clock and none of the shapes. None: not understood."""
    continues: bool = False
    """A line without clock and shape goes on with the message before."""
    day_first: bool = True
    """How `26/5/2024` is read where the numbers leave both ways open."""
    months: Mapping[str, int] = field(default_factory=dict)
    """Names of months in the log's language, in lower case; English ones are known."""
    language: str = ""
    """Of the sentences; empty: English, or none in particular."""
    coloured: bool = False
    """Lines may begin with control codes."""

    def parse(self, line: str) -> LogEntry | None:
        """What a line is. None: not understood."""
        if self.coloured and line[:1] < " ":
            line = plain(line) or line
        for pattern in self.clocks:
            if found := pattern.match(line):
                when = stamp(found, self.months, day_first=self.day_first)
                if when is None:
                    return None
                rest = line[found.end() :].lstrip(" ")
                entry = match(self.table, rest, when)
                if entry is not None and entry.kind == DAY and (day := calendar.long(rest, self.months)[0]):
                    return entry._replace(stamp=when._replace(day=day))
                if entry is not None and (place := found.groupdict().get("place")):
                    return entry._replace(channel=place if place[0] == "#" else f"#{place}")
                return entry if entry is not None or self.rest is None else LogEntry(self.rest, stamp=when)
        entry = match(self.bare, line, None)
        if entry is not None:
            if entry.kind == DAY:
                day, seconds = calendar.long(line, self.months)
                return entry._replace(stamp=Stamp(day, seconds) if day else None)
            return entry
        if not line or line.isspace():
            return LogEntry(BLANK)
        return LogEntry(MESSAGE, "", line, more=True) if self.continues else None

    def as_action(self, line: str) -> LogEntry | None:
        """The line as something that somebody did, where its shape allows that; else None."""
        if self.coloured and line[:1] < " ":
            line = plain(line) or line
        actions = tuple(row for row in self.table if row.kind == ACTION)
        for pattern in self.clocks:
            if found := pattern.match(line):
                return match(
                    actions, line[found.end() :].lstrip(" "), stamp(found, self.months, day_first=self.day_first)
                )
        return match(tuple(row for row in self.bare if row.kind == ACTION), line, None)


def stamp(found: re.Match[str], months: Mapping[str, int], *, day_first: bool = True) -> Stamp | None:
    """When, by the parts of a clock that was found; None: there is no such day or time."""
    parts = found.groupdict()
    if epoch := parts.get("epoch"):
        return of_epoch(int(epoch))
    hour, minute, second = (int(parts.get(name) or 0) for name in ("hour", "minute", "second"))
    if half := parts.get("half"):
        hour = hour % 12 + 12 * (half in "Pp")
    if hour > 24 or minute > 59 or second > 60:
        return None
    day = None
    if parts.get("day") is not None:
        day = _day(found, parts, months, day_first=day_first)
        if day is None:
            return None
    fine = parts.get("second") is not None
    return Stamp(day, hour * 3600 + minute * 60 + second, fine, _ahead(parts.get("zone")))


def _day(
    found: re.Match[str], parts: Mapping[str, str | None], months: Mapping[str, int], *, day_first: bool
) -> int | None:
    """The ordinal. A day without a year is one of the year LEAP."""
    short = parts.get("short")
    year = int(parts.get("year") or 0) or (2000 + int(short) if short else calendar.LEAP)
    day = int(parts["day"] or 0)
    if name := parts.get("name"):
        return calendar.ordinal(year, months.get(name.lower(), 0) or calendar.month(name), day)
    month = int(parts.get("month") or 0)
    either = found.start("day") < found.start("month")
    if month > 12 or (either and not day_first and day <= 12):
        day, month = month, day
    return calendar.ordinal(year, month, day)


def match(table: Iterable[LineShape], text: str, when: Stamp | None) -> LogEntry | None:
    """The first row of a table that is the whole text."""
    for kind, pattern, sure in table:
        if found := pattern.fullmatch(text):
            parts = found.groupdict()
            nick, channel = parts.get("nick") or "", parts.get("channel") or ""
            if kind == RENAME:
                return LogEntry(kind, nick, parts["new"] or "", when, channel, sure=sure)
            said = "" if kind in _UNSAID else parts.get("text") or ""
            return LogEntry(kind, nick, said, when, channel, sure=sure)
    return None


def of_epoch(seconds: float) -> Stamp:
    """A moment in seconds since 1970, UTC."""
    day, rest = divmod(int(seconds), 86_400)
    return Stamp(day + calendar.EPOCH, rest, True, 0)


def _ahead(zone: str | None) -> int | None:
    if zone is None or zone == "Z":
        return None if zone is None else 0
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    return (hours * 3600 + minutes * 60) * (-1 if zone[0] == "-" else 1)
