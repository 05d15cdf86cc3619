"""Answers of real servers in their real shapes, through either transport: what becomes of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from simulator.errors import ProviderError
from simulator.llm.client import FRUITLESS, ModelClient
from simulator.llm.model import CallId, Prompt, PromptFormat, Reply
from simulator.llm.openai_transport import OpenAITransport
from simulator.llm.progress import CallProgress, Phase
from simulator.llm.provider_errors import ReasoningOnly
from simulator.llm.registry import OpenOptions, open_models
from simulator.llm.transport import TransportOptions
from tests.llm.clients import Pauses, straight, translated
from tests.llm.servers import Answer, fails, says, sends, serving
from tests.llm.test_client import CHAT, TEXT

THOUGHT = "Okay, kai wants a casual line."
LINE = "hello there, nice weather."
WAYS = ("straight", "translated")
both_ways = pytest.mark.parametrize("way", WAYS)


def completion(
    message: dict[str, Any], finish: str = "stop", usage: dict[str, Any] | None = None, **more: Any
) -> Answer:
    """A whole answer in OpenAI's form."""
    body = {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "it",
        "choices": [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish, **more}],
        "usage": usage or {"prompt_tokens": 500, "completion_tokens": 120, "total_tokens": 620},
    }
    return sends(json.dumps(body))


async def ask(bases: Sequence[str], way: str, prompt: Prompt = CHAT, pauses: Pauses | None = None) -> Reply:
    client = (straight if way == "straight" else translated)(bases, pauses=pauses)
    try:
        return await client.reply(prompt)
    finally:
        await client.aclose()


THINKING = {
    "reasoning_content": {"content": LINE, "reasoning_content": THOUGHT},
    "reasoning": {"content": LINE, "reasoning": THOUGHT},
    "tags": {"content": f"<think>{THOUGHT}</think>{LINE}"},
    "closing tag only": {"content": f"{THOUGHT}\n</think>\n\n{LINE}"},
    "parts, as mistral sends them": {
        "content": [
            {"type": "thinking", "thinking": [{"type": "text", "text": THOUGHT}]},
            {"type": "text", "text": LINE},
        ]
    },
}


@both_ways
@pytest.mark.parametrize("case", THINKING)
def test_thoughts_are_no_part_of_the_text(case: str, way: str) -> None:
    async def main() -> None:
        async with serving(completion(THINKING[case])) as server:
            if way == "translated" and case.startswith("parts"):
                client = translated([server.base], model="mistral/magistral-small-latest")
            else:
                client = (straight if way == "straight" else translated)([server.base])
            reply = await client.reply(CHAT)
            await client.aclose()
        assert (reply.text, reply.attempts) == (LINE, 1)
        assert reply.reasoned

    asyncio.run(main())


EATEN = {
    "reasoning_content": {"content": "", "reasoning_content": THOUGHT},
    "no content": {"content": None, "reasoning": THOUGHT},
    "an open tag": {"content": f"<think>{THOUGHT}"},
}


@both_ways
@pytest.mark.parametrize("case", EATEN)
def test_a_model_that_only_thinks_is_asked_a_few_times_and_no_more(case: str, way: str) -> None:
    async def main() -> None:
        async with serving(completion(EATEN[case], finish="length")) as server:
            client: ModelClient = (straight if way == "straight" else translated)([server.base])
            for number in range(FRUITLESS):
                reply = await client.reply(replace(CHAT, call_id=CallId(number)))
                assert (reply.text, reply.cut, reply.reasoned) == ("", True, True)
            with pytest.raises(ReasoningOnly) as caught:
                await client.reply(replace(CHAT, call_id=CallId(99)))
            await client.aclose()
        assert len(server.asked) == FRUITLESS
        assert client.tally.reasoning_only == FRUITLESS
        assert "spends all of max_tokens (40) on thinking" in str(caught.value)
        assert "switch thinking off on the server, or raise max_tokens in policies/turns.yaml" in str(caught.value)

    asyncio.run(main())


def test_an_answer_in_between_shows_that_it_can() -> None:
    async def main() -> None:
        only = completion(EATEN["reasoning_content"], finish="length")
        async with serving(*[only, only, says("fine.")] * 5) as server:
            client = straight([server.base])
            replies = [await client.reply(replace(CHAT, call_id=CallId(number))) for number in range(15)]
            await client.aclose()
        assert sum(reply.text == "fine." for reply in replies) == 5

    asyncio.run(main())


def test_thinking_is_off_by_default_where_the_template_has_a_switch() -> None:
    async def main() -> None:
        async with serving(says("fine.")) as server:
            await ask([server.base], "straight")
        assert server.asked[0]["chat_template_kwargs"]["enable_thinking"] is False

    asyncio.run(main())


