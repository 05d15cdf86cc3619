"""A provider that answers as asked, but for a share of its answers, which go wrong in one way."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from simulator import rng
from simulator.llm.model import Model, Prompt, PromptFormat, Reply
from simulator.llm.retry import FailureKind
from simulator.llm.scripted import Scripted
from tests.loopback import listening

SHARE = 0.3
"""Of the answers that go wrong."""
HUGE = 10_000_000
"""Bytes of the text that is far too long."""

Wrong = Callable[[web.Request, str, Prompt], Any]


def _status(status: int, **headers: str) -> Wrong:
    async def answer(request: web.Request, right: str, prompt: Prompt) -> web.StreamResponse:
        return web.json_response({"error": {"message": "not now"}}, status=status, headers=headers)

    return answer


def _body(body: Callable[[str], bytes]) -> Wrong:
    async def answer(request: web.Request, right: str, prompt: Prompt) -> web.StreamResponse:
        return web.Response(body=body(right), content_type="application/json")

    return answer


async def _half(request: web.Request, right: str, prompt: Prompt) -> web.StreamResponse:
    body = _answer(right).encode()
    response = web.StreamResponse(headers={"Content-Length": str(len(body)), "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    request.transport.close()
    return response


async def _nothing(request: web.Request, right: str, prompt: Prompt) -> web.StreamResponse:
    request.transport.close()
    return web.Response()


async def _no_http(request: web.Request, right: str, prompt: Prompt) -> web.StreamResponse:
    request.transport.write(bytes(range(256)) * 4)
    request.transport.close()
    return web.Response()


async def _anothers(request: web.Request, right: str, prompt: Prompt) -> web.StreamResponse:
    """A line of somebody who is there, or of the user1 whom models make up."""
    there = re.findall(r"^<(\S+)> ", "\n".join(message.content for message in prompt.messages), re.MULTILINE)
    other = next((nick for nick in reversed(there) if nick != prompt.speaker), "user1")
    return web.Response(text=_answer(f"<{other}> {right}"), content_type="application/json")


def _says(text: str) -> Wrong:
    return _body(lambda right: _answer(text).encode())


FAULTS: dict[str, tuple[Wrong, FailureKind | str]] = {
    "429": (_status(429), FailureKind.BUSY),
    "429 with a pause": (_status(429, **{"Retry-After": "7"}), FailureKind.BUSY),
    "500": (_status(500), FailureKind.FAILED),
    "garbage for an answer": (_body(lambda right: bytes(range(256))), FailureKind.BROKEN),
    "garbage for HTTP": (_no_http, FailureKind.FAILED),
    "half a body": (_half, FailureKind.FAILED),
    "nothing": (_nothing, FailureKind.FAILED),
    "wrong JSON": (_body(lambda right: b'{"choices": [7], "usage": "much"}'), FailureKind.BROKEN),
    "cut JSON": (_body(lambda right: _answer(right).encode()[:-20]), FailureKind.BROKEN),
    "empty text": (_says(""), "fragment"),
    "10 MB of text": (_says("soup " * (HUGE // 5)), "wall"),
    "another person's lines": (_anothers, "leak"),
}
"""What goes wrong, and what the records must call it: a failed request's kind, or the rule that sends the line back."""


class Faulty:
    """Answers with the scripted model's lines; counts what it did."""

    def __init__(self, fault: str, seed: int, share: float) -> None:
        self._wrong, self._fault, self._seed, self._share = FAULTS[fault][0], fault, seed, share
        self.base = ""
        self.asked = 0
        self.served = 0
        """Wrong answers."""
        self._prompts: dict[int, Prompt] = {}
        self._scripted = Scripted(PromptFormat.CHAT)

    def told(self, prompt: Prompt) -> None:
        """The scripted model needs to know the beat and the topic, which a provider is not told."""
        self._prompts[prompt.seed & 0x7FFFFFFF] = prompt

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.method != "POST":
            return web.json_response({"error": {"message": "Not Found"}}, status=404)
        body = await request.json()
        prompt = self._prompts[body["seed"]]
        right = (await self._scripted.reply(prompt)).text
        self.asked += 1
        if rng.stream(self._seed, self._fault, self.asked).random() < self._share:
            self.served += 1
            return await self._wrong(request, right, prompt)
        return web.Response(text=_answer(right), content_type="application/json")


@asynccontextmanager
async def faulty(fault: str, seed: int = 1, share: float = SHARE) -> AsyncIterator[Faulty]:
    """Listening on the loopback for the length of the block."""
    server = Faulty(fault, seed, share)
    async with listening(server.handle) as address:
        server.base = f"{address}/v1"
        yield server


class Telling:
    """A door that tells the server what the prompt is about, beside what goes over the wire; keeps its shape."""

    def __init__(self, inner: Model, server: Faulty) -> None:
        self._inner, self._server = inner, server
        self.name, self.dialect, self.context = inner.name, inner.dialect, inner.context
        self.calls: Counter[str] = Counter()

    async def reply(self, prompt: Prompt) -> Reply:
        self._server.told(prompt)
        self.calls["asked"] += 1
        reply = await self._inner.reply(prompt)
        self.calls["answered"] += 1
        return reply

    async def aclose(self) -> None:
        await self._inner.aclose()


def _answer(text: str) -> str:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    usage = {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25}
    return json.dumps(
        {"id": "1", "object": "chat.completion", "created": 1, "model": "it", "choices": [choice], "usage": usage}
    )
