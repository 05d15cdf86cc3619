"""One line of the lead's at a time: carries out what the states of `reply_state` ask for."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass

from simulator.errors import ProviderError
from simulator.events import Event, Refused
from simulator.irc.bot_config import BotContext
from simulator.irc.channel_state import ChannelState, OpenSession
from simulator.irc.feedback import FeedbackTracker
from simulator.irc.line_generator import LineGenerator, LineWish
from simulator.irc.participation_window import ParticipationWindow
from simulator.irc.reply_state import Action, Attempt, Happening, Idle, Moment, ReplyState, Typing, transition
from simulator.irc.speak_decision import Decision, SpeakDecider

PATIENCE = 3
"""Failures of the model in a row after which it is given up."""
OVERTAKEN = "overtaken"
"""Why a line that was being typed is dropped, in `Passed.why` and `Refused.rule`."""
UNDELIVERED = "not delivered"
"""Why a line that the server did not take is not said, in `Passed.why` and `Refused.rule`."""


@dataclass(slots=True)
class _Draft:
    """What is known of the line in the making."""

    session: OpenSession
    follows: str
    """Whose line it follows, as the server calls them."""
    began: float
    """Seconds since 1970 when the model was asked."""
    decision: Decision | None = None
    text: str = ""
    refused: tuple[Refused, ...] = ()


class Responder:
    """Decides and writes, in one channel."""

    def __init__(
        self,
        around: BotContext,
        channel: ChannelState,
        share: ParticipationWindow,
        feedback: FeedbackTracker,
        generator: LineGenerator,
        seed: int,
    ) -> None:
        self._around, self._channel, self._share, self._feedback = around, channel, share, feedback
        self._generator, self._lead = generator, around.world.lead.nick
        self._decider = SpeakDecider(around.world, share, feedback, seed)
        self._state: ReplyState = Idle()
        self._task: asyncio.Task[Happening] | None = None
        self._reminder: asyncio.Task[None] | None = None
        self._draft: _Draft | None = None
        self._failures = 0
        self._statement = ""
        self.muted_until = 0.0
        """Seconds since 1970."""
        self.said = 0
        """Lines of the lead's in the channel."""
        self.quiet = asyncio.Event()
        """Set while nothing but the channel or the clock is waited for: no model and no server is being asked."""
        self.quiet.set()
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Ends with the error by which a line could not be made for good."""

    @property
    def idle(self) -> bool:
        """No line is being made."""
        return isinstance(self._state, Idle)

    @property
    def muted(self) -> bool:
        """An operator has muted the lead, and the time is not over."""
        return self._around.clock.now() < self.muted_until

    def on_message(self) -> None:
        """Somebody said something that is not history; it is on record, and counted, already."""
        self._step(Happening.MESSAGE)

    def consider(self) -> None:
        """Nobody has said anything for a while: is there something to say?"""
        self._step(Happening.LULL)

    def stop(self) -> None:
        """Drops the line that is being made, and whoever waits for one; what is on its way to the server is said."""
        self._step(Happening.STOPPED)
        if self._reminder is not None:
            self._reminder.cancel()

    async def close(self) -> None:
        """Stops, and waits until everything has."""
        self.stop()
        await asyncio.gather(*filter(None, (self._task, self._reminder)), return_exceptions=True)

    # the states

    def _step(self, happening: Happening) -> None:
        self._state, actions = transition(self._state, happening, self._moment())
        for action in actions:
            self._perform(action)
        if isinstance(self._state, Idle | Typing):
            self.quiet.set()
        else:
            self.quiet.clear()

    def _moment(self) -> Moment:
        session = self._channel.session
        if session is None:
            return Moment(in_channel=False)
        channel = session.channel
        return Moment(
            speaker=channel.lines[-1].nick if channel.lines else "",
            to_lead=bool(channel.addressed) and channel.addressed[-1] == self._lead,
            present=frozenset(self._channel.present),
            due=self._share.is_due(self._around.world.engagement.bands[session.engagement]),
            in_channel=self._around.link.inside,
        )

    def _perform(self, action: Action) -> None:
        match action:
            case Action.DECIDE:
                self._start(self._decide())
            case Action.WRITE:
                self._start(self._write())
            case Action.TYPE:
                self._start(self._type())
            case Action.SEND:
                self._start(self._send())
            case Action.CANCEL:
                if self._task is not None:
                    self._task.cancel()
            case Action.RECORD_OVERTAKEN:
                self._drop(OVERTAKEN)
            case Action.RECORD_STOPPED:
                self._pass("stopped")
            case Action.REMIND:
                self._reminder = asyncio.create_task(self._remind())

    def _start(self, work: Coroutine[None, None, Happening]) -> None:
        self._task = asyncio.create_task(work)
        self._task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Happening]) -> None:
        if task.cancelled() or task is not self._task:
            return
        error = task.exception()
        if error is None:
            happening = task.result()
            if happening is not Happening.CHOSE_SPEECH:  # that may have been decided without the model
                self._failures = 0
            self._step(happening)
            return
        self._failures += 1
        self._pass("no answer from the model")
        if isinstance(error, ProviderError):
            self._around.observer.note(str(error))
        if self._failures < PATIENCE and isinstance(error, ProviderError):
            self._step(Happening.WROTE_NOTHING)
        elif not self.failed.done():
            self.failed.set_exception(error)
            self.quiet.set()

    # what they ask for

    async def _decide(self) -> Happening:
        session, attempt = self._channel.session, self._attempt
        assert session is not None  # a decision begins in a channel only
        follows = self._channel.speaker
        if attempt.waited and attempt.answers is not None:
            follows = self._channel.called(attempt.answers)
        self._draft = _Draft(session, follows, self._around.clock.now())
        called = attempt.answers is not None
        held = "muted" if self.muted else self._generator.rate_fault(follows)
        if held:
            if called and not session.channel.lead_passed:
                self._pass(held)
            return Happening.CHOSE_SILENCE
        decision = await self._decider.decide(session, self._generator.model(session), waiting=attempt.waited)
        if self._decider.statement != self._statement:
            self._statement = self._decider.statement
            self._around.observer.note(self._statement)
        if decision.speaks:
            self._draft.decision = decision
            return Happening.CHOSE_SPEECH
        if decision.called and not session.channel.lead_passed:
            self._pass(decision.why)
        return Happening.CHOSE_SILENCE

    async def _write(self) -> Happening:
        draft, attempt = self._draft, self._attempt
        assert draft is not None and draft.decision is not None
        self._share.begin_line()
        draft.began = self._around.clock.now()
        made = await self._generator.line(
            draft.session,
            LineWish(
                reasons=draft.decision.reasons,
                follows=draft.follows,
                answers=attempt.answers if attempt.waited else None,
                heeds=self._feedback.just_now,
                present=tuple(self._channel.present),
            ),
        )
        draft.refused = made.refused
        if made.text is None:
            self._pass(made.why, made.refused)
            return Happening.WROTE_NOTHING
        draft.text = made.text
        if self._around.config.observe:
            self._share.add(True)
            self._drop("observing")
            return Happening.WROTE_NOTHING
        return Happening.WROTE

    async def _type(self) -> Happening:
        """The time that typing takes, less what making up the line took."""
        draft = self._draft
        assert draft is not None
        left = self._generator.typing_seconds(draft.text) - (self._around.clock.now() - draft.began)
        if left > 0:
            await self._around.clock.sleep(left)
        return Happening.TYPED

    async def _send(self) -> Happening:
        draft = self._draft
        assert draft is not None and draft.decision is not None
        delivery = await self._around.link.say(self._channel.outgoing(draft.text))
        if not delivery.delivered:
            self._around.observer.note(f"not said, {delivery.why}: {draft.text}")
            self._drop(UNDELIVERED, delivery.why)
            return Happening.NOT_SENT
        self._generator.sent(draft.follows)
        reasons = {name: round(factor, 3) for name, factor in draft.decision.reasons.items()}
        event = self._channel.said(draft.text, self._around.clock.now(), reasons, draft.refused)
        self.said += 1
        self._share.add(True)
        self._feedback.said(self._lead, draft.text, ())
        self._happened(event)
        return Happening.SENT

    async def _remind(self) -> None:
        """If nobody says anything, the lead turns to who waits all the same."""
        await self._around.clock.sleep(self._around.policy.waiting_seconds)
        if isinstance(self._state, Idle) and self._state.memory.waiting:
            self._step(Happening.LULL)

    @property
    def _attempt(self) -> Attempt:
        return Attempt() if isinstance(self._state, Idle) else self._state.attempt

    def _drop(self, why: str, evidence: str = "") -> None:
        """The line that was made is not said."""
        draft = self._draft
        assert draft is not None
        self._pass(why, (*draft.refused, Refused(text=draft.text, rule=why, evidence=evidence)))

    def _pass(self, why: str, refused: tuple[Refused, ...] = ()) -> None:
        if (session := self._channel.session) is not None:
            self._share.gave_up(self._around.world.engagement.bands[session.engagement])
        self._happened(self._channel.passed(why, self._around.clock.now(), refused))

    def _happened(self, event: Event | None) -> None:
        if event is not None:
            self._around.observer.happened(event)
