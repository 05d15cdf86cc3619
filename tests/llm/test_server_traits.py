"""A parameter that a server refuses is renamed, lowered or left out, once, and remembered for that address."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from simulator.errors import ProviderError
from simulator.llm.client import ModelClient
from simulator.llm.model import CallId, PromptFormat
from simulator.llm.server_error import ServerError
from simulator.llm.server_traits import ServerTraits
from tests.llm.clients import straight, translated
from tests.llm.servers import Answer, says, serving
from tests.llm.test_client import CHAT, TEXT

SENT: dict[str, Any] = {
    "model": "it",
    "messages": [{"role": "system", "content": "rules"}, {"role": "user", "content": "hi"}],
    "max_tokens": 120,
    "temperature": 0.7,
    "seed": 7,
    "stop": ["\n", "a", "b", "c", "d", "e"],
    "logprobs": 20,
    "stream": True,
    "stream_options": {"include_usage": True},
    "chat_template_kwargs": {"enable_thinking": False},
    "reasoning_effort": "minimal",
}
GONE = object()


def openai(message: str, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}


def pydantic(
    name: str, message: str = "Extra inputs are not permitted", kind: str = "extra_forbidden"
) -> dict[str, Any]:
    return {"object": "error", "message": {"detail": [{"type": kind, "loc": ["body", name], "msg": message}]}}


REFUSED: dict[str, tuple[int, Any, dict[str, Any]]] = {
    "openai, max_tokens": (
        400,
        openai(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'"
            " instead.",
            "max_tokens",
            "unsupported_parameter",
        ),
        {"max_tokens": GONE, "max_completion_tokens": 120},
    ),
    "openai, temperature": (
        400,
        openai(
            "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is"
            " supported.",
            "temperature",
            "unsupported_value",
        ),
        {"temperature": GONE},
    ),
    "mistral, seed": (422, pydantic("seed"), {"seed": GONE}),
    "mistral, temperature": (
        422,
        pydantic("temperature", "Input should be less than or equal to 0.5", "less_than_equal"),
        {"temperature": 0.5},
    ),
    "logprobs, lowered": (
        400,
        openai("Invalid value for 'logprobs': must be less than or equal to 5.", "logprobs"),
        {"logprobs": 5},
    ),
    "vllm, logprobs": (
        400,
        openai("Requested sample logprobs of 20, which is greater than max allowed: 5"),
        {"logprobs": 5},
    ),
    "fireworks, logprobs": (400, openai("logprobs must be between 0 and 5"), {"logprobs": 5}),
    "groq, logprobs": (400, openai("`logprobs` is not supported with this model"), {"logprobs": GONE}),
    "together, max_tokens": (
        422,
        openai("max_tokens is too large: this model supports at most 100 completion tokens"),
        {"max_tokens": 100},
    ),
    "openai, stop": (
        400,
        openai("Invalid 'stop': array too long. Expected an array with maximum length 4", "stop"),
        {"stop": ["\n", "a", "b", "c"]},
    ),
    "grok, stop": (400, {"code": "invalid", "error": "Argument not supported on this model: stop"}, {"stop": GONE}),
    "deepinfra, stream_options": (400, openai("Unknown field: stream_options"), {"stream_options": GONE}),
    "an old server, stream": (400, openai("Streaming is not supported", "stream"), {"stream": GONE}),
    "azure, kwargs": (
        400,
        openai("Unrecognized request argument supplied: chat_template_kwargs"),
        {"chat_template_kwargs": GONE},
    ),
    "mistral, kwargs": (422, pydantic("chat_template_kwargs"), {"chat_template_kwargs": GONE}),
    "openai, effort": (
        400,
        openai(
            "Unsupported value: 'reasoning_effort' does not support 'minimal' with this model. Supported values are:"
            " 'none', 'low', 'medium', and 'high'.",
            "reasoning_effort",
        ),
        {"reasoning_effort": "none"},
    ),
    "groq, effort": (
        400,
        openai("`reasoning_effort` must be one of `low`, `medium`, or `high`", "reasoning_effort"),
        {"reasoning_effort": "low"},
    ),
    "litellm, effort": (
        400,
        "litellm.UnsupportedParamsError: it does not support parameters: ['reasoning_effort'], for model=it",
        {"reasoning_effort": GONE},
    ),
}
SYSTEM = {
    "vllm, gemma 2": (400, openai("System role not supported")),
    "llama.cpp, gemma 2": (500, {"error": {"code": 500, "message": "Jinja Exception: System role not supported"}}),
    "mistral 7b": (400, openai("Conversation roles must alternate user/assistant/user/assistant/...")),
    "gemini, gemma": (400, openai("Developer instruction is not enabled for models/gemma-3-27b-it")),
    "only two roles": (400, openai("Only user and assistant roles are supported!")),
    "o1-mini": (400, openai("Unsupported value: 'messages[0].role' does not support 'system' with this model.")),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_was_refused_is_sent_another_way(case: str) -> None:
    status, body, changed = REFUSED[case]
    traits = ServerTraits()
    assert traits.learn(ServerError(status, body if isinstance(body, str) else json.dumps(body)), SENT)
    fitted = traits.fit(SENT)
    wanted = {name: value for name, value in {**SENT, **changed}.items() if value is not GONE}
    assert fitted == wanted, "and nothing else is changed"
    assert traits.fit(fitted) == wanted


@pytest.mark.parametrize("case", SYSTEM)
def test_a_refused_system_role_is_folded_into_the_user_s_message(case: str) -> None:
    status, body = SYSTEM[case]
    traits = ServerTraits()
    assert traits.learn(ServerError(status, json.dumps(body)), SENT)
    (only,) = traits.messages(CHAT.messages)
    assert (only.role, only.content) == ("user", "rules\n\n<kai> hi")
    assert not traits.learn(ServerError(status, json.dumps(body)), {**SENT, "messages": [{"role": "user"}]})


@pytest.mark.parametrize(
    "text",
    [
        "Internal server error",
        "model `it` does not exist",
        "messages: at least one message is required",
        "the prompt must not be empty",
    ],
)
def test_what_is_about_nothing_that_was_sent_teaches_nothing(text: str) -> None:
    for status in (400, 404, 500):
        assert not ServerTraits().learn(ServerError(status, json.dumps(openai(text))), SENT)


def picky(**refused: tuple[int, Any]) -> Answer:
    """A server that refuses some parameters and a system role, each in its own words."""

    def answer(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        for name, (status, said) in refused.items():
            roles = {message["role"] for message in body.get("messages", [])}
            if name in body or name in roles:
                return web.json_response(said, status=status)
        return says("fine.")(request, body)

    return answer


@pytest.mark.parametrize("way", ["straight", "translated"])
def test_a_picky_server_is_learnt_once(way: str) -> None:
    async def main() -> None:
        refused = {
            "max_tokens": REFUSED["openai, max_tokens"][:2],
            "temperature": REFUSED["openai, temperature"][:2],
            "seed": REFUSED["mistral, seed"][:2],
            "system": SYSTEM["vllm, gemma 2"],
        }
        async with serving(picky(**refused)) as server:
            client: ModelClient = straight([server.base]) if way == "straight" else translated([server.base])
            replies = [await client.reply(replace(CHAT, call_id=CallId(i))) for i in range(3)]
            await client.aclose()
        assert [(reply.text, reply.attempts) for reply in replies] == [("fine.", 1)] * 3
        assert len(server.asked) == 3 + len(refused), "each is refused once"
        assert server.asked[-1]["messages"] == [{"role": "user", "content": "rules\n\n<kai> hi"}]
        assert server.asked[-1]["max_completion_tokens"] == 40

    asyncio.run(main())


def test_a_server_that_refuses_whatever_is_sent_is_given_up() -> None:
    async def main() -> None:
        def never(_: web.Request, body: dict[str, Any]) -> web.StreamResponse:
            name = next((name for name in body if name not in ("model", "prompt")), "prompt")
            return web.json_response(openai(f"'{name}' is not supported", name), status=400)

        async with serving(never) as server:
            client = straight([server.base], dialect=PromptFormat.COMPLETION)
            with pytest.raises(ProviderError, match="refused"):
                await client.reply(TEXT)
            await client.aclose()
        assert len(server.asked) < 15

    asyncio.run(main())


REFUSALS: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "server_shapes.json").read_bytes())[
    "refusals"
]
USUAL: dict[str, Any] = {
    "model": "it",
    "messages": [{"role": "system", "content": "rules"}, {"role": "user", "content": "hi"}],
    "max_tokens": 120,
    "temperature": 0.7,
    "seed": 7,
    "stop": ["\n"],
    "stream": True,
    "stream_options": {"include_usage": True},
    "chat_template_kwargs": {"enable_thinking": False},
    "top_p": 0.95,
}


@pytest.mark.parametrize("case", REFUSALS)
def test_the_refusals_of_many_providers(case: str) -> None:
    shape, traits = REFUSALS[case], ServerTraits()
    sent = USUAL | shape.get("sent", {})
    assert traits.learn(ServerError(shape["status"], json.dumps(shape["body"])), sent)
    fitted = traits.fit(dict(sent))
    assert sorted(set(sent) - set(fitted)) == shape["dropped"]
    assert {name: value for name, value in fitted.items() if sent.get(name) != value} == shape["changed"]
    assert traits.folds_system == shape["folds"]