@pytest.mark.parametrize(
    ("model", "effort"),
    [("openai/gpt-5-mini", "minimal"), ("openai/gpt-5.1", "none"), ("openai/o3-mini", "low"), ("openai/gpt-4o", None)],
)
def test_a_provider_s_model_reasons_as_little_as_it_can(model: str, effort: str | None) -> None:
    async def main() -> None:
        async with serving(says("fine.")) as server:
            client = translated([server.base], model=model)
            await client.reply(CHAT)
            await client.aclose()
        assert server.asked[0].get("reasoning_effort") == effort

    asyncio.run(main())


@both_ways
def test_a_user_s_own_parameters_reach_the_body(way: str) -> None:
    async def main() -> None:
        async with serving(says("fine.")) as server:
            params = {
                "reasoning_effort": "low",
                "extra_body": {"top_k": 5, "chat_template_kwargs": {"a": 1}},
                "seed": None,
            }
            client = (straight if way == "straight" else translated)([server.base], params=params)
            await client.reply(CHAT)
            await client.aclose()
        (body,) = server.asked
        assert (body["top_k"], body["chat_template_kwargs"]) == (5, {"a": 1})
        assert body["reasoning_effort"] == "low" and "seed" not in body

    asyncio.run(main())


HALF_A_LINE = "right I returned another garden after lunch and"


@both_ways
def test_a_line_that_an_error_ended_is_asked_for_again(way: str) -> None:
    async def main() -> None:
        error = {"code": 502, "message": "Upstream idle timeout exceeded"}
        broken = completion({"content": HALF_A_LINE}, finish="error", error=error)
        async with serving(broken, says("fine.")) as server:
            reply = await ask([server.base], way)
        assert (reply.text, reply.attempts) == ("fine.", 2)

    asyncio.run(main())


@both_ways
@pytest.mark.parametrize(
    ("said", "kept"), [(HALF_A_LINE, ""), (f"It was fine. {HALF_A_LINE}", "It was fine."), (None, "")]
)
def test_a_line_that_a_filter_ended_is_cut_to_whole_sentences(said: str | None, kept: str, way: str) -> None:
    async def main() -> None:
        async with serving(completion({"content": said}, finish="content_filter")) as server:
            reply = await ask([server.base], way)
        assert (reply.text, reply.cut) == (kept, True)

    asyncio.run(main())


def test_a_path_without_v1_is_said_at_once() -> None:
    async def main() -> None:
        body = {"error": "Unexpected endpoint or method. (POST /chat/completions)"}
        async with serving(sends(json.dumps(body))) as server:
            with pytest.raises(ProviderError) as caught:
                await ask([server.base.removesuffix("/v1")], "straight")
        line = str(caught.value)
        assert "Unexpected endpoint or method" in line and "does --api-base lack `/v1`?" in line
        assert len(server.asked) == 1

    asyncio.run(main())


INSIDE = {
    "overloaded": {"error": {"type": "overloaded_error", "message": "Overloaded"}},
    "a code": {"error": {"code": 529, "message": "no capacity"}},
    "429": {"error": {"code": 429, "message": "slow down"}},
    "a number in a string": {"error": {"code": "503", "message": "upstream"}},
}


@pytest.mark.parametrize("case", INSIDE)
def test_an_error_inside_a_200_lowers_the_calls_at_once(case: str) -> None:
    async def main() -> None:
        async with serving(sends(json.dumps(INSIDE[case])), says("fine.")) as server:
            client = straight([server.base])
            (endpoint,) = client.endpoints
            before = endpoint.limit.limit
            assert (await client.reply(CHAT)).attempts == 2
            assert endpoint.limit.limit < before
            await client.aclose()

    asyncio.run(main())


def test_anthropic_s_529_lowers_the_calls_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-fake-4242424242")
    body = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}

    async def main() -> None:
        async with serving(sends(json.dumps(body), 529)) as server:
            pauses = Pauses()
            base = server.base.removesuffix("/v1")
            client = translated([base], model="anthropic/claude-sonnet-4-5", key=None, pauses=pauses)
            (endpoint,) = client.endpoints
            before = endpoint.limit.limit
            with pytest.raises(ProviderError, match="Overloaded"):
                await client.reply(CHAT)
            assert endpoint.limit.limit < before and len(pauses.seconds) == 4
            await client.aclose()

    asyncio.run(main())


