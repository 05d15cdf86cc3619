"""A server that speaks OpenAI's protocol, answers at once with a line of chat, and counts: `python server.py`.

Prints its address. What it is asked for depends on the first part of the path:

    /v1       the next line of chat
    /pick/v1  the nick of whoever speaks next, for frameworks that ask a model
    /act/v1   a line of chat as JSON: {"action_type": "speak", "argument": …}
    /reset    forgets what was counted
    /counts   the calls since then and, for up to KNOWN of them, their tokens (see counts.py)

Requests are only stored while they come in; they are taken apart when the counts are asked for.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from itertools import chain
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from cast import NICKS, TOPICS
from counts import counted

from simulator.llm.model import CallId, Message, Prompt, Purpose, ScriptedContext
from simulator.llm.scripted import Scripted

LINES = 4096
CHARACTERS = range(140, 191)
"""A line of chat: about 38 tokens."""
KNOWN = 2000
"""Requests that are kept to be counted; more come only from many sessions at once, where calls are enough."""


async def lines() -> list[str]:
    """Different lines for everybody to say, no two alike: a framework that looks for repeats must find none."""
    scripted, draw, made = Scripted(), random.Random(7), []
    while len(made) < LINES:
        topic = draw.choice(TOPICS)
        asked = (
            Prompt(
                Purpose.PEOPLE,
                CallId(0),
                draw.getrandbits(31),
                60,
                0.8,
                messages=(Message("user", ""),),
                scripted=ScriptedContext(topic=topic),
            )
            for _ in range(2)
        )
        line = " ".join([(await scripted.reply(one)).text for one in asked])
        if len(line) in CHARACTERS:
            made.append(line)
    return made


class Answers:
    """What is said, and what was asked."""

    def __init__(self, lines: list[str]) -> None:
        self._lines, self._draw = lines, random.Random(7)
        self.reset()

    def reset(self) -> bytes:
        self.calls, self.picks, self._known = 0, 0, []
        return b"{}"

    def counts(self) -> bytes:
        """Of one session; `picks` are the calls that only asked who speaks next."""
        whole = self.calls == len(self._known)
        tokens = counted(self._known) if whole else {"calls": self.calls}
        return json.dumps({**tokens, "picks": self.picks}).encode()

    def answer(self, path: str, body: bytes) -> tuple[bytes, str]:
        """Body and content type."""
        said = text = self._lines[self.calls % LINES]
        if path.startswith("/pick/"):
            self.picks += 1
            text = said = self._draw.choice(NICKS)
        elif path.startswith("/act/"):
            text = json.dumps({"action_type": "speak", "argument": said})
        self.calls += 1
        if len(self._known) < KNOWN:
            self._known.append((body, said))
        chat = not path.endswith("/v1/completions")
        if b'"stream":true' in body or b'"stream": true' in body:
            return _stream(text), "text/event-stream"
        choice = {"message": {"role": "assistant", "content": text}} if chat else {"text": f" {text}"}
        return json.dumps(_whole(chat, choice, len(body))).encode(), "application/json"


def _whole(chat: bool, choice: dict[str, object], asked: int) -> dict[str, object]:
    usage = {"prompt_tokens": asked // 4, "completion_tokens": 38, "total_tokens": asked // 4 + 38}
    kind = "chat.completion" if chat else "text_completion"
    choices = [{"index": 0, "finish_reason": "stop", "logprobs": None, **choice}]
    return {"id": "1", "object": kind, "created": 1, "model": "gpt-4o-mini", "choices": choices, "usage": usage}


def _stream(text: str) -> bytes:
    chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-mini"}
    deltas = (({"role": "assistant", "content": text}, None), ({}, "stop"))
    chunks = [{**chunk, "choices": [{"index": 0, "delta": d, "finish_reason": end}]} for d, end in deltas]
    usage = {"prompt_tokens": 1, "completion_tokens": 38, "total_tokens": 39}
    chunks.append({**chunk, "choices": [], "usage": usage})
    return b"".join(f"data: {json.dumps(one)}\n\n".encode() for one in chunks) + b"data: [DONE]\n\n"


class Connection(asyncio.Protocol):
    """One client; just as much of HTTP as clients use here."""

    def __init__(self, answers: Answers) -> None:
        self._answers, self._read = answers, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            first, *headers = self._read[:end].decode("latin-1").split("\r\n")
            named = dict(header.lower().split(": ", 1) for header in headers if ": " in header)
            size = end + 4 + int(named.get("content-length", 0))
            if len(self._read) < size:
                return
            body, self._read = self._read[end + 4 : size], self._read[size:]
            out, kind = self._out(first.split(" ")[1], body)
            head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(out)}\r\n\r\n"
            self._transport.write(head.encode() + out)

    def _out(self, path: str, body: bytes) -> tuple[bytes, str]:
        if path.endswith("/completions"):
            return self._answers.answer(path, body)
        served = {"/reset": self._answers.reset, "/counts": self._answers.counts}.get(path, lambda: b'{"data": []}')
        return served(), "application/json"


async def main() -> None:
    answers = Answers(await lines())
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(answers), "127.0.0.1", 0, backlog=1024)
    print("http://127.0.0.1:{}".format(*chain(server.sockets[0].getsockname()[1:])), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
