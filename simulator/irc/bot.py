"""START HERE: the lead in a real channel. What is heard is recorded, and answered or not.

    connection     what the server tells            channel_state   the channel so far, on record
    commands       of operators, and consent        feedback        wishes that the lead talk less or more
    responder      decides and writes, one line at a time, by speak_decision, participation_window and line_generator

The lead never answers a program, a notice, a private message, history that a server plays back, or itself. Every
silence that has a reason is on record.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from dataclasses import replace

from simulator.events import Event, Said
from simulator.irc.bot_config import BotContext, SilentLink
from simulator.irc.channel_state import ChannelState
from simulator.irc.commands import CommandHandler
from simulator.irc.feedback import FeedbackTracker
from simulator.irc.irc_events import IrcEvent
from simulator.irc.line_generator import LineGenerator
from simulator.irc.message_filters import InputFilter
from simulator.irc.participation_window import ParticipationWindow
from simulator.irc.responder import Responder
from simulator.irc.session_recorder import SessionRecorder
from simulator.journal.journal import Journal
from simulator.llm.model import Models
from simulator.logs.nicks import fold


class Bot:
    """One stay in one channel."""

    def __init__(self, around: BotContext, models: Models, journal: Journal) -> None:
        """To be made while an event loop runs."""
        if around.config.observe:
            around = replace(around, link=SilentLink(around.link))
        world, policy, config = around.world, around.policy, around.config
        self._around, self._lead = around, world.lead.nick
        record = SessionRecorder(journal, world, config.channel, config.level, config.origin)
        self._channel = ChannelState(record, world, policy)
        self._feedback = FeedbackTracker(self._lead, policy.feedback, world.gaps.remarks)
        self.share = ParticipationWindow(policy.window, (event.nick == self._lead for event in record.past))
        people = {event.nick for event in record.past}
        for event in record.past:
            self._feedback.said(event.nick, event.text, people)
        generator = LineGenerator(world, models, journal, policy, config.channel, around.clock)
        self._responder = Responder(around, self._channel, self.share, self._feedback, generator, journal.run.seed)
        self._commands = CommandHandler(around, self._channel, self.share, self._feedback, self._responder, self.leave)
        self._filter = InputFilter(policy, config.bots, config.bridges)
        self._over = asyncio.Event()
        self._received = 0

    async def run(self) -> None:
        """Stays until the lead is told to leave, is stopped, or the connection or the model is gone for good
        (ProviderError)."""
        work = (self._listen, self._wait_for_lulls, self._wait_for_stop, self._wait_for_end)
        ends: list[asyncio.Future[None]] = [asyncio.ensure_future(task()) for task in work]
        try:
            ends.append(self._responder.failed)
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in ends:
                task.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
            await self._responder.close()
            self._channel.cut(over=True)

    def leave(self, why: str) -> None:
        """Ends the stay; `run` comes back. Safe to call twice."""
        if not self._over.is_set():
            self._around.observer.note(f"leaving: {why}")
            self._over.set()

    @property
    def session(self) -> str | None:
        """Id of the session of the journal that is open, if one is."""
        return self._channel.session.record.id if self._channel.session is not None else None

    @property
    def messages(self) -> int:
        """Said in the channel since the lead came, the lead's included."""
        return self._received + self._responder.said

    @property
    def quiet(self) -> asyncio.Event:
        """Set while nothing but the channel or the clock is waited for: no model is being asked."""
        return self._responder.quiet

    def agents(self, nicks: Iterable[str]) -> None:
        """These are programs of ours: what they say may become training data."""
        self._channel.agents(nicks)

    def status(self) -> str:
        """Level, share, and what the lead does, on one line."""
        return self._commands.status()

    # what is heard

    async def _listen(self) -> None:
        while True:
            self.hear(await self._around.link.hear())
            await asyncio.sleep(0)  # a flood must not keep a line from being finished

    def hear(self, incoming: IrcEvent) -> None:
        """One thing happened on the server."""
        link = self._around.link
        if incoming.kind in ("note", "lost", "refused") or (incoming.nick and fold(incoming.nick) == fold(link.nick)):
            self._about_us(incoming)
        elif incoming.kind in ("said", "acted", "notice"):
            self._talk(self._filter.unbridged(incoming))
        else:
            self._happened(self._channel.add(incoming, link.nick))

    def _about_us(self, incoming: IrcEvent) -> None:
        note = self._around.observer.note
        if incoming.kind == "lost":
            self._channel.alone()
            note(f"connection lost ({incoming.text}); trying again")
        elif incoming.kind == "note":
            note(incoming.text)
        elif incoming.kind == "refused":
            self.leave(incoming.text)

    def _talk(self, incoming: IrcEvent) -> None:
        late = self._around.clock.now() - incoming.at > self._around.policy.late_seconds
        incoming = replace(incoming, history=incoming.history or late)
        unread = self._filter.reason_unread(incoming)
        if self._commands.addressed(incoming):
            self._commands.given(incoming, unread)
            return
        if unread is not None:
            if unread == "flood":
                self._around.observer.note(f"not read: {incoming.nick} floods")
            return
        event = self._channel.add(incoming, self._around.link.nick)
        self._happened(event)
        if not isinstance(event, Said):
            return
        self._received += 1
        if incoming.history:
            return
        self.share.add(False)
        if wish := self._feedback.said(event.nick, event.text, self._channel.present):
            self._around.observer.note(f"{event.nick} asks the lead to talk {wish.which}: {event.text}")
        if not self._over.is_set():
            self._responder.on_message()

    def _happened(self, event: Event | None) -> None:
        if event is not None:
            self._around.observer.happened(event)

    # what ends a wait

    async def _wait_for_end(self) -> None:
        await self._over.wait()

    async def _wait_for_lulls(self) -> None:
        """Once in a silence the lead may say something of its own accord."""
        clock, lull, decided = self._around.clock, self._around.policy.lull_seconds, 0.0
        while True:
            last = self._channel.last
            await clock.sleep(max(1.0, last + lull - clock.now()) if last > decided else lull)
            last = self._channel.last
            if last > decided and clock.now() - last >= lull:
                decided = last
                self._responder.consider()

    async def _wait_for_stop(self) -> None:
        stop = self._around.config.stop
        while True:
            await self._around.clock.sleep(1.0)
            with contextlib.suppress(OSError):
                if stop is not None and stop.exists():
                    stop.unlink()
                    self.leave("the stop file is there")
