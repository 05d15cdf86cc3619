"""Providers that speak OpenAI's protocol are called directly, in their own words and at their own prices."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulator.errors import ProviderError
from simulator.llm import prices
from simulator.llm.client import ModelClient
from simulator.llm.model import Billing, Prompt, Reply, Usage
from simulator.llm.openai_transport import OpenAITransport
from simulator.llm.providers import PROVIDERS, placed
from simulator.llm.registry import OpenOptions, open_models
from tests.llm.servers import Answer, Server, says, sends, serving
from tests.llm.test_client import CHAT

KEY = "sk-fake-4242424242"


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.endswith(("_API_KEY", "_API_BASE", "_BASE_URL")):
            monkeypatch.delenv(name)


def asked(
    name: str, *answers: Answer, monkeypatch: pytest.MonkeyPatch, given_base: bool = False, prompt: Prompt = CHAT
) -> tuple[Reply, Server]:
    """One call; the provider's own address is the loopback server, by its variable or by --api-base."""

    async def main() -> tuple[Reply, Server]:
        async with serving(*answers) as server:
            found = placed(name)
            assert found is not None
            known = PROVIDERS[found[0]]
            monkeypatch.setenv(known.keys[0], KEY)
            if known.bases:
                monkeypatch.setenv(known.bases[0], server.base)
            options = OpenOptions(api_base=[server.base] if given_base else [], silence=20)
            models = await open_models(name, None, None, options=options)
            assert isinstance(models.people, ModelClient)
            assert isinstance(models.people._transport, OpenAITransport)
            reply = await models.people.reply(prompt)
            await models.aclose()
            return reply, server

    return asyncio.run(main())


