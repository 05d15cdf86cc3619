"""The window of a served model, as servers state it; a long session on a small one finishes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from simulator.llm.model import CallId, Models, Prompt, PromptFormat, Purpose, ScriptedContext
from simulator.llm.scripted import Scripted
from simulator.llm.window import TruncationWatch, stated
from simulator.plan.planner import single
from simulator.session.play import play
from tests import builders
from tests.llm.clients import straight
from tests.llm.servers import says
from tests.llm.test_client import CHAT
from tests.loopback import listening
from tests.worlds import shipped

STATED: dict[str, tuple[str, Any, int | None]] = {
    "vllm": ("/v1/models", {"object": "list", "data": [{"id": "it", "max_model_len": 4096}]}, 4096),
    "vllm, two models": (
        "/v1/models",
        {"data": [{"id": "other", "max_model_len": 9}, {"id": "it", "max_model_len": 4096}]},
        4096,
    ),
    "openrouter": ("/v1/models", {"data": [{"id": "it", "context_length": 32768}]}, 32768),
    "groq": ("/v1/models", {"data": [{"id": "it", "context_window": 8192}]}, 8192),
    "llama.cpp": ("/props", {"default_generation_settings": {"n_ctx": 4096}, "total_slots": 4}, 4096),
    "lm studio": (
        "/api/v0/models",
        {"data": [{"id": "it", "max_context_length": 32768, "loaded_context_length": 4096}]},
        4096,
    ),
    "tgi": ("/info", {"model_id": "it", "max_input_tokens": 4095, "max_total_tokens": 4096}, 4096),
    "nobody": ("/nowhere", {}, None),
    "others' models": (
        "/v1/models",
        {"data": [{"id": "a", "max_model_len": 9}, {"id": "b", "max_model_len": 8}]},
        None,
    ),
    "not what it should be": ("/v1/models", {"data": [{"id": "it", "max_model_len": "much"}]}, None),
}


@pytest.mark.parametrize("case", STATED)
def test_the_window_is_read_wherever_the_server_states_it(case: str) -> None:
    path, body, window = STATED[case]

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            return says("fine.")(request, await request.json())
        return web.json_response(body) if request.path == path else web.Response(status=404)

    async def main() -> None:
        async with listening(handle) as address:
            client = straight([f"{address}/v1"])
            assert (await client.reply(CHAT)).text == "fine."
            assert client.context == window
            await client.aclose()

    asyncio.run(main())


@pytest.mark.parametrize("answer", [None, 7, [], {"data": 7}, {"data": [7]}, {"n_ctx": 0}, {"n_ctx": True}])
def test_nonsense_states_nothing(answer: Any) -> None:
    assert stated(answer, "it") is None


class SmallWindow:
    """A server with few tokens, each of so many characters, that refuses in vLLM's words, or in few."""

    def __init__(self, window: int, characters: float, words: str, *, states: bool) -> None:
        self._window, self._characters, self._words, self._states = window, characters, words, states
        self.refused = self.answered = 0
        self.longest = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.method != "POST":
            body = {"data": [{"id": "it", "max_model_len": self._window}]}
            return web.json_response(body) if self._states else web.Response(status=404)
        body = await request.json()
        given = body.get("prompt") or "".join(message["content"] for message in body["messages"])
        tokens = int(len(given) / self._characters)
        if tokens + body["max_tokens"] > self._window:
            self.refused += 1
            words = self._words.format(window=self._window, tokens=tokens)
            return web.json_response({"error": {"message": words, "code": 400}}, status=400)
        self.answered += 1
        self.longest = max(self.longest, given.count("\n<"))
        about = ScriptedContext(topic="bread")
        line = Prompt(
            Purpose.PEOPLE, CallId(0), body["seed"], 100, 0.9, text="<x>", scripted=about, speaker=str(tokens)
        )
        return says((await Scripted().reply(line)).text)(request, body)


VLLM = "This model's maximum context length is {window} tokens and your request has {tokens} input tokens."
SILENT = "the request exceeds the available context size. try increasing it"


@pytest.mark.parametrize("dialect", [PromptFormat.CHAT, PromptFormat.COMPLETION])
@pytest.mark.parametrize(
    ("words", "characters", "states"), [(VLLM, 4.0, True), (VLLM, 4.0, False), (VLLM, 3.2, False), (SILENT, 3.2, False)]
)
def test_a_long_session_on_a_small_window_finishes(
    words: str, characters: float, states: bool, dialect: PromptFormat
) -> None:
    world = shipped()
    server = SmallWindow(4096, characters, words, states=states)
    # The server's lines are about nothing, so no beat may wait for a certain one.
    plan = builders.changed(single(world, 3, messages=120), beats=(), expect=(), presence=())

    async def main() -> int:
        async with listening(server.handle) as address:
            client = straight([f"{address}/v1"], dialect=dialect)
            said = 0
            async for event in play(plan, world, Models(client, client)):
                said += event.kind == "said"
            await client.aclose()
            return said

    said = asyncio.run(main())
    assert said > 0 and server.answered >= 100
    assert server.refused <= 0.15 * server.answered, "it learns"
    assert server.longest >= 20, "as much of the log is shown as fits"


COUNTS = {  # tokens that a server counts for prompts of so many characters; where it is thought to cut
    "all of them": (lambda characters: characters // 4, None),
    "cut at 2048": (lambda characters: min(2048, characters // 4), 2048),
    "cut from the first prompt on": (lambda characters: 2048 if characters >= 12000 else characters // 4, 2048),
    "a number for show": (lambda characters: 20, None),
    "none": (lambda characters: 0, None),
    "without what is cached": (lambda characters: characters // 4 % 1500 + 1, None),
}


@pytest.mark.parametrize("case", COUNTS)
def test_a_count_that_stops_growing_gives_a_cut_away(case: str) -> None:
    count, cut_at = COUNTS[case]
    watch = TruncationWatch()
    found = [watch.cut_at(characters, count(characters)) for characters in range(12000, 40000, 300)]
    assert [each for each in found if each is not None] == ([] if cut_at is None else [cut_at])


STATEMENTS: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "server_shapes.json").read_bytes())[
    "stated"
]


@pytest.mark.parametrize("case", STATEMENTS)
def test_many_statements_of_a_window(case: str) -> None:
    assert stated(STATEMENTS[case]["body"], "it") == STATEMENTS[case]["window"]
