"""OpenAI's protocol over aiohttp: for addresses that speak it, where nothing has to be translated.

Answers are streamed. So silence can be told from slowness, the progress of a long prompt is seen where the server tells
it, and a server notices at once when nobody waits any more. CPU of one call with a prompt of 8 kB: 0.2 ms, against 3.5
through litellm (`tests/bench/litellm_routes.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from pydantic import JsonValue

from simulator import clock
from simulator.control_tokens import neutralise
from simulator.llm import choices, openai_protocol, prompt_cache, window
from simulator.llm.likelihood import Way, by_alternatives, by_echo, by_tokens
from simulator.llm.model import Prompt, Reply, Usage
from simulator.llm.openai_stream import StreamedAnswer, events
from simulator.llm.provider_errors import BrokenAnswer, BrokenConnection, Refusal
from simulator.llm.server_traits import JsonObject, ServerTraits
from simulator.llm.silence import Signs
from simulator.llm.transport import FIRST_SIGN, Exchange, Note, TransportOptions

if TYPE_CHECKING:
    import aiohttp

_NOT_DONE = (400, 404, 405, 415, 422, 500, 501)
"""What servers answer to what they do not know; 500 is llama.cpp's answer to `echo`."""
KEPT = 4.0
"""Seconds that an idle connection is kept where it is encrypted; the usual servers close theirs after five. Others are
not kept: they cost next to nothing, and llama.cpp closes each after a stream without a word."""
DRAIN = 0.05
"""Seconds that a server has to end a stream after its last event; else the connection is not used again."""
PROBE = 5.0
"""Seconds that a server has to state its window."""


class OpenAITransport:
    """Sends prompts to one model at any number of addresses, with one set of open connections."""

    def __init__(self, options: TransportOptions) -> None:
        self._options = options
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        """Connections to encrypted addresses, which are kept, and to others, which are not."""
        self._signs = Signs()
        self._ways: dict[str | None, Way] = {}
        """How each address tells the likelihood of words."""

    @property
    def secrets(self) -> tuple[str | None, ...]:
        """The key."""
        return (self._options.key,)

    async def settings(self, prompt: Prompt, traits: ServerTraits) -> JsonObject:
        """The body of the request."""
        options = self._options
        body: JsonObject = {
            "model": options.model,
            **openai_protocol.asked(prompt),
            **self._choice(prompt),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if prompt.text is None:
            body |= self._chat_habits(prompt)
            messages = traits.messages(prompt.messages)
            claude = "claude" in options.model.lower()  # behind a gateway: other caches need no marks
            body["messages"] = prompt_cache.marked(messages) if claude else openai_protocol.plain(messages)
        else:
            body |= {"prompt": neutralise(prompt.text), **self._raw_habits(prompt)}
        return traits.fit(with_params(body, options.params))

    def _choice(self, prompt: Prompt) -> JsonObject:
        """How an answer that is one of a few words is asked for."""
        return choices.choose_by_probability(prompt)

    def _chat_habits(self, prompt: Prompt) -> JsonObject:
        """What a chat request has besides the usual; None takes something out of it."""
        return least_reasoning(self._options.model)

    def _raw_habits(self, prompt: Prompt) -> JsonObject:
        """What a request for plain completion has besides the usual."""
        if prompt.top_p is None:
            return {}
        return {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}  # else vLLM takes the model's own

    def _billed(self, reply: Reply, answer: Mapping[str, JsonValue]) -> Reply:
        """The reply with its price. `answer`: as it came."""
        return openai_protocol.billed(reply, self._options.billing)

    def _request(self, base: str, settings: JsonObject) -> tuple[str, JsonObject]:
        """Where the request goes, and its body."""
        return f"{base}/{'completions' if 'prompt' in settings else 'chat/completions'}", settings

    def _headers(self) -> dict[str, str]:
        """What goes with every request."""
        return {"Authorization": f"Bearer {self._options.key}"} if self._options.key else {}

    def _collector(self, note: Note) -> StreamedAnswer:
        """Puts a streamed answer together."""
        return StreamedAnswer(note)

    def _unstreamed(self, answer: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        """An answer that came in one piece, in OpenAI's words."""
        return answer

    def _at(self, base: str | None) -> str:
        """The address, without a slash at its end."""
        return (base or self._options.base).rstrip("/")

    async def send(self, exchange: Exchange) -> Reply:
        """The reply. Raises Refusal for a status that is none of success, BrokenConnection, BrokenAnswer, OSError."""
        if exchange.prompt.scored:
            return await self._score(exchange)
        began = clock.tick()
        answer = await self._answer(exchange)
        prompt, seconds = exchange.prompt, clock.tick() - began
        reply = openai_protocol.read(answer, model=self._options.name, seconds=seconds, stop=prompt.stop)
        return self._billed(choices.weighed(reply, answer, prompt.choices), answer)

    async def window(self, base: str | None) -> int | None:
        """As the server states it, at whichever of the usual places."""
        for place in window.PLACES:
            try:
                async with asyncio.timeout(PROBE):
                    found = window.stated(await self.fetch(urljoin(f"{self._at(base)}/", place)), self._options.model)
            except (BrokenConnection, ValueError, OSError):  # TimeoutError is one
                return None
            if found is not None:
                return found
        return None

    async def fetch(self, url: str, body: JsonObject | None = None) -> JsonValue:
        """The JSON at an address (GET, or POST with a body); None: another status than 200."""
        import aiohttp

        method = "GET" if body is None else "POST"
        try:
            async with self._open(url).request(method, url, json=body) as response:
                return json.loads(await response.read()) if response.status == 200 else None
        except aiohttp.ClientError as error:
            raise BrokenConnection(str(error)) from error

    async def aclose(self) -> None:
        """Closes the connections."""
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            await session.close()

    async def _score(self, exchange: Exchange) -> Reply:
        """The likelihood of the prompt's words, in the best way that the server knows; the way is remembered."""
        began, prompt, counted = clock.tick(), exchange.prompt, Usage()
        text, words = neutralise(prompt.text or ""), neutralise(prompt.scored)

        async def post(path: str, body: JsonObject) -> JsonValue:
            nonlocal counted
            found = await self._post(exchange.base, path, body)
            if isinstance(found, Mapping):
                counted += openai_protocol.usage_of(found.get("usage") or found)
            return found

        async def first(text: str) -> Mapping[str, float] | None:
            nonlocal counted
            answer = await self._answer(replace(exchange, settings={**exchange.settings, "prompt": text}))
            counted += openai_protocol.usage_of(answer.get("usage") or {})
            return openai_protocol.first_tokens(answer)

        found, known = None, self._ways.get(exchange.base)
        for way in Way if known is None else (known,):
            if way is Way.TOKENS:
                found = await by_tokens(post, prompt.text or "", prompt.scored, self._native)
            elif way is Way.ECHO:
                found = await by_echo(post, text, words, exchange.settings)
            else:
                found = await by_alternatives(first, text, words)
            if found is not None:
                self._ways[exchange.base] = way
                break
        reply = Reply("", self._options.name, usage=counted, seconds=clock.tick() - began, likelihood=found)
        return openai_protocol.billed(reply, self._options.billing)

    @property
    def _native(self) -> JsonObject:
        """What a call in llama.cpp's own words takes along."""
        return {}

    async def _post(self, base: str | None, path: str, body: JsonObject) -> JsonValue:
        """The JSON at a path below the server's root; None where the server does not take this."""
        root = self._at(base).removesuffix("/v1")
        with _translated():
            async with asyncio.timeout(self._options.silence * FIRST_SIGN):
                async with self._open(root).post(f"{root}/{path}", json=body) as response:
                    if response.status in _NOT_DONE:
                        return None
                    await _refuse(response)
                    return dict(_parsed(await response.read()))

    async def _answer(self, exchange: Exchange) -> Mapping[str, JsonValue]:
        base = self._at(exchange.base)
        url, body = self._request(base, exchange.settings)
        with _translated():
            async with (
                self._signs.patience(base, self._options.silence) as wait,
                self._open(base).post(url, json=body) as response,
            ):
                await _refuse(response)
                if "event-stream" not in response.headers.get("Content-Type", ""):
                    return self._unstreamed(_parsed(await response.read()))
                answer = self._collector(exchange.note)
                async for event in events(_chunks(response)):
                    wait.reset(begun=answer.begun)
                    if answer.take(event):
                        break
                if response.url.scheme == "https":
                    await _drain(response)
                return answer.whole()

    def _open(self, address: str) -> aiohttp.ClientSession:
        import aiohttp

        secure = address.startswith("https:")
        if secure not in self._sessions or self._sessions[secure].closed:
            kept = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEPT) if secure else None
            self._sessions[secure] = aiohttp.ClientSession(
                connector=kept or aiohttp.TCPConnector(limit=0, force_close=True),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=30),
                headers=self._headers(),
            )
        return self._sessions[secure]


