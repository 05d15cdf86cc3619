"""From files to their conversations. START HERE: the rest of the folder is what one of these lines does.

A first reading of a whole log, for what its lines cannot say alone.

Some clients print what people do and what they say themselves in one shape (`* alice is now known as Sleepy`). Such
a line is an action if the person it would rename, or send away, goes on speaking as before; and what no line shows
to be a person's nick does nothing. Others print their owner as `You`, and the date first at midnight.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from simulator.logs import calendar
from simulator.logs.conversations import Conversation, ConversationSplitter, SplitRules
from simulator.logs.entry import ACTION, JOIN, MESSAGE, NOTICE, PART, RENAME, SYSTEM, LogEntry, Stamp
from simulator.logs.formats.registry import LogSource, sources
from simulator.logs.grammar import LineParser
from simulator.logs.line_counts import LineCounts
from simulator.logs.log_files import Log
from simulator.logs.nicks import COMMON_WORDS, bare, fold
from simulator.logs.timeline import Timeline

_NICK = re.compile(r"[^\W\d][\w\[\]\\`^{|}-]*|[\[\]\\`_^{|}][\w\[\]\\`^{|}-]*")
_VERB = re.compile(
    r"[A-Z][a-z]+(?:ing|ed)|(?:Can|Don|Isn|Won|Doesn)\W?t|Unknown|Invalid|Error|Server|Users?|Modes?|Timer|Topic|Channel"
    r"|Script|Total|Status|Query|Names|Dns|Dcc|Ctcp|Ban|Nick|Notify|Buffer|Playback|Session|Log|Irssi|Warning|Host|Address"
)
"""Words with which clients begin a sentence of their own."""
_OPENS = 25
"""Lines after the beginning of a log in which the first join is its owner's."""


@dataclass(slots=True)
class Survey:
    """What the first reading found."""

    people: set[str] = field(default_factory=set)
    """Nicks, folded, that some line surely shows to be somebody's."""
    refuted: set[int] = field(default_factory=set)
    """Numbers of lines that are no nick change and no leaving, whatever they look like."""
    owners: dict[int, str] = field(default_factory=dict)
    """Number of a line that renames the log's owner, to the old nick, where it is known."""
    unknown_owners: int = 0
    """Such lines where it is not."""
    day: int | None = None
    """The ordinal of the first line's date, where only a later line tells a date."""
    yearless: bool = False
    """Lines name months and days, and nothing names a year."""
    zoned: bool = False
    """Lines name their zone."""

    def resolve(self, number: int, line: str, entry: LogEntry, parser: LineParser | None) -> LogEntry:
        """A line's entry with what the first reading found."""
        if entry.kind == RENAME and not entry.nick:
            owner = self.owners.get(number)
            return entry._replace(nick=owner) if owner else LogEntry(SYSTEM, stamp=entry.stamp)
        if entry.sure:
            return entry
        if number in self.refuted and entry.kind != ACTION:
            entry = (parser.as_action(line) if parser else None) or LogEntry(SYSTEM, stamp=entry.stamp)
        if entry.kind == ACTION and not entry.sure and not self._may_act(entry.nick):
            return LogEntry(SYSTEM, stamp=entry.stamp)
        return entry

    def _may_act(self, nick: str) -> bool:
        """Whether somebody known, or somebody who could be called so, is behind a star: programs begin their own
        sentences with a word and a capital."""
        if fold(nick) in self.people:
            return True
        word = nick[0].isupper() and (nick.lower() in COMMON_WORDS or _VERB.fullmatch(nick))
        return bool(_NICK.fullmatch(nick)) and not word


def survey(source: LogSource) -> Survey:
    """Reads a source once. Raises UsageError as reading does."""
    found, watch = Survey(), _Watch()
    time, first = Timeline(None), True
    for number, (_, entry) in enumerate(source.entries(Counter()), 1):
        if entry is None:
            continue
        watch.line(number, entry)
        stamp = entry.stamp
        if stamp is None:
            continue
        found.zoned = found.zoned or stamp.ahead is not None
        if stamp.day is not None:
            found.yearless = found.yearless or stamp.day < calendar.EPOCH
            if not time.dated and not first:
                # Until here midnights were counted; this line may itself be the first after one.
                time.at(Stamp(None, stamp.seconds or 0))
                found.day = stamp.day - time.midnights
        if not time.dated and (stamp.day is not None or stamp.seconds is not None):
            time.at(stamp)
            first = False
    watch.end(found)
    return found


class _Watch:
    """Who is seen when."""

    def __init__(self) -> None:
        self._people: set[str] = set()
        self._first: dict[str, int] = {}
        self._last: dict[str, int] = {}
        self._doubtful: dict[str, int] = {}
        """Who would have been renamed or left, and where, until a line shows whether it is so."""
        self._refuted: set[int] = set()
        self._own: list[tuple[int, str]] = []
        self._joined: str | None = None
        self._gone: dict[str, int] = {}

    def line(self, number: int, entry: LogEntry) -> None:
        kind, nick = entry.kind, fold(entry.nick)
        if kind == RENAME and not nick:
            self._own.append((number, entry.text))
            self._people.add(fold(entry.text))
            return
        if not nick:
            return
        doing = kind in (MESSAGE, ACTION, NOTICE) or (kind in (RENAME, PART) and not entry.sure)
        if doing and nick in self._doubtful:
            self._refuted.add(self._doubtful.pop(nick))  # who is renamed or gone does nothing under the old nick
        if entry.sure:
            if kind in (JOIN, RENAME, PART):
                self._doubtful.pop(nick, None)
            if kind in (MESSAGE, JOIN, RENAME, PART):
                self._people.add(nick)
        if kind in (RENAME, PART):
            if not entry.sure:
                self._doubtful[nick] = number
            else:
                self._gone[nick] = number
        if kind == RENAME:
            new = fold(entry.text)
            if entry.sure:
                self._people.add(new)
            self._doubtful.pop(new, None)
        if kind == JOIN and self._joined is None and not self._last and number <= _OPENS:
            self._joined = entry.nick
        if kind in (MESSAGE, ACTION) and entry.sure:
            self._first.setdefault(nick, number)
            self._last[nick] = number

    def end(self, found: Survey) -> None:
        found.people, found.refuted = self._people, self._refuted
        known = self._joined
        for number, new in self._own:
            owner = self._owner(number, new, known)
            if owner is None:
                found.unknown_owners += 1
            else:
                found.owners[number] = owner
            known = new

    def _owner(self, number: int, new: str, known: str | None) -> str | None:
        """Who was called otherwise before: the owner as known so far if they never speak under that nick again, or else
        the only one who speaks until then and never after, and does not leave."""
        if fold(new) in self._first and self._first[fold(new)] < number and known is None:
            return None
        if known is not None and self._last.get(fold(known), 0) < number:
            return known
        silent = [nick for nick, last in self._last.items() if last < number and nick not in self._gone]
        return silent[0] if len(silent) == 1 else None


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
