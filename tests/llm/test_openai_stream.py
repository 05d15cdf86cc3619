"""Streamed answers: what the servers send piece by piece, and what happens when they stop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from simulator.errors import ProviderError
from simulator.llm.model import PromptFormat, Reply, Usage
from simulator.llm.openai_protocol import LONGEST
from simulator.llm.progress import CallProgress, Phase
from tests.llm.clients import Pauses, straight
from tests.llm.test_client import CHAT, TEXT
from tests.loopback import listening

Piece = dict[str, Any] | str
USAGE = {"prompt_tokens": 500, "completion_tokens": 6, "prompt_tokens_details": {"cached_tokens": 490}}


def delta(text: str | None = None, finish: str | None = None, **more: Any) -> Piece:
    content = {} if text is None else {"content": text}
    return {"id": "1", "choices": [{"index": 0, "delta": {**content, **more}, "finish_reason": finish}]}


def piece(text: str, finish: str | None = None, **more: Any) -> Piece:
    return {"id": "1", "choices": [{"index": 0, "text": text, "finish_reason": finish, **more}]}


class Streaming:
    """Sends the pieces of one answer after the other; the last answer again and again. None: silence from then on."""

    def __init__(self, *answers: list[Piece | None]) -> None:
        self._answers = list(answers)
        self.asked: list[dict[str, Any]] = []
        self.hung_up = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.method != "POST":
            return web.Response(status=404)
        self.asked.append(await request.json())
        pieces = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        try:
            for each in pieces:
                if each is None:
                    await asyncio.Event().wait()
                line = each if isinstance(each, str) else f"data: {json.dumps(each)}"
                await response.write(f"{line}\n\n".encode())
                await asyncio.sleep(0)
        except (asyncio.CancelledError, ConnectionError):
            self.hung_up += 1
            raise
        return response


async def run(server: Streaming, check: Callable[[str], Awaitable[None]]) -> None:
    async with listening(server.handle, cancelling=True) as address:
        await check(f"{address}/v1")


def asked(
    *answers: list[Piece | None], prompt: Any = CHAT, silence: float = 20, notes: list[CallProgress] | None = None
) -> tuple[Reply, Streaming]:
    server, replies = Streaming(*answers), []

    async def check(base: str) -> None:
        dialect = PromptFormat.CHAT if prompt.text is None else PromptFormat.COMPLETION
        heard: Callable[[CallProgress], None] = (notes if notes is not None else []).append
        client = straight([base], dialect=dialect, silence=silence, progress=heard)
        try:
            replies.append(await client.reply(prompt))
        finally:
            await client.aclose()

    asyncio.run(run(server, check))
    return replies[0], server


END: list[Piece | None] = [delta(finish="stop"), {"id": "1", "choices": [], "usage": USAGE}, "data: [DONE]"]
STREAMS: dict[str, list[Piece | None]] = {
    "openai": [delta(role="assistant"), delta("hello "), delta("there."), *END],
    "a comment to keep the line": [": OPENROUTER PROCESSING", delta("hello "), ": ping", delta("there."), *END],
    "usage with the last piece": [delta("hello there."), {**delta(finish="stop"), "usage": USAGE}, "data: [DONE]"],
    "no end mark": [delta("hello there."), {**delta(finish="stop"), "usage": USAGE}],
    "reasoning": [delta(reasoning_content="hm"), delta(reasoning_content=" hm"), delta("hello there."), *END],
    "reasoning, the other name": [delta(reasoning="hm"), delta("hello there."), *END],
    "tags over pieces": [delta("<thi"), delta("nk>hm</th"), delta("ink>hello there."), *END],
    "parts": [
        delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]),
        delta("hello there."),
        *END,
    ],
    "progress": [
        {"choices": [], "prompt_progress": {"total": 1762, "cache": 0, "processed": 670, "time_ms": 9}},
        delta("hello there."),
        *END,
    ],
    "usage inside the choice, as moonshot sends it": [
        delta("hello there."),
        {"id": "1", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "usage": USAGE}]},
        "data: [DONE]",
    ],
    "usage beside, as groq sends it": [
        delta("hello there."),
        {**delta(finish="stop"), "x_groq": {"id": "req", "usage": USAGE}},
        "data: [DONE]",
    ],
    "no reason for the end": [{**delta("hello there."), "usage": USAGE}, "data: [DONE]"],
    "an empty delta and null content": [delta(role="assistant", content=None), delta(""), delta("hello there."), *END],
    "event names": [f"event: message\ndata: {json.dumps(delta('hello there.'))}", *END],
    "lines of their own, as ollama sends them": [json.dumps(delta("hello there.")), *(json.dumps(e) for e in END[:2])],
    "windows line ends": ["data: " + json.dumps(delta("hello there.")) + "\r", *END],
}


@pytest.mark.parametrize("case", STREAMS)
def test_a_stream_is_the_answer_in_pieces(case: str) -> None:
    reply, server = asked(STREAMS[case])
    assert (reply.text, reply.attempts, reply.cut) == ("hello there.", 1, False)
    assert reply.usage == Usage(500, 490, 6)
    assert reply.reasoned == (case in ("reasoning", "reasoning, the other name", "tags over pieces", "parts"))
    assert server.asked[0]["stream"] is True


def test_raw_text() -> None:
    pieces = [piece(" hello"), piece(" there.", "length"), "data: [DONE]"]
    reply, _ = asked(pieces, prompt=TEXT)
    assert (reply.text, reply.cut) == (" hello there.", True)


def test_what_is_read_and_written_is_told() -> None:
    notes: list[CallProgress] = []
    asked(STREAMS["progress"], notes=notes)
    assert [str(note) for note in notes if note.phase is Phase.READING] == ["reading 1,762 tokens, 38 %"]
    assert [note.tokens for note in notes if note.phase is Phase.WRITING] == [1]


BROKEN: dict[str, list[Piece | None]] = {
    "no end": [delta("hello th")],
    "nothing": [],
    "an error in the middle": [delta("hello th"), {"error": {"code": 502, "message": "upstream"}}],
    "llama.cpp's error line": [delta("hello"), 'error: {"code": 500, "message": "it broke"}'],
    "an error event": [delta("hello th"), 'event: error\ndata: {"error": {"message": "it broke", "code": 500}}'],
    "an error event in words": [delta("hello th"), "event: error\ndata: Internal Server Error"],
    "an error event without the name": [delta("hello th"), 'event:error\ndata:{"message": "CUDA out of memory"}'],
    "an error object": [delta("hello th"), {"object": "error", "message": "engine died", "code": 500}],
    "tgi": [delta("hello th"), {"error": "Request failed during generation", "error_type": "generation"}],
    "openrouter": [
        delta("hello th"),
        {**delta(finish="error"), "error": {"code": "server_error", "message": "Provider disconnected"}},
    ],
    "an end without a text": ["data: [DONE]"],
    "a page of a proxy": ["<html><body>502 Bad Gateway</body></html>"],
    "finish error": [delta("hello th"), delta(finish="error")],
    "not JSON": ["data: {oh"],
    "a number for a text": [delta(content=7)],
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_stream_that_breaks_is_asked_for_again(case: str) -> None:
    reply, server = asked(BROKEN[case], STREAMS["openai"])
    assert (reply.text, reply.attempts, len(server.asked)) == ("hello there.", 2, 2)


def test_silence_ends_a_call_and_length_does_not() -> None:
    long: list[Piece | None] = [delta(f"{i} ") for i in range(400)]
    reply, server = asked([delta("hello"), None], [*long, *END], silence=0.3)
    assert reply.attempts == 2 and reply.text.startswith("0 1 2 ")
    assert server.hung_up == 1, "the server sees that nobody waits any more"


def test_a_call_that_is_given_up_hangs_up() -> None:
    server = Streaming([delta("hello"), None])

    async def check(base: str) -> None:
        begun = asyncio.Event()
        client = straight([base], progress=lambda note: begun.set() if note.phase is Phase.WRITING else None)
        call = asyncio.create_task(client.reply(CHAT))
        await begun.wait()
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        while not server.hung_up:
            await asyncio.sleep(0)
        await client.aclose()

    asyncio.run(run(server, check))


def test_a_stream_without_an_end_is_cut_and_hung_up() -> None:
    endless: list[Piece | None] = [delta("soup " * 2000)] * 100
    reply, _ = asked([*endless, None])
    assert reply.cut and len(reply.text) == LONGEST


def test_a_refusal_before_the_stream_is_one() -> None:
    async def main() -> None:
        async def handle(request: web.Request) -> web.StreamResponse:
            return web.json_response({"error": {"message": "no such thing"}}, status=400)

        async with listening(handle) as address:
            client = straight([f"{address}/v1"], pauses=Pauses())
            with pytest.raises(ProviderError, match="no such thing"):
                await client.reply(CHAT)
            await client.aclose()

    asyncio.run(main())
