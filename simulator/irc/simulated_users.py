"""Simulated users of a test bed: a client each, with the scheduler and members of a simulated session behind them.

Who speaks next is drawn as in `session/`, from what was said in the real channel, by whomever: the people, the lead,
a guest. The lead is not one of them; it is the bot. A guest, who came with a client of their own, has turns like
the people: when one is drawn the others wait for as long as a line takes. A guest who speaks to one of the people is
answered by that one, and a guest who is new or asks the room by whoever is next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from simulator import rng
from simulator.errors import NotMet
from simulator.events import Acted, Passed, Said
from simulator.irc import irc_message
from simulator.irc.connection import ChannelConnection
from simulator.irc.irc_events import IrcEvent
from simulator.irc.timing import Clock
from simulator.llm.model import Models
from simulator.logs.nicks import UniqueNicks, fold
from simulator.plan.participation import Participation
from simulator.plan.session_plan import PlacedBeat, Script, Setting
from simulator.session.channel import Channel
from simulator.session.member import Members
from simulator.session.scheduler import Scheduler, Turn
from simulator.world.persona import Persona
from simulator.world.strict import Level
from simulator.world.world import World

GUEST = "Somebody who came with a client of their own."
ACT = 60
"""Messages after which the people come to another topic."""
HANDED_ON = 20
"""Messages of an act that the next one's prompts begin with."""
PATIENCE = 12
"""Turns in a row that brought no line, after which the people are given up."""
GUEST_SECONDS = 12.0
"""That a guest is given for a line when it is their turn."""
NEW = 2
"""Messages for which a guest is new."""
ECHO = 5.0
"""Seconds in which a line must come back from the server."""


def invited(world: World, count: int, seed: int) -> tuple[str, ...]:
    """So many nicks, drawn by how much each one talks."""
    pool = {person.nick: person.chattiness for person in world.people}
    draw = rng.stream(seed, "stage", "people")
    found: list[str] = []
    while pool and len(found) < count:
        nick = draw.choices(list(pool), list(pool.values()))[0]
        del pool[nick]
        found.append(nick)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Act:
    """What the simulated users talk about for a while; nothing in it is the lead's."""

    setting: Setting
    script: Script
    messages: int
    """After which they come to another topic."""


@dataclass(frozen=True, slots=True)
class TalkSubject:
    """What the acts of a channel are drawn by."""

    level: Level
    channel: str
    """As in the header."""
    seed: int


def act(world: World, people: Sequence[str], subject: TalkSubject, number: int) -> Act:
    """The act of that number, from 0."""
    level, channel, seed = subject.level, subject.channel, subject.seed
    draw = rng.stream(seed, "stage", "act", number)
    confined = world.quota.confined
    groups = {
        group: share for group, share in world.quota.topics.items() if share and confined.get(group, channel) == channel
    }
    group = draw.choices(list(groups), list(groups.values()))[0]
    topic = draw.choice(world.topics[group])
    angle = draw.choice(topic.angles)
    words = world.turns.bring_up

    def filled(text: str) -> str:
        return text.replace("{topic}", topic.subject).replace("{angle}", angle)

    first = 0 if number == 0 else HANDED_ON
    bring_up = PlacedBeat(
        id="bring-up",
        at=first,
        nick=draw.choices(people, [world.personas[nick].chattiness for nick in people])[0],
        kind="bring-up",
        note=filled(draw.choice(words.note)),
        opening=filled(draw.choice(words.opening)),
    )
    return Act(
        Setting(
            id=f"act{number}",
            channel=channel,
            engagement=level,
            lead=world.lead.nick,
            cast=tuple(people),
            topic=topic.subject,
            angle=angle,
            group=group,
        ),
        Script(seed=rng.number(seed, "act", number), beats=(bring_up,)),
        first + ACT,
    )