def with_params(body: JsonObject, params: Mapping[str, JsonValue]) -> JsonObject:
    """The body with a user's own parameters in it; `extra_body` is opened, None takes a parameter out."""
    merged = {**body, **{name: value for name, value in params.items() if name != "extra_body"}}
    extra = params.get("extra_body")
    if isinstance(extra, dict):
        merged |= extra
    return {name: value for name, value in merged.items() if value is not None}


def least_reasoning(model: str) -> JsonObject:
    """Settings that switch reasoning off, or to the least that the model can do."""
    if "gpt-oss" in model.lower():
        return {"reasoning_effort": "low"}
    return dict(openai_protocol.THINKING_OFF)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Raises OSError where no connection was made, BrokenConnection where it ended too early."""
    import aiohttp

    try:
        yield
    except aiohttp.ClientConnectorError as error:
        raise error.os_error from None
    except aiohttp.ClientError as error:
        raise BrokenConnection(str(error) or type(error).__name__) from error


async def _refuse(response: aiohttp.ClientResponse) -> None:
    """Raises Refusal for a status that is none of success."""
    if response.status != 200:
        raise Refusal(response.status, await response.text(errors="replace"), response.headers)


async def _drain(response: aiohttp.ClientResponse) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN):
            await response.content.readany()


async def _chunks(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    async for chunk in response.content.iter_any():
        yield chunk


def _parsed(body: bytes) -> Mapping[str, JsonValue]:
    try:
        answer = json.loads(body)
    except ValueError:
        raise BrokenAnswer(f"not JSON: {body[:80]!r}") from None
    if not isinstance(answer, dict):
        raise BrokenAnswer("no choices")
    return answer
