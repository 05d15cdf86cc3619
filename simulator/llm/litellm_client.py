"""A model behind litellm: the one home of that library, which is imported on first use and kept quiet.

A call goes one of two ways. A provider that litellm knows is spoken to in its own protocol, which costs 3.5 ms of CPU a
call. An address that speaks OpenAI's protocol needs no such care, and a call costs 1.0 ms (`direct.py`).
"""

from __future__ import annotations

import asyncio
import logging
import os
import warnings
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import cache
from types import ModuleType
from typing import Any

from simulator import clock
from simulator.errors import ProviderError
from simulator.llm import openai_protocol, prompt_cache, retry
from simulator.llm.model import Billing, Prompt, PromptFormat, Reply
from simulator.llm.openai_client import OpenAIClient
from simulator.llm.provider_errors import Unreachable, translate
from simulator.llm.router import Endpoint, Router

AT_ONCE = 256
"""Calls at once to one address at most; `gate.py` finds how many it takes."""
KEYLESS = "none"
"""Sent as the key to a server of one's own that wants none."""

_open_doors = 0


@cache
def library() -> ModuleType:
    """litellm, silent. Takes two seconds the first time."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else the import fetches the price table from the network
    os.environ["LITELLM_MODE"] = "PRODUCTION"  # else the import reads ./.env
    import litellm

    litellm.suppress_debug_info = True  # else hints are printed to stdout
    litellm.telemetry = False
    litellm.disable_aiohttp_transport = True  # the other transport leaves sessions open that complain on stderr
    # A call that is cancelled before it has begun leaves one of these.
    unfinished = r"coroutine .*(LLM|OpenAI|Handler|completion).* was never awaited"
    warnings.filterwarnings("ignore", unfinished, RuntimeWarning)
    # An answer of another shape than it should have is refused, in one line; this would tell of it in five.
    warnings.filterwarnings("ignore", "Pydantic serializer warnings", UserWarning)
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return litellm


class LitellmClient:
    """A door to one model, behind one address or several that serve the same."""

    def __init__(
        self,
        name: str,
        dialect: PromptFormat,
        *,
        model: str | None = None,
        bases: Sequence[str] = (),
        key: str | None = None,
        direct: bool = False,
        timeout: float = 120.0,
        billing: Billing = Billing.UNKNOWN,
        llama: bool = False,
        adapter: float | None = None,
        at_once: int = AT_ONCE,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`model` is litellm's name where it differs from the user's; with `direct` it is the server's own.

        `key` None: litellm reads the provider's variable. `direct`: the addresses, of which there is one at least,
        speak OpenAI's protocol, and nothing is to be translated for them. `timeout`: seconds for one attempt.
        `billing` KNOWN: there is a price for the model. `llama`: a llama.cpp server of ours, which takes a grammar and
        works on `at_once` calls together. `adapter`: the scale at which that server's adapter is wanted; None: it has
        none.
        """
        global _open_doors
        self.name, self.dialect, self.context = name, dialect, None
        self._model = model or name
        self._endpoints = Router(bases, at_once=at_once, paced=not llama)
        self._clients: dict[str | None, Any] = {}
        self._straight: OpenAIClient | None = None
        self._direct, self._key, self._timeout, self._sleep = direct, key, timeout, sleep
        self._billing, self._llama, self._adapter = billing, llama, adapter
        self._marks = "claude" in self._model  # other providers find repeated prefixes on their own
        self._answered = False
        self._closed = False
        _open_doors += 1

    async def reply(self, prompt: Prompt) -> Reply:
        reply, failures = await retry.persist(
            lambda: self.once(prompt), place=self.name, key=(prompt.seed, prompt.key), sleep=self._sleep
        )
        return replace(reply, attempts=len(failures) + 1, failures=failures)

    async def once(self, prompt: Prompt) -> Reply:
        """One attempt. Raises retry.Transient where another may help."""
        if not library.cache_info().currsize:
            await asyncio.to_thread(library)
        while True:
            endpoint = self._endpoints.home(prompt.session)
            async with endpoint.gate as ticket:
                if prompt.session and self._endpoints.home(prompt.session) is not endpoint:
                    continue  # it failed while the call waited for its turn
                return await self._at(endpoint, ticket, prompt)

    async def _at(self, endpoint: Endpoint, ticket: int, prompt: Prompt) -> Reply:
        began = clock.tick()
        try:
            async with asyncio.timeout(self._timeout):
                reply = await (self._send if self._direct else self._call)(prompt, endpoint.base, began)
        except Exception as error:
            ours = translate(error, place=self.name, base=endpoint.base, keys=(self._key,))
            if isinstance(ours, retry.Transient):
                self._endpoints.failed(endpoint, ours)
                if ours.crowded:
                    endpoint.gate.refused(ticket)
            if isinstance(ours, Unreachable) and not self._answered and len(self._endpoints) == 1:
                ours = ProviderError(ours.cause, place=self.name, remedy=ours.remedy)  # it was never up
            raise ours from None
        self._answered = True
        self._endpoints.answered(endpoint)
        endpoint.gate.answered(ticket, reply.seconds)
        return reply

    async def aclose(self) -> None:
        global _open_doors
        if self._closed:
            return
        self._closed = True
        _open_doors -= 1
        for client in self._clients.values():
            await client.close()
        if self._straight is not None:
            await self._straight.aclose()
        if _open_doors == 0 and library.cache_info().currsize:  # litellm's clients are shared by all doors
            await library().close_litellm_async_clients()
            library().in_memory_llm_clients_cache.flush_cache()

    async def _send(self, prompt: Prompt, base: str | None, began: float) -> Reply:
        """As it is."""
        if self._straight is None:
            secure = any((each.base or "").startswith("https:") for each in self._endpoints)
            self._straight = OpenAIClient(library(), self._model, self._key, secure=secure)
        extra = openai_protocol.for_llama(prompt, self._adapter) if self._llama else {}
        answer = await self._straight.call(prompt, base or "", extra)
        return replace(
            openai_protocol.read(answer, model=self.name, seconds=clock.tick() - began), billing=self._billing
        )

    async def _call(self, prompt: Prompt, base: str | None, began: float) -> Reply:
        """Translated by litellm into whatever the provider speaks."""
        litellm = library()
        settings: dict[str, Any] = {
            "model": self._model,
            **openai_protocol.asked(prompt),
            "timeout": self._timeout,
            "max_retries": 0,
            "num_retries": 0,
            "drop_params": True,
        }
        if base is not None:
            settings["api_base"] = base
        if self._key is not None:
            settings["api_key"] = self._key
        if prompt.text is None:
            if prompt.session and self._model.startswith(("openai/", "azure/")):
                # The call then goes to where the session's beginning is kept.
                settings["prompt_cache_key"] = prompt.session
            messages = prompt_cache.marked(prompt.messages) if self._marks else prompt_cache.plain(prompt.messages)
            response = await litellm.acompletion(messages=messages, **settings)
        else:
            response = await litellm.atext_completion(prompt=prompt.text, client=self._client(base), **settings)
        reply = openai_protocol.read(response.model_dump(), model=self.name, seconds=clock.tick() - began)
        billing, cost = self._cost(response)
        return replace(reply, billing=billing, cost_usd=cost)

    def _client(self, base: str | None) -> Any:
        """For raw completions litellm would make, and never close, a client a call; so it is given ours."""
        if base is None or self._key is None:
            return None
        if base not in self._clients:
            from openai import AsyncOpenAI

            client = AsyncOpenAI(api_key=self._key, base_url=base, max_retries=0, timeout=self._timeout)
            self._clients[base] = client
        return self._clients[base]

    def _cost(self, response: Any) -> tuple[Billing, float | None]:
        if self._billing is not Billing.KNOWN:
            return self._billing, None
        cost = getattr(response, "_hidden_params", {}).get("response_cost")  # litellm has looked it up already
        try:
            cost = cost or library().completion_cost(completion_response=response, model=self._model)
        except Exception:  # litellm raises many kinds where it finds no price
            return Billing.UNKNOWN, None
        return (Billing.KNOWN, cost) if cost else (Billing.UNKNOWN, None)
