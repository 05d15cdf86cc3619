"""Anthropic and Gemini in their own protocols, streamed and whole, as their servers send them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from simulator.errors import ProviderError
from simulator.llm import prices
from simulator.llm.client import ModelClient
from simulator.llm.model import Billing, Message, Prompt, Reply
from simulator.llm.native_protocols import Anthropic, Gemini
from simulator.llm.provider_errors import ContextExceeded, PromptFiltered, QuotaExhausted
from simulator.llm.registry import OpenOptions, open_models
from tests.llm.test_client import CHAT, TEXT
from tests.loopback import listening

CLAUDE, GEMINI = "anthropic/claude-sonnet-4-5", "gemini/gemini-2.5-flash"
MESSAGES = (Message("system", "rules"), Message("user", "<kai> hi\n\nnow mara"))
ASK = replace(CHAT, messages=MESSAGES, stop=("\n", "END"))
Event = dict[str, Any] | str


class Provider:
    """Sends one answer after the other; the last again and again."""

    def __init__(self, *answers: tuple[int, list[Event] | dict[str, Any]]) -> None:
        self._answers = list(answers)
        self.asked: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.headers: list[Mapping[str, str]] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.paths.append(request.path_qs)
        self.headers.append(request.headers)
        status, said = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(said, dict):
            return web.json_response(said, status=status)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for each in said:
            line = each if isinstance(each, str) else f"event: {each.get('type', 'message')}\ndata: {json.dumps(each)}"
            await response.write(f"{line}\n\n".encode())
            await asyncio.sleep(0)
        return response


def asked(
    model: str,
    *answers: tuple[int, list[Event] | dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    prompt: Prompt = ASK,
) -> tuple[Reply, Provider]:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-fake-4242424242")
    monkeypatch.setenv("GEMINI_API_KEY", "fake-4242424242")
    provider = Provider(*answers)

    async def main() -> Reply:
        async with listening(provider.handle) as address:
            models = await open_models(model, None, None, options=OpenOptions(api_base=[address], silence=20))
            assert isinstance(models.people, ModelClient)
            models.people.sleep = lambda seconds: asyncio.sleep(0)
            try:
                return await models.people.reply(prompt)
            finally:
                await models.aclose()

    return asyncio.run(main()), provider


def block(text: str, kind: str = "text") -> Event:
    name = {"text": "text_delta", "thinking": "thinking_delta"}[kind]
    return {"type": "content_block_delta", "index": 0, "delta": {"type": name, kind: text}}


START: Event = {
    "type": "message_start",
    "message": {
        "role": "assistant",
        "content": [],
        "usage": {
            "input_tokens": 20,
            "cache_read_input_tokens": 900,
            "cache_creation_input_tokens": 80,
            "output_tokens": 1,
        },
    },
}


def ends(reason: str) -> list[Event]:
    last = {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 7}}
    return [{"type": "content_block_stop", "index": 0}, last, {"type": "message_stop"}]


FIRST: Event = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
PING: Event = {"type": "ping"}


def candidate(*parts: dict[str, Any], end: str | None = None, **counted: int) -> Event:
    found: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}}
    if end is not None:
        found["finishReason"] = end
    return {"candidates": [found], "usageMetadata": {"promptTokenCount": 1000, **counted}}


COUNTED = {"cachedContentTokenCount": 900, "candidatesTokenCount": 5, "thoughtsTokenCount": 2}
ANSWERS: dict[str, tuple[str, list[Event] | dict[str, Any], str, bool, bool]] = {  # text, cut, reasoned
    "claude": (
        CLAUDE,
        [START, FIRST, PING, block("hello "), block("there."), *ends("end_turn")],
        "hello there.",
        False,
        False,
    ),
    "claude, at a stop": (
        CLAUDE,
        [START, FIRST, block("hello there."), *ends("stop_sequence")],
        "hello there.",
        False,
        False,
    ),
    "claude, cut": (
        CLAUDE,
        [START, FIRST, block("hello there. and"), *ends("max_tokens")],
        "hello there. and",
        True,
        False,
    ),
    "claude, refused": (
        CLAUDE,
        [START, FIRST, block("hello there. and"), *ends("refusal")],
        "hello there.",
        True,
        False,
    ),
    "claude, thoughts": (
        CLAUDE,
        [START, block("hm", "thinking"), FIRST, block("hello there."), *ends("end_turn")],
        "hello there.",
        False,
        True,
    ),
    "claude, whole": (
        CLAUDE,
        {
            "type": "message",
            "content": [{"type": "text", "text": "hello there."}],
            "stop_reason": "end_turn",
            "usage": {
                "input_tokens": 20,
                "cache_read_input_tokens": 900,
                "cache_creation_input_tokens": 80,
                "output_tokens": 7,
            },
        },
        "hello there.",
        False,
        False,
    ),
    "gemini": (
        GEMINI,
        [candidate({"text": "hello "}), candidate({"text": "there."}, end="STOP", **COUNTED)],
        "hello there.",
        False,
        True,
    ),
    "gemini, thoughts": (
        GEMINI,
        [candidate({"text": "hm", "thought": True}), candidate({"text": "hello there."}, end="STOP", **COUNTED)],
        "hello there.",
        False,
        True,
    ),
    "gemini, cut": (
        GEMINI,
        [candidate({"text": "hello there. and"}, end="MAX_TOKENS", **COUNTED)],
        "hello there. and",
        True,
        True,
    ),
    "gemini, filtered": (
        GEMINI,
        [candidate({"text": "hello there. and"}, end="SAFETY", **COUNTED)],
        "hello there.",
        True,
        True,
    ),
    "gemini, whole": (GEMINI, candidate({"text": "hello there."}, end="STOP", **COUNTED), "hello there.", False, True),  # type: ignore[dict-item]
}


@pytest.mark.parametrize("case", ANSWERS)
def test_an_answer_is_read_with_its_price(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, answer, text, cut, reasoned = ANSWERS[case]
    reply, _ = asked(model, (200, answer), monkeypatch=monkeypatch)
    assert (reply.text, reply.cut, reply.reasoned, reply.attempts) == (text, cut, reasoned, 1)
    assert (reply.usage.prompt, reply.usage.cached, reply.usage.completion) == (1000, 900, 7)
    price = prices.price(model)
    assert price is not None and reply.billing is Billing.KNOWN
    written = 80 if model == CLAUDE else 0
    fresh = 100 - written
    cost = fresh * price.prompt + 900 * price.cached + written * price.written + 7 * price.completion
    assert reply.cost_usd == pytest.approx(cost)


def test_claude_is_asked_in_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    _, provider = asked(CLAUDE, (200, [START, block("fine."), *ends("end_turn")]), monkeypatch=monkeypatch)
    (body,) = provider.asked
    assert provider.paths == ["/v1/messages"]
    assert provider.headers[0]["x-api-key"] == "sk-fake-4242424242" and provider.headers[0]["anthropic-version"]
    assert body["system"] == [{"type": "text", "text": "rules", "cache_control": {"type": "ephemeral"}}]
    assert [each["role"] for each in body["messages"]] == ["user"]
    assert body["stop_sequences"] == ["END"], "white space is refused"
    assert set(body) == {"model", "max_tokens", "temperature", "stop_sequences", "system", "messages", "stream"}


def test_gemini_is_asked_in_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    _, provider = asked(GEMINI, (200, [candidate({"text": "fine."}, end="STOP")]), monkeypatch=monkeypatch)
    (body,) = provider.asked
    assert provider.paths == ["/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"]
    assert provider.headers[0]["x-goog-api-key"] == "fake-4242424242"
    assert body["systemInstruction"] == {"parts": [{"text": "rules"}]}
    assert body["contents"] == [{"role": "user", "parts": [{"text": "<kai> hi\n\nnow mara"}]}]
    config = body["generationConfig"]
    assert config.pop("thinkingConfig") == {"thinkingBudget": 0}
    assert config == {"maxOutputTokens": 40, "temperature": 0.9, "seed": 7, "stopSequences": ["\n", "END"]}
    assert set(body) == {"contents", "systemInstruction", "generationConfig"}


@pytest.mark.parametrize(
    ("model", "effort", "thinking"),
    [
        ("gemini-2.5-pro", "minimal", {"thinkingBudget": 128}),
        ("gemini-2.5-flash", "low", {"thinkingBudget": 1024}),
        ("gemini-3-flash-preview", "minimal", {"thinkingLevel": "minimal"}),
        ("gemini-3-pro-preview", "minimal", {"thinkingLevel": "low"}),
        ("gemini-3-pro-preview", "high", {"thinkingLevel": "high"}),
    ],
)
def test_gemini_reasons_as_much_as_it_is_told(model: str, effort: str, thinking: dict[str, Any]) -> None:
    body = Gemini().body({"model": model, "messages": [], "reasoning_effort": effort})
    assert body["generationConfig"] == {"thinkingConfig": thinking}


def test_claude_s_reasoning_has_room_beside_the_answer() -> None:
    body = Anthropic().body(
        {"model": "it", "messages": [], "max_tokens": 40, "temperature": 0.9, "reasoning_effort": "low"}
    )
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 1024} and body["max_tokens"] == 1064
    assert "temperature" not in body


def error(kind: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}}


AGAIN: dict[str, tuple[str, int, list[Event] | dict[str, Any]]] = {
    "claude, overloaded": (CLAUDE, 529, error("overloaded_error", "Overloaded")),
    "claude, overloaded inside": (
        CLAUDE,
        200,
        [START, FIRST, block("hello "), error("overloaded_error", "Overloaded")],
    ),
    "claude, an end in the middle": (CLAUDE, 200, [START, FIRST, block("hello ")]),
    "claude, garbage": (CLAUDE, 200, [START, "data: <html>"]),
    "gemini, busy": (
        GEMINI,
        429,
        {"error": {"code": 429, "message": "Resource exhausted.", "status": "RESOURCE_EXHAUSTED"}},
    ),
    "gemini, overloaded": (
        GEMINI,
        503,
        {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}},
    ),
    "gemini, an error inside": (
        GEMINI,
        200,
        [candidate({"text": "hello "}), {"error": {"code": 500, "message": "Internal"}}],
    ),
    "gemini, ended by an error": (GEMINI, 200, [candidate({"text": "hello "}, end="OTHER")]),
    "gemini, an end in the middle": (GEMINI, 200, [candidate({"text": "hello "})]),
}


@pytest.mark.parametrize("case", AGAIN)
def test_what_may_pass_is_asked_again(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, status, answer = AGAIN[case]
    right: list[Event] = (
        [START, block("fine."), *ends("end_turn")] if model == CLAUDE else [candidate({"text": "fine."}, end="STOP")]
    )
    reply, provider = asked(model, (status, answer), (200, right), monkeypatch=monkeypatch)
    assert (reply.text, reply.attempts, len(provider.asked)) == ("fine.", 2, 2)


FOR_GOOD: dict[str, tuple[str, int, Any, type[ProviderError]]] = {
    "claude, too long": (
        CLAUDE,
        400,
        error("invalid_request_error", "prompt is too long: 208310 tokens > 200000 maximum"),
        ContextExceeded,
    ),
    "claude, no credit": (
        CLAUDE,
        400,
        error("invalid_request_error", "Your credit balance is too low to access the Anthropic API."),
        QuotaExhausted,
    ),
    "claude, a filter": (
        CLAUDE,
        400,
        error("invalid_request_error", "Output blocked by content filtering policy"),
        PromptFiltered,
    ),
    "claude, a key": (CLAUDE, 401, error("authentication_error", "invalid x-api-key"), ProviderError),
    "claude, no such model": (CLAUDE, 404, error("not_found_error", "model: nothing"), ProviderError),
    "gemini, a blocked prompt": (
        GEMINI,
        200,
        [{"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 9}}],
        PromptFiltered,
    ),
    "gemini, a key": (
        GEMINI,
        400,
        {
            "error": {
                "code": 400,
                "message": "API key not valid. Please pass a valid API key.",
                "status": "INVALID_ARGUMENT",
            }
        },
        ProviderError,
    ),
}


@pytest.mark.parametrize("case", FOR_GOOD)
def test_what_will_not_pass_is_said_at_once(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, status, answer, kind = FOR_GOOD[case]
    with pytest.raises(kind) as caught:
        asked(model, (status, answer), monkeypatch=monkeypatch)
    assert type(caught.value) is kind


def test_a_refused_parameter_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = error("invalid_request_error", "`temperature` is deprecated for this model.")
    right: list[Event] = [START, block("fine."), *ends("end_turn")]
    reply, provider = asked(CLAUDE, (400, refusal), (200, right), monkeypatch=monkeypatch)
    assert (reply.text, reply.attempts) == ("fine.", 1)
    assert "temperature" in provider.asked[0] and "temperature" not in provider.asked[1]


def test_a_choice_is_held_to_a_schema_by_gemini_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    prompt = replace(ASK, choices=("A", "Z"))
    _, provider = asked(GEMINI, (200, [candidate({"text": "A"}, end="STOP")]), monkeypatch=monkeypatch, prompt=prompt)
    config = provider.asked[0]["generationConfig"]
    assert config["responseMimeType"] == "application/json"
    assert config["responseJsonSchema"]["properties"]["answer"]["enum"] == ["A", "Z"]
    right: list[Event] = [START, block("A"), *ends("end_turn")]
    _, provider = asked(CLAUDE, (200, right), monkeypatch=monkeypatch, prompt=prompt)
    assert not {"response_format", "logprobs", "top_logprobs"} & set(provider.asked[0])


def said(text: str, **more: Any) -> str:
    line = {"model": "it", "created_at": "2026-01-01T00:00:00Z", "message": {"role": "assistant", "content": text}}
    return json.dumps({**line, "done": False, **more})


LAST = {"done": True, "done_reason": "stop", "prompt_eval_count": 5, "eval_count": 2}
OLLAMA: dict[str, tuple[list[Event] | dict[str, Any], str, bool, bool]] = {
    "pieces": ([said("hello "), said("there."), said("", **LAST)], "hello there.", False, False),
    "cut": ([said("hello there. and"), said("", **LAST | {"done_reason": "length"})], "hello there. and", True, False),
    "thoughts": (
        [said("", message={"content": "", "thinking": "hm"}), said("hello there."), said("", **LAST)],
        "hello there.",
        False,
        True,
    ),
    "whole": (json.loads(said("hello there.", **LAST)), "hello there.", False, False),
}


@pytest.mark.parametrize("name", ["ollama/llama3.2", "ollama_chat/llama3.2"])
@pytest.mark.parametrize("case", OLLAMA)
def test_ollama_is_read_piece_by_piece(case: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answer, text, cut, reasoned = OLLAMA[case]
    reply, provider = asked(name, (200, answer), monkeypatch=monkeypatch)
    assert (reply.text, reply.cut, reply.reasoned, reply.attempts) == (text, cut, reasoned, 1)
    assert (reply.usage.prompt, reply.usage.completion, reply.billing) == (5, 2, Billing.LOCAL)
    (body,) = provider.asked
    assert provider.paths == ["/api/chat"] and body["think"] is False and body["stream"] is True
    wanted = {"num_predict": 40, "temperature": 0.9, "seed": 7, "stop": ["\n", "END"], "num_ctx": 8192}
    assert body["options"] == wanted
    assert set(body) == {"model", "messages", "think", "options", "stream"}


def test_ollama_goes_on_with_a_text_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[Event] = [json.dumps({"response": "fine.", "done": False}), json.dumps({"response": "", **LAST})]
    reply, provider = asked("ollama/llama3.2", (200, lines), monkeypatch=monkeypatch, prompt=TEXT)
    assert (reply.text, provider.paths, provider.asked[0]["raw"]) == ("fine.", ["/api/generate"], True)
    assert provider.asked[0]["prompt"] == TEXT.text and "messages" not in provider.asked[0]


def test_ollama_s_error_inside_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    broken: list[Event] = [said("hello "), json.dumps({"error": "llama runner process has terminated"})]
    right: list[Event] = [said("fine."), said("", **LAST)]
    reply, _ = asked("ollama/llama3.2", (200, broken), (200, right), monkeypatch=monkeypatch)
    assert (reply.text, reply.attempts) == ("fine.", 2)


def test_a_model_that_ollama_cannot_let_think_is_asked_without(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = {"error": '"llama3.2" does not support thinking'}
    right: list[Event] = [said("fine."), said("", **LAST)]
    reply, provider = asked("ollama/llama3.2", (400, refusal), (200, right), monkeypatch=monkeypatch)
    assert (reply.text, reply.attempts) == ("fine.", 1) and "think" not in provider.asked[1]
