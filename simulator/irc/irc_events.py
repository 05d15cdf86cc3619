"""What lines of the server say happened: in the channel, and to the own connection. A fold over messages; no socket."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from simulator.irc.irc_message import CTCP, IrcMessage, harmless
from simulator.logs.nicks import fold

IrcEventKind = Literal[
    "said", "acted", "notice", "joined", "parted", "quit", "kicked", "renamed", "topic", "here",
    "note", "lost", "refused",
]  # fmt: skip
OwnEventKind = Literal[
    "entered", "put out", "kept out", "busy", "renamed", "nick refused", "host", "undelivered", "echo", "fence",
    "killed", "closing",
]  # fmt: skip

PREFIXES = "~&@%+!"
"""Signs of rank before a nick or a channel."""
PLAYBACK = "***!znc@znc.in"
"""Who a bouncer's markers around played-back lines come from, where the client has no server-time."""
_SPLIT = re.compile(r"[\w*-]+(?:\.[\w*-]+)+ [\w*-]+(?:\.[\w*-]+)+")
"""What servers say of people whom they lost with another server."""
_STAMP = re.compile(r"^\[[\d:. -]{4,23}(?: ?[AP]M)?\] ")
"""What a bouncer puts before a played-back line, where the client has no server-time."""
_HISTORY = ("chathistory", "draft/chathistory", "znc.in/playback", "playback")
"""Types of batches whose lines were said earlier."""
KEPT_OUT = frozenset({"403", "405", "407", "448", "470", "471", "473", "474", "475", "476", "477", "479", "480", "485",
                      "489", "495", "500", "520"})  # fmt: skip
"""Numerics by which servers refuse to let somebody into a channel; some of them also refuse a line."""
UNDELIVERED = frozenset({"401", "403", "404", "407", "408", "412", "415", "417", "439", "442", "477", "482", "531",
                         "716", "717"})  # fmt: skip
"""Numerics by which servers refuse a line."""


@dataclass(frozen=True, slots=True)
class IrcEvent:
    """One thing that happened in the channel. `text` is one harmless line: see `irc_message.harmless`."""

    kind: IrcEventKind
    """joined, parted, kicked: in the channel; quit: from the server; here: somebody was there before us; note: what is
    worth telling whoever runs the program; lost: the connection, which will be tried again; refused: the server will
    not have us in the channel."""
    at: float
    """Seconds since 1970; the server's time where it tells."""
    nick: str = ""
    """Who did it, as the server shows them; of `kicked`, who was put out."""
    text: str = ""
    """What was said; the new nick; the topic; why the connection was lost."""
    mask: str = ""
    """`nick!user@host`; empty where the server did not tell."""
    account: str | None = None
    """The services account the server vouches for; None: none, or the server does not tell."""
    private: bool = False
    """Said to us alone."""
    bot: bool = False
    """The server marks the sender as a program."""
    split: bool = False
    """Of `quit`: two servers lost each other (`a.net b.net`); nobody left."""
    history: bool = False
    """It was said earlier, and is played back by the server or a bouncer."""
    bridge: str = ""
    """The nick of the program that passed it on from another place; `nick` is then who spoke there."""


@dataclass(frozen=True, slots=True)
class OwnEvent:
    """One thing that the server said of our own connection.

    entered (text: own host), put out (kicked, or parted by an operator), kept out, busy (the channel cannot be joined
    just now), renamed (text: the nick), nick refused, host (text: how the server shows ours from now on), undelivered
    (a line of ours reached nobody: why), echo (a line of ours came back), fence (everything that was sent before is
    dealt with), killed, closing (why the server hangs up).
    """

    kind: OwnEventKind
    text: str = ""
    label: str = ""
    """The label of the line that it answers, where the server repeats it."""


