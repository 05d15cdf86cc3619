"""Programs that stay in the channel: ZNC, soju, bip, The Lounge, eggdrop, Limnoria, and IRCCloud's exports.

[01:27:06] <gale> text                   ZNC, soju      26-05-2007 01:27:06 < gale!~g@host: text    bip
[2007-05-26T01:27:06.000Z] <@gale> text  The Lounge     [01:27] <gale> text                         eggdrop
2007-05-26T01:27:06  <gale> text         Limnoria       [2007-05-26 01:27:06] <gale> text           IRCCloud
"""

from __future__ import annotations

from simulator.logs.entry import ACTION, DAY, JOIN, MESSAGE, NOTICE, PART, RENAME, SYSTEM, TOPIC
from simulator.logs.grammar import Grammar, clock, shape, shapes

_SAID = (*shapes(MESSAGE, "<{nick}> {text}", "<{nick}>"), shape(SYSTEM, "<*{any}> {any}"))
"""ZNC's modules speak as `*status`, `*buffextras`, and its playback markers as `***`."""
_DID = shapes(ACTION, "* {nick} {text}", "* {nick}")

ZNC = Grammar(
    "znc",
    "ZNC",
    clock("[%T] ", "[%F %T] ", "[%FT%T] "),
    (
        *_SAID,
        shape(JOIN, "*** Joins: {nick} ({host})"),
        shape(JOIN, "*** Joins: {nick}"),
        *shapes(PART, "*** Parts: {nick} ({host}){any}", "*** Quits: {nick} ({host}){any}"),
        *shapes(PART, "*** Parts: {nick}", "*** Quits: {nick}", "*** {nick} was kicked by {any}"),
        shape(RENAME, "*** {nick} is now known as {new}"),
        shape(TOPIC, "*** {nick} changes topic to '{text}'"),
        shape(SYSTEM, "*** {any} sets mode: {any}"),
        shape(SYSTEM, "*** {any}"),
        shape(SYSTEM, "* *{any}"),
        *_DID,
        *shapes(NOTICE, "-{nick}:{channel}- {text}", "-{nick}- {text}"),
        shape(SYSTEM, "-*{any}- {any}"),
    ),
)

THE_LOUNGE = Grammar(
    "thelounge",
    "The Lounge",
    clock("[%FT%T%z] ", "[%F %T] "),
    (
        *_SAID,
        shape(JOIN, "*** {nick} ({host}) joined"),
        *shapes(
            PART,
            "*** {nick} ({host}) left ({any})",
            "*** {nick} ({host}) quit ({any})",
            "*** {nick} was kicked by {any}",
        ),
        shape(RENAME, "*** {nick} changed nick to {new}"),
        shape(TOPIC, "*** {nick} changed topic to '{text}'"),
        *shapes(SYSTEM, "*** {any} set mode {any}", "*** {any} changed host to {any}"),
        *_DID,
        shape(NOTICE, "-{nick}- {text}"),
        shape(SYSTEM, "| {any}"),
    ),
)

LIMNORIA = Grammar(
    "limnoria",
    "Limnoria's ChannelLogger",
    clock("%FT%T  ", "%F %T  ", "[%F %T]  ", "[%T]  "),
    (
        *_SAID,
        *shapes(JOIN, "*** {nick} <{host}> has joined {channel}", "*** {nick} has joined {channel}"),
        *shapes(
            PART,
            "*** {nick} <{host}> has left {any}",
            "*** {nick} has left {any}",
            "*** {nick} <{host}> has quit {any}",
            "*** {nick} has quit {any}",
            "*** {nick} was kicked by {any}",
        ),
        shape(RENAME, "*** {nick} is now known as {new}"),
        shape(TOPIC, '*** {nick} changes topic to "{text}"'),
        shape(SYSTEM, "*** {any}"),
        *_DID,
        *shapes(NOTICE, "-{nick}- {text}", "-{nick}:{channel}- {text}"),
    ),
)

