"""From files to their conversations. START HERE: the rest of the folder is what one of these lines does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from simulator.logs import calendar
from simulator.logs.conversations import Conversation, ConversationSplitter, SplitRules
from simulator.logs.entry import MESSAGE, RENAME, Stamp
from simulator.logs.formats.registry import LogSource, sources
from simulator.logs.line_counts import LineCounts
from simulator.logs.log_files import Log
from simulator.logs.nicks import bare
from simulator.logs.survey import Survey, survey
from simulator.logs.timeline import Timeline

_IN_NAME = re.compile(r"##?[A-Za-z][^\s,:_.\x00-\x1f]{0,47}")
_CHANNEL = re.compile(r"#[^\s,:\x00-\x1f\x7f]{1,49}")
_DEPTH = 4
"""Folders above a file that may name its channel and network."""


def conversations(path: Path, rules: SplitRules, account: LineCounts) -> Iterator[Conversation]:
    """The conversations of one log in order, each as soon as it is over; `account` is complete when they are.

    Raises UsageError for a file that cannot be read or that is not in the account's format.
    """
    return flow([Log(LogSource(path, account.format), account)], rules)


def flow(logs: Iterable[Log], rules: SplitRules) -> Iterator[Conversation]:
    """The conversations of some logs of which each goes on where the one before it ends: see `log_files.logs`.

    Only silence ends a conversation, and not the end of a file. Its lines are in the account of the file in which it
    began, those that are in no conversation in their own file's. Raises as `conversations` does.
    """
    cutter = ConversationSplitter(rules)
    for log in logs:
        yield from _log(log, rules, cutter)
    yield from cutter.end()


def _log(log: Log, rules: SplitRules, cutter: ConversationSplitter) -> Iterator[Conversation]:
    source, account = log
    found = survey(source)
    day = calendar.in_path(source.path)
    time = Timeline(found.day if day is None else day, rules.zone)
    years = _Years(source.path) if found.yearless else None
    parser = source.parser()
    cutter.reads(account)
    account.network, account.channel = named_place(source.path)
    number, kinds = 0, account.kinds
    for number, (line, entry) in enumerate(source.entries(account.encodings), 1):
        if entry is None:
            account.lost(number, line)
            continue
        entry = found.resolve(number, line, entry, parser)
        if entry.nick and not entry.nick[0].isalnum() and source.templates == () and parser is not None:
            entry = entry._replace(nick=bare(entry.nick) or entry.nick)
        kinds[entry.kind] += 1
        stamp = years.dated(entry.stamp) if years and entry.stamp else entry.stamp
        at = time.at(stamp)
        if entry.channel and not account.channel and _CHANNEL.fullmatch(entry.channel):
            account.channel = entry.channel
        yield from cutter.add(entry, at, number)
    account.lines, account.dated = number, time.dated
    account.notes += list(_notes(found, day, years, time, rules))


def named_place(path: Path) -> tuple[str, str]:
    """(network, channel) that the name of a file or the folders above it tell; empty: they do not.

    >>> named_place(Path("user/net/#tea/2024-05-26.log")), named_place(Path("irc.net.#tea.weechatlog"))
    (('net', '#tea'), ('', '#tea'))
    """
    if found := _IN_NAME.search(path.name):
        return "", found[0]
    folders = [folder.name for folder in path.absolute().parents][:_DEPTH]
    for place, name in enumerate(folders):
        if _CHANNEL.fullmatch(name):
            return (folders[place + 1] if place + 1 < len(folders) else ""), name
    return "", ""


class _Years:
    """The years of lines that name a month and a day only.

    The last line is taken to be no younger than the file, and a month that is earlier than the one before by half a
    year or more to be in the next year.
    """

    def __init__(self, path: Path) -> None:
        self._file = date.fromtimestamp(path.stat().st_mtime)
        self._year, self._month = 0, 0
        self.guessed = False

    def dated(self, stamp: Stamp) -> Stamp:
        if stamp.day is None:
            return stamp
        if stamp.day >= calendar.EPOCH:
            day = date.fromordinal(stamp.day)
            self._year, self._month = day.year, day.month
            return stamp
        day = date.fromordinal(stamp.day)
        if not self._year:
            self.guessed = True
            late = (day.month, day.day) > (self._file.month, self._file.day)
            self._year = self._file.year - late
        elif self._month - day.month >= 6:
            self._year += 1
        self._month = day.month
        return stamp._replace(day=calendar.ordinal(self._year, day.month, day.day) or stamp.day)


def _notes(found: Survey, day: int | None, years: _Years | None, time: Timeline, rules: SplitRules) -> Iterator[str]:
    """What was resolved, and how."""
    if years and years.guessed:
        yield "no year in the log: taken from the time of the file"
    if not time.dated:
        yield "no dates: days are counted on from the first line, and its clock is taken as it is"
    elif found.day is not None and day is None:
        yield "the first date stands behind the first lines: these were dated back from it"
    if time.dated and not found.zoned:
        yield f"no zone in the log: taken as {rules.zone.name if rules.zone else 'UTC'} (--timezone)"
    if found.unknown_owners:
        yield f"{found.unknown_owners} nick changes of the log's owner do not say who that was: taken as another person"


def speakers(source: LogSource) -> Iterator[str]:
    """Every nick that a log shows, some more than once: of those who speak, come, go or change their nick."""
    found, parser = survey(source), source.parser()
    for number, (line, entry) in enumerate(source.entries(Counter()), 1):
        if entry is None:
            continue
        entry = found.resolve(number, line, entry, parser)
        if entry.nick:
            yield bare(entry.nick) if entry.kind == MESSAGE else entry.nick
            if entry.kind == RENAME:
                yield entry.text


def account(path: Path, format: str, keep: int | None) -> LineCounts:
    """An empty account of a log. `format`: a name, or `auto`. Raises UsageError if no format fits."""
    return LineCounts(path.name, sources(path, format)[0].format, keep=keep)
