"""Generator of the lead's lines in a real channel: made by the members of a session, let out by a filter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.events import Refused
from simulator.irc import irc_message
from simulator.irc.channel_state import OpenSession
from simulator.irc.feedback import LESS, MORE, HeededWish
from simulator.irc.message_filters import OutputFilter
from simulator.irc.timing import Clock
from simulator.journal.journal import Journal
from simulator.journal.recorded_model import recorded
from simulator.line_checks import LineChecker
from simulator.llm.model import Model, Models, Purpose
from simulator.plan.session_plan import PlacedBeat, RecordedSession
from simulator.session.member import Members
from simulator.session.scheduler import Turn
from simulator.world.policies.bot import BotPolicy
from simulator.world.world import World

CUES = {LESS: "concede", MORE: "rejoin"}
"""Kinds of the beats with which scripts have the lead acknowledge such a wish."""


@dataclass(frozen=True, slots=True)
class GeneratedLine:
    """What came of an attempt to say something."""

    text: str | None
    """One harmless line; None: there is none that may be said."""
    why: str
    """The rule that the last try broke; empty: none."""
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class LineWish:
    """What is wanted of the next line."""

    reasons: Mapping[str, float]
    """As in `Said.reasons`."""
    follows: str
    """Whose line it follows, as the server calls them."""
    answers: str | None
    """Whom it has to begin by addressing; None: nobody."""
    heeds: HeededWish | None
    """A wish that it comes right after; then it is short."""
    present: tuple[str, ...]
    """Everybody else in the channel."""


class LineGenerator:
    """Who writes the lead's lines, session by session; every answer of a model is on record."""

    def __init__(
        self, world: World, models: Models, journal: Journal, policy: BotPolicy, header: str, clock: Clock
    ) -> None:
        """`header`: the channel of the header."""
        self._world, self._models, self._journal, self._policy, self._clock = world, models, journal, policy, clock
        self._lead = world.lead
        politics = header in world.quota.confined.values()
        self._filter = OutputFilter(
            policy, LineChecker(world.style, self._lead.nick), self._lead.nick, politics_allowed=politics
        )
        self._session = ""
        self._recorded = models
        self._members: Members | None = None

    def model(self, session: OpenSession) -> Model:
        """Who plays the lead in the session."""
        self._turn_to(session.record)
        return self._recorded.of(Purpose.LEAD, self._lead.model)

    async def line(self, session: OpenSession, wish: LineWish) -> GeneratedLine:
        """The next line, after as many tries as `policies/turns.yaml` allows.

        Raises ProviderError when the model fails for good.
        """
        members, channel = self._turn_to(session.record), session.channel
        beat = _acknowledgement(wish.heeds, self._lead.nick, channel.messages) if wish.heeds else None
        line = await members.speak(_turn(self._lead.nick, wish, beat), channel)
        if line.text is None:
            return GeneratedLine(None, line.refused[-1].rule, line.refused)
        text = irc_message.harmless(line.text)
        now = self._clock.now()
        fault = self._filter.fault(text, to=wish.follows, present=wish.present, now=now, earlier=channel.lines)
        if fault is None and wish.heeds and len(text.split()) > self._policy.feedback.words:
            fault = "too long for an acknowledgement"
        if fault:
            return GeneratedLine(None, fault, (*line.refused, Refused(text=line.text, rule=fault)))
        return GeneratedLine(text, "", line.refused)

    def rate_fault(self, to: str) -> str | None:
        """Why no line may leave just now, whatever it says; None: one may. `to`: whose line it would follow."""
        return self._filter.rate_fault(to, self._clock.now())

    def typing_seconds(self, text: str) -> float:
        """Seconds that typing the line takes the lead."""
        return max(self._lead.typing_seconds(text), self._policy.least_typing_seconds)

    def sent(self, to: str) -> None:
        """The line has left."""
        self._filter.sent(to, self._clock.now())

    def _turn_to(self, session: RecordedSession) -> Members:
        if self._members is None or session.id != self._session:
            self._session = session.id
            self._recorded = recorded(self._models, self._journal, session.id)
            self._members = Members(session.setting, session.script, self._world, self._recorded)
        return self._members


def _turn(lead: str, wish: LineWish, beat: PlacedBeat | None) -> Turn:
    return Turn(lead, 0.0, wish.reasons, beat, to=wish.answers, answers=wish.answers)


def _acknowledgement(heeded: HeededWish, lead: str, at: int) -> PlacedBeat:
    """What a script would say at this point of a session."""
    return PlacedBeat(id="take-it", at=at, nick=lead, to=heeded.nick, kind=CUES[heeded.which], note=heeded.wish.note)
