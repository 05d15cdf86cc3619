"""Does she say the next line? Her own P(she speaks next) where the model gives it, else the policy; the band always.

    chance = pressure of her share (`share.py`) x reason

With log-probabilities the reason is how much likelier than usual for her the model holds it that the next line is
hers: P(`<nick>`) after the log, by its running mean. Without, it is the factor in `policies/engagement.yaml` for what
calls for her: addressed, mentioned, answered, a question to the room, or nothing.
What people told her of how much she talks (`feedback.py`) is a factor as well.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from simulator import rng
from simulator.irc.feedback import FeedbackTracker
from simulator.irc.participation_window import ParticipationWindow
from simulator.llm.likelihood import speaker_prompt
from simulator.llm.model import CallId, Model, PromptFormat
from simulator.plan.session_plan import RecordedSession
from simulator.session.channel import Channel
from simulator.session.member import TAIL
from simulator.session.prompts import Prompts
from simulator.session.scheduler import Turn, claim
from simulator.world.world import World

FADES = 0.95
"""Weight of the past in the running mean of P: half of it is the last 14 decisions."""
LIFTS = (0.1, 9.0)
"""How much less or more than usual a P can make a turn; the upper end is what being addressed is worth."""
MOST = 0.97
"""Nothing makes a turn certain but the band."""
TOLD_LESS, TOLD_MORE = "asked to be quiet", "asked to join in"
"""The factor of a wish by name; the first one also in `Passed.why`, where it alone kept her silent."""
BY_MODEL = "she decides by the model's own P(she speaks next)"
BY_POLICY = "the model gives no log-probabilities: she decides by the policy (policies/engagement.yaml)"
BY_CHAT = "the model is spoken to in messages, which tell no P(she speaks next): she decides by the policy"


@dataclass(frozen=True, slots=True)
class Decision:
    speaks: bool
    reasons: Mapping[str, float]
    """Each influence by name, as `Said.reasons` holds them; `chance` is the resulting probability in [0, 1]."""
    why: str
    """Why she is silent: a word of `Passed.why`; empty where she speaks."""
    called: bool
    """Something called for her: a silence is worth recording."""


class SpeakDecider:
    """Decides for one channel. `statement` says by what; it changes when a server turns out to give no figures."""

    def __init__(self, world: World, share: ParticipationWindow, told: FeedbackTracker, seed: int) -> None:
        self._world, self._share, self._told, self._seed = world, share, told, seed
        self._lead = world.lead.nick
        self._number = 0
        self._mean: float | None = None
        self.statement = ""
        """Empty: not known yet."""

    async def decide(
        self, session: RecordedSession, channel: Channel, model: Model, *, waiting: bool = False
    ) -> Decision:
        """Whether the next message is hers. `waiting`: for somebody who addressed her before her last line, which was
        for somebody else; then it may follow that line. Raises ProviderError when the model fails for good."""
        self._number += 1
        band = self._world.engagement.bands[session.setting.engagement]
        called = "addressed" if waiting else claim(channel, self._lead)
        if not waiting and channel.lines and channel.lines[-1].nick == self._lead:
            return Decision(False, {}, "just spoke", False)
        if not self._share.may_speak(band):
            return Decision(False, {}, "budget", called is not None)
        if self._share.must_speak(band):
            return Decision(True, {"owed": 1.0, "chance": 1.0}, "", True)
        reason = self._pull(called) if waiting else await self._reason(session, channel, model, called)
        reasons = {"budget": self._share.pressure(band), **reason}
        drawn = rng.stream(self._seed, "live", self._number).random()
        untold = min(MOST, math.prod(reasons.values()))
        product = min(MOST, untold * self._told.factor)
        if self._told.factor != 1.0:
            reasons[TOLD_LESS if self._told.less else TOLD_MORE] = self._told.factor
        why = "" if drawn < product else TOLD_LESS if drawn < untold else "kept quiet"
        return Decision(not why, {**reasons, "chance": product}, why, called is not None or why == TOLD_LESS)

    def _pull(self, called: str | None) -> Mapping[str, float]:
        name = called or "silence"
        return {name: self._world.engagement.pull.get(name, 1.0)}

    async def _reason(
        self, session: RecordedSession, channel: Channel, model: Model, called: str | None
    ) -> Mapping[str, float]:
        p = await self._p(session, channel, model) if self.statement in ("", BY_MODEL) else None
        if p is None:
            return self._pull(called)
        band = self._world.engagement.bands[session.setting.engagement]
        usual = self._mean if self._mean is not None else (band.least + band.most) / 2
        self._mean = FADES * usual + (1 - FADES) * p
        least, most = LIFTS
        return {"model": min(most, max(least, p / usual if usual else most))}

    async def _p(self, session: RecordedSession, channel: Channel, model: Model) -> float | None:
        """P(the lead's nick in brackets is what follows)."""
        if model.dialect is PromptFormat.CHAT:
            self.statement = BY_CHAT
            return None
        prompts, turn = Prompts(session.setting, session.script, self._world), Turn(self._lead, 0.0, {})
        asked = prompts.document if model.dialect is PromptFormat.DOCUMENT else prompts.completion
        room = model.context - TAIL if model.context else None
        text = asked(turn, channel, room).removesuffix(f"<{self._lead}>")
        prompt = speaker_prompt(
            text,
            self._lead,
            call_id=CallId(channel.messages, channel.tries, f"next{self._number}"),
            seed=rng.number(session.seed, "next", self._number) % 2**31,
        )
        found = (await model.reply(prompt)).likelihood
        self.statement = BY_POLICY if found is None else BY_MODEL
        return None if found is None else found.p
