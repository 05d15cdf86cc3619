"""START HERE: the lead in a real channel. What is heard is folded; she decides; a line is made, checked, typed, said.

    link     what the server tells            floor   the channel so far, on record
    orders   commands                         told    what people say of how much she talks
    pen      decides, writes, one line at a time, by chooser, share and voice

She never answers a program, a notice, a private message, history that a server plays back, or herself. Every silence
that has a reason is on record.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable

from simulator.events import Event, Said
from simulator.irc.bot_config import BotConfig, Sender
from simulator.irc.channel_state import ChannelState
from simulator.irc.commands import CommandHandler
from simulator.irc.feedback import FeedbackTracker
from simulator.irc.irc_events import IrcEvent
from simulator.irc.line_generator import LineGenerator
from simulator.irc.message_filters import InputFilter
from simulator.irc.participation_window import ParticipationWindow
from simulator.irc.responder import Responder
from simulator.irc.session_recorder import SessionRecorder
from simulator.irc.timing import Clock
from simulator.journal.journal import Journal
from simulator.llm.model import Models
from simulator.logs.nicks import fold
from simulator.world.policies.bot import BotPolicy
from simulator.world.world import World


class Bot:
    """One stay in one channel."""

    def __init__(
        self,
        link: Sender,
        world: World,
        models: Models,
        journal: Journal,
        policy: BotPolicy,
        stay: BotConfig,
        hours: Clock,
    ) -> None:
        self._link, self._policy, self._stay, self._hours = link, policy, stay, hours
        self._lead = world.lead.nick
        record = SessionRecorder(journal, world, stay.channel, stay.level, stay.origin)
        self._floor = ChannelState(record, world, policy)
        self._told = FeedbackTracker(self._lead, policy.feedback, world.gaps.remarks)
        self.share = ParticipationWindow(policy.window, (event.nick == self._lead for event in record.past))
        for event in record.past:
            self._told.said(event.nick, event.text, {event.nick for event in record.past})
        voice = LineGenerator(world, models, journal, policy, stay.channel, hours)
        self._pen = Responder(
            link, world, policy, stay, hours, self._floor, self.share, self._told, voice, journal.run.seed
        )
        self._pen.failed = self._failed
        self._orders = CommandHandler(link, world, stay, hours, self._floor, self.share, self._pen, self.leave)
        self._ears = InputFilter(policy, stay.bots)
        self._over = asyncio.Event()
        self._fault: BaseException | None = None
        self._heard = 0

    async def run(self) -> None:
        """Stays until she is told to leave, is stopped, or the connection is gone for good (ProviderError)."""
        tasks = [asyncio.create_task(work()) for work in (self._listen, self._wait_for_lulls, self._wait_for_stop)]
        try:
            tasks.append(asyncio.create_task(self._over.wait()))
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            if self._fault is not None:
                raise self._fault
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._pen.close()
            self._floor.cut(over=True)

    def leave(self, why: str) -> None:
        """Ends the stay; `run` comes back. Safe to call twice."""
        if not self._over.is_set():
            self._stay.note(f"leaving: {why}")
            self._over.set()

    @property
    def session(self) -> str | None:
        """Id of the session of the journal that is open, if one is."""
        return self._floor.session.id if self._floor.session is not None else None

    @property
    def messages(self) -> int:
        """Said in the channel since she came, hers included."""
        return self._heard + self._pen.said

    @property
    def quiet(self) -> asyncio.Event:
        """Set while she waits for nothing but the channel or the clock: no model is being asked."""
        return self._pen.quiet

    def agents(self, nicks: Iterable[str]) -> None:
        """These are programs of ours: what they say may become training data."""
        self._floor.agents(nicks)

    def status(self) -> str:
        """Level, share, and what she does, on one line."""
        return self._orders.status()

    # what is heard

    async def _listen(self) -> None:
        while True:
            self.hear(await self._link.hear())
            await asyncio.sleep(0)  # a flood must not keep her from finishing a line

    def hear(self, heard: IrcEvent) -> None:
        """One thing happened on the server."""
        if heard.kind in ("note", "lost", "refused") or (fold(heard.nick) == fold(self._link.nick) and heard.nick):
            self._about_us(heard)
        elif heard.kind in ("said", "acted", "notice"):
            self._talk(heard)
        elif event := self._floor.heard(heard, self._link.nick):
            self._happened(event)

    def _about_us(self, heard: IrcEvent) -> None:
        if heard.kind == "lost":
            self._floor.alone()
            self._stay.note(f"connection lost ({heard.text}); trying again")
        elif heard.kind == "note":
            self._stay.note(heard.text)
        elif heard.kind == "refused":
            self.leave(heard.text)

    def _talk(self, heard: IrcEvent) -> None:
        why = self._ears.deaf(heard)
        if self._orders.addressed(heard):
            self._orders.given(heard, why)
            return
        if why is not None:
            if why == "flood":
                self._stay.note(f"not read: {heard.nick} floods")
            return
        event = self._floor.heard(heard, self._link.nick)
        self._happened(event)
        if not isinstance(event, Said):
            return
        self._heard += 1
        self.share.add(False)
        if wish := self._told.said(event.nick, event.text, self._floor.present):
            self._stay.note(f"{event.nick} asks her to talk {wish.which}: {event.text}")
        if self._hours.now() - heard.at <= self._policy.late_seconds and not self._over.is_set():
            self._pen.heard()

    def _happened(self, event: Event) -> None:
        if self._floor.session is not None:
            self._stay.happened(event, self._lead)

    def _failed(self, error: BaseException) -> None:
        self._fault = error
        self._over.set()

    # what ends a wait

    async def _wait_for_lulls(self) -> None:
        """Once in a silence she may say something of her own accord."""
        lull, decided = self._policy.lull_seconds, 0.0
        while True:
            last = self._floor.last
            await self._hours.sleep(max(1.0, last + lull - self._hours.now()) if last > decided else lull)
            last = self._floor.last
            if last > decided and self._hours.now() - last >= lull:
                decided = last
                self._pen.decide()

    async def _wait_for_stop(self) -> None:
        while True:
            await self._hours.sleep(1.0)
            with contextlib.suppress(OSError):
                if self._stay.stop is not None and self._stay.stop.exists():
                    if not self._stay.stop.stat().st_size:  # made for this; what holds something is not ours to remove
                        self._stay.stop.unlink()
                    self.leave("the stop file is there")
