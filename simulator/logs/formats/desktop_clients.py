"""Clients with windows: HexChat, mIRC, Textual, Konversation, KVIrc.

    May 26 01:27:06 <gale>⇥text                   HexChat     [01:27] <gale> text     mIRC, KVIrc
    [2007-05-26T01:27:06+0200] <gale> text        Textual
    [Saturday, May 26, 2007] [01:27:06] <gale>⇥text     Konversation

HexChat and mIRC print what people do and what the client says with the same star: such lines are not sure.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from simulator.logs.entry import ACTION, DAY, JOIN, MESSAGE, NOTICE, PART, RENAME, SYSTEM, TOPIC
from simulator.logs.formats import translations
from simulator.logs.grammar import Grammar, clock, shape, shapes

_SAID = shapes(MESSAGE, "<{nick}> {text}", "<{nick}>\t{text}", "<{nick}>")

MIRC = Grammar(
    "mirc",
    "mIRC",
    clock("[%R] ", "[%T] ", "[%F %R] ", "[%F %T] ", "[%H:%M%p] ", "[%H:%M %p] ", "%R ", "%T "),
    (
        *_SAID,
        shape(SYSTEM, "<*{any}> {any}"),
        *shapes(JOIN, "* {nick} ({host}) has joined {channel}", "* Joins: {nick} ({host})",
            "*** Joins: {nick} ({host})"),
        *shapes(JOIN, "*** {nick} ({host}) has joined {channel}"),
        *shapes(
            PART,
            "* {nick} ({host}) has left {any}",
            "* {nick} ({host}) Quit ({any})",
            "* Parts: {nick} ({host}){any}",
            "* Quits: {nick} ({host}){any}",
            "*** Parts: {nick} ({host}){any}",
            "*** Quits: {nick} ({host}){any}",
            "*** {nick} ({host}) Quit ({any})",
            "*** {nick} ({host}) has left {any}",
            "*** {nick} was kicked by {any}",
        ),
        *shapes(PART, "* {nick} was kicked by {word} ({any})", sure=False),
        shape(RENAME, "* {nick} is now known as {new}", sure=False),
        shape(RENAME, "*** {nick} is now known as {new}"),
        shape(RENAME, "* Your nick is now {new}"),
        *shapes(TOPIC, "* {nick} changes topic to '{text}'", "*** {nick} changes topic to '{text}'"),
        *shapes(
            SYSTEM,
            *(
                f"* {words}{{any}}"
                for words in (
                    "Now talking in ", "Topic is ", "Set by ", "Rejoined channel ", "Attempting to rejoin ",
                    "Retrieving ",
                    "Disconnected", "Connecting to ", "Connect retry ", "You were kicked ", "You have ", "#",
                    "Channel ",
                    "Users on ", "Unable to ", "Local host: ", "Cannot ", "No such ", "Looking up ", "Dns ", "/",
                    "Finished ",
                )
            ),
            "* {word} sets mode: {any}",
            "*** {any}",
        ),
        shape(ACTION, "* {nick} {text}", sure=False),
        *shapes(NOTICE, "-{nick}- {text}", "-{nick}:{channel}- {text}"),
        *shapes(SYSTEM, "* {any}", "-", "[{any}] {any}", "{any} End of {any}"),
    ),
    bare=(*shapes(DAY, "Session {word}: {any}"), *shapes(SYSTEM, "Session Ident: {any}")),
    coloured=True,
)  # fmt: skip

MIRC_TIMELESS = replace(
    MIRC,
    name="mirc-timeless",
    program="mIRC without times",
    clocks=(),
    table=(),
    bare=(*MIRC.bare, *(row for row in MIRC.table if row.pattern.pattern not in (r"\-", r"\[.*?\]\ .*?"))),
)

TEXTUAL = Grammar(
    "textual",
    "Textual",
    clock("[%FT%T%z] ", "[%F %T %z] ", "[%T] "),
    (
        *_SAID,
        shape(ACTION, "• {nick}: {text}"),
        *shapes(JOIN, "{nick} ({host}) joined the channel.", "{nick} ({host}) joined the channel"),
        *shapes(
            PART,
            "{nick} ({host}) left the channel.{any}",
            "{nick} ({host}) left the channel ({any})",
            "{nick} ({host}) left IRC.{any}",
            "{nick} ({host}) left IRC ({any})",
            "{nick} ({host}) quit IRC.{any}",
            "{nick} was kicked from the channel by {any}",
            "{word} kicked {nick} from the channel.{any}",
            "{word} kicked {nick} from the channel ({any})",
        ),
        *shapes(RENAME, "{nick} is now known as {new}", "{nick} is now known as {new}."),
        *shapes(RENAME, "You are now known as {new}", "You are now known as {new}."),
        *shapes(TOPIC, "{nick} changed the topic to {text}", "{nick} changed the topic to: {text}"),
        *shapes(
            SYSTEM, "{word} sets mode {any}", "{word} set mode {any}", "Topic {any}", "Mode {any}", "Set by {any}",
            "Channel {any}", "The {any}", "Disconnected{any}", "Connected{any}", "The topic {any}",
        ),
        shape(NOTICE, "-{nick}- {text}"),
    ),
    bare=shapes(DAY, "{any}Begin Session{any}", "{any}End Session{any}"),
)  # fmt: skip

KONVERSATION = Grammar(
    "konversation",
    "Konversation",
    clock(
        "[%a, %b %d, %Y] [%H:%M:%S %p %Z] ", "[%a, %b %d, %Y] [%H:%M:%S %p] ", "[%a, %b %d, %Y] [%T %Z] ",
        "[%a, %b %d, %Y] [%T] ", "[%a, %d %b %Y] [%T %Z] ", "[%a, %d %b %Y] [%T] ", "[%a %d %b %Y] [%T %Z] ",
        "[%a %d %b %Y] [%T] ", "[%a, %d. %b %Y] [%T %Z] ", "[%a, %d. %b %Y] [%T] ", "[%a %b %d %Y] [%T] ",
        "[%a %d. %b %Y] [%T] ", "[%a %d. %b %Y] [%T %Z] ", "[%F] [%T] ",
    ),
    (
        *_SAID,
        *shapes(ACTION, "*\t{nick} {text}", "* {nick} {text}"),
        *shapes(JOIN, "Join\t{nick} ({host}) has joined {any}", "Join\t{nick} has joined {any}",
            "-->\t{nick} ({host}) has joined {any}"),
        *shapes(JOIN, "-->\t{nick} has joined {any}"),
        shape(SYSTEM, "Join\tYou {any}"),
        *shapes(PART, "Part\t{nick} ({host}) has left {any}", "Quit\t{nick} ({host}) has left {any}",
            "Part\t{nick} has left {any}"),
        *shapes(PART, "<--\t{nick} ({host}) has left {any}", "<--\t{nick} has left {any}",
            "Quit\t{nick} has left {any}"),
        *shapes(PART, "Kick\t{nick} was kicked {any}", "Kick\t{word} has kicked {nick} from {any}"),
        shape(RENAME, "Nick\tYou are now known as {new}."),
        *shapes(RENAME, "Nick\t{nick} is now known as {new}.", "Nick\t{nick} is now known as {new}"),
        *shapes(TOPIC, 'Topic\t{nick} sets the channel topic to "{text}".',
            'Topic\t{nick} has changed the topic to "{text}".'),
        shape(NOTICE, "Notice\t-{nick}- {text}"),
        *shapes(SYSTEM, "{word}\t{any}", "*** {any}", "[{any}]\t{any}"),
    ),
    bare=(*shapes(DAY, "*** on {any}"), *shapes(SYSTEM, "*** Logfile {any}", "*** {any}")),
)  # fmt: skip

KVIRC = Grammar(
    "kvirc",
    "KVIrc",
    clock("[%T] ", "%s [%T] "),
    (
        *_SAID,
        shape(ACTION, "* {nick} {text}", sure=False),
        *shapes(
            JOIN,
            "*** {nick} [{host}] has joined {channel}",
            "{nick} [{host}] has joined {channel}",
            "{nick} ({host}) has joined {channel}",
        ),
        *shapes(
            PART,
            "{nick} [{host}] has left {any}",
            "{nick} [{host}] has quit {any}",
            "{nick} [{host}] has been kicked {any}",
            "*** {nick} [{host}] has left {any}",
            "*** {nick} [{host}] has quit {any}",
        ),
        *shapes(RENAME, "{nick} [{host}] is now known as {new}", "{nick} is now known as {new}"),
        shape(RENAME, "You have changed your nickname to {new}"),
        *shapes(TOPIC, '{nick} [{host}] has changed topic to "{text}"',
            '{nick} [{host}] has changed the topic to "{text}"'),
        *shapes(
            SYSTEM, "*** {any}", "{word} [{host}] has {any}", "{word} has set {any}", "Channel {any}", "Topic {any}",
            "You {any}", "### {any}",
        ),
        *shapes(NOTICE, "-{nick}- {text}", "[NOTICE {any}"),
    ),
    bare=shapes(DAY, "### {any}", "{word} {word} Log session {any}"),
)  # fmt: skip

_HEXCHAT_CLOCK = clock("%b %d %T ", "%d %b %T ", "%b%d %T ", "%b %d %R ", "%F %T ", "%d.%m. %T ", "%m %d %T ")
_HEXCHAT = Grammar(
    "hexchat",
    "HexChat",
    _HEXCHAT_CLOCK,
    (),
    bare=(*shapes(DAY, "**** {any}"),),
)


@lru_cache(maxsize=64)
def hexchat(language: str) -> Grammar:
    """HexChat's grammar in a language of its translations; empty: English; `?`: a language that is not known, in which
    nothing behind a star is anybody's doing."""
    noticed = shapes(
        NOTICE, "-{nick}/{channel}-\t{text}", "-{nick}-\t{text}", "-{nick}/{channel}- {text}", "-{nick}- {text}"
    )
    before = (*_SAID, *noticed, shape(SYSTEM, "<*{any}>\t{any}"))
    if language == "?":
        return replace(_HEXCHAT, table=(*before, shape(SYSTEM, "{word}\t{any}")), language="?")
    sentences = translations.hexchat_sentences(language)
    did = (
        *shapes(ACTION, "*\t{nick} {text}", "* {nick} {text}", sure=False),
        shape(SYSTEM, "*\t{any}"),
        shape(SYSTEM, "{word}\t{any}"),
    )
    return replace(_HEXCHAT, table=(*before, *sentences, *did), language=language, months=translations.months(language))


HEXCHAT = hexchat("")
