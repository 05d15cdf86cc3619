"""A server as a subject: what it is asked, and what follows if it gives no log-probabilities."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from simulator.document import TranscriptLine
from simulator.evaluate.collect import ProbeCast, place_probe
from simulator.evaluate.open_subjects import opened
from simulator.evaluate.served_subject import BY_CHAT, LIKELIEST, NO_LOGPROBS, Served
from simulator.evaluate.subject import Ask, Sampling
from simulator.llm.gguf_file import default_weights
from simulator.llm.model import PromptFormat
from tests.evaluate.subjects import rules, suite
from tests.layout import LAYOUT
from tests.llm.clients import translated
from tests.llm.servers import Answer, Server, says, serving
from tests.worlds import shipped

SAMPLING = Sampling(0.9, 0.95, 40)
ASK = Ask(LAYOUT.header("LOW", "#general"), (TranscriptLine("kai", "hi"),), 3)
PROMPTS = shipped().prompts
NICKS, OPENINGS = rules().nicks, suite().openings()[:3]
TEXT = "ENGAGEMENT: LOW\nCHANNEL: #general\n<kai> hi\n<ada> ho\n"


@contextmanager
def running(*answers: Answer) -> Iterator[Server]:
    """A server in a thread: the subject has an event loop of its own."""
    loop, stack = asyncio.new_event_loop(), AsyncExitStack()
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(stack.enter_async_context(serving(*answers)), loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def subject(server: Server, dialect: PromptFormat = PromptFormat.COMPLETION) -> Served:
    model = "openai/it" if dialect is PromptFormat.CHAT else "text-completion-openai/it"
    client = translated([server.base], model=model, name="it", dialect=dialect)
    return Served(client, "digest", "ada", LAYOUT, PROMPTS)


def gives(logprobs: dict[str, Any]) -> Answer:
    def answer(_: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        choice = {"index": 0, "finish_reason": "length", "text": "ada", "logprobs": logprobs}
        return web.json_response(
            {"id": "1", "object": "text_completion", "created": 1, "model": "it", "choices": [choice]}
        )

    return answer


def test_lines_and_sessions_go_on_with_the_document() -> None:
    with running(says(" yes really\nmore")) as server:
        asked = subject(server)
        assert asked.lines([ASK], SAMPLING) == ["yes really"]
        assert asked.sessions([ASK], 2, SAMPLING) == ["yes really\nyes really\n"]
        asked.close()
    first, second, third = (body["prompt"] for body in server.asked)
    assert first == "ENGAGEMENT: LOW\nCHANNEL: #general\n<kai> hi\n<ada>"
    assert second == first.removesuffix("<ada>") and third == second + "yes really\n"
    assert server.asked[0]["stop"] == ["\n"] and server.asked[0]["max_tokens"] == 40
    assert all(body["temperature"] == 0.9 and body["top_p"] == 0.95 for body in server.asked), "as a folder is sampled"


@pytest.mark.parametrize(
    "logprobs",
    [
        {
            "tokens": ["ada"],
            "token_logprobs": [-1.6],
            "text_offset": [0],
            "top_logprobs": [{"<ada>": -1.609438, "bo": -0.5}],
        },
        {"content": [{"token": "ada", "logprob": -1.6, "top_logprobs": [{"token": "<ada>", "logprob": -1.609438}]}]},
    ],
    ids=["openai", "llama.cpp"],
)
def test_chances_are_read_off_the_likeliest_tokens(logprobs: dict[str, Any]) -> None:
    with running(gives(logprobs)) as server:
        asked = subject(server)
        found = asked.reads([TEXT])
        asked.close()
    assert found == [(pytest.approx(0.2, abs=1e-6),) * 2] and asked.note == LIKELIEST
    asked_after = [body["prompt"] for body in server.asked if "prompt" in body and not body.get("echo")]
    assert {text[-4:] for text in asked_after} == {"ral\n", " hi\n"}


def test_a_server_without_log_probabilities_is_asked_once() -> None:
    with running(says("ada")) as server:
        asked = subject(server)
        assert asked.reads([TEXT] * 5) is None and asked.note == NO_LOGPROBS
        asked.close()
    assert len(server.asked) == 1


def test_in_chat_nobody_can_ask() -> None:
    with running(says("well")) as server:
        asked = subject(server, PromptFormat.CHAT)
        assert asked.reads([TEXT]) is None and asked.note == BY_CHAT
        assert asked.lines([ASK], SAMPLING) == ["well"]
        asked.close()
    assert "the next line of ada" in server.asked[0]["messages"][-1]["content"]


@pytest.mark.model
def test_the_embedded_model_answers_and_says_chances(tmp_path: Path) -> None:
    """A nick that speaks every other line is expected; one that was never there is not."""
    world = SimpleNamespace(lead=SimpleNamespace(nick="ada"), layout=LAYOUT, prompts=PROMPTS)
    [(_, known)] = opened(f"gguf:{default_weights()}", [], world=world, data=tmp_path)
    talk = "".join(f"<kai> line {n} about soup\n<ada> yes, soup again\n" for n in range(4))
    try:
        found = known.reads([f"ENGAGEMENT: LOW\nCHANNEL: #general\n{talk}"])
        cast = ProbeCast("ada", tuple(NICKS), seed=1, layout=LAYOUT)
        asks = [place_probe(each, "assistant", ("#general",), cast, turn=0) for each in OPENINGS]
        answers = known.lines([Ask(each.header, each.lines, 1) for each in asks], SAMPLING)
    finally:
        known.close()
    assert found is not None and known.note == ""
    assert found[0][0] < 0.05 < 0.5 < found[0][-1] <= 1
    assert any(answers) and all("\n" not in text for text in answers)
