"""Time in brackets: ZNC and energymech, mIRC, eggdrop, irclogs.ubuntu.com, and web archives made of these.

    [01:27:06] <gale> text      [01:27]  * gale waves      === gale waves      [01:27] Action: gale waves
    [01:27:06] *** Joins: gale (~user@host)                === gale is now known as gale|away

They differ in the lines of the client, whose shapes do not clash, and one archive may hold several of them.
"""

from __future__ import annotations

import html
import re

from simulator.logs import calendar
from simulator.logs.control_codes import plain
from simulator.logs.entry import ACTION, BLANK, DAY, MESSAGE, NOTICE, SYSTEM, LogEntry, Stamp
from simulator.logs.sentences import NICK, starred, system, told

_WHEN = re.compile(
    r"(?:(?:([^\s\[]+) )?(\d{4}-\d\d-\d\d) )?"
    r"\[(?:(\d{4}-\d\d-\d\d)[ T])?(\d\d?):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?:(Z)| ?([AaPp])\.?[Mm]\.?)?\] ?"
)
_CHAT = re.compile(r"<[ @+%&~!]?([^\s<>]+)>(?:\s(.*))?$", re.DOTALL)
_NOTICE = re.compile(r"-([^\s:]+?)(?::#\S+?)?- ")
_RELAYED = re.compile(r"\(([^\s/()]+)/#\S+?\) (.*)$", re.DOTALL)
_SESSION = re.compile(r"Session (Start|Close|Time|Ident): ?(.*)$")
_DATED = re.compile(r"(?:\S+ )?\d{4}-\d\d-\d\d (===.*)$")
_TAG = re.compile(r"<[^<>]*>")
_PAGE = '<span class="irc-date">'


def parse(line: str) -> LogEntry | None:
    """None: not understood."""
    if line[:1] == "\x03":  # mIRC colours whole lines
        line = plain(line)
    elif line.startswith(_PAGE):
        line = html.unescape(_TAG.sub("", line))
    found = _WHEN.match(line)
    if not found:
        return _timeless(line)
    place, before, day, hours, minutes, seconds, utc, half = found.groups()
    hour = int(hours)
    if half:
        hour = hour % 12 + 12 * (half in "Pp")
    date = before or day
    stamp = Stamp(
        calendar.iso(date) if date else None,
        hour * 3600 + int(minutes) * 60 + int(seconds or 0),
        seconds is not None,
        0 if utc else None,
    )
    rest = line[found.end() :]
    channel = f"#{place}" if place and place[0] != "#" else place or ""
    if chat := _CHAT.match(rest):
        return LogEntry(MESSAGE, chat[1], chat[2] or "", stamp, channel)
    entry = _other(rest, stamp)
    return entry._replace(channel=channel) if entry is not None and channel else entry


def _other(rest: str, stamp: Stamp) -> LogEntry | None:
    text = rest.strip()
    if text.startswith("*** "):
        return system(text[4:], stamp)
    if text.startswith("* "):
        return starred(text[2:], stamp)
    if text.startswith("Action: "):
        nick, _, deed = text[8:].partition(" ")
        return LogEntry(ACTION, nick, deed, stamp)
    if text.startswith("--- "):
        day, _ = calendar.long(text)
        return LogEntry(DAY, stamp=stamp._replace(day=day) if day else None)
    if found := _NOTICE.match(text):
        return LogEntry(NOTICE, found[1], stamp=stamp)
    if found := _RELAYED.match(text):
        return LogEntry(MESSAGE, found[1], found[2], stamp)
    return told(text, stamp)


def _timeless(line: str) -> LogEntry | None:
    """Lines without a time, of which some archives print all that is not chat."""
    if dated := _DATED.match(line):
        line = dated[1]
    if line.startswith("==="):
        text = line[3:].strip()
        if text.startswith("#"):
            return LogEntry(SYSTEM)
        entry = starred(text, None)
        # `=== topic: …` is no deed of somebody called `topic:`.
        return entry if entry is None or entry.kind != ACTION or NICK.match(entry.nick) else LogEntry(SYSTEM)
    if found := _SESSION.match(line):
        day, seconds = calendar.long(found[2])
        stamp = Stamp(day, seconds) if day else None
        return LogEntry(DAY, stamp=stamp, channel=found[2] if found[2].startswith("#") else "")
    return LogEntry(BLANK) if not line or line.isspace() else None
