"""The guard: one cheap question to a model about a line of the lead's, before it is said.

The questions of `policies/guard.yaml` come first and are the same for every call of a run, so that a provider's prefix
cache holds them; the last few lines of the channel and the new line follow. The answer is one letter, with its
probability where the server tells it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulator import rng
from simulator.document import TranscriptLine, render_line
from simulator.line_checks import Violation
from simulator.llm.choices import chosen
from simulator.llm.model import CallId, Message, Model, Prompt, PromptFormat, Purpose
from simulator.world.policies.guard import NO_FAULT
from simulator.world.world import World

YES, NO = "Y", "N"


class Guard:
    """Asks one model about the lines of one session's lead. With no model it finds nothing and shows nothing."""

    def __init__(self, world: World, model: Model | None, lead: str, seed: int, session: str) -> None:
        self._world, self._policy, self._model = world, world.guard, model
        self._lead, self._seed, self._session = lead, seed, session
        self._rubric = "" if model is None else _rubric(world, lead)

    async def fault(self, text: str, said: Sequence[TranscriptLine], call_id: CallId) -> Violation | None:
        """What is wrong with the line, or None. `call_id`: of the line; the guard's own is named after it.

        An answer that is no letter of the list finds nothing. Raises ProviderError like the model.
        """
        if self._model is None:
            return None
        category = self._policy.fault(await self._ask(text, said, _beside(call_id, "guard"), self._policy.letters))
        if category is None:
            return None
        return Violation(f"guard-{category.name}", text[: self._world.style.numbers.evidence], category.hint)

    async def shows(self, signal: str, text: str, said: Sequence[TranscriptLine], call_id: CallId) -> bool:
        """Whether the line shows a signal of the style, by its meaning. False without a model."""
        if self._model is None or signal not in self._world.style.signals:
            return False
        about, asked = self._world.style.signals[signal].about, _beside(call_id, f"shows_{signal.replace('-', '_')}")
        shares = await self._ask(text, said, asked, (YES, NO), about)
        return shares.get(YES, 0.0) > shares.get(NO, 0.0)

    async def _ask(
        self, text: str, said: Sequence[TranscriptLine], call_id: CallId, letters: tuple[str, ...], signal: str = ""
    ) -> Mapping[str, float]:
        """How much each letter is the answer; empty: it is none of them."""
        assert self._model is not None
        log = "".join(f"{render_line(line)}\n" for line in said[-self._policy.lines :])
        wanted = self._world.prompts.render("guard_line", log=log, line=text, signal=signal)
        completion = self._model.dialect is not PromptFormat.CHAT
        reply = await self._model.reply(
            Prompt(
                purpose=Purpose.GUARD,
                call_id=call_id,
                seed=rng.number(self._seed, "guard", str(call_id)) % 2**31,
                max_tokens=self._policy.max_tokens,
                temperature=0.0,
                text=f"{self._rubric}\n\n{wanted}" if completion else None,
                messages=() if completion else (Message("system", self._rubric), Message("user", wanted)),
                stop=("\n",) if completion else (),
                one_line=False,
                speaker=self._lead,
                session=self._session,
                choices=letters,
            )
        )
        return chosen(reply.text, letters)


def _beside(line: CallId, part: str) -> CallId:
    """The id of a call about a line that was asked for under `line`."""
    return CallId(line.message, line.turn, part, line.attempt)


def _rubric(world: World, lead: str) -> str:
    policy = world.guard
    examples = [
        {
            "before": each.before.replace("{lead}", lead).replace(" | ", "\n"),
            "line": each.line,
            "letter": policy.letter(each.category),
        }
        for each in policy.examples
    ]
    return world.prompts.render(
        "guard_rubric",
        instruction=policy.instruction.strip().replace("{lead}", lead),
        questions=[(policy.letter(c.name), c.question.replace("{lead}", lead)) for c in policy.categories],
        fine=policy.letter(NO_FAULT),
        examples=examples,
    )
