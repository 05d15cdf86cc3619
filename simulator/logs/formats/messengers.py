"""Messengers that write text: Pidgin and Finch, WhatsApp, Element, Chatterino and TwitchDownloader; Adium's XML.

    (01:27:06) gale: text                                 Pidgin, Finch (text; their HTML holds the same)
    26/05/2007, 01:27 - Gale: text                        WhatsApp on Android (on iOS: `[26/05/2007, 01:27:06] Gale:
    text`) [01:27:06]  gale: text                                Chatterino

WhatsApp puts day and month in the order of the phone's country; `survey` finds out which.
"""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from simulator.errors import UsageError
from simulator.logs.entry import ACTION, DAY, JOIN, MESSAGE, NOTICE, PART, RENAME, SYSTEM, TOPIC, LogEntry, Stamp
from simulator.logs.grammar import Grammar, clock, shape, shapes

PIDGIN = Grammar(
    "pidgin",
    "Pidgin or Finch",
    clock("(%T) ", "(%H:%M:%S %p) ", "(%d/%m/%Y %T) ", "(%m/%d/%Y %H:%M:%S %p) ", "(%F %T) ", "(%d.%m.%Y %T) "),
    (
        *shapes(ACTION, "***{nick} {text}", "***{nick}"),
        *shapes(JOIN, "{nick} [{host}] entered the room.", "{nick} entered the room."),
        *shapes(PART, "{nick} left the room.", "{nick} left the room ({any}).", "{nick} left the room {any}"),
        shape(PART, "{nick} was kicked by {any}"),
        *shapes(RENAME, "{nick} is now known as {new}", "{nick} is now known as {new}."),
        *shapes(RENAME, "You are now known as {new}", "You are now known as {new}."),
        *shapes(TOPIC, "{nick} has changed the topic to: {text}"),
        *shapes(
            SYSTEM, "mode ({any}) by {any}", "mode ({any}): {any}", "The topic for {any}", "The topic is: {any}",
            "Topic {any}", "{word} has {any}", "You have {any}", "Logged {any}",
        ),
        *shapes(NOTICE, "({nick}): {text}", "{nick} (notice): {text}", "NOTICE from {nick}: {text}"),
        *shapes(MESSAGE, "{nick}: {text}", "{nick}:"),
    ),
    bare=shapes(DAY, "Conversation with {any} at {any}", "IRC Conversation with {any} at {any}"),
    continues=True,
)  # fmt: skip

WHATSAPP = Grammar(
    "whatsapp",
    "WhatsApp",
    clock(
        *(
            template.format(day)
            for day in ("%d/%m/%Y", "%d/%m/%y", "%d.%m.%Y", "%d.%m.%y", "%d-%m-%Y", "%d-%m-%y", "%Y/%m/%d", "%F")
            for template in (
                "[{}, %T] ", "[{}, %H:%M:%S %p] ", "[{} %T] ", "[{} %H:%M:%S %p] ", "[{}, %R] ", "[{}, %H:%M %p] ",
                "{}, %R - ", "{}, %H:%M %p - ", "{} %R - ", "{} %H:%M %p - ", 
            )
        )
    ),
    (
        *shapes(SYSTEM, "{any} end-to-end encrypted{any}"),
        *shapes(MESSAGE, "{name}: {text}", "{name}:"),
        *shapes(SYSTEM, "{any}"),
    ),
    continues=True,
)  # fmt: skip

ELEMENT_TEXT = Grammar(
    "element-text",
    "Element",
    clock(
        "%a, %b %d, %Y, %H:%M:%S %p - ", "%a, %b %d, %Y, %H:%M %p - ",         "%d/%m/%Y, %H:%M:%S %p - ",
        "%d/%m/%Y, %T - ", "%d.%m.%Y, %T - ",
    ),
    (
        *shapes(ACTION, "* {nick} {text}"),
        *shapes(MESSAGE, "{name}: {text}"),
        *shapes(SYSTEM, "{any}"),
    ),
    continues=True,
)  # fmt: skip

