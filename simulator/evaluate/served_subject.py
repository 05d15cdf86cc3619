"""A subject behind a door of `llm/`: the embedded llama.cpp with any GGUF, or an OpenAI-compatible server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from simulator import rng
from simulator.document import HeaderLayout, parse_document, render_document
from simulator.evaluate.subject import Ask, Sampling, gather
from simulator.llm.likelihood import speaker_prompt
from simulator.llm.model import CallId, Message, Model, Prompt, PromptFormat, Purpose
from simulator.world.prompt_templates import PromptTemplates

NO_LOGPROBS = "the server gives no log-probabilities, so nothing is known about P(the lead speaks next)"
BY_CHAT = "it is spoken to in messages, where nobody can ask for P(the lead speaks next)"
LIKELIEST = "P(the lead speaks next) is a lower bound: the server tells the likeliest tokens only"

A = TypeVar("A")
T = TypeVar("T")


class Served:
    """Goes on with logs line by line; the server's own prefix cache makes that cheap."""

    def __init__(self, model: Model, digest: str, lead: str, layout: HeaderLayout, prompts: PromptTemplates) -> None:
        """`digest`: of what is served, as far as it is known. `lead`: the nick."""
        self.name, self.digest, self._model, self._lead = model.name, digest, model, lead
        self._layout, self._prompts = layout, prompts
        self.note = BY_CHAT if model.dialect is PromptFormat.CHAT else ""
        self._runner = asyncio.Runner()

    def lines(self, asks: Sequence[Ask], sampling: Sampling) -> list[str]:
        """For each, the text of the lead's next line, given that the lead speaks. Empty: none was written."""

        async def one(ask: Ask) -> str:
            text = render_document(ask.header, ask.lines)
            return await self._line(text, f"<{self._lead}>", ask.seed, 0, sampling)

        return self._all(one, asks)

    def sessions(self, asks: Sequence[Ask], messages: int, sampling: Sampling) -> list[str]:
        """For each, up to `messages` further lines, nicks and all; each ends in a newline."""

        async def one(ask: Ask) -> str:
            text = render_document(ask.header, ask.lines)
            given = len(text)
            for number in range(messages):
                text += await self._line(text, "", ask.seed, number, sampling) + "\n"
            return text[given:]

        return self._all(one, asks)

    def reads(self, texts: Sequence[str]) -> list[tuple[float, ...]] | None:
        """For each document, P(the lead speaks next), in [0, 1], before each message. None: the server gives none."""
        if self._model.dialect is PromptFormat.CHAT:
            return None

        async def one(text: str) -> tuple[float, ...] | None:
            document, found = parse_document(text, self._layout), []
            for place, line in enumerate(document.lines):
                if line.action:
                    continue
                before = render_document(document.header, document.lines[:place]) if document.header else ""
                p = await self._next(before)
                if p is None:
                    return None
                found.append(p)
            return tuple(found)

        found = self._all(one, texts[:1])  # one is enough to see whether the server can
        if found and found[0] is not None:
            found += self._all(one, texts[1:])
        if any(each is None for each in found):
            self.note = NO_LOGPROBS
            return None
        return [each for each in found if each is not None]

    def surprises(self, texts: Sequence[str]) -> list[tuple[float, int]] | None:
        """None: a server is not asked what given words cost."""
        return None

    def close(self) -> None:
        """Closes the connection to the model, and what runs for it here."""
        self._runner.run(self._model.aclose())
        self._runner.close()

    async def _line(self, text: str, begun: str, seed: int, number: int, sampling: Sampling) -> str:
        """What follows the log up to the end of the line."""
        chat = self._model.dialect is PromptFormat.CHAT
        asked = self._prompts.render("evaluation_line", log=text, lead=self._lead if begun else "")
        messages = (Message("system", self._prompts.render("evaluation_system")), Message("user", asked))
        reply = await self._model.reply(
            Prompt(
                Purpose.LEAD,
                call_id=CallId(number),
                seed=rng.number(seed, "line", number),
                max_tokens=sampling.line_tokens,
                temperature=sampling.temperature,
                top_p=sampling.top_p,
                text=None if chat else text + begun,
                messages=messages if chat else (),
                stop=() if chat else ("\n",),
                one_line=False,
                speaker=self._lead if begun else "",
            )
        )
        return reply.text.strip().partition("\n")[0]

    async def _next(self, text: str) -> float | None:
        """P(the lead's nick follows)."""
        found = (await self._model.reply(speaker_prompt(text, self._lead, call_id=CallId(0), seed=0))).likelihood
        if found is not None and not found.exact:
            self.note = LIKELIEST
        return None if found is None else found.p

    def _all(self, ask: Callable[[A], Awaitable[T]], of: Sequence[A]) -> list[T]:
        return self._runner.run(gather(ask, of))
