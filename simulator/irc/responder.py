"""One line of hers at a time: whether to say something, what, how long typing it takes, and what is said meanwhile.

While she makes and types a line the talk goes on. Who addresses her then is not lost:

    the line answers nobody, or the same person   it is stale: dropped, and decided anew
    the line answers somebody else                it is said, and the next one is for the newcomer

A line is dropped so once; the second time it is said. And if the window is about to fall below the band, she is done
typing at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from simulator.errors import ProviderError
from simulator.events import Event, Refused
from simulator.irc.bot_config import BotConfig, Sender
from simulator.irc.channel_state import ChannelState
from simulator.irc.feedback import FeedbackTracker
from simulator.irc.line_generator import LineGenerator
from simulator.irc.participation_window import ParticipationWindow
from simulator.irc.speak_decision import Decision, SpeakDecider
from simulator.irc.timing import Clock
from simulator.world.policies.bot import BotPolicy
from simulator.world.world import World

PATIENCE = 3
"""Failures of the model in a row after which she gives up."""
WAITING = 3
"""People who addressed her while she was typing and are remembered."""
OVERTAKEN = "overtaken"
"""Why a line that was being typed is dropped, in `Passed.why` and `Refused.rule`."""


class Responder:
    """Decides and writes, in one channel."""

    def __init__(
        self,
        link: Sender,
        world: World,
        policy: BotPolicy,
        stay: BotConfig,
        hours: Clock,
        floor: ChannelState,
        share: ParticipationWindow,
        told: FeedbackTracker,
        voice: LineGenerator,
        seed: int,
    ) -> None:
        self._link, self._world, self._policy, self._stay, self._hours = link, world, policy, stay, hours
        self._floor, self._share, self._told, self._voice = floor, share, told, voice
        self._lead = world.lead.nick
        self._chooser = SpeakDecider(world, share, told, seed)
        self._composing: asyncio.Task[None] | None = None
        self._reminder: asyncio.Task[None] | None = None
        self._nudge = asyncio.Event()
        self._answering: str | None = None
        self._missed = self._dropped = False
        self._stale: str | None = None
        self._waiting: list[str] = []
        self._failures = 0
        self._said_how = ""
        self.muted_until = 0.0
        """Seconds since 1970."""
        self.said = 0
        """Lines of hers in the channel."""
        self.quiet = asyncio.Event()
        """Set while she waits for nothing but the channel or the clock: no model is being asked."""
        self.quiet.set()
        self.failed: Callable[[BaseException], None] = lambda error: None
        """Told what ended a line that could not be made for good."""

    @property
    def idle(self) -> bool:
        """She is not making a line."""
        return self._composing is None or self._composing.done()

    @property
    def muted(self) -> bool:
        return self._hours.now() < self.muted_until

    def heard(self) -> None:
        """Somebody said something that is not history; it is on the floor, and counted, already."""
        if self.idle:
            self.decide()
            return
        channel = self._floor.channel
        self._missed = True
        if channel.addressed[-1] == self._lead:
            nick = channel.lines[-1].nick
            if self._answering in (None, nick) and not self._dropped:
                self._stale = nick
            else:
                self._waits(nick)
        if self._stale or self._share.is_due(self._world.engagement.bands[self._floor.session.setting.engagement]):
            self._nudge.set()
            self.quiet.clear()

    def decide(self) -> None:
        """Begins to think about the point that the talk is at, unless she is at it already."""
        if not self.idle:
            self._missed = True
        elif self._link.inside and self._floor.session is not None:
            self._missed, self._stale = False, None
            self._nudge.clear()
            self.quiet.clear()
            self._composing = asyncio.create_task(self._compose())
            self._composing.add_done_callback(self._composed)

    def stop(self) -> None:
        """Drops the line that is being made, and whoever waits for one."""
        self._waiting.clear()
        for task in (self._composing, self._reminder):
            if task is not None:
                task.cancel()

    async def close(self) -> None:
        """Stops, and waits until she has."""
        self.stop()
        await asyncio.gather(*filter(None, (self._composing, self._reminder)), return_exceptions=True)

    def _composed(self, task: asyncio.Task[None]) -> None:
        """What was said meanwhile is decided on now, at its newest point."""
        self.quiet.set()
        if task.cancelled():
            return
        if error := task.exception():
            self.failed(error)
        elif self._missed:
            channel = self._floor.channel
            if self._stale and channel and (channel.addressed[-1], channel.lines[-1].nick) != (self._lead, self._stale):
                self._waiting.insert(0, self._stale)  # somebody else has spoken since
            self.decide()

    async def _compose(self) -> None:
        try:
            await self._speak_or_not()
            self._failures = 0
        except asyncio.CancelledError:
            self._pass("stopped")
            raise
        except ProviderError as error:
            self._failures += 1
            self._pass("no answer from the model")
            self._stay.note(str(error))
            if self._failures >= PATIENCE:
                raise

    async def _speak_or_not(self) -> None:
        session, channel, to = self._floor.session, self._floor.channel, self._floor.speaker
        if self.muted:
            return
        waiting = self._next_waiting()
        addressed = bool(channel.addressed) and channel.addressed[-1] == self._lead
        self._answering = waiting or (channel.lines[-1].nick if addressed else None)
        if addressed and waiting not in (None, channel.lines[-1].nick):
            self._waits(channel.lines[-1].nick)  # after whoever was first
        decision = await self._chooser.decide(session, channel, self._voice.model(session), waiting=waiting is not None)
        if self._chooser.statement != self._said_how:
            self._said_how = self._chooser.statement
            self._stay.note(self._said_how)
        if not decision.speaks:
            self._dropped = False
            if decision.called and not channel.lead_passed:
                self._pass(decision.why)
            return
        self._share.writes()
        began = self._hours.now()
        made = await self._voice.line(
            session,
            channel,
            decision.reasons,
            follows=self._floor.called(waiting) if waiting else to,
            answers=waiting,
            takes=self._told.just_now,
            present=self._floor.present,
        )
        if made.text is None:
            self._pass(made.why, made.refused)
        elif self._stay.observe:
            self._share.add(True)
            self._pass("observing", (*made.refused, Refused(text=made.text, rule="observing")))
        else:
            await self._type(made.text, began)
            if self._stale:
                self._dropped = True
                self._pass(OVERTAKEN, (*made.refused, Refused(text=made.text, rule=OVERTAKEN)))
            else:
                await self._say(made.text, self._floor.called(waiting) if waiting else to, decision, made.refused)

    async def _type(self, text: str, began: float) -> None:
        """The time that typing takes, less what making up the line took; until somebody or the band cuts it short."""
        left = self._voice.typing(text) - (self._hours.now() - began)
        if left <= 0 or self._nudge.is_set():
            return
        self.quiet.set()
        waits = [asyncio.ensure_future(self._hours.sleep(left)), asyncio.ensure_future(self._nudge.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        self.quiet.clear()

    async def _say(self, text: str, to: str, decision: Decision, refused: tuple[Refused, ...]) -> None:
        delivery = await self._link.say(self._floor.outgoing(text))
        if not delivery.delivered:
            self._stay.note(f"not said: {delivery.why}")
            self._pass("not delivered", (*refused, Refused(text=text, rule="not delivered", evidence=delivery.why)))
            return
        self._voice.sent(to)
        reasons = {name: round(factor, 3) for name, factor in decision.reasons.items()}
        event = self._floor.said(text, self._hours.now(), reasons, refused)
        self._dropped = False
        self.said += 1
        self._share.add(True)
        self._told.said(self._lead, text, ())
        self._happened(event)
        if self._waiting:
            self._reminder = asyncio.create_task(self._remind())

    def _pass(self, why: str, refused: tuple[Refused, ...] = ()) -> None:
        if self._floor.session is not None:
            self._share.gave_up(self._world.engagement.bands[self._floor.session.setting.engagement])
        if event := self._floor.passed(why, self._hours.now(), refused):
            self._happened(event)

    def _happened(self, event: Event) -> None:
        if self._floor.session is not None:
            self._stay.happened(event, self._world.lead.nick)

    # who waits for her

    def _waits(self, nick: str) -> None:
        if nick not in self._waiting:
            self._waiting = [*self._waiting, nick][-WAITING:]

    def _next_waiting(self) -> str | None:
        """Who addressed her while she was typing, the first of them who is still there; they wait no longer."""
        while self._waiting:
            nick = self._waiting.pop(0)
            if nick in self._floor.present:
                return nick
        return None

    async def _remind(self) -> None:
        """If nobody says anything, she turns to who waits all the same."""
        await self._hours.sleep(self._policy.waiting_seconds)
        if self._waiting and self.idle:
            self.decide()