CHATTERINO = Grammar(
    "chatterino",
    "Chatterino",
    clock("[%T] ", "[%R] ", "[%F %T %Z] ", "[%F %T] "),
    (
        *shapes(
            SYSTEM,
            "{nick} has been timed out {any}",
            "{nick} has been permanently banned{any}",
            "{nick} has been {any}",
        ),
        *shapes(MESSAGE, "{nick}: {text}", "{nick}:"),
        *shapes(
            SYSTEM, "{nick} subscribed {any}", "{nick} gifted {any}", "{nick} is gifting {any}", "{nick} just {any}"
        ),
        *shapes(SYSTEM, "joined channel{any}", "connected{any}", "disconnected{any}", "{word} {word} {any}"),
    ),
    bare=(*shapes(DAY, "# Start logging at {any}", "# Stop logging at {any}"),),
)

_TAG = re.compile(r"<[^<>]*>")
_TITLE = re.compile(r"<h[13]>(.*?)</h[13]>|<title>(.*?)</title>", re.IGNORECASE)


class PidginHtml:
    """Pidgin's HTML, line by line: the words without the tags are those of its text logs."""

    name, program, language = "pidgin-html", "Pidgin or Finch (HTML)", ""

    def parse(self, line: str) -> LogEntry | None:
        """What a line is. None: not understood."""
        if found := _TITLE.search(line):
            return PIDGIN.parse(_words(found[1] or found[2]))
        text = _words(line)
        entry = PIDGIN.parse(text)
        return None if entry is not None and entry.more and "<font" not in line and "<br" not in line else entry

    def as_action(self, line: str) -> LogEntry | None:
        """See `Grammar`."""
        return PIDGIN.as_action(_words(line))


def _words(line: str) -> str:
    return html.unescape(_TAG.sub("", line)).strip("\r\n")


PIDGIN_HTML = PidginHtml()


def is_adium(start: str) -> bool:
    """Whether a file begins as Adium's logs do."""
    return "<chat" in start and "ulf/ns" in start


def adium(path: Path) -> Iterator[tuple[str, LogEntry | None]]:
    """Adium's XML: `(what stands there, what it is)` for each element. A log that was cut off is read as far as it
    goes.

    The parser is fed in pieces and refuses a document type, so that no entity can make a small file a large one.
    Raises UsageError for a file that cannot be read.
    """
    parser: ElementTree.XMLPullParser[ElementTree.Element] = ElementTree.XMLPullParser(("end",))
    try:
        with path.open("rb") as file:
            while data := file.read(1 << 16):
                if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
                    raise UsageError("has a document type", place=str(path), remedy="Adium's logs have none")
                parser.feed(data)
                yield from _adium(parser)
            yield from _adium(parser)
    except ElementTree.ParseError:
        yield "(broken XML)", None
    except OSError as error:
        raise UsageError(error.strerror or str(error), place=str(path), remedy="name a readable file") from None


def _adium(parser: ElementTree.XMLPullParser[ElementTree.Element]) -> Iterator[tuple[str, LogEntry | None]]:
    for event in parser.read_events():
        element = event[-1]
        if not isinstance(element, ElementTree.Element):
            continue
        tag = str(element.tag).rpartition("}")[2]
        if tag not in ("message", "event", "status", "action"):
            continue
        text = " ".join("".join(element.itertext()).split())
        nick = element.get("alias") or element.get("sender") or ""
        try:
            when = datetime.fromisoformat(element.get("time", ""))
        except ValueError:
            yield text, None
            continue
        ahead = when.utcoffset()
        seconds = when.hour * 3600 + when.minute * 60 + when.second
        stamp = Stamp(when.toordinal(), seconds, True, None if ahead is None else round(ahead.total_seconds()))
        if tag == "message" and element.get("type") == "notice":
            yield text, LogEntry(NOTICE, nick, text, stamp)
        elif tag == "action" or (tag == "message" and text.startswith("/me ")):
            yield text, LogEntry(ACTION, nick, text.removeprefix("/me "), stamp)
        elif tag == "message":
            yield text, LogEntry(MESSAGE, nick, text, stamp)
        else:
            yield text, LogEntry(SYSTEM, stamp=stamp)
