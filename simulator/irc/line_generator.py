"""Her lines in a real channel: made by the members of a session, and let out by the guard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.events import Refused
from simulator.irc import irc_message
from simulator.irc.feedback import LESS, MORE, Heeded
from simulator.irc.message_filters import OutputFilter
from simulator.irc.timing import Clock
from simulator.journal.journal import Journal
from simulator.journal.recorded_model import recorded
from simulator.line_checks import LineChecker
from simulator.llm.model import Model, Models, Purpose
from simulator.plan.session_plan import PlacedBeat, RecordedSession
from simulator.session.channel import Channel
from simulator.session.member import Members
from simulator.session.scheduler import Turn
from simulator.world.policies.bot import BotPolicy
from simulator.world.world import World

CUES = {LESS: "concede", MORE: "rejoin"}
"""Kinds of the beats with which scripts have her take such a wish."""


@dataclass(frozen=True, slots=True)
class GeneratedLine:
    """What came of an attempt to say something."""

    text: str | None
    """One harmless line; None: there is none that may be said."""
    why: str
    """The rule that the last try broke; empty: none."""
    refused: tuple[Refused, ...]


class LineGenerator:
    """Who writes her lines, session by session; every answer of a model is on record."""

    def __init__(
        self, world: World, models: Models, journal: Journal, policy: BotPolicy, header: str, hours: Clock
    ) -> None:
        """`header`: the channel of the header."""
        self._world, self._models, self._journal, self._policy, self._hours = world, models, journal, policy, hours
        self._lead = world.lead
        politics = header in world.quota.confined.values()
        self._guard = OutputFilter(
            policy, LineChecker(world.style, self._lead.nick), self._lead.nick, politics_allowed=politics
        )
        self._session = ""
        self._recorded = models
        self._members: Members | None = None

    def model(self, session: RecordedSession) -> Model:
        """Who plays her in the session."""
        self._turn_to(session)
        return self._recorded.of(Purpose.LEAD, self._lead.model)

    async def line(
        self,
        session: RecordedSession,
        channel: Channel,
        reasons: Mapping[str, float],
        *,
        follows: str,
        answers: str | None = None,
        takes: Heeded | None = None,
        present: Sequence[str],
    ) -> GeneratedLine:
        """The next line, after as many tries as the manners allow.

        `follows`: whose line it follows, as the server calls them. `answers`: whom it has to begin by addressing.
        `takes`: a wish that it comes right after; then it is short. Raises ProviderError when the model fails for good.
        """
        self._turn_to(session)
        beat = _taking(takes, self._lead.nick, channel.messages) if takes else None
        line = await self._members.speak(Turn(self._lead.nick, 0.0, reasons, beat, answers), channel)
        if line.text is None:
            return GeneratedLine(None, line.refused[-1].rule, line.refused)
        text = irc_message.harmless(line.text)
        fault = self._guard.fault(text, to=follows, present=present, now=self._hours.now())
        if fault is None and takes and len(text.split()) > self._policy.feedback.words:
            fault = "too long for an acknowledgement"
        if fault:
            return GeneratedLine(None, fault, (*line.refused, Refused(text=line.text, rule=fault)))
        return GeneratedLine(text, "", line.refused)

    def typing(self, text: str) -> float:
        """Seconds that typing the line takes her."""
        seconds = len(text.split()) / self._lead.words_per_minute * 60
        return max(seconds, self._policy.least_typing_seconds)

    def sent(self, to: str) -> None:
        """The line has left."""
        self._guard.sent(to, self._hours.now())

    def _turn_to(self, session: RecordedSession) -> None:
        if session.id != self._session:
            self._session = session.id
            self._recorded = recorded(self._models, self._journal, session.id)
            self._members = Members(session.setting, session.script, self._world, self._recorded)


def _taking(heeded: Heeded, lead: str, at: int) -> PlacedBeat:
    """What a script would say at this point of a session."""
    return PlacedBeat(id="take-it", at=at, nick=lead, to=heeded.nick, kind=CUES[heeded.which], note=heeded.wish.note)
