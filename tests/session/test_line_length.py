"""How long a line is: drawn by what people type, and kept by models that cannot be told."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass

import pytest

from simulator import rng
from simulator.llm.model import Billing, Models, Prompt, PromptFormat, Reply
from simulator.plan.planner import Planner
from simulator.session.channel import Channel
from simulator.session.line_length import draw_length
from simulator.session.member import Members
from simulator.session.scheduler import Turn
from simulator.world.policy import LineLength
from tests.worlds import shipped

TALK = "the kettle is on again. Nobody asked for it. My aunt would know why! She has four of them? I counted twice."


@dataclass
class Talker:
    """A model that always says all of TALK."""

    dialect: PromptFormat
    name: str = "talker"
    context: int | None = None
    asked: int = 0

    async def reply(self, prompt: Prompt) -> Reply:
        self.asked = prompt.sentences
        return Reply(text=TALK, model=self.name, billing=Billing.LOCAL)

    async def aclose(self) -> None:
        pass


@pytest.mark.parametrize(
    ("dialect", "length", "sentences"),
    [
        (PromptFormat.COMPLETION, LineLength.FEW_WORDS, 1),
        (PromptFormat.COMPLETION, LineLength.SENTENCE, 1),
        (PromptFormat.COMPLETION, LineLength.TWO_OR_THREE, 3),
        (PromptFormat.COMPLETION, LineLength.MORE, 4),
        (PromptFormat.CHAT, LineLength.FEW_WORDS, 5),
        (PromptFormat.DOCUMENT, LineLength.FEW_WORDS, 5),
    ],
)
def test_a_model_that_only_continues_is_held_to_the_length(
    dialect: PromptFormat, length: LineLength, sentences: int
) -> None:
    plan, model = Planner(shipped(), 3).plan(0), Talker(dialect)
    members = Members(plan.setting, plan.script, shipped(), Models(model, model))
    turn = Turn(plan.setting.cast[0], 0.0, {}, length=length)
    line = asyncio.run(members.speak(turn, Channel(plan.setting)))
    assert line.text is not None and sum(line.text.count(end) for end in ".!?") == sentences
    assert TALK.startswith(line.text) and model.asked == min(sentences, 4)


def test_wordy_people_write_longer_lines() -> None:
    weights, card = shipped().turns.line_length, shipped().people[0]
    longer: list[float] = []
    for wordiness in (0.4, 1.0, 2.5):
        habits = card.habits.model_copy(update={"wordiness": wordiness})
        drawn = Counter(
            draw_length(weights, card.model_copy(update={"habits": habits}), rng.stream(seed, "length"))
            for seed in range(400)
        )
        assert set(drawn) == set(LineLength)
        longer.append((drawn[LineLength.TWO_OR_THREE] + drawn[LineLength.MORE]) / 400)
    assert longer == sorted(longer) and longer[0] < 0.4 < 0.5 < longer[2]
