"""What the server says of the channel, as things that happened there, and what of it happened to us."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Protocol

import irc3
from irc3 import rfc
from irc3.tags import decode

from simulator.irc import message_splitter
from simulator.irc.client import Client
from simulator.irc.irc_event import IrcEvent, IrcEventKind
from simulator.irc.timing import Clock
from simulator.logs.nicks import fold

_SPLIT = re.compile(r"[\w*-]+(?:\.[\w*-]+)+ [\w*-]+(?:\.[\w*-]+)+")
"""What servers say of people whom they lost with another server."""


class Member(Protocol):
    """Who is told: of everything that was heard, and of what happened to the own nick."""

    @property
    def nick(self) -> str: ...
    def tell(self, heard: IrcEvent) -> None: ...
    def let_in(self, host: str | None) -> None: ...
    def put_out(self) -> None: ...
    def kept_out(self, cause: str) -> None: ...


class IrcParser:
    """One channel, as one member hears it."""

    def __init__(self, client: Client, channel: str, hours: Clock, member: Member) -> None:
        """From here on the member is told what the client reads."""
        self._client, self._channel, self._hours, self._member = client, channel, hours, member
        for line, told in (
            (rfc.PRIVMSG.re, self._said),
            (rfc.JOIN.re, self._joined),
            (rfc.PART.re, self._parted),
            (rfc.QUIT.re, self._quit),
            (rfc.KICK.re, self._kicked),
            (rfc.NEW_NICK.re, self._renamed),
            (rfc.TOPIC.re, self._topic),
            (r"^(@(?P<tags>\S+) )?:\S+ 332 \S+ (?P<channel>\S+) :(?P<data>.*)", self._topic),
            (r"^(@\S+ )?:\S+ 353 \S+ \S+ (?P<channel>\S+) :(?P<data>.*)", self._names),
            (r"^(@\S+ )?:\S+ (403|405|47[1-7]|489) \S+ (?P<channel>\S+) :?(?P<data>.*)", self._kept_out),
        ):
            client.attach_events(irc3.event(line, told))

    def _said(self, mask: str, event: str, target: str, data: str, tags: str | None = None, **_: object) -> None:
        private = self._own(target)
        if self._own(_nick(mask)) or not (private or self._here(target)):
            return  # an echo of ours, or another room
        kind: IrcEventKind = "said" if event == "PRIVMSG" else "notice"
        if data.startswith(message_splitter.CTCP):
            command, _, data = data.strip(message_splitter.CTCP).partition(" ")
            if command != "ACTION" or kind == "notice":
                return  # a question to the program; it has nothing to tell
            kind = "acted"
        self._tell(kind, mask, data, tags, private=private)

    def _joined(self, mask: str, channel: str, tags: str | None = None, **_: object) -> None:
        if not self._here(channel):
            return
        if self._own(_nick(mask)):
            self._member.let_in(mask.rpartition("@")[2] or None)
        else:
            self._tell("joined", mask, tags=tags)

    def _parted(self, mask: str, channel: str, tags: str | None = None, **_: object) -> None:
        if self._here(channel) and not self._own(_nick(mask)):
            self._tell("parted", mask, tags=tags)

    def _quit(self, mask: str, data: str | None = None, tags: str | None = None, **_: object) -> None:
        if not self._own(_nick(mask)):
            self._tell("quit", mask, tags=tags, split=bool(_SPLIT.fullmatch(data or "")))

    def _kicked(self, mask: str, channel: str, target: str, data: str | None = None, **_: object) -> None:
        if not self._here(channel):
            return
        nick = str(target)
        self._tell("kicked", text=data or "", nick=nick)
        if self._own(nick):
            self._member.put_out()

    def _renamed(self, nick: str, new_nick: str, tags: str | None = None, **_: object) -> None:
        if self._own(_nick(nick)):
            self._client.config["nick"] = str(new_nick)
        else:
            self._tell("renamed", nick, new_nick, tags)

    def _topic(self, channel: str, data: str, mask: str = "", tags: str | None = None, **_: object) -> None:
        if self._here(channel):
            self._tell("topic", mask, data, tags)

    def _names(self, channel: str, data: str, **_: object) -> None:
        for shown in data.split() if self._here(channel) else ():
            nick = shown.lstrip("~&@%+!").partition("!")[0]
            if nick and not self._own(nick):
                self._tell("here", nick=nick)

    def _kept_out(self, channel: str, data: str, **_: object) -> None:
        if self._here(channel):
            self._member.kept_out(f"the server does not let us into {self._channel}: {message_splitter.harmless(data)}")

    def _here(self, channel: str) -> bool:
        return fold(channel.lstrip("~&@%+")) == fold(self._channel)

    def _own(self, nick: str) -> bool:
        return fold(nick) == fold(self._member.nick)

    def _tell(
        self,
        kind: IrcEventKind,
        mask: str = "",
        text: str = "",
        tags: str | None = None,
        *,
        nick: str = "",
        private: bool = False,
        split: bool = False,
    ) -> None:
        try:
            known = decode(tags) if tags else {}
        except ValueError:  # a tag that is none tells nothing
            known = {}
        self._member.tell(
            IrcEvent(
                kind,
                _instant(known.get("time"), self._hours.now()),
                nick or _nick(mask),
                message_splitter.harmless(text),
                str(mask),
                known.get("account") or None,
                private,
                "bot" in known or "draft/bot" in known,
                split,
            )
        )


def _nick(mask: str) -> str:
    """Whoever did it; irc3 gives None for a server, which has no user and no host."""
    return mask.partition("!")[0]


def _instant(told: object, now: float) -> float:
    """The server's time; ours where it tells none, or one that has not been yet."""
    try:
        return min(now, datetime.fromisoformat(str(told)).timestamp()) if told else now
    except ValueError:
        return now
