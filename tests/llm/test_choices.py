"""Answers that are one of a few words: asked for as each server can, and read whatever it does instead."""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any

import pytest
from aiohttp import web

from simulator.llm import choices
from simulator.llm.model import CallId, Message, Prompt, Purpose
from simulator.llm.openai_protocol import for_llama
from tests.llm.clients import straight, translated
from tests.llm.servers import Answer, fails, says, serving

LETTERS = ("A", "B", "Z")
CHAT = Prompt(
    Purpose.GUARD,
    CallId(1, part="guard"),
    1,
    16,
    0.0,
    messages=(Message("user", "which?"),),
    choices=LETTERS,
    one_line=False,
)
TEXT = Prompt(Purpose.GUARD, CallId(1, part="guard"), 1, 16, 0.0, text="ANSWER:", choices=LETTERS, one_line=False)


def tells(probabilities: dict[str, float], text: str = "A", **message: Any) -> Answer:
    """An answer with log-probabilities of its first token, in the form of the endpoint that was asked."""

    def answer(_: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        logs = {token: math.log(p) for token, p in probabilities.items()}
        if "prompt" in body:
            choice: dict[str, Any] = {"text": text, "logprobs": {"top_logprobs": [logs], "tokens": [text]}}
        else:
            tops = [{"token": token, "logprob": log} for token, log in logs.items()]
            choice = {"message": {"role": "assistant", "content": text, **message}}
            choice["logprobs"] = {"content": [{"token": text, "logprob": -0.1, "top_logprobs": tops}]}
        return web.json_response({"choices": [{"index": 0, "finish_reason": "stop", **choice}], "usage": {}})

    return answer


def asked(prompt: Prompt, *answers: Answer) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """What the answer says, and the bodies of the requests."""

    async def main() -> tuple[dict[str, float], list[dict[str, Any]]]:
        async with serving(*answers) as server:
            client = straight([server.base])
            reply = await client.reply(prompt)
            await client.aclose()
            return choices.chosen(reply.text, LETTERS), server.asked

    return asyncio.run(main())


def test_a_word_of_the_list_that_was_unlikely_is_weighed_against_the_others() -> None:
    assert asked(TEXT, tells({"\n": 0.6, "Z": 0.03, " A": 0.01}, " Z"))[0] == {"A": 0.25, "Z": 0.75}


@pytest.mark.parametrize("prompt", [CHAT, TEXT], ids=["chat", "completion"])
def test_probabilities_are_those_of_the_words_alone(prompt: Prompt) -> None:
    shares, (body,) = asked(prompt, tells({"A": 0.4, " A": 0.1, "Z": 0.3, "The": 0.2}))
    assert shares == pytest.approx({"A": 0.625, "Z": 0.375})
    assert body["logprobs"] is True if prompt.text is None else body["logprobs"] >= 15


@pytest.mark.parametrize(
    "answer",
    [
        says("A"),
        says('{"answer": "A"}'),
        tells({"The": 0.9, "Z": 0.1}, "The one is A"),
        tells({"Z": 1.0}, reasoning_content="Hm. Z?"),
    ],
    ids=["no log-probabilities", "a schema", "another beginning", "thoughts before it"],
)
def test_what_tells_no_probabilities_is_read(answer: Answer) -> None:
    assert asked(CHAT, answer)[0] == {"A": 1.0}


def test_a_server_that_refuses_log_probabilities_is_asked_without() -> None:
    shares, bodies = asked(CHAT, fails(400, "'logprobs' is not supported with this model", code="x"), says("Z"))
    assert shares == {"Z": 1.0}
    assert not {"logprobs", "top_logprobs"} & bodies[-1].keys()


def test_a_provider_that_keeps_to_a_schema_is_given_one() -> None:
    async def main() -> tuple[Any, Any, Any]:
        found = []
        for model in ("gemini/gemini-2.5-flash-lite", "openai/gpt-4o-mini", "anthropic/claude-haiku-4-5"):
            client = translated([], model=model)
            found.append(await client._transport.settings(CHAT, client.endpoints.home("").traits))
            await client.aclose()
        return tuple(found)

    gemini, openai, claude = asyncio.run(main())
    assert gemini["response_format"]["json_schema"]["schema"]["properties"]["answer"]["enum"] == [*LETTERS]
    assert openai["top_logprobs"] == 20 and "response_format" not in openai
    assert not {"response_format", "logprobs"} & claude.keys()


def test_a_server_of_ours_writes_nothing_else() -> None:
    extra = for_llama(TEXT, None)
    assert extra["grammar"] == 'root ::= " "? ("A" | "B" | "Z")' and extra["repeat_penalty"] == 1.0


@pytest.mark.parametrize(
    ("text", "found"),
    [("B.", {"B": 1.0}), ("It is a B, or no: Z", {"Z": 1.0}), ("", {}), ("ABZ", {}), ("[1]", {}),
     ('{"A": "x"}', {"A": 1.0}), (json.dumps({"A": 0.25, "Z": 0.75}), {"A": 0.25, "Z": 0.75})],
)  # fmt: skip
def test_reading(text: str, found: dict[str, float]) -> None:
    assert choices.chosen(text, LETTERS) == found
