"""A connection to one channel: what is heard there, what is said. It comes back by itself when it is lost.

Nothing that is said can be more than one line of text in one channel, or a notice to one nick: every text goes through
`wire.harmless`.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from datetime import datetime
from typing import TYPE_CHECKING

from simulator import chance
from simulator.errors import EmError, ProviderError, UsageError
from simulator.irc import wire
from simulator.irc.heard import Heard, Kind
from simulator.irc.hours import Hours
from simulator.irc.logs.nicks import fold
from simulator.irc.place import Place
from simulator.irc.policy import BotPolicy

if TYPE_CHECKING:
    from simulator.irc.client import Client

PATIENCE = 30.0
"""Seconds for a connection to be made and the server to say that we are in."""
REALNAME = "a language model, a member of the channel"
_SPLIT = re.compile(r"[\w*-]+(?:\.[\w*-]+)+ [\w*-]+(?:\.[\w*-]+)+")
"""What servers say of people whom they lost with another server."""
_CTCP = "\x01"


class Link:
    """One nick in one channel. `open`, then `hear` again and again; `close` ends it."""

    def __init__(
        self,
        place: Place,
        nick: str,
        policy: BotPolicy,
        hours: Hours,
        *,
        password: str | None = None,
        sasl: tuple[str, str] | None = None,
        realname: str = REALNAME,
        seed: int = 0,
    ) -> None:
        """`password`: the server's; `sasl`: account and its password. `seed`: of the waits before it tries again."""
        self.place, self._wanted, self._policy, self._hours = place, nick, policy, hours
        self._password, self._sasl, self._realname, self._seed = password, sasl, realname, seed
        self._client: Client | None = None
        self._heard: asyncio.Queue[Heard | EmError] = asyncio.Queue()
        self._in: asyncio.Future[None] | None = None
        self._again: asyncio.Task[None] | None = None
        self._tries = 0
        self._host: str | None = None
        self._kicks: list[float] = []
        self.inside = False
        """The server has let us into the channel."""

    @property
    def nick(self) -> str:
        """The own nick as the server has it; another than was asked for where that was taken."""
        return str(self._client.nick) if self._client is not None else self._wanted

    async def open(self) -> None:
        """Connects and joins. Raises ProviderError, on one line, where that cannot be: nothing is tried again."""
        try:
            import irc3
            from irc3 import rfc
        except ModuleNotFoundError as error:
            raise UsageError(
                f"{error.name} is not installed", place=str(self.place), remedy="run `pip install 'emsim[irc]'`"
            ) from None

        from simulator.irc.client import Client

        self._in = asyncio.get_running_loop().create_future()
        client = Client(
            self.place,
            self._wanted,
            self,
            self._policy,
            realname=self._realname,
            password=self._password,
            sasl=self._sasl,
        )
        self._client = client
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
        client.create_connection()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._in
        except TimeoutError:
            cause = "no answer in time" if not client.ready else f"the server did not let us into {self.place.channel}"
            await self.close()
            raise ProviderError(cause, place=str(self.place), remedy="is that an IRC server?") from None
        except BaseException:
            await self.close()
            raise

    async def hear(self) -> Heard:
        """The next thing that happened. Raises ProviderError when the connection is gone for good."""
        found = await self._heard.get()
        if isinstance(found, EmError):
            raise found
        return found

    def say(self, text: str, *, action: bool = False) -> bool:
        """Says one line in the channel, in as many parts as the server's limit asks for; False: not while outside."""
        return self._send("PRIVMSG", self.place.channel, text, action=action)

    def topic(self, text: str) -> None:
        """Sets the channel's topic, where the server lets us."""
        if self.inside:
            self._client.send_line(f"TOPIC {self.place.channel} :{wire.harmless(text)}")

    def notice(self, nick: str, text: str) -> bool:
        """Tells one nick something that programs must not answer."""
        return self._send("NOTICE", nick, text)

    async def close(self, reason: str = "bye") -> None:
        """Leaves the server. Safe to call twice."""
        if self._again is not None:
            self._again.cancel()
        client, self.inside = self._client, False
        if client is not None:
            client.hang_up(wire.harmless(reason))
            await asyncio.sleep(0)

    def _send(self, command: str, to: str, text: str, *, action: bool = False) -> bool:
        text = wire.harmless(text)
        if not self.inside or not text or wire.harmless(to) != to or " " in to:
            return False
        begins, ends = (f"{_CTCP}ACTION ", _CTCP) if action else ("", "")
        own = wire.prefix(self.nick, "emsim", self._host)
        for piece in wire.pieces(text, f"{own}{command} {to} :{begins}", ends):
            self._client.send_line(f"{command} {to} :{begins}{piece}{ends}")
        return True

    # what the client tells of the connection

    def opened(self) -> None:
        """Registered with the server."""
        self._client.join(self.place.channel)

    def failed(self, error: BaseException) -> None:
        """No connection could be made."""
        ours = _translated(error, self.place)
        first = self._in is not None and not self._in.done()
        if first or isinstance(error, ssl.SSLCertVerificationError):
            self._give_up(ours)
        else:
            self._retry()

    def lost(self, cause: str) -> None:
        """The connection broke."""
        self.inside = False
        if self._in is not None and not self._in.done():
            self._give_up(ProviderError(f"the connection was lost: {cause}", place=str(self.place), remedy="try again"))
            return
        self._tell("lost", text=cause)
        self._retry()

    def fatal(self, cause: str, remedy: str) -> None:
        """The server will not have us."""
        self._give_up(ProviderError(cause, place=str(self.place), remedy=remedy))

    def _give_up(self, error: EmError) -> None:
        if self._in is not None and not self._in.done():
            self._in.set_exception(error)
        else:
            self._heard.put_nowait(error)
        protocol = getattr(self._client, "protocol", None)
        if protocol is not None:
            protocol.close()

    def _retry(self) -> None:
        """Tries again after a wait that grows, as long as it takes."""
        backoff, tries = self._policy.reconnect, self._tries
        self._tries += 1
        wait = min(backoff.most, backoff.first * backoff.factor ** min(tries, 60))
        wait *= chance.stream(self._seed, "reconnect", self.place.host, tries).uniform(0.8, 1.2)
        self._later(wait, self._client.create_connection)

    def _later(self, seconds: float, what: object) -> None:
        async def waited() -> None:
            await self._hours.sleep(seconds)
            what()

        if self._again is not None:
            self._again.cancel()  # put out, and then the connection lost: coming back joins the channel again anyway
        self._again = asyncio.get_running_loop().create_task(waited())

    # what happens in the channel

    def _said(self, mask: str, event: str, target: str, data: str, tags: str | None = None, **_: object) -> None:
        private = fold(target) == fold(self.nick)
        if fold(_nick(mask)) == fold(self.nick) or not (private or self._here(target)):
            return  # an echo of ours, or another room
        kind: Kind = "said" if event == "PRIVMSG" else "notice"
        if data.startswith(_CTCP):
            command, _, data = data.strip(_CTCP).partition(" ")
            if command != "ACTION" or kind == "notice":
                return  # a question to the program; it has nothing to tell
            kind = "acted"
        self._tell(kind, mask, data, tags, private=private)

    def _joined(self, mask: str, channel: str, tags: str | None = None, **_: object) -> None:
        if not self._here(channel):
            return
        if fold(_nick(mask)) != fold(self.nick):
            self._tell("joined", mask, tags=tags)
            return
        self._host = mask.rpartition("@")[2] or None
        self.inside, self._tries = True, 0
        if self._in is not None and not self._in.done():
            self._in.set_result(None)

    def _parted(self, mask: str, channel: str, tags: str | None = None, **_: object) -> None:
        if self._here(channel) and fold(_nick(mask)) != fold(self.nick):
            self._tell("parted", mask, tags=tags)

    def _quit(self, mask: str, data: str | None = None, tags: str | None = None, **_: object) -> None:
        if fold(_nick(mask)) != fold(self.nick):
            self._tell("quit", mask, tags=tags, split=bool(_SPLIT.fullmatch(data or "")))

    def _kicked(self, mask: str, channel: str, target: str, data: str | None = None, **_: object) -> None:
        if not self._here(channel):
            return
        nick = str(target)
        self._tell("kicked", text=data or "", nick=nick)
        if fold(nick) != fold(self.nick):
            return
        self.inside = False
        rejoin, now = self._policy.rejoin, self._hours.now()
        self._kicks = [at for at in self._kicks if now - at < rejoin.within_seconds] + [now]
        if len(self._kicks) >= rejoin.kicks:
            self._tell("refused", text=f"kicked {len(self._kicks)} times")
        else:
            self._later(rejoin.after_seconds, lambda: self._client.join(self.place.channel))

    def _renamed(self, nick: str, new_nick: str, tags: str | None = None, **_: object) -> None:
        if fold(_nick(nick)) == fold(self.nick):
            self._client.config["nick"] = str(new_nick)
        else:
            self._tell("renamed", nick, new_nick, tags)

    def _topic(self, channel: str, data: str, mask: str = "", tags: str | None = None, **_: object) -> None:
        if self._here(channel):
            self._tell("topic", mask, data, tags)

    def _names(self, channel: str, data: str, **_: object) -> None:
        for shown in data.split() if self._here(channel) else ():
            nick = shown.lstrip("~&@%+!").partition("!")[0]
            if nick and fold(nick) != fold(self.nick):
                self._tell("here", nick=nick)

    def _kept_out(self, channel: str, data: str, **_: object) -> None:
        if not self._here(channel):
            return
        cause = f"the server does not let us into {self.place.channel}: {wire.harmless(data)}"
        if self._in is not None and not self._in.done():
            self.fatal(cause, "ask the channel's operators")
        else:
            self._tell("refused", text=cause)

    def _here(self, channel: str) -> bool:
        return fold(channel.lstrip("~&@%+")) == fold(self.place.channel)

    def _tell(
        self,
        kind: Kind,
        mask: str = "",
        text: str = "",
        tags: str | None = None,
        *,
        nick: str = "",
        private: bool = False,
        split: bool = False,
    ) -> None:
        from irc3.tags import decode

        try:
            known = decode(tags) if tags else {}
        except ValueError:  # a tag that is none tells nothing
            known = {}
        self._heard.put_nowait(
            Heard(
                kind,
                _instant(known.get("time"), self._hours.now()),
                nick or _nick(mask),
                wire.harmless(text),
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


def _translated(error: BaseException, place: Place) -> ProviderError:
    """A connection that could not be made, in one line."""
    cause, remedy = f"no connection: {error}", "is the server up, and the address right?"
    if isinstance(error, ssl.SSLCertVerificationError):
        cause = f"the server's certificate was refused: {error.verify_message or 'it does not fit'}"
        remedy = "if the server is yours, name its certificate with --ca-file"
    elif isinstance(error, ssl.SSLError):
        cause, remedy = "the server does not speak TLS there", "is that its port for TLS (6697)?"
    elif isinstance(error, ConnectionRefusedError):
        cause = "the connection was refused"
    elif isinstance(error, OSError) and error.strerror:
        cause = f"no connection: {error.strerror}"
    return ProviderError(cause, place=str(place), remedy=remedy)
