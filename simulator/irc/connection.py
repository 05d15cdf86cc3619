"""A connection to one channel: what is heard there, what is said. It comes back by itself when it is lost.

Nothing that is said can be more than one line of text in one channel, or a notice to one nick: every text goes through
`irc_message.harmless`. A line counts as said when the server is known to have taken it: behind it goes a question that
every server answers in its turn (USERHOST), and a refusal comes before that answer.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from simulator import rng
from simulator.errors import ProviderError
from simulator.irc.irc_address import IrcAddress
from simulator.irc.irc_events import EventReader, IrcEvent, IrcEventKind, OwnEvent
from simulator.irc.irc_message import CTCP, IrcMessage, harmless, prefix, split_text
from simulator.irc.line_stream import LONGEST, SILENCE, LineStream
from simulator.irc.registration import Credentials, Registration, RegistrationError
from simulator.irc.timing import Clock
from simulator.world.policies.bot import BotPolicy

PATIENCE = 30.0
"""Seconds for a connection to be made and the server to say that we are in."""
CONFIRMATION = 5.0
"""Seconds within which a server refuses a line; after that it is taken to have been delivered."""
REGAINS = 20
"""Times that the nick that was wanted is asked for again, while the server has given us another."""
REALNAME = "a language model, a member of the channel"
USERNAME = "emsim"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a line that was to be said."""

    delivered: bool
    why: str = ""
    """Why it reached nobody; empty: it did."""


