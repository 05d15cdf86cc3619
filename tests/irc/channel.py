"""A channel in memory, a server that says what it is told to, and models that say what they are given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from simulator.errors import UsageError
from simulator.events import Event
from simulator.irc import local_server, session_recorder
from simulator.irc.bot import Bot
from simulator.irc.bot_config import BotConfig, BotContext
from simulator.irc.connection import Delivery
from simulator.irc.irc_address import IrcAddress
from simulator.irc.irc_events import IrcEvent
from simulator.irc.timing import ManualClock
from simulator.journal.journal import Journal
from simulator.journal.model_choice import ModelChoice
from simulator.llm.model import Billing, Likelihood, Model, Models, Prompt, PromptFormat, Reply
from simulator.llm.scripted import Scripted
from simulator.plan.session_plan import Origin
from simulator.world import load
from tests.worlds import shipped

POLICY = load.load(load.shipped()).bot
BEGAN = 1_767_600_000.0
"""A Monday morning."""
LEAD = shipped().lead.nick
BOSS = "boss!~b@trusted.example"
TALK = (
    "that soup was older than the fridge",
    "my bus never came today",
    "who left the window open again",
    "I like rain",
)


class Memory:
    """What a bot needs of a connection, without one."""

    def __init__(self, nick: str = LEAD) -> None:
        self.nick, self.inside = nick, True
        self.said: list[str] = []
        self.noticed: list[tuple[str, str]] = []
        self._queue: asyncio.Queue[IrcEvent] = asyncio.Queue()

    async def hear(self) -> IrcEvent:
        return await self._queue.get()

    async def say(self, text: str, *, action: bool = False) -> Delivery:
        if self.inside:
            self.said.append(text)
        return Delivery(self.inside, "" if self.inside else "not in the channel")

    def notice(self, nick: str, text: str) -> bool:
        self.noticed.append((nick, text))
        return True

    def tell(self, heard: IrcEvent) -> None:
        self._queue.put_nowait(heard)


class Saying:
    """A model that gives the texts in turn, the last one for ever, or without texts the scripted model's; and P(lead
    next) where it is told to."""

    name, context = "saying", None

    def __init__(
        self, *texts: str, p: Callable[[str], float] | None = None, dialect: PromptFormat = PromptFormat.DOCUMENT
    ) -> None:
        self._texts, self._p, self.dialect = list(texts), p, dialect
        self._scripted = Scripted(dialect)
        self.asked: list[Prompt] = []

    async def reply(self, prompt: Prompt) -> Reply:
        self.asked.append(prompt)
        if prompt.scored:
            p = self._p(prompt.text) if self._p else None
            return Reply(
                "", self.name, likelihood=None if p is None else Likelihood(p, exact=True), billing=Billing.SCRIPTED
            )
        if not self._texts:
            return await self._scripted.reply(prompt)
        text = self._texts.pop(0) if len(self._texts) > 1 else self._texts[0]
        return Reply(text, self.name, billing=Billing.SCRIPTED)

    async def aclose(self) -> None:
        pass


@dataclass
class Notebook:
    """Keeps what an observer is told."""

    notes: list[str]
    events: list[Event]

    def note(self, text: str) -> None:
        self.notes.append(text)

    def happened(self, event: Event) -> None:
        self.events.append(event)


@dataclass
class Scene:
    """A bot in a channel in memory, in played time."""

    bot: Bot
    link: Memory
    hours: ManualClock
    journal: Journal
    notes: list[str] = field(default_factory=list)
    events: list = field(default_factory=list)
    _number: int = 0

    async def says(self, nick: str, text: str, after: float = 20.0, **fields: object) -> None:
        """Somebody says a line; time goes by until whatever the bot makes of it is done."""
        await self.hours.play(after)
        mask = fields.pop("mask", f"{nick}!~{nick.lower()}@host.example")
        self.link.tell(IrcEvent(fields.pop("kind", "said"), self.hours.now(), nick, text, mask, **fields))
        await self.settled()

    async def chatter(
        self, messages: int, people: Iterable[str] = ("ann", "bert", "cleo"), after: float = 20.0
    ) -> None:
        nicks = list(people)
        for _ in range(messages):
            self._number += 1
            text = f"{TALK[self._number % len(TALK)]} {self._number}"
            await self.says(nicks[self._number % len(nicks)], text, after)

    async def settled(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)
        await self.bot.quiet.wait()

    async def waits(self, seconds: float) -> None:
        await self.hours.play(seconds)
        await self.settled()


@asynccontextmanager
async def scene(
    folder: Path,
    model: Model | None = None,
    level: str = "MEDIUM",
    nick: str = LEAD,
    guard: Model | None = None,
    seed: int = 1,
    **stay: object,
) -> AsyncIterator[Scene]:
    """A stay that is over when the block is."""
    world, hours, link = shipped(), ManualClock(BEGAN), Memory(nick)
    model = model or Scripted()
    notes, events = [], []
    with session_recorder.opened(folder, world, ModelChoice(lead="scripted"), seed=seed) as journal:
        about = BotConfig(
            "#general",
            level,
            Origin.JOINED,
            operators=("boss!*@trusted.example", "chief"),
            stop=folder / "stop",
            **stay,
        )
        around = BotContext(link, world, POLICY, about, hours, Notebook(notes, events))
        bot = Bot(around, Models(model, model, guard=guard), journal)
        running = asyncio.create_task(bot.run())
        try:
            for _ in range(5):
                await asyncio.sleep(0)
            yield Scene(bot, link, hours, journal, notes, events)
        finally:
            bot.leave("the scene is over")
            await running


@asynccontextmanager
async def scripted_server(
    answer: Callable[[str], Iterable[str | bytes]],
) -> AsyncIterator[tuple[IrcAddress, list[str]]]:
    """A server on loopback that answers each line with the lines that `answer` gives; the place, and what it was sent.

    Bytes are sent as they are, each in a packet of its own.
    """
    sent: list[str] = []

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := (await reader.readline()).decode().rstrip("\r\n"):
            sent.append(line)
            for row in answer(line):
                writer.write(row if isinstance(row, bytes) else row.encode() + b"\r\n")
                await writer.drain()
                await asyncio.sleep(0.001 if isinstance(row, bytes) else 0)
        writer.close()

    listening = await asyncio.start_server(served, local_server.HOST, 0)
    try:
        yield IrcAddress(local_server.HOST, listening.sockets[0].getsockname()[1], "#general", tls=False), sent
    finally:
        listening.close()


def real_server(more: str = "", port: int | None = None) -> local_server.LocalServer:
    """ngircd, or the test is skipped, aloud."""
    try:
        return local_server.LocalServer(local_server.NGIRCD, port, more)
    except UsageError as missing:
        pytest.skip(str(missing))


class Guest:
    """Somebody with another client: types raw lines, reads raw lines."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def types(self, *lines: str) -> None:
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode())

    async def reads(self, part: str) -> str:
        """The next line that holds the part; others are passed over."""
        async with asyncio.timeout(15):
            while line := (await self._reader.readline()).decode().rstrip("\r\n"):
                if line.startswith("PING"):
                    self.types(line.replace("PING", "PONG", 1))
                if part in line:
                    return line
        raise AssertionError(f"the server went away before {part!r}")


@asynccontextmanager
async def guest(port: int, nick: str = "guest", channel: str = "#general") -> AsyncIterator[Guest]:
    """Somebody in the channel for the length of the block."""
    reader, writer = await asyncio.open_connection(local_server.HOST, port)
    try:
        found = Guest(reader, writer)
        found.types(f"NICK {nick}", f"USER {nick} 0 * :{nick}")
        await found.reads(" 001 ")
        found.types(f"JOIN {channel}")
        await found.reads(" 366 ")
        yield found
    finally:
        writer.close()
