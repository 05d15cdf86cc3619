"""A connection to one channel: what is heard there, what is said. It comes back by itself when it is lost.

Nothing that is said can be more than one line of text in one channel, or a notice to one nick: every text goes through
`wire.harmless`.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

from simulator import rng
from simulator.errors import EmError, ProviderError, UsageError
from simulator.irc import message_splitter
from simulator.irc.irc_address import IrcAddress
from simulator.irc.irc_event import IrcEvent, IrcEventKind
from simulator.irc.timing import Clock
from simulator.world.policies.bot import BotPolicy

if TYPE_CHECKING:
    from simulator.irc.client import Client

PATIENCE = 30.0
"""Seconds for a connection to be made and the server to say that we are in."""
REALNAME = "a language model, a member of the channel"


class ChannelConnection:
    """One nick in one channel. `open`, then `hear` again and again; `close` ends it."""

    def __init__(
        self,
        place: IrcAddress,
        nick: str,
        policy: BotPolicy,
        hours: Clock,
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
        self._heard: asyncio.Queue[IrcEvent | EmError] = asyncio.Queue()
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
            from simulator.irc.client import Client
            from simulator.irc.irc_parser import IrcParser
        except ModuleNotFoundError as error:
            raise UsageError(
                f"{error.name} is not installed", place=str(self.place), remedy="run `pip install 'emsim[irc]'`"
            ) from None

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
        IrcParser(client, self.place.channel, self._hours, self)
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

    async def hear(self) -> IrcEvent:
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
            self._client.send_line(f"TOPIC {self.place.channel} :{message_splitter.harmless(text)}")

    def notice(self, nick: str, text: str) -> bool:
        """Tells one nick something that programs must not answer."""
        return self._send("NOTICE", nick, text)

    async def close(self, reason: str = "bye") -> None:
        """Leaves the server. Safe to call twice."""
        if self._again is not None:
            self._again.cancel()
        client, self.inside = self._client, False
        if client is not None:
            client.hang_up(message_splitter.harmless(reason))
            await asyncio.sleep(0)

    def _send(self, command: str, to: str, text: str, *, action: bool = False) -> bool:
        text = message_splitter.harmless(text)
        if not self.inside or not text or message_splitter.harmless(to) != to or " " in to:
            return False
        begins, ends = (f"{message_splitter.CTCP}ACTION ", message_splitter.CTCP) if action else ("", "")
        own = message_splitter.prefix(self.nick, "emsim", self._host)
        for piece in message_splitter.pieces(text, f"{own}{command} {to} :{begins}", ends):
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
        self._outside("lost", cause)
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
        wait *= rng.stream(self._seed, "reconnect", self.place.host, tries).uniform(0.8, 1.2)
        self._later(wait, self._client.create_connection)

    def _later(self, seconds: float, what: object) -> None:
        async def waited() -> None:
            await self._hours.sleep(seconds)
            what()

        if self._again is not None:
            self._again.cancel()  # put out, and then the connection lost: coming back joins the channel again anyway
        self._again = asyncio.get_running_loop().create_task(waited())

    # what the server says of us

    def tell(self, heard: IrcEvent) -> None:
        """Something happened in the channel."""
        self._heard.put_nowait(heard)

    def let_in(self, host: str | None) -> None:
        """We are in the channel, and come from there."""
        self._host = host
        self.inside, self._tries = True, 0
        if self._in is not None and not self._in.done():
            self._in.set_result(None)

    def put_out(self) -> None:
        """Somebody kicked us."""
        self.inside = False
        rejoin, now = self._policy.rejoin, self._hours.now()
        self._kicks = [at for at in self._kicks if now - at < rejoin.within_seconds] + [now]
        if len(self._kicks) >= rejoin.kicks:
            self._outside("refused", f"kicked {len(self._kicks)} times")
        else:
            self._later(rejoin.after_seconds, lambda: self._client.join(self.place.channel))

    def kept_out(self, cause: str) -> None:
        """The server does not let us into the channel."""
        if self._in is not None and not self._in.done():
            self.fatal(cause, "ask the channel's operators")
        else:
            self._outside("refused", cause)

    def _outside(self, kind: IrcEventKind, cause: str) -> None:
        self.tell(IrcEvent(kind, self._hours.now(), text=message_splitter.harmless(cause)))


def _translated(error: BaseException, place: IrcAddress) -> ProviderError:
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