class ChannelConnection:
    """One nick in one channel. `open`, then `hear` again and again; `close` ends it."""

    def __init__(self, place: IrcAddress, who: Credentials, policy: BotPolicy, clock: Clock, *, seed: int = 0) -> None:
        """`seed`: of the waits before it tries again."""
        self.place, self._who, self._policy, self._clock, self._seed = place, who, policy, clock, seed
        self._registration = Registration(who)
        self._events = EventReader(place.channel, who.nick, clock.now)
        self._stream: LineStream | None = None
        self._incoming: asyncio.Queue[IrcEvent | BaseException] = asyncio.Queue()
        self._first: asyncio.Future[None] | None = None
        self._running: asyncio.Task[None] | None = None
        self._later: set[asyncio.Task[None]] = set()
        self._sending = asyncio.Lock()
        self._verdict: asyncio.Future[Delivery] | None = None
        self._label, self._labels = "", 0
        self._host: str | None = None
        self._tries = self._regains = 0
        self._put_out: list[float] = []
        self._closing, self._killed, self._connected = "", False, False
        self.inside = False
        """The server has let us into the channel."""

    @property
    def nick(self) -> str:
        """The own nick as the server has it; another than was asked for where that was taken."""
        return self._events.nick

    async def open(self) -> None:
        """Connects and joins. Raises ProviderError, on one line, where that cannot be: nothing is tried again."""
        self._first = asyncio.get_running_loop().create_future()
        self._running = asyncio.create_task(self._run())
        self._running.add_done_callback(self._ended)
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.shield(self._first)
        except TimeoutError:
            registered = self._registration.done
            cause = f"the server did not let us into {self.place.channel}" if registered else "no answer in time"
            await self.close()
            raise ProviderError(cause, place=str(self.place), remedy="is that an IRC server?") from None
        except BaseException:
            await self.close()
            raise

    async def hear(self) -> IrcEvent:
        """The next thing that happened. Raises ProviderError when the connection is gone for good."""
        found = await self._incoming.get()
        if isinstance(found, BaseException):
            raise found
        return found

    async def say(self, text: str, *, action: bool = False) -> Delivery:
        """Says one line in the channel, in as many parts as the server's limit asks for; waits until it is known
        whether the server took it."""
        async with self._sending:
            loop = asyncio.get_running_loop()
            self._verdict = loop.create_future()
            self._labels += 1
            self._label = f"em{self._labels}" if "labeled-response" in self._registration.granted else ""
            if not self._send("PRIVMSG", self.place.channel, text, action=action, label=self._label):
                return Delivery(False, "not in the channel")
            try:
                async with asyncio.timeout(CONFIRMATION):
                    return await self._verdict
            except TimeoutError:
                return Delivery(self.inside, "" if self.inside else "the connection was lost")
            finally:
                self._verdict = None

    def topic(self, text: str) -> None:
        """Sets the channel's topic, where the server lets us."""
        if self.inside and self._stream is not None:
            self._stream.send(f"TOPIC {self.place.channel} :{harmless(text)}")

    def notice(self, nick: str, text: str) -> bool:
        """Tells one nick something that programs must not answer; False: that cannot be."""
        return self._send("NOTICE", nick, text)

    async def close(self, reason: str = "bye") -> None:
        """Leaves the server. Safe to call twice."""
        self.inside = False
        stream, self._stream = self._stream, None
        for task in (self._running, *self._later):
            if task is not None:
                task.cancel()
        if stream is not None:
            stream.send(f"QUIT :{harmless(reason)}")
            await stream.close()
        await asyncio.gather(*filter(None, (self._running, *self._later)), return_exceptions=True)

    def _send(self, command: str, to: str, text: str, *, action: bool = False, label: str = "") -> bool:
        text = harmless(text)
        if not self.inside or self._stream is None or not text or harmless(to) != to or " " in to or "," in to:
            return False
        begins, ends = (f"{CTCP}ACTION ", CTCP) if action else ("", "")
        own = prefix(self.nick, USERNAME, self._host)
        pieces = split_text(text, f"{own}{command} {to} :{begins}", ends)
        for number, piece in enumerate(pieces, 1):
            line = f"{f'@label={label} ' if label else ''}{command} {to} :{begins}{piece}{ends}"
            asks = command == "PRIVMSG" and number == len(pieces)
            self._stream.send(line, *((f"USERHOST {self.nick}",) if asks else ()))
            label = ""  # one answer a label
        return True

    # the connection, again and again

    async def _run(self) -> None:
        while True:
            cause: BaseException | str
            try:
                await self._once()
                cause = self._closing or "the server closed it"
            except RegistrationError as error:
                return self._give_up(ProviderError(error.cause, place=str(self.place), remedy=error.remedy))
            except OSError as error:
                cause = error
            first = self._first is not None and not self._first.done()
            if isinstance(cause, ssl.SSLCertVerificationError) or (first and isinstance(cause, BaseException)):
                return self._give_up(_translated(cause, self.place))
            if first:
                lost = f"the connection was lost: {cause}"
                return self._give_up(ProviderError(lost, place=str(self.place), remedy="try again"))
            if self._connected:
                self._connected = False
                self._tell("lost", str(cause))
            wait = self._wait()
            if wait is None:
                return self._tell("refused", str(cause))
            await self._clock.sleep(wait)

    async def _once(self) -> None:
        """One connection, from its first line to its last."""
        reader, writer = await asyncio.open_connection(
            self.place.host, self.place.port, ssl=self.place.tls_context(), limit=LONGEST
        )
        self._closing, self._killed, self._connected = "", False, True
        self._stream = LineStream(reader, writer, self._policy.outgoing)
        self._registration = Registration(self._who)
        self._events = EventReader(self.place.channel, self._who.nick, self._clock.now)
        alive = asyncio.create_task(self._stay_alive(self._stream))
        try:
            for line in self._registration.start():
                self._stream.send(line, at_once=True)
            async for message in self._stream.messages():
                if message.command == "PING":
                    self._stream.send(f"PONG :{message.params[-1] if message.params else ''}", at_once=True)
                elif not self._registration.done:
                    self._register(message, self._stream)
                else:
                    for event in self._events.read(message):
                        self._happened(event)
        finally:
            alive.cancel()
            self.inside = False
            self._decide(Delivery(False, "the connection was lost"))
            stream, self._stream = self._stream, None
            if stream is not None:
                await stream.close()

    def _register(self, message: IrcMessage, stream: LineStream) -> None:
        if message.command == "ERROR":
            self._closing = harmless(message.param(0))
        for line in self._registration.receive(message):
            stream.send(line, at_once=True)
        if self._registration.done:
            self._events.nick = self._registration.nick
            self._join()
            if self.nick != self._who.nick:
                self._in_a_while(self._regain_nick)

    async def _stay_alive(self, stream: LineStream) -> None:
        """Asks the server for a sign of life, so that one that is there is never silent for long."""
        while True:
            await asyncio.sleep(SILENCE / 2)
            stream.send("PING :emsim", at_once=True)

    def _join(self) -> None:
        if self._stream is not None:
            self._events.joining = True
            self._stream.send(f"JOIN {self.place.channel}")

    def _wait(self) -> float | None:
        """Seconds until it is tried again: more every time, and a little by chance; None: not any more."""
        if self._killed:
            return self._policy.rejoin.after_seconds if self._may_come_back() else None
        backoff, tries = self._policy.reconnect, self._tries
        self._tries += 1
        wait = min(backoff.most, backoff.first * backoff.factor ** min(tries, 60))
        return wait * rng.stream(self._seed, "reconnect", self.place.host, tries).uniform(0.8, 1.2)

    def _may_come_back(self) -> bool:
        """Counts that somebody has put us out; False: that was once too often."""
        rejoin, now = self._policy.rejoin, self._clock.now()
        self._put_out = [at for at in self._put_out if now - at < rejoin.within_seconds] + [now]
        return len(self._put_out) < rejoin.kicks

    def _ended(self, task: asyncio.Task[None]) -> None:
        """An error of our own must not leave whoever listens waiting for ever."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._give_up(error)

    def _give_up(self, error: BaseException) -> None:
        if self._first is not None and not self._first.done():
            self._first.set_exception(error)
        else:
            self._incoming.put_nowait(error)

    # what the server says of us

    def _happened(self, event: IrcEvent | OwnEvent) -> None:
        if isinstance(event, IrcEvent):
            self._incoming.put_nowait(event)
            if event.kind in ("quit", "renamed") and event.nick.lower() == self._who.nick.lower() != self.nick.lower():
                self._regain_nick()
            return
        match event.kind:
            case "entered":
                self._host = event.text or None
                self.inside, self._tries = True, 0
                if self._first is not None and not self._first.done():
                    self._first.set_result(None)
            case "host":
                self._host = event.text or None
            case "put out":
                self._leave_channel(event.text)
            case "killed":
                self._closing, self._killed = event.text, True
            case "closing":
                self._closing = self._closing or event.text
            case "kept out":
                self._keep_out(event.text)
            case "busy":
                self._in_a_while(self._join)
            case "renamed":
                self._tell("note", f"the server calls us {event.text} now")
                if event.text.lower() != self._who.nick.lower():
                    self._in_a_while(self._regain_nick)
            case "nick refused":
                self._in_a_while(self._regain_nick)
            case "undelivered":
                self._decide(Delivery(False, event.text))
            case "echo" if event.label == self._label and "echo-message" in self._registration.granted:
                self._decide(Delivery(True))
            case "fence":
                swallowed = "echo-message" in self._registration.granted  # an echo would have come before this
                self._decide(Delivery(False, "the server passed it on to nobody") if swallowed else Delivery(True))

    def _leave_channel(self, why: str) -> None:
        """Somebody has put us out: back in a while, unless it was not the first time."""
        self.inside = False
        self._decide(Delivery(False, why))
        self._tell("note", why)
        if self._may_come_back():
            self._in_a_while(self._join)
        else:
            self._tell("refused", f"kicked {len(self._put_out)} times")

    def _keep_out(self, why: str) -> None:
        """The server does not let us into the channel."""
        cause = f"the server does not let us into {self.place.channel}: {why}"
        if self._first is not None and not self._first.done():
            raise RegistrationError(cause, remedy="ask the channel's operators")
        self._tell("refused", cause)

    def _regain_nick(self) -> None:
        """Asks for the nick that was wanted, where the server gave us another one."""
        if self._stream is not None and self.nick.lower() != self._who.nick.lower() and self._regains < REGAINS:
            self._regains += 1
            self._stream.send(f"NICK {self._who.nick}")

    def _in_a_while(self, what: Callable[[], None]) -> None:
        async def waited() -> None:
            await self._clock.sleep(self._policy.rejoin.after_seconds)
            what()

        task = asyncio.create_task(waited())
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    def _decide(self, delivery: Delivery) -> None:
        if self._verdict is not None and not self._verdict.done():
            self._verdict.set_result(delivery)

    def _tell(self, kind: IrcEventKind, text: str) -> None:
        self._incoming.put_nowait(IrcEvent(kind, self._clock.now(), text=harmless(text)))


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
