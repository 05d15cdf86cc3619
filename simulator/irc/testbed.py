"""Test bed: a channel of our own with a real server on loopback, simulated users, and the lead as a bot.

Each of them is a client of its own, so anybody can join with any IRC client. Everything the lead hears and says is
journalled like a stay in somebody's channel.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from simulator.irc.bot import Bot
from simulator.irc.bot_config import BotConfig, BotContext, BotObserver
from simulator.irc.connection import REALNAME, USERNAME, ChannelConnection
from simulator.irc.irc_address import IrcAddress
from simulator.irc.local_server import HOST, LocalServer
from simulator.irc.registration import Credentials
from simulator.irc.simulated_users import ECHO, SimulatedUsers, TalkSubject, invited
from simulator.irc.timing import Clock, ManualClock
from simulator.journal.journal import Journal
from simulator.llm.model import Model, Models, ModelWrapper, Prompt, Reply
from simulator.world.policies.bot import Rate
from simulator.world.world import World

OUTGOING = Rate(lines=100, seconds=1.0)
AGENT = "a language model, playing somebody who does not exist"


@dataclass(frozen=True, slots=True)
class TestbedRequest:
    """What is wanted of a test bed."""

    config: BotConfig
    observer: BotObserver
    clock: Clock
    people: int
    """At least two."""
    messages: int | None
    """After so many it ends; None: when somebody ends it."""
    server: LocalServer
    """Not started yet."""
    seed: int
    begun: Callable[[IrcAddress, Bot], None]
    """Called when everybody is there."""


async def stage(world: World, models: Models, journal: Journal, request: TestbedRequest) -> int:
    """Plays until it is over, and leaves nothing running; how many messages there were.

    Raises UsageError without a server to start, NotMet when no user can write a usable line, ProviderError.
    """
    config, clock, policy = request.config, request.clock, world.bot
    unlimited = policy.model_copy(update={"outgoing": OUTGOING})  # the server is ours, and takes as much as comes
    async with request.server as server, contextlib.AsyncExitStack() as clients:
        place = IrcAddress(HOST, server.port, config.channel, tls=False)

        async def come(nick: str, realname: str, number: int) -> ChannelConnection:
            who = Credentials(nick, USERNAME, realname)
            link = ChannelConnection(place, who, unlimited, clock, seed=request.seed + number)
            clients.push_async_callback(link.close)
            await link.open()
            return link

        names = invited(world, request.people, request.seed)
        links = {nick: await come(nick, AGENT, number) for number, nick in enumerate(names, 1)}
        own = await come(world.lead.nick, REALNAME, 0)
        bot = Bot(BotContext(own, world, policy, config, clock, request.observer), models, journal)
        log = CallLog(journal, lambda: bot.session)
        subject = TalkSubject(config.level, config.channel, request.seed)
        people = SimulatedUsers(links, lambda: own.nick, world, log.recorded(models), subject, clock)
        bot.agents(links)
        request.begun(place, bot)
        talk = _play(people, bot, clock, request) if isinstance(clock, ManualClock) else _live(people, clock, request)
        tasks = [asyncio.ensure_future(work) for work in (bot.run(), people.listen(), talk)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            bot.leave("the stage is over")
            for task in tasks[1:]:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return people.messages


async def _live(people: SimulatedUsers, clock: Clock, request: TestbedRequest) -> None:
    """Time goes by as it does for the people who may join."""
    while request.messages is None or people.messages < request.messages:
        await people.turn(clock.sleep)


async def _play(people: SimulatedUsers, bot: Bot, clock: ManualClock, request: TestbedRequest) -> None:
    """Nobody waits: time is played on, and goes on only when the lead has read what was said and has decided."""

    async def settled() -> None:
        with contextlib.suppress(TimeoutError):  # what the lead does not read, such as a flood, never comes to count
            async with asyncio.timeout(ECHO):
                while bot.messages != people.messages:
                    await (people.wait_for(bot.messages) if bot.messages > people.messages else asyncio.sleep(0.002))
        await bot.quiet.wait()

    async def pause(seconds: float) -> None:
        await clock.play(seconds)
        await settled()

    while request.messages is None or people.messages < request.messages:
        await settled()
        await people.turn(pause)
    await settled()


class CallLog:
    """Holds answers until a session is open: the first line of all is made before there is one."""

    def __init__(self, journal: Journal, session: Callable[[], str | None]) -> None:
        self._journal, self._session = journal, session
        self._waiting: list[tuple[Prompt, Reply]] = []
        self._count = 0

    def keep(self, prompt: Prompt, reply: Reply) -> None:
        """Puts an answer on record as soon as a session is open."""
        # The lead's calls have the same ids in the same session, and a new act begins to count anew.
        self._count += 1
        call_id = replace(prompt.call_id, part=f"people{self._count}")
        self._waiting.append((replace(prompt, call_id=call_id), reply))
        if (session := self._session()) is not None:
            for asked, answer in self._waiting:
                self._journal.call(session, asked, answer)
            self._waiting.clear()

    def recorded(self, models: Models) -> Models:
        """The same models, with what they answer to the people kept."""
        return replace(models.map(lambda model: CallRecorder(model, self)), lead=models.lead, judge=models.judge)


class CallRecorder(ModelWrapper):
    """A model of the people's whose answers are kept."""

    def __init__(self, inner: Model, log: CallLog) -> None:
        super().__init__(inner)
        self._log = log

    async def reply(self, prompt: Prompt) -> Reply:
        """The inner model's answer, when it is kept."""
        reply = await self.inner.reply(prompt)
        self._log.keep(prompt, reply)
        return reply