class EventReader:
    """One channel, as one member hears it."""

    def __init__(self, channel: str, nick: str, now: Callable[[], float]) -> None:
        """`now`: seconds since 1970."""
        self._channel, self._now = channel, now
        self._batches: dict[str, bool] = {}
        self._playback = False
        self._entered: float | None = None
        """When we came in, by the server's clock; None: it does not tell."""
        self.nick = nick
        """The own nick."""
        self.joining = False
        """A JOIN is under way: a refusal is of that, not of a line."""

    def read(self, message: IrcMessage) -> Iterator[IrcEvent | OwnEvent]:
        """What the line says happened; usually one thing, or nothing that concerns us."""
        match message.command:
            case "PRIVMSG" | "NOTICE":
                yield from self._spoken(message)
            case "JOIN" if self._here(message.param(0)):
                if self._own(message.nick):
                    self.joining = False
                    self._entered = _parse_time(message.tags.get("time"))
                    yield OwnEvent("entered", message.source.rpartition("@")[2])
                else:
                    yield self._event("joined", message)
            case "PART" if self._here(message.param(0)):
                if self._own(message.nick):
                    yield OwnEvent("put out", f"taken out of the channel ({harmless(message.param(1))})")
                else:
                    yield self._event("parted", message)
            case "KICK" if self._here(message.param(0)):
                why = harmless(message.param(2))
                yield self._event("kicked", message, why, nick=message.param(1))
                if self._own(message.param(1)):
                    yield OwnEvent("put out", f"kicked by {message.nick}: {why}")
            case "QUIT" if not self._own(message.nick):
                found = self._event("quit", message)
                yield replace(found, split=bool(_SPLIT.fullmatch(message.param(0))))
            case "NICK" if message.param(0):
                if self._own(message.nick):
                    self.nick = message.param(0)
                    yield OwnEvent("renamed", self.nick)
                else:
                    yield self._event("renamed", message, message.param(0))
            case "TOPIC" if self._here(message.param(0)):
                yield self._event("topic", message, message.param(1))
            case "KILL" if self._own(message.param(0)):
                yield OwnEvent("killed", f"killed by {message.nick}: {harmless(message.param(1))}")
            case "ERROR":
                yield OwnEvent("closing", harmless(message.param(0)))
            case "CHGHOST" if self._own(message.nick):
                yield OwnEvent("host", message.param(1))
            case "BATCH":
                self._batch(message)
            case "FAIL" if message.param(0) in ("PRIVMSG", "JOIN"):
                refused: OwnEventKind = "undelivered" if message.param(0) == "PRIVMSG" else "kept out"
                yield OwnEvent(refused, harmless(message.params[-1]), message.tags.get("label", ""))
            case _ if message.command.isdecimal():
                yield from self._numeric(message)

    def _numeric(self, message: IrcMessage) -> Iterator[IrcEvent | OwnEvent]:
        code, about = message.command, message.param(1)
        why = harmless(message.params[-1]) if message.params else ""
        if code == "332" and self._here(about):
            yield self._event("topic", IrcMessage("332", tags=message.tags), message.param(2))
        elif code == "353" and self._here(message.param(2)):
            for shown in message.params[-1].split():
                nick = shown.lstrip(PREFIXES).partition("!")[0]
                if nick and not self._own(nick):
                    yield self._event("here", message, nick=nick)
        elif code == "302":
            yield OwnEvent("fence")
        elif code == "396":
            yield OwnEvent("host", about)
        elif code == "263" and self.joining:
            yield OwnEvent("busy", why)
        elif code in ("432", "433", "436", "437") and not self._here(about):
            yield OwnEvent("nick refused", why)
        elif not self._here(about):
            if code == "417":  # too long a line: some servers name no channel
                yield OwnEvent("undelivered", why, message.tags.get("label", ""))
        elif code == "470":
            yield OwnEvent("kept out", f"the server sends us on to {message.param(2)}: {why}")
        elif self.joining and code == "437":
            yield OwnEvent("busy", why)
        elif self.joining and code in KEPT_OUT:
            self.joining = False
            yield OwnEvent("kept out", why)
        elif not self.joining and code in UNDELIVERED:
            yield OwnEvent("undelivered", why, message.tags.get("label", ""))

    def _spoken(self, message: IrcMessage) -> Iterator[IrcEvent | OwnEvent]:
        if len(message.params) < 2:
            return
        target, text = message.param(0), message.param(1)
        private = self._own(target)
        if not (private or self._here(target)):
            return  # another room, or the channel's operators only
        if message.source == PLAYBACK:
            self._playback = not self._playback
            return
        batched = self._batches.get(message.tags.get("batch", ""), False)
        history = self._playback or batched or self._was_before(message)
        if self._own(message.nick):
            if not history and not private:
                yield OwnEvent("echo", harmless(text), message.tags.get("label", ""))
            return
        if self._playback:
            text = _STAMP.sub("", text)
        kind: IrcEventKind = "said" if message.command == "PRIVMSG" else "notice"
        if text.startswith(CTCP):
            command, _, text = text.strip(CTCP).partition(" ")
            if command != "ACTION" or kind == "notice":
                return  # a question to the program; it has nothing to tell
            kind = "acted"
        yield replace(self._event(kind, message, text), private=private, history=history)

    def _batch(self, message: IrcMessage) -> None:
        reference = message.param(0)
        if reference.startswith("+"):
            outer = self._batches.get(message.tags.get("batch", ""), False)
            self._batches[reference[1:]] = outer or message.param(1).lower() in _HISTORY
        else:
            self._batches.pop(reference[1:], None)

    def _was_before(self, message: IrcMessage) -> bool:
        """The server dates it before it let us in: so does a bouncer mark what it plays back, and in no other way."""
        sent = _parse_time(message.tags.get("time"))
        return sent is not None and self._entered is not None and sent < self._entered

    def _here(self, channel: str) -> bool:
        return fold(channel) == fold(self._channel)

    def _own(self, nick: str) -> bool:
        return bool(nick) and fold(nick) == fold(self.nick)

    def _event(
        self,
        kind: IrcEventKind,
        message: IrcMessage,
        text: str = "",
        *,
        nick: str = "",
    ) -> IrcEvent:
        tags = message.tags
        return IrcEvent(
            kind,
            _instant(tags.get("time"), self._now()),
            nick or message.nick,
            harmless(text),
            message.source,
            tags.get("account") or None,
            bot="bot" in tags or "draft/bot" in tags,
            history=self._batches.get(tags.get("batch", ""), False),
        )


def _instant(sent: str | None, now: float) -> float:
    """The server's time; ours where it tells none, or one that has not been yet."""
    found = _parse_time(sent)
    return now if found is None else min(now, found)


def _parse_time(time: str | None) -> float | None:
    """Seconds since 1970 of a server's time; None for none."""
    try:
        return datetime.fromisoformat(time).timestamp() if time else None
    except (ValueError, OverflowError):
        return None