EGGDROP = Grammar(
    "eggdrop",
    "eggdrop",
    clock("[%R] ", "[%T] ", "[%F %T] ", "[%F %R] "),
    (
        *_SAID,
        shape(ACTION, "Action: {nick} {text}"),
        shape(ACTION, "Action: {nick}"),
        *shapes(
            JOIN,
            "{nick} ({host}) joined {channel}.",
            "{nick} joined {channel}.",
            "{nick} ({host}) returned to {channel}.",
            "{nick} returned to {channel}.",
        ),
        *shapes(
            PART,
            "{nick} ({host}) left {channel}.",
            "{nick} ({host}) left {channel} ({any}).",
            "{nick} left {channel}.",
            "{nick} ({host}) left irc: {any}",
            "{nick} left irc: {any}",
            "{nick} ({host}) got netsplit.",
            "{nick} ({host}) got lost in the net-split.",
            "{nick} got netsplit.",
            "{nick} got lost in the net-split.",
            "{nick} kicked from {channel} by {any}",
        ),
        shape(RENAME, "Nick change: {nick} -> {new}"),
        shape(TOPIC, "Topic changed on {channel} by {nick}!{host}: {text}"),
        shape(TOPIC, "Topic changed on {channel} by {nick}: {text}"),
        *shapes(SYSTEM, "{channel}: mode change {any}", "Topic {any} {channel}: {any}", "Joined {any}", "Now on {any}"),
        shape(NOTICE, "-{nick}:{channel}- {text}"),
        shape(NOTICE, "-{nick} ({host})- {text}"),
        shape(DAY, "--- {any}"),
        *shapes(SYSTEM, "CTCP {any}", "*** {any}", "Flood {any}"),
    ),
)

IRCCLOUD = Grammar(
    "irccloud",
    "IRCCloud",
    clock("[%F %T] ", "[%FT%T%z] ", "[%FT%T] "),
    (
        *_SAID,
        *shapes(ACTION, "— *{nick}* {text}", "— {nick} {text}", "— {nick}"),
        shape(JOIN, "→ Joined channel {channel}"),
        *shapes(JOIN, "→ {nick} joined {any}", "→ {nick} joined"),
        *shapes(PART, "← {nick} left {any}", "← {nick} left", "⇐ {nick} quit {any}", "⇐ {nick} quit",
            "← {nick} was kicked by {any}"),
        *shapes(RENAME, "* {nick} → {new}", "{nick} → {new}", "→ {nick} is now known as {new}"),
        *shapes(TOPIC, "* {nick} set the topic to {text}", "{nick} set the topic: {text}",
            "{nick} set the topic to {text}"),
        *shapes(
            SYSTEM, "* {any}", "⇐ {any}", "← {any}", "→ {any}", "⇒ {any}", "*** {any}", "{any} set mode: {any}",
            "Mode {any}", "Channel {any}", "You {any}", "⇄ {any}", "{word} was opped by {any}",
            "{word} was voiced by {any}",
            "+{word} granted to {any}", "{word} +{any}", "Kicked {any}", "Disconnected{any}", "Connected{any}",
        ),
        shape(NOTICE, "-{nick}- {text}"),
    ),
)  # fmt: skip

BIP = Grammar(
    "bip",
    "bip",
    clock("%d-%m-%Y %T ", "%F %T ", "%T "),
    (
        *shapes(ACTION, "< * {nick}!{host} {text}", "> * {nick} {text}", "< * {nick} {text}", "* {nick}!{host} {text}"),
        *shapes(MESSAGE, "< {nick}!{host}: {text}", "< {nick}!{host}:", "> {nick}!{host}: {text}", "> {nick}: {text}"),
        *shapes(JOIN, "-!- {nick}!{host} has joined {channel}", "-!- {nick} has joined {channel}"),
        *shapes(
            PART, "-!- {nick}!{host} has left {any}", "-!- {nick}!{host} has quit {any}", "-!- {nick} has quit {any}"
        ),
        *shapes(PART, "-!- {nick} has been kicked by {any}", "-!- {nick} was kicked {any}"),
        *shapes(RENAME, "-!- {nick}!{host} is now known as {new}", "-!- {nick} is now known as {new}"),
        *shapes(TOPIC, "-!- {nick}!{host} changed topic of {channel} to: {text}"),
        *shapes(SYSTEM, "-!- {any}", "Query {any}"),
    ),
)
