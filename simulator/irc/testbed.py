"""A channel of our own to talk to the lead in: a real server on loopback, people who are agents, the lead as a bot.

Each of them is a client of its own, so anybody can join with any IRC client. Everything the lead hears and says is
journalled like a stay in somebody's channel.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from simulator.irc.bot import Bot
from simulator.irc.bot_config import BotConfig
from simulator.irc.call_recorder import CallLog
from simulator.irc.connection import REALNAME, USERNAME, ChannelConnection
from simulator.irc.irc_address import IrcAddress
from simulator.irc.ngircd import HOST, NgircdServer
from simulator.irc.registration import Credentials
from simulator.irc.simulated_users import ECHO, SimulatedUsers, invited
from simulator.irc.timing import Clock, ManualClock
from simulator.journal.journal import Journal
from simulator.llm.model import Models
from simulator.world.policies.bot import BotPolicy
from simulator.world.world import World

AGENT = "a language model, playing somebody who does not exist"


@dataclass(slots=True)
class TestbedRequest:
    """What is wanted of a stage."""

    people: int
    """At least two."""
    messages: int | None
    """After so many it ends; None: when somebody ends it."""
    port: int | None
    """None: a free one."""
    seed: int
    begun: Callable[[IrcAddress, Bot], None]
    """Told when everybody is there."""


async def stage(
    world: World,
    models: Models,
    journal: Journal,
    policy: BotPolicy,
    stay: BotConfig,
    hours: Clock,
    wish: TestbedRequest,
) -> int:
    """Plays until it is over, and leaves nothing running; how many messages there were.

    Raises UsageError without a server to start, NotMet when nobody finds a fit line, ProviderError when a model fails.
    """
    async with NgircdServer(wish.port) as server, contextlib.AsyncExitStack() as clients:
        place = IrcAddress(HOST, server.port, stay.channel, tls=False)

        async def come(nick: str, realname: str, number: int) -> ChannelConnection:
            who = Credentials(nick, USERNAME, realname)
            link = ChannelConnection(place, who, policy, hours, seed=wish.seed + number)
            clients.push_async_callback(link.close)
            await link.open()
            return link

        names = invited(world, wish.people, wish.seed)
        links = {nick: await come(nick, AGENT, number) for number, nick in enumerate(names, 1)}
        own = await come(world.lead.nick, REALNAME, 0)
        bot = Bot(own, world, models, journal, policy, stay, hours)
        notes = CallLog(journal, lambda: bot.session)
        people = SimulatedUsers(
            links, lambda: own.nick, world, notes.on(models), stay.level, stay.channel, hours, wish.seed
        )
        bot.agents(links)
        wish.begun(place, bot)
        talk = _played if isinstance(hours, ManualClock) else _lived
        tasks = [asyncio.create_task(work) for work in (bot.run(), people.listen(), talk(people, bot, hours, wish))]
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


async def _lived(people: SimulatedUsers, bot: Bot, hours: Clock, wish: TestbedRequest) -> None:
    """Time goes by as it does for the people who may join."""
    while wish.messages is None or people.messages < wish.messages:
        await people.turn(hours.sleep)


async def _played(people: SimulatedUsers, bot: Bot, hours: ManualClock, wish: TestbedRequest) -> None:
    """Nobody waits: time is played on, and goes on only when the lead has read what was said and has decided."""

    async def settled() -> None:
        with contextlib.suppress(TimeoutError):  # what she does not read, such as a flood, never comes to count
            async with asyncio.timeout(ECHO):
                while bot.messages != people.messages:
                    await (people.wait_for(bot.messages) if bot.messages > people.messages else asyncio.sleep(0.002))
        await bot.quiet.wait()

    async def pause(seconds: float) -> None:
        await hours.play(seconds)
        await settled()

    while wish.messages is None or people.messages < wish.messages:
        await settled()
        await people.turn(pause)
    await settled()