class SimulatedUsers:
    """Keeps the people talking, and knows what was said."""

    def __init__(
        self,
        links: dict[str, ChannelConnection],
        lead: Callable[[], str],
        world: World,
        models: Models,
        subject: TalkSubject,
        clock: Clock,
    ) -> None:
        """`links`: by the card's nick, in the channel already. `lead`: the lead's nick on the server."""
        self._links, self._lead, self._world, self._models = links, lead, world, models
        self._subject, self._clock = subject, clock
        self._names, self._guests = UniqueNicks(), dict[str, Persona]()
        self._begun: dict[str, int] = {}
        """Nick to how many messages of the act there were when that person's last line was begun."""
        for nick in world.personas:
            self._names.nick(f"card {nick}", nick)  # a guest who is called like somebody on a card is not them
        self._acts = 0
        self.messages = 0
        self._more = asyncio.Event()
        self._begin([])

    async def listen(self) -> None:
        """Reads every connection; raises what they raise."""
        first, second = list(self._links)[:2]

        async def one(nick: str, link: ChannelConnection) -> None:
            while True:
                incoming = await link.hear()
                # A line is told to everybody but its speaker: one pair of ears, and another for the first one's lines.
                ears = second if fold(incoming.nick) == fold(self._links[first].nick) else first
                if nick == ears:
                    self._receive(incoming)

        async with asyncio.TaskGroup() as group:
            for nick, link in self._links.items():
                group.create_task(one(nick, link))

    async def wait_for(self, messages: int) -> bool:
        """Until so many were heard; False: not within ECHO real seconds."""
        try:
            async with asyncio.timeout(ECHO):
                while self.messages < messages:
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            return False
        return True

    async def turn(self, pause: Callable[[float], Awaitable[None]]) -> None:
        """One of them says a line, or tries to. `pause` is awaited with seconds of thinking and of typing.

        Raises NotMet when no user can write a usable line, ProviderError when the model fails for good.
        """
        if self._channel.messages >= self._act.messages:
            self._begin(self._channel.past)
        scheduler, members, channel = self._scheduler, self._members, self._channel
        turn = scheduler.next_turn(channel.state)
        if turn is None or channel.state.tries > PATIENCE:
            raise NotMet(
                "none of the simulated users could write a usable line",
                place="em stage",
                remedy="a better model with --model",
            )
        turn = self._to_a_guest(turn, channel.state)
        before = self.messages
        await pause(turn.pause if turn.nick in self._links else turn.pause + GUEST_SECONDS)
        if self.messages != before:
            return  # somebody was faster: the next to speak is drawn anew
        if turn.nick not in self._links:
            channel.state.failed.add(turn.nick)  # the guest has nothing to say; the next to speak is drawn among others
            return
        begun = channel.state.messages
        line = await members.speak(turn, channel.state)
        text = irc_message.harmless(line.text or "")
        if not text or text.startswith("!"):
            why = line.refused[-1].rule if line.refused else "order to a program"
            channel.apply(Passed, turn.nick, why=why)
            return
        before = self.messages
        await pause(self._world.personas[turn.nick].typing_seconds(text))
        link, self._begun[turn.nick] = self._links[turn.nick], begun
        if turn.action:
            await link.say(text, action=True)
            channel.apply(Acted, turn.nick, text=text)  # not counted as a message, so nobody waits for it
        elif (await link.say(text)).delivered:
            await self.wait_for(before + 1)

    def _begin(self, past: Sequence[Said]) -> None:
        people = tuple(self._links)
        self._act = act(self._world, people, self._subject, self._acts)
        self._acts += 1
        opener, topic = self._act.script.beats[0].nick, self._act.setting.topic
        assert opener is not None and topic is not None, "an act begins with somebody who brings up its topic"
        self._links[opener].topic(topic)
        self._channel = _Talk(self._act.setting, past)
        self._begun.clear()
        for nick in self._guests:
            self._channel.state.present[nick] = None
        self._cast()
        self._members = Members(self._act.setting, self._act.script, self._world, self._models)

    def _cast(self) -> None:
        """Who takes turns: the people and the guests."""
        everybody = {**self._world.personas, **self._guests}
        world = replace(self._world, personas=everybody) if self._guests else self._world
        budget = Participation(self._act.messages + PATIENCE, 0)
        self._scheduler = Scheduler(self._act.setting, self._act.script, budget, world)

    def _receive(self, incoming: IrcEvent) -> None:
        if incoming.kind in ("parted", "quit", "kicked", "renamed"):
            self._gone(incoming.nick)
        if incoming.kind != "said" or incoming.private or not incoming.text:
            return
        nick = self._who(incoming.nick)
        if nick not in self._world.personas and nick not in self._guests:
            self._guests[nick] = Persona(nick=nick, about=GUEST, voice=(GUEST, GUEST))
            self._channel.state.present[nick] = None
            self._cast()
        self._channel.apply(Said, nick, text=incoming.text)
        self.messages += 1
        self._more.set()

    def _gone(self, shown: str) -> None:
        """A guest has left; one who changed nick is somebody new."""
        nick = self._who(shown)
        if self._guests.pop(nick, None) is not None:
            self._channel.state.present.pop(nick, None)
            self._cast()

    def _who(self, nick: str) -> str:
        if fold(nick) == fold(self._lead()):
            return self._world.lead.nick
        own = next((name for name, link in self._links.items() if fold(link.nick) == fold(nick)), None)
        return own or self._names.nick(fold(nick), nick)

    def _to_a_guest(self, turn: Turn, channel: Channel) -> Turn:
        """Who was spoken to by a guest answers the guest, before anybody else says anything."""
        if turn.beat is not None or not channel.lines:
            return turn
        last, asked = channel.lines[-1].nick, channel.addressed[-1]
        if last in self._guests:
            if asked in self._links and asked not in channel.failed:
                return Turn(asked, turn.pause, {"addressed": 1.0, "chance": 1.0}, to=last, answers=last)
            if asked is None and turn.nick in self._links and (channel.question or channel.counts[last] <= NEW):
                return replace(turn, to=last, action=False)
        asker = self._waiting_guest(turn.nick, channel)
        if asker is None or turn.nick not in self._links:
            return turn
        return replace(turn, to=asker, answers=asker, action=False)

    def _waiting_guest(self, nick: str, channel: Channel) -> str | None:
        """The last guest who spoke to this person by name since the person's last line was begun; None: no guest."""
        begun = self._begun.get(nick, 0)
        said = zip(channel.lines[begun:], channel.addressed[begun:], strict=True)
        waiting = [line.nick for line, to in said if to == nick and line.nick in self._guests]
        return waiting[-1] if waiting else None


class _Talk:
    """The users' channel: the same fold as a session's, without a journal, since the bot keeps that."""

    def __init__(self, setting: Setting, past: Sequence[Said]) -> None:
        self.state = Channel(setting, past)
        self._past = list(past)

    @property
    def messages(self) -> int:
        """Said in this act, those handed on from the last one included."""
        return self.state.messages

    @property
    def past(self) -> list[Said]:
        """What the next act begins with."""
        return self._past[-HANDED_ON:]

    def apply(self, kind: type, nick: str, **fields: object) -> None:
        event = kind(index=self.state.events, at=self.state.at, nick=nick, **fields)
        self.state.apply(event)
        if isinstance(event, Said):
            self._past.append(event)