NAMES = {
    "openai/gpt-4o-mini": "gpt-4o-mini",
    "gpt-4o-mini": "gpt-4o-mini",
    "deepseek/deepseek-chat": "deepseek-chat",
    "groq/openai/gpt-oss-20b": "openai/gpt-oss-20b",
    "mistral/mistral-small-latest": "mistral-small-latest",
    "openrouter/deepseek/deepseek-chat": "deepseek/deepseek-chat",
    "together_ai/openai/gpt-oss-20b": "openai/gpt-oss-20b",
    "xai/grok-4": "grok-4",
    "moonshot/kimi-k2.5": "kimi-k2.5",
    "fireworks_ai/glm-4p6": "accounts/fireworks/models/glm-4p6",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_provider_is_asked_at_its_address_with_its_key(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reply, server = asked(name, says("fine."), monkeypatch=monkeypatch)
    assert (reply.text, server.keys[0], server.asked[0]["model"]) == ("fine.", KEY, NAMES[name])
    assert server.asked[0]["stream"] is True
    assert reply.billing is prices.billing(name) or reply.billing is Billing.UNKNOWN


@pytest.mark.parametrize(
    "name",
    ["openai/gpt-4o-mini", "deepseek/deepseek-chat", "mistral/mistral-small-latest", "groq/openai/gpt-oss-20b"],
)
@pytest.mark.parametrize("given_base", [False, True])
def test_a_known_price_is_paid_by_the_tokens(name: str, given_base: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    reply, _ = asked(name, says("fine.", cached=12), monkeypatch=monkeypatch, given_base=given_base)
    price = prices.price(name)
    assert price is not None and reply.billing is Billing.KNOWN
    assert reply.cost_usd == pytest.approx(8 * price.prompt + 12 * price.cached + 5 * price.completion)


def test_the_price_is_litellm_s() -> None:
    from simulator.llm.litellm_transport import library

    litellm = library()
    for name in ("gpt-4o-mini", "deepseek/deepseek-chat", "mistral/mistral-small-latest", "groq/openai/gpt-oss-20b"):
        price, usage = prices.price(name), Usage(prompt=1000, cached=0, completion=70)
        assert price is not None
        asked_there = litellm.cost_per_token(model=name, prompt_tokens=1000, completion_tokens=70)
        assert price.usd(usage) == pytest.approx(sum(asked_there))


def test_openrouter_says_itself_what_it_took(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = '{"prompt_tokens": 20, "completion_tokens": 5, "cost": 0.000123}'
    body = f'{{"choices": [{{"message": {{"content": "fine."}}, "finish_reason": "stop"}}], "usage": {usage}}}'
    reply, server = asked("openrouter/deepseek/deepseek-chat", sends(body), monkeypatch=monkeypatch)
    assert (reply.billing, reply.cost_usd) == (Billing.KNOWN, 0.000123)
    assert server.asked[0]["usage"] == {"include": True}


def test_a_provider_that_counts_nothing_has_no_known_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    body = '{"choices": [{"message": {"content": "fine."}, "finish_reason": "stop"}]}'
    reply, _ = asked("openai/gpt-4o-mini", sends(body), monkeypatch=monkeypatch)
    assert (reply.billing, reply.cost_usd) == (Billing.UNKNOWN, None)


HABITS: dict[str, dict[str, Any]] = {
    "openai/gpt-4o": {"max_completion_tokens": 40, "temperature": 0.9, "reasoning_effort": None, "max_tokens": None},
    "openai/gpt-5-mini": {"reasoning_effort": "minimal", "temperature": None, "stop": None},
    "openai/gpt-5.1": {"reasoning_effort": "none", "temperature": 0.9},
    "openai/o3-mini": {"reasoning_effort": "low", "temperature": None, "max_completion_tokens": 40},
    "groq/openai/gpt-oss-20b": {"reasoning_effort": "low", "max_tokens": 40},
    "groq/qwen/qwen3-32b": {"max_tokens": 40},
    "mistral/mistral-small-latest": {"reasoning_effort": "none", "seed": None, "stream_options": None},
    "mistral/magistral-small-latest": {"reasoning_effort": None},
    "openrouter/qwen/qwen3-32b": {"reasoning": {"enabled": False}},
    "deepseek/deepseek-reasoner": {"thinking": None},
    "xai/grok-4": {"reasoning_effort": None},
}
"""What is in the body; None: it is not there."""


@pytest.mark.parametrize("name", HABITS)
def test_a_provider_is_asked_in_its_own_words(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, server = asked(name, says("fine."), monkeypatch=monkeypatch)
    for parameter, value in HABITS[name].items():
        assert server.asked[0].get(parameter) == value, parameter
    assert "chat_template_kwargs" not in server.asked[0]
    if name.startswith("mistral"):
        assert server.asked[0]["random_seed"] == CHAT.seed


def test_reasoning_that_a_provider_insists_on_is_lowered(monkeypatch: pytest.MonkeyPatch) -> None:
    message = "Reasoning is mandatory for this endpoint and cannot be disabled."
    refusal = sends(f'{{"error": {{"message": "{message}", "code": 400}}}}', 400)
    reply, server = asked("openrouter/openai/gpt-5-mini", refusal, says("fine."), monkeypatch=monkeypatch)
    assert (reply.text, server.asked[1]["reasoning"]) == ("fine.", {"effort": "low"})


@pytest.mark.parametrize("name", ["openai/gpt-4o", "groq/any", "together_ai/any", "gpt-4o"])
def test_a_missing_key_is_said_before_anything_is_asked(name: str) -> None:
    found = placed(name)
    assert found is not None
    with pytest.raises(ProviderError, match=f"set {' or '.join(PROVIDERS[found[0]].keys)}"):
        asyncio.run(open_models(name, None, None))


@pytest.mark.parametrize(
    "name",
    [
        "vertex_ai/gemini-2.5-flash",
        "bedrock/anthropic.claude-v2",
        "azure/gpt-4o",
        "cohere/command-r",
        "openai/gpt-5-pro",
    ],
)
def test_others_are_litellm_s(name: str) -> None:
    assert placed(name) is None


def test_litellm_is_not_imported_for_them() -> None:
    code = """
import asyncio, os, sys
os.environ["GROQ_API_KEY"] = "x"
from simulator.llm.registry import OpenOptions, open_models
async def main():
    base = OpenOptions(api_base=["http://127.0.0.1:9/v1"])
    for name, options in (("groq/openai/gpt-oss-20b", OpenOptions()), ("gpt-4o", base), ("hosted_vllm/it", base)):
        await (await open_models(name, None, None, options=options)).aclose()
asyncio.run(main())
print("litellm" in sys.modules)
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert done.stdout.split() == ["False"]


CHOICES: dict[str, Any] = {
    "openai/gpt-4o-mini": ("top_logprobs", 20),
    "groq/openai/gpt-oss-20b": ("response_format", "json_schema"),
    "mistral/mistral-small-latest": ("response_format", "json_schema"),
    "moonshot/kimi-k2.5": ("temperature", 0.9),
}


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_is_asked_for_as_the_provider_can(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parameter, value = CHOICES[name]
    _, server = asked(name, says("A"), monkeypatch=monkeypatch, prompt=replace(CHAT, choices=("A", "Z")))
    found = server.asked[0][parameter]
    assert (found["type"] if isinstance(found, dict) else found) == value
    asked_for = {"logprobs", "top_logprobs", "response_format"} & set(server.asked[0])
    assert bool(asked_for) == (parameter != "temperature")
