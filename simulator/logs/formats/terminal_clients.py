"""Clients of the terminal and of Emacs: irssi, WeeChat, catgirl, ii, ERC, rcirc, Circe.

01:27 < gale> text                      irssi       2007-05-26 01:27:06⇥gale⇥text        WeeChat
[2007-05-26T01:27:06+0000] <gale> text  catgirl     1180142826 <gale> text               ii
<gale> text                    [01:27]  ERC         01:27 <gale> text                    rcirc
[01:27:06] <gale> text                  Circe
"""

from __future__ import annotations

import re

from simulator.logs.entry import ACTION, BLANK, DAY, JOIN, MESSAGE, NOTICE, PART, RENAME, SYSTEM, TOPIC, LogEntry, Stamp
from simulator.logs.formats.translations import weechat_sentences
from simulator.logs.grammar import Grammar, clock, shape, shapes

IRSSI = Grammar(
    "irssi",
    "irssi",
    clock("%F %T %z", "%F %R %z", "%FT%T%z", "%F %T", "%FT%T", "%F %R", "%T %z", "%R %z", "%T", "%R"),
    (
        *shapes(MESSAGE, "<{nick}> {text}", "<{nick}>"),
        *shapes(ACTION, "* {nick} {text}", "* {nick}"),
        *shapes(JOIN, "-!- {nick} [{host}] has joined {channel}", "-!- {nick} [{host}] [{any}] has joined {channel}"),
        *shapes(
            PART,
            "-!- {nick} [{host}] has left {any}",
            "-!- {nick} [{host}] has quit {any}",
            "-!- {nick} was kicked from {any}",
        ),
        shape(RENAME, "-!- {nick} is now known as {new}"),
        shape(RENAME, "-!- You're now known as {new}"),
        shape(TOPIC, "-!- {nick} changed the topic of {channel} to: {text}"),
        shape(SYSTEM, "-!- {any}"),
        *shapes(NOTICE, "-{nick}:{channel}- {text}", "-{nick}- {text}", "-{nick}({host})- {text}"),
        *shapes(SYSTEM, ">{any}< {any}", "[{any}({host})] {any}", "!{any}"),
    ),
    bare=shapes(DAY, "--- {any}"),
)

WEECHAT = Grammar(
    "weechat",
    "WeeChat",
    clock("%F %T%z\t", "%FT%T%z\t", "%F %T %z\t", "%F %T\t", "%FT%T\t", "%F %R\t"),
    (
        *weechat_sentences(),
        *shapes(JOIN, "-->\t{nick} ({host}) {any}", "-->\t{nick} [{any}] ({host}) {any}", "⇒\t{nick} ({host}) {any}"),
        *shapes(PART, "<--\t{nick} ({host}) {any}", "⇐\t{nick} ({host}) {any}"),
        *shapes(SYSTEM, "-->\t{any}", "<--\t{any}", "⇒\t{any}", "⇐\t{any}"),
        shape(NOTICE, "--\tNotice({nick}): {text}"),
        *shapes(SYSTEM, "--\t{any}", "=!=\t{any}", "\t{any}"),
        *shapes(ACTION, "*\t{nick} {text}", "*\t{nick}"),
        shape(MESSAGE, "{column}\t{text}"),
    ),
    bare=shapes(DAY, "\t\t{any}"),
)

CATGIRL = Grammar(
    "catgirl",
    "catgirl",
    clock("[%FT%T%z] "),
    (
        *shapes(MESSAGE, "<{nick}> {text}", "<{nick}>"),
        *shapes(ACTION, "* {nick} {text}", "* {nick}"),
        shape(NOTICE, "-{nick}- {text}"),
        shape(JOIN, "{nick} arrives in {channel}"),
        *shapes(
            PART, "{nick} leaves", "{nick} leaves: {any}", "{nick} leaves {channel}", "{nick} leaves {channel}: {any}"
        ),
        *shapes(PART, "{word} kicks {nick} out of {channel}", "{word} kicks {nick} out of {channel}: {any}"),
        shape(RENAME, "{nick} is now known as {new}"),
        shape(TOPIC, "{nick} places a new sign in {channel}: {text}"),
        *shapes(
            SYSTEM,
            "The sign in {any}",
            "{word} removes the sign in {any}",
            "{word} invites {any} to {any}",
            *(f"{{word}} {verb} {{any}}" for verb in ("sets", "unsets", "bans", "unbans", "adds", "removes")),
        ),
    ),
)

