"""Loopback servers that answer as told: what a provider may do to a caller."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.loopback import listening

Answer = Callable[[web.Request, dict[str, Any]], web.StreamResponse]
HANG = "hang"


@dataclass
class Server:
    """What was asked so far, and what to answer next; the last answer is given again and again."""

    answers: list[Answer | str]
    base: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    busy: int = 0
    busiest: int = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.method != "POST":
            return web.json_response({"error": {"message": "Not Found"}}, status=404)
        body = await request.json()
        self.asked.append(body)
        self.keys.append(request.headers.get("Authorization", "").removeprefix("Bearer "))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            await asyncio.sleep(0)
            if answer == HANG:
                await asyncio.Event().wait()
            return answer(request, body)
        finally:
            self.busy -= 1


@asynccontextmanager
async def serving(*answers: Answer | str) -> AsyncIterator[Server]:
    server = Server(list(answers))
    async with listening(server.handle, cancelling=True) as address:
        server.base = f"{address}/v1"
        yield server


def says(text: str, *, cached: int = 0, finish: str = "stop") -> Answer:
    """An answer in OpenAI's form, for whichever of its two endpoints was asked."""

    def answer(_: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        choice: dict[str, Any] = {"index": 0, "finish_reason": finish}
        choice |= {"text": text} if "prompt" in body else {"message": {"role": "assistant", "content": text}}
        usage = {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25}
        usage["prompt_tokens_details"] = {"cached_tokens": cached}
        kind = "text_completion" if "prompt" in body else "chat.completion"
        return web.json_response(
            {"id": "1", "object": kind, "created": 1, "model": "it", "choices": [choice], "usage": usage}
        )

    return answer


def claude_says(text: str) -> Answer:
    def answer(_: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        usage = {
            "input_tokens": 20,
            "output_tokens": 5,
            "cache_read_input_tokens": 100,
            "cache_creation_input_tokens": 0,
        }
        return web.json_response(
            {
                "id": "1",
                "type": "message",
                "role": "assistant",
                "model": body["model"],
                "content": [{"type": "text", "text": text}],
                "stop_reason": "end_turn",
                "usage": usage,
            }
        )

    return answer


def fails(status: int, message: str = "no", *, code: str | None = None, **headers: str) -> Answer:
    """An error in the usual form; `{key}` in the message is what the caller sent as its key."""

    def answer(request: web.Request, _: dict[str, Any]) -> web.StreamResponse:
        key = request.headers.get("Authorization", "").removeprefix("Bearer ") or request.headers.get("x-api-key", "")
        error = {"error": {"message": message.replace("{key}", key), "code": code}}
        return web.json_response(error, status=status, headers=headers)

    return answer


def sends(body: str, status: int = 200) -> Answer:
    """Anything at all, as JSON."""
    return lambda _request, _body: web.Response(text=body, status=status, content_type="application/json")


HALF = sends(json.dumps({"id": "1", "choices": [{"index": 0}]})[:20])
