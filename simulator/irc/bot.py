"""START HERE: the lead in a real channel. What is heard is folded; she decides; a line is made, checked, typed, said.

One line at a time: while she makes and types one, what others say is read and not decided on. She never answers a
program, a notice, a private message, history that a server plays back, or herself. Every silence that has a reason is
on record.
"""

from __future__ import annotations

import asyncio
import contextlib

from simulator.errors import ProviderError
from simulator.events import Event, Refused, Said
from simulator.irc.chooser import Chooser, Decision
from simulator.irc.floor import Floor
from simulator.irc.heard import Heard
from simulator.irc.hours import Hours
from simulator.irc.logs.nicks import fold
from simulator.irc.operators import COMMANDS, Operators
from simulator.irc.policy import BotPolicy
from simulator.irc.record import Record
from simulator.irc.safety import Ears
from simulator.irc.share import Share
from simulator.irc.stay import Door, Stay
from simulator.irc.voice import Voice
from simulator.journal.journal import Journal
from simulator.llm.model import Models
from simulator.world.card import Engagement
from simulator.world.world import World

PATIENCE = 3
"""Failures of the model in a row after which she gives up."""


class Bot:
    """One stay in one channel."""

    def __init__(
        self, link: Door, world: World, models: Models, journal: Journal, policy: BotPolicy, stay: Stay, hours: Hours
    ) -> None:
        self._link, self._world, self._policy, self._stay, self._hours = link, world, policy, stay, hours
        self._lead = world.lead.nick
        record = Record(journal, world, stay.channel, stay.level, stay.pattern)
        self._floor = Floor(record, world, policy)
        self.share = Share(policy.window, record.recent[-policy.window :])
        self._chooser = Chooser(world, self.share, journal.run.seed)
        self._operators = Operators(self._lead, stay.operators)
        self._ears = Ears(policy, stay.bots)
        self._voice = Voice(world, models, journal, policy, stay.channel, hours)
        self._level = stay.level
        self._composing: asyncio.Task[None] | None = None
        self._muted_until = 0.0
        self._missed = False
        self._failures = 0
        self._said_how = ""
        self._over = asyncio.Event()
        self.quiet = asyncio.Event()
        """Set while she waits for nothing but the channel or the clock: no model is being asked."""
        self.quiet.set()
        self._fault: BaseException | None = None
        self.messages = 0
        """Said in the channel since she came, hers included."""

    async def run(self) -> None:
        """Stays until she is told to leave, is stopped, or the connection is gone for good (ProviderError)."""
        tasks = [asyncio.create_task(work()) for work in (self._listen, self._wait_for_lulls, self._wait_for_stop)]
        try:
            over = asyncio.create_task(self._over.wait())
            tasks.append(over)
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            if self._fault is not None:
                raise self._fault
        finally:
            if self._composing is not None:
                tasks.append(self._composing)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._floor.cut(over=True)

    def leave(self, why: str) -> None:
        """Ends the stay; `run` comes back. Safe to call twice."""
        if not self._over.is_set():
            self._stay.note(f"leaving: {why}")
            self._over.set()

    @property
    def session(self) -> str | None:
        """Id of the session of the journal that is open, if one is."""
        return self._floor.plan.id if self._floor.plan is not None else None

    @property
    def idle(self) -> bool:
        """She is not making a line."""
        return self._composing is None or self._composing.done()

    def _happened(self, event: Event) -> None:
        if self._floor.plan is not None:
            self._stay.happened(event, self._floor.plan)

    # what is heard

    async def _listen(self) -> None:
        while True:
            self.hear(await self._link.hear())
            await asyncio.sleep(0)  # a flood must not keep her from finishing a line

    def hear(self, heard: Heard) -> None:
        """One thing happened on the server."""
        if heard.kind in ("lost", "refused") or (fold(heard.nick) == fold(self._link.nick) and heard.nick):
            self._about_us(heard)
        elif heard.kind in ("said", "acted", "notice"):
            self._talk(heard)
        elif event := self._floor.heard(heard, self._link.nick):
            self._happened(event)

    def _about_us(self, heard: Heard) -> None:
        if heard.kind == "lost":
            self._floor.alone()
            self._stay.note(f"connection lost ({heard.text}); trying again")
        elif heard.kind == "kicked":
            self._stay.note(f"kicked from {self._stay.channel}: {heard.text}")
        elif heard.kind == "refused":
            self.leave(heard.text)

    def _talk(self, heard: Heard) -> None:
        if heard.kind == "said" and self._operators.addressed(heard.text):
            self._command(heard)
            return
        if why := self._ears.deaf(heard):
            if why == "flood":
                self._stay.note(f"not read: {heard.nick} floods")
            return
        event = self._floor.heard(heard, self._link.nick)
        self._happened(event)
        if not isinstance(event, Said):
            return
        self.messages += 1
        self.share.add(False)
        late = self._hours.now() - heard.at > self._policy.late_seconds
        if not late:
            self._decide()

    def _command(self, heard: Heard) -> None:
        """Who may not give commands gets no answer: nothing to play with."""
        if not self._operators.allows(heard):
            self._stay.note(f"refused: `{heard.text}` from {heard.mask or heard.nick}, who is no operator")
            return
        command = self._operators.read(heard.text)
        self._stay.note(f"{heard.nick}: {heard.text}")
        now = self._hours.now()
        match command.name:
            case "engagement":
                self._set_level(Engagement(command.value.upper()))
            case "mute":
                self._muted_until = now + 60 * int(command.value) if command.value else float("inf")
                self._stop_composing()
            case "unmute":
                self._muted_until = 0.0
            case "leave":
                self._link.notice(heard.nick, "leaving")
                self.leave(f"{heard.nick} said so")
                return
            case "":
                word = self._operators.word
                self._link.notice(heard.nick, "; ".join(f"{word} {usage}" for usage in COMMANDS.values()))
                return
        self._link.notice(heard.nick, self.status())

    def status(self) -> str:
        """Level, share, and what she does, on one line."""
        band = self._world.engagement.bands[self._level]
        share = f"{self.share.hers} of the last {self.share.messages} messages ({band.least:.0%} to {band.most:.0%})"
        state = "observing" if self._stay.observe else "muted" if self._muted else "listening"
        return f"{self._level.value}, {share}, {state}"

    @property
    def _muted(self) -> bool:
        return self._hours.now() < self._muted_until

    def _set_level(self, level: Engagement) -> None:
        if level is not self._level:
            self._stop_composing()
            self._level = level
            self._floor.cut(level=level)
            self.share.forget()

    # what she does

    def _decide(self) -> None:
        """Begins to think about the point that the talk is at, unless she is at it already."""
        if not self.idle:
            self._missed = True
        elif self._link.inside and not self._over.is_set() and self._floor.plan is not None:
            self._missed = False
            self.quiet.clear()
            self._composing = asyncio.create_task(self._compose())
            self._composing.add_done_callback(self._composed)

    def _composed(self, task: asyncio.Task[None]) -> None:
        """What was said meanwhile is decided on now, at its newest point."""
        self.quiet.set()
        if task.cancelled():
            return
        if error := task.exception():
            self._fault = error
            self._over.set()
        elif self._missed:
            self._decide()

    def _stop_composing(self) -> None:
        if self._composing is not None:
            self._composing.cancel()

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
        plan, channel, to = self._floor.plan, self._floor.channel, self._floor.speaker
        if self._muted:
            return
        decision = await self._chooser.decide(plan, channel, self._voice.model(plan))
        if self._chooser.statement != self._said_how:
            self._said_how = self._chooser.statement
            self._stay.note(self._said_how)
        if not decision.speaks:
            if decision.called and not channel.lead_passed:
                self._pass(decision.why)
            return
        began = self._hours.now()
        made = await self._voice.line(plan, channel, decision.reasons, to=to, present=self._floor.present)
        if made.text is None:
            self._pass(made.why, made.refused)
        elif self._stay.observe:
            self.share.add(True)
            self._pass("observing", (*made.refused, Refused(text=made.text, rule="observing")))
        else:
            await self._type(made.text, began)
            self._say(made.text, to, decision, made.refused)

    async def _type(self, text: str, began: float) -> None:
        """The time that typing takes, less what making up the line took."""
        if (left := self._voice.typing(text) - (self._hours.now() - began)) > 0:
            self.quiet.set()
            await self._hours.sleep(left)
            self.quiet.clear()

    def _say(self, text: str, to: str, decision: Decision, refused: tuple[Refused, ...]) -> None:
        if not self._link.say(self._floor.outgoing(text)):
            self._pass("not in the channel", refused)
            return
        self._voice.sent(to)
        reasons = {name: round(factor, 3) for name, factor in decision.reasons.items()}
        event = self._floor.said(text, self._hours.now(), reasons, refused)
        self.messages += 1
        self.share.add(True)
        self._happened(event)

    def _pass(self, why: str, refused: tuple[Refused, ...] = ()) -> None:
        if event := self._floor.passed(why, self._hours.now(), refused):
            self._happened(event)

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
                self._decide()

    async def _wait_for_stop(self) -> None:
        while True:
            await self._hours.sleep(1.0)
            with contextlib.suppress(OSError):
                if self._stay.stop is not None and self._stay.stop.exists():
                    self._stay.stop.unlink()
                    self.leave("the stop file is there")
