"""Web archives made of several clients' lines: irclogs.ubuntu.com and its like, also as HTML.

    [01:27] <gale> text      [01:27]  * gale waves      === gale waves      === gale is now known as gale|away

Before 2007 an archive printed what people do and what the client says with one sign (`===`): such lines are not sure.
"""

from __future__ import annotations

import html
import re

from simulator.logs.entry import ACTION, DAY, JOIN, MESSAGE, NOTICE, PART, RENAME, SYSTEM, TOPIC, LogEntry
from simulator.logs.grammar import Grammar, LineShape, clock, clock_pattern, shape, shapes

_SIGNS = ("=== ", "* ")
_EVENTS: tuple[LineShape, ...] = tuple(
    row
    for sign in (*_SIGNS, "")
    for row in (
        *shapes(
            JOIN,
            f"{sign}{{nick}} [{{host}}]  has joined {{channel}}",
            f"{sign}{{nick}} [{{host}}] has joined {{channel}}",
            f"{sign}{{nick}} ({{host}}) has joined {{channel}}",
            f"{sign}{{nick}} ({{host}}) joined {{channel}}.",
        ),
        shape(JOIN, f"{sign}{{nick}} entered the room."),
        *shapes(
            PART,
            f"{sign}{{nick}} [{{host}}]  has left {{any}}",
            f"{sign}{{nick}} [{{host}}]  has quit {{any}}",
            f"{sign}{{nick}} [{{host}}] has left {{any}}",
            f"{sign}{{nick}} [{{host}}] has quit {{any}}",
            f"{sign}{{nick}} ({{host}}) has left {{any}}",
            f"{sign}{{nick}} ({{host}}) has quit {{any}}",
            f"{sign}{{nick}} ({{host}}) Quit {{any}}",
            f"{sign}{{nick}} left the room.",
            f"{sign}{{nick}} left the room ({{any}}).",
            f"{sign}{{nick}} was kicked off {{any}}",
            f"{sign}{{nick}} was kicked by {{any}}",
            f"{sign}{{nick}} was kicked from {{any}}",
        ),
        shape(PART, f"{sign}{{nick}} has quit ({{any}})", sure=False),
        *shapes(
            RENAME,
            f"{sign}{{nick}} is now known as {{new}}",
            f"{sign}{{nick}} are now known as {{new}}",
            f"{sign}{{nick}} is now known as {{new}}.",
            sure=sign == "=== ",
        ),
        *shapes(
            TOPIC,
            f"{sign}{{nick}} changed the topic of {{channel}} to: {{text}}",
            f"{sign}{{nick}} changes topic to: {{text}}",
            f"{sign}{{nick}} changes topic to '{{text}}'",
            f"{sign}{{nick}} has changed the topic to: {{text}}",
        ),
    )
)
UBUNTU = Grammar(
    "ubuntu",
    "an IRC archive such as irclogs.ubuntu.com",
    (
        re.compile(r"(?:(?P<place>[^\s\[]+) )?" + clock_pattern("%F [%T] ")),
        re.compile(r"(?:(?P<place>[^\s\[]+) )?" + clock_pattern("%F [%R] ")),
        *clock("[%R] ", "[%T] ", "[%F %T] ", "[%FT%T] ", "[%F %R] ", "[%H:%M %p] ", "[%H:%M:%S %p] "),
    ),
    (
        *shapes(MESSAGE, "<{nick}>\t{text}", "<{nick}> {text}", "<{nick}>"),
        shape(SYSTEM, "<*{any}> {any}"),
        shape(MESSAGE, "({nick}/{channel}) {text}"),
        *shapes(NOTICE, "-{nick}:{channel}- {text}", "-{nick}- {text}"),
        *_EVENTS,
        *shapes(SYSTEM, "*** {any}", "* {nick} sets mode: {any}", "* #{any}"),
        *shapes(ACTION, "* {nick} {text}", "* {nick}", sure=False),
    ),
    bare=(
        *(row for row in _EVENTS if row.pattern.pattern.startswith(re.escape("=== "))),
        shape(TOPIC, "=== ..[topic/{channel}:{nick}] : {text}"),
        *shapes(
            SYSTEM, "=== mode/{any}", "=== #{any}", "=== net{any}", "=== Netsplit {any}", "=== ServerMode{any}",
            "=== topic{any}",
            "=== Topic {any}", "=== Users on {any}", "=== Mode {any}", "=== Channel {any}",
            "=== {word} sets mode: {any}",
            "=== {word} [{any}] by {any}", "=== -{any}", "=== *{any}", "=== You {any}", "=== {word}: {any}",
        ),
        shape(ACTION, "=== {nick} {text}", sure=False),
        shape(SYSTEM, "==={any}"),
        *shapes(DAY, "--- {any}", "Session {word}: {any}"),
    ),
    coloured=True,
)  # fmt: skip
_DATED = re.compile(r"(?:\S+ )?\d{4}-\d\d-\d\d (===.*)$")
_TAG = re.compile(r"<[^<>]*>")
_PAGE = '<span class="irc-date">'


class UbuntuArchive:
    """The archive's lines, as text and as HTML."""

    name, program = UBUNTU.name, UBUNTU.program

    def parse(self, line: str) -> LogEntry | None:
        """What a line is. None: not understood."""
        return UBUNTU.parse(self._text(line))

    def as_action(self, line: str) -> LogEntry | None:
        """See `LineParser`."""
        return UBUNTU.as_action(self._text(line))

    def _text(self, line: str) -> str:
        if line.startswith(_PAGE):
            return html.unescape(_TAG.sub("", line))
        dated = _DATED.match(line)
        return dated[1] if dated else line


ARCHIVE = UbuntuArchive()