def test_gemini_s_minute_is_waited_for_through_litellm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "fake-4242424242")
    kinds = "type.googleapis.com/google.rpc."
    violations = [{"quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"}]
    error = {
        "code": 429,
        "message": "You exceeded your current quota, please check your plan and billing details.",
        "status": "RESOURCE_EXHAUSTED",
        "details": [
            {"@type": f"{kinds}QuotaFailure", "violations": violations},
            {"@type": f"{kinds}RetryInfo", "retryDelay": "3.847s"},
        ],
    }
    right = {
        "candidates": [{"content": {"parts": [{"text": "fine."}], "role": "model"}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 2, "totalTokenCount": 7},
    }

    async def main() -> None:
        pauses = Pauses()
        async with serving(sends(json.dumps({"error": error}), 429), sends(json.dumps(right))) as server:
            client = translated([server.base], model="gemini/gemini-2.5-flash", key=None, pauses=pauses)
            reply = await client.reply(CHAT)
            await client.aclose()
        assert (reply.text, reply.attempts) == ("fine.", 2)
        assert 3.847 <= pauses.seconds[0] <= 4.85

    asyncio.run(main())


CACHED = {
    "openai": {"prompt_tokens": 1000, "completion_tokens": 30, "prompt_tokens_details": {"cached_tokens": 960}},
    "deepseek": {
        "prompt_tokens": 1000,
        "completion_tokens": 30,
        "prompt_cache_hit_tokens": 960,
        "prompt_cache_miss_tokens": 40,
    },
    "moonshot": {"prompt_tokens": 1000, "completion_tokens": 30, "cached_tokens": 960},
}


@both_ways
@pytest.mark.parametrize("case", CACHED)
def test_cached_tokens_are_counted_whatever_they_are_called(case: str, way: str) -> None:
    async def main() -> None:
        async with serving(completion({"content": "fine."}, usage=CACHED[case])) as server:
            reply = await ask([server.base], way)
        assert (reply.usage.prompt, reply.usage.cached, reply.usage.completion) == (1000, 960, 30)

    asyncio.run(main())


@both_ways
def test_more_than_four_stop_strings_are_all_kept_to(way: str) -> None:
    """litellm hands over four of them, and some servers none."""

    async def main() -> None:
        prompt = replace(TEXT if way == "straight" else CHAT, stop=("1", "2", "3", "4", "5", "END"))
        async with serving(says("fine. END of it")) as server:
            reply = await ask([server.base], way, prompt)
        assert reply.text == "fine. "

    asyncio.run(main())


def test_claude_behind_a_gateway_is_told_what_to_keep() -> None:
    """litellm takes the marks out on its way to an address that speaks OpenAI's protocol; so it is not used there."""

    async def main() -> None:
        async with serving(says("fine.")) as server:
            options = TransportOptions("anthropic/claude-sonnet-4-5", "gateway")
            client = ModelClient("gateway", PromptFormat.CHAT, OpenAITransport(options), [server.base])
            await client.reply(CHAT)
            await client.aclose()
        assert server.asked[0]["messages"][0]["content"][0]["cache_control"] == {"type": "ephemeral"}

    asyncio.run(main())


def test_a_word_that_stands_in_for_a_key_is_no_secret() -> None:
    async def main() -> None:
        async with serving(fails(400, "none of the fields may be none")) as server:
            options = OpenOptions(api_base=[server.base], dialect=PromptFormat.CHAT)
            models = await open_models("hosted_vllm/it", None, None, options=options)
            with pytest.raises(ProviderError, match="none of the fields may be none"):
                await models.people.reply(CHAT)
            await models.aclose()
        assert server.keys == [""], "no key, no header"

    asyncio.run(main())


def test_a_server_that_cuts_prompts_is_named_once_and_shown_less() -> None:
    notes: list[CallProgress] = []

    def counted(_: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        characters = sum(len(message["content"]) for message in body["messages"])
        usage = {"prompt_tokens": min(2048, characters // 4), "completion_tokens": 5}
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "fine."}}
        return web.json_response({"id": "1", "object": "chat.completion", "choices": [choice], "usage": usage})

    async def main() -> None:
        async with serving(counted) as server:
            client = straight([server.base], progress=notes.append)
            for number in range(60):
                text = "<kai> a line of the log that grows\n" * (number * 10)
                user = replace(CHAT.messages[1], content=text + "hi")
                await client.reply(replace(CHAT, call_id=CallId(number), messages=(CHAT.messages[0], user)))
            assert client.context == 2048
            await client.aclose()
        told = [note for note in notes if note.phase is Phase.NOTICE]
        assert len(told) == 1 and "cut prompts at 2048 tokens" in str(told[0])

    asyncio.run(main())


def test_a_server_that_counts_all_of_growing_prompts_is_not_suspected() -> None:
    notes: list[CallProgress] = []

    def counted(_: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        characters = sum(len(message["content"]) for message in body["messages"])
        usage = {"prompt_tokens": characters // 4, "completion_tokens": 5}
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "fine."}}
        return web.json_response({"id": "1", "object": "chat.completion", "choices": [choice], "usage": usage})

    async def main() -> None:
        async with serving(counted) as server:
            client = straight([server.base], progress=notes.append)
            for number in range(60):
                user = replace(CHAT.messages[1], content="<kai> a line\n" * (number * 3 % 50))
                await client.reply(replace(CHAT, call_id=CallId(number), messages=(CHAT.messages[0], user)))
            assert client.context is None
            await client.aclose()
        assert not [note for note in notes if note.phase is Phase.NOTICE]

    asyncio.run(main())