II = Grammar(
    "ii",
    "ii",
    clock("%s ", "%F %R "),
    (
        *shapes(ACTION, "<{nick}> \x01ACTION {text}\x01", "<{nick}> \x01ACTION {text}", "<{nick}> \x01ACTION\x01"),
        shape(SYSTEM, "<-!-> {any}"),
        shape(NOTICE, "<{nick}> \x01{any}"),
        *shapes(MESSAGE, "<{nick}> {text}", "<{nick}>"),
        *shapes(JOIN, "-!- {nick}({host}) has joined {channel}"),
        *shapes(PART, "-!- {nick}({host}) has left {any}", "-!- {nick}({host}) has quit {any}"),
        shape(PART, "-!- {word} kicked {nick} {any}"),
        shape(RENAME, "-!- {nick} changed nick to {new}"),
        shape(TOPIC, '-!- {nick} changed topic to "{text}"'),
        shape(SYSTEM, "-!- {any}"),
    ),
)

RCIRC = Grammar(
    "rcirc",
    "rcirc",
    clock("%R ", "%F %R "),
    (
        *shapes(MESSAGE, "<{nick}> {text}", "<{nick}>"),
        shape(NOTICE, "-{nick}- {text}"),
        shape(JOIN, "*** {nick} JOIN {channel}"),
        shape(JOIN, "*** {nick} JOIN"),
        *shapes(PART, "*** {nick} PART{any}", "*** {nick} QUIT{any}", "*** {word} KICK {channel} {nick} {any}"),
        shape(RENAME, "*** {nick} NICK {new}"),
        shape(TOPIC, "*** {nick} TOPIC {text}"),
        *shapes(SYSTEM, "*** {any}", "!!! {any}"),
        shape(ACTION, "[{nick} {text}]"),
    ),
)

CIRCE = Grammar(
    "circe",
    "Circe",
    clock("[%T] ", "[%F %T] "),
    (
        *shapes(MESSAGE, "<{nick}> {text}", "<{nick}>"),
        *shapes(JOIN, "*** Join: {nick} ({any})", "*** Join: {nick} ({any}) joined {channel}", "*** Join: {nick}"),
        *shapes(PART, "*** Part: {nick} ({host}) {any}", "*** Quit: {nick} ({host}) {any}", "*** Kick: {nick} {any}"),
        *shapes(
            RENAME,
            "*** Nick change: {nick} ({host}) is now known as {new}",
            "*** Nick regain: {nick} ({host}) is now known as {new}",
        ),
        shape(RENAME, "*** Nick change: You are now known as {new}"),
        *shapes(TOPIC, "*** Topic change by {nick} ({host}): {text}"),
        *shapes(
            SYSTEM,
            *(
                f"*** {word}: {{any}}"
                for word in ("Mode change", "Netsplit", "Netmerge", "Topic", "Re-join", "Lurk", "Lurker", "Invite")
            ),
            *(f"*** {word} {{any}}" for word in ("Topic", "Channel", "CTCP", "Message")),
        ),
        *shapes(ACTION, "* {nick} {text}", "* {nick}"),
        shape(NOTICE, "-{nick}- {text}"),
    ),
)

_ERC = Grammar(
    "erc",
    "ERC",
    (),
    (),
    bare=(
        *shapes(MESSAGE, "<{nick}> {text}", "<{nick}>"),
        shape(NOTICE, "-{nick}- {text}"),
        *shapes(JOIN, "*** {nick} ({host}) has joined channel {channel}", "*** {nick} has joined channel {channel}"),
        *shapes(
            PART,
            "*** {nick} ({host}) has left channel {any}",
            "*** {nick} ({host}) has quit: {any}",
            "*** {nick} ({host}) has kicked {any}",
        ),
        shape(RENAME, "*** {nick} ({host}) is now known as {new}"),
        *shapes(RENAME, "*** Your new nickname is {new}"),
        shape(TOPIC, "*** {nick} ({host}) has set the topic for {channel}: {text}"),
        shape(SYSTEM, "*** {any}"),
        *shapes(ACTION, "* {nick} {text}", "* {nick}"),
        shape(DAY, "[{word} {word} {any}]"),
    ),
    continues=True,
)
_MARGIN = re.compile(r"\s*\[(\d\d):(\d\d)(?::(\d\d))?\]\s*$")


class Erc:
    """ERC writes its buffer as shown: long messages go on in indented lines, and a time stands at the right margin
    where it is another than before."""

    name, program, language = _ERC.name, _ERC.program, ""

    def parse(self, line: str) -> LogEntry | None:
        """What a line is. None: not understood."""
        found = _MARGIN.search(line)
        entry = _ERC.parse(line[: found.start()] if found else line)
        if entry is not None and entry.more:
            text = entry.text.strip()
            if line[:1] != " ":
                return None
            entry = entry._replace(text=text) if text else LogEntry(BLANK)
        if entry is None or not found:
            return entry
        seconds = int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3] or 0)
        return entry._replace(stamp=Stamp(None, seconds, found[3] is not None))

    def as_action(self, line: str) -> LogEntry | None:
        """See `Grammar`."""
        return _ERC.as_action(_MARGIN.sub("", line))


ERC = Erc()
