"""Decision whether the lead says the next line: the model's own P(lead next) where it tells, else the policy.

    chance = pressure of the lead's share (`participation_window`) x reason

With log-probabilities the reason is how much likelier than usual the model holds it that the next line is the
lead's: P(`<nick>`) after the log, by its running mean. Without, it is the factor in `policies/engagement.yaml` for
what calls for the lead: addressed, mentioned, answered, a question to the room, or nothing. Wishes that the lead talk
less or more (`feedback`) are a factor as well. The band holds always.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from simulator import rng
from simulator.irc.channel_state import OpenSession
from simulator.irc.feedback import FeedbackTracker
from simulator.irc.participation_window import ParticipationWindow
from simulator.llm.likelihood import speaker_prompt
from simulator.llm.model import CallId, Model, PromptFormat
from simulator.session.prompt_room import TAIL
from simulator.session.prompts import Prompts
from simulator.session.scheduler import Turn, claim
from simulator.world.policy import Claim
from simulator.world.strict import Level
from simulator.world.world import World

FADES = 0.95
"""Weight of the past in the running mean of P: half of it is the last 14 decisions."""
LIFTS = (0.1, 9.0)
"""How much less or more than usual a P can make a turn; the upper end is what being addressed is worth."""
MOST = 0.97
"""Nothing makes a turn certain but the band."""
ASKED_LESS, ASKED_MORE = "asked to be quiet", "asked to join in"
"""The factor of a wish by name; the first one also in `Passed.why`, where it alone kept the lead silent."""
BY_MODEL = "decides by the model's own P(lead speaks next)"
BY_POLICY = "the model gives no log-probabilities: decides by the policy (policies/engagement.yaml)"
BY_CHAT = "the model is spoken to in messages, which tell no P(lead speaks next): decides by the policy"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the lead says the next line, and why."""

    speaks: bool
    reasons: Mapping[str, float]
    """Each influence by name, as `Said.reasons` holds them; `chance` is the resulting probability in [0, 1]."""
    why: str
    """Why not: a word of `Passed.why`; empty where the lead speaks."""
    called: bool
    """Something called for the lead: a silence is worth recording."""


class SpeakDecider:
    """Decides for one channel. `statement` says by what; it changes when a server turns out to give no figures."""

    def __init__(self, world: World, share: ParticipationWindow, feedback: FeedbackTracker, seed: int) -> None:
        self._world, self._share, self._feedback, self._seed = world, share, feedback, seed
        self._lead = world.lead.nick
        self._number = 0
        self._mean: float | None = None
        self.statement = ""
        """Empty: not known yet."""

    async def decide(self, session: OpenSession, model: Model, *, waiting: bool = False) -> Decision:
        """Whether the next message is the lead's. `waiting`: for somebody who addressed the lead before its last line,
        which was for somebody else; then it may follow that line. Raises ProviderError when the model fails for good.
        """
        channel = session.channel
        self._number += 1
        band = self._world.engagement.bands[session.engagement]
        called = "addressed" if waiting else claim(channel, self._lead)
        if not waiting and channel.lines and channel.lines[-1].nick == self._lead:
            return Decision(False, {}, "just spoke", False)
        if not self._share.may_speak(band):
            return Decision(False, {}, "budget", called is not None)
        if self._share.must_speak(band):
            calls: dict[str, float] = {called: 1.0} if called else {}
            return Decision(True, {"owed": 1.0, **calls, "chance": 1.0}, "", True)
        level = session.engagement
        reason = self._pull(called, level) if waiting else await self._reason(session, model, called)
        reasons = {"budget": self._share.pressure(band), **reason}
        drawn = rng.stream(self._seed, "live", self._number).random()
        unasked = min(MOST, math.prod(reasons.values()))
        product = min(MOST, unasked * self._feedback.factor)
        if self._feedback.factor != 1.0:
            reasons[ASKED_LESS if self._feedback.less else ASKED_MORE] = self._feedback.factor
        why = "" if drawn < product else ASKED_LESS if drawn < unasked else "kept quiet"
        return Decision(not why, {**reasons, "chance": product}, why, called is not None or why == ASKED_LESS)

    def _pull(self, called: Claim | None, level: Level) -> Mapping[str, float]:
        return {called or "silence": self._world.engagement.pull_of(called, level)}

    async def _reason(self, session: OpenSession, model: Model, called: Claim | None) -> Mapping[str, float]:
        p = await self._p(session, model) if self.statement in ("", BY_MODEL) else None
        if p is None:
            return self._pull(called, session.engagement)
        band = self._world.engagement.bands[session.engagement]
        usual = self._mean if self._mean is not None else (band.least + band.most) / 2
        self._mean = FADES * usual + (1 - FADES) * p
        least, most = LIFTS
        return {"model": min(most, max(least, p / usual if usual else most))}

    async def _p(self, session: OpenSession, model: Model) -> float | None:
        """P(the lead's nick in brackets is what follows)."""
        if model.dialect is PromptFormat.CHAT:
            self.statement = BY_CHAT
            return None
        record, channel = session.record, session.channel
        prompts, turn = Prompts(record.setting, record.script, self._world), Turn(self._lead, 0.0, {})
        asked = prompts.document if model.dialect is PromptFormat.DOCUMENT else prompts.completion
        room = model.context - TAIL if model.context else None
        text = asked(turn, channel, room).removesuffix(f"<{self._lead}>")
        prompt = speaker_prompt(
            text,
            self._lead,
            call_id=CallId(channel.messages, channel.tries, f"next{self._number}"),
            seed=rng.number(record.seed, "next", self._number) % 2**31,
        )
        found = (await model.reply(prompt)).likelihood
        self.statement = BY_POLICY if found is None else BY_MODEL
        return None if found is None else found.p
