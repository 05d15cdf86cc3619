"""What clients print of joins, quits, nick changes and the rest: the same few sentences in every format."""

from __future__ import annotations

import re

from simulator.logs.entry import ACTION, JOIN, PART, RENAME, SYSTEM, TOPIC, LogEntry, Stamp

_HOST = r"[\[(]\S*[\])]"
_SURE = [
    (JOIN, rf"(\S+) {_HOST} +(?:has )?joined(?: (#\S+?))?\.?"),
    (JOIN, rf"Joins: (\S+)(?: {_HOST})?()"),
    (PART, rf"(\S+) {_HOST} +(?:has )?(?:left|quit|Quit)\b.*"),
    (PART, rf"(?:Parts|Quits): (\S+)(?: {_HOST})?.*"),
    (PART, r"(\S+) has quit \(.*\)"),
    (PART, r"(\S+) (?:was )?kicked (?:off|from|by) \S+.*"),
    (PART, r"\S+ has kicked (\S+) (?:\(|from ).*"),
    (RENAME, r"(\S+) (?:is|are) now known as ([^\s.]+)\.?"),
    (RENAME, r"Nick change: (\S+) -> (\S+)"),
    (TOPIC, r"(\S+) (?:has )?change[sd] (?:the )?topic(?: of \S+| for \S+)?(?: from .*?)? to:? +[\"']?(.*?)[\"']?"),
    (TOPIC, r"\.\.\[topic/#[^:\s]+:(\S+)\] :? ?(.*)"),
    (SYSTEM, r"(?:ServerM|m)ode[/ ]?[(#].*()()"),
    (SYSTEM, r"#\S+: (?:mode change|topic) (.*)()"),
    (SYSTEM, r"(?:net(?:joined|split):|Netsplit )(.*)()"),
    (SYSTEM, r"(?:You're|You are) now known as (\S+)()"),
    (SYSTEM, r"(?:(?:Topic|Mode|Channel|Users on) (?:for|is|#)|Set by |Now talking (?:in|on) #)(.*)()"),
    (SYSTEM, r"(\S+) (?:sets? mode:? |gives (?:channel operator|voice)|removes (?:channel|voice)|mode \()(.*)"),
    (SYSTEM, r"(\S+) \[[+-][a-zA-Z]+[ \]].*\] by .*()"),
]
"""Shapes that nobody types after /me, more or less: kind, and a pattern with the nick and what goes with it."""
_LIKELY = [
    (JOIN, r"(\S+) has joined(?: (#\S+?))?\.?"),
    (JOIN, r"(\S+) entered the room\.()"),
    (PART, r"(\S+) has (?:left|quit)\b.*"),
    (PART, r"(\S+) left (?:the room|irc:|#).*"),
]
"""Shapes that count only where the line can be no action."""


def _compiled(rules: list[tuple[str, str]]) -> list[tuple[str, re.Pattern[str]]]:
    return [(kind, re.compile(f"{pattern}$")) for kind, pattern in rules]


_SURE_RULES, _LIKELY_RULES = _compiled(_SURE), _compiled(_LIKELY)
_ROOM = [(JOIN, re.compile(_LIKELY[1][1] + "$")), (PART, re.compile(_LIKELY[3][1] + "$"))]
_HINT = re.compile(
    r"[\[(#:]| now known as | topic |kicked|Quit|Joins|Parts|[Nn]etsplit|netjoined| mode|room| gives | removes |Set by"
)
NICK = re.compile(r"[^\W\d][\w\[\]\\`^{|}-]*$|[\[\]\\`_^{|}][\w\[\]\\`^{|}-]*$")


def system(text: str, stamp: Stamp | None) -> LogEntry:
    """A line that the client printed as its own, with a sign that no action has."""
    return _first((_SURE_RULES, _LIKELY_RULES), text, stamp) or LogEntry(SYSTEM, stamp=stamp)


def starred(text: str, stamp: Stamp | None) -> LogEntry | None:
    """A line that is either an action or the client's own, both being marked in one way; None: it is neither."""
    text = text.strip()
    if _HINT.search(text) and (found := _first((_SURE_RULES, _ROOM), text, stamp)):
        return found
    nick, _, rest = text.partition(" ")
    if not NICK.match(nick):
        return LogEntry(SYSTEM, stamp=stamp) if nick[:1] in "#*-" else None
    return LogEntry(ACTION, nick, rest, stamp)


def told(text: str, stamp: Stamp | None) -> LogEntry | None:
    """A sentence that stands alone, without any sign before it."""
    return _first((_SURE_RULES,), text, stamp)


def _first(tables: tuple[list[tuple[str, re.Pattern[str]]], ...], text: str, stamp: Stamp | None) -> LogEntry | None:
    for rules in tables:
        for kind, pattern in rules:
            if found := pattern.match(text):
                if kind == SYSTEM:
                    return LogEntry(SYSTEM, stamp=stamp)
                nick = found[1].lstrip("@+%&~")
                more = found[2] if pattern.groups > 1 and found[2] else ""
                if kind == JOIN:
                    return LogEntry(JOIN, nick, "", stamp, more)
                return LogEntry(kind, nick, more, stamp)
    return None
