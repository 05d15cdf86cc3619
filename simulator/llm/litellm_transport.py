"""litellm as a transport: the one home of that library, which is imported on first use and kept quiet.

It speaks each provider's own protocol. Addresses that speak OpenAI's do without it (`openai_transport`).
"""

from __future__ import annotations

import asyncio
import logging
import os
import warnings
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from simulator import clock
from simulator.control_tokens import neutralise
from simulator.llm import choices, openai_protocol, prompt_cache
from simulator.llm.likelihood import by_alternatives
from simulator.llm.model import Billing, Prompt, Reply, Usage
from simulator.llm.openai_transport import with_params
from simulator.llm.server_traits import JsonObject, ServerTraits
from simulator.llm.transport import FIRST_SIGN, Exchange, TransportOptions

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_TELLS_PROBABILITIES = frozenset({"openai", "azure", "text-completion-openai", "hosted_vllm", "litellm_proxy"})
"""Providers whose chat answers may come with log-probabilities; one that refuses them is not asked again."""
_KEEPS_TO_SCHEMA = frozenset({"gemini", "vertex_ai", "vertex_ai_beta", "mistral", "xai", "groq"})
"""Providers for which a JSON schema is a setting. For others litellm makes it a tool, with hundreds of tokens."""
_CHOOSES_EFFORT = frozenset({"openai", "azure", "gemini", "vertex_ai", "vertex_ai_beta", "groq", "xai", "openrouter"})
"""Providers whose `reasoning_effort` turns a model's own reasoning down; elsewhere it may turn some on."""


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


class _SharedClients:
    """The connections that litellm keeps for all its callers: closed when the last of them has gone."""

    def __init__(self) -> None:
        self._users: set[int] = set()

    def join(self, user: object) -> None:
        self._users.add(id(user))

    async def leave(self, user: object) -> None:
        if id(user) not in self._users:
            return
        self._users.discard(id(user))
        if not self._users and library.cache_info().currsize:
            await library().close_litellm_async_clients()
            library().in_memory_llm_clients_cache.flush_cache()


@cache
def _shared_clients() -> _SharedClients:
    return _SharedClients()


class LitellmTransport:
    """Calls that litellm translates into whatever the provider speaks."""

    def __init__(self, options: TransportOptions) -> None:
        self._options = options
        self._clients: dict[str, AsyncOpenAI] = {}
        # Other providers find repeated beginnings on their own.
        self._marks = "claude" in options.model.lower()
        _shared_clients().join(self)

    @property
    def secrets(self) -> tuple[str | None, ...]:
        """The key."""
        return (self._options.key,)

    async def settings(self, prompt: Prompt, traits: ServerTraits) -> JsonObject:
        """The arguments of the call, but for address and key."""
        options = self._options
        body: JsonObject = {"model": options.model, **openai_protocol.asked(prompt), **await self._choice(prompt)}
        if prompt.text is None:
            body |= await self._least_reasoning()
            if prompt.session and options.model.startswith(("openai/", "azure/")):
                body["prompt_cache_key"] = prompt.session  # the call goes to where the session's beginning is kept
            messages = traits.messages(prompt.messages)
            body["messages"] = prompt_cache.marked(messages) if self._marks else openai_protocol.plain(messages)
        else:
            body["prompt"] = neutralise(prompt.text)
        params = {name: value for name, value in options.params.items() if name != "extra_body"}
        body = traits.fit(with_params(body, params))
        if extra := options.params.get("extra_body"):
            body["extra_body"] = extra
        return body

    async def send(self, exchange: Exchange) -> Reply:
        """The reply, with its price. Raises what litellm raises."""
        litellm, options, began = await _loaded(), self._options, clock.tick()
        silence = options.silence * FIRST_SIGN  # the whole answer is the first sign
        settings: dict[str, Any] = {
            **exchange.settings,
            "timeout": silence,
            "max_retries": 0,
            "num_retries": 0,
            "drop_params": True,
        }
        if exchange.base is not None:
            settings["api_base"] = exchange.base
        if options.key is not None:
            settings["api_key"] = options.key

        async def call(**changed: JsonValue) -> Any:
            async with asyncio.timeout(silence):
                if "prompt" in settings:
                    return await litellm.atext_completion(client=self._client(exchange.base), **settings | changed)
                return await litellm.acompletion(**settings)

        if exchange.prompt.scored:
            found = await self._score(exchange.prompt, call)
            return replace(found, seconds=clock.tick() - began)
        response = await call()
        answer = response.model_dump()
        seconds, prompt = clock.tick() - began, exchange.prompt
        reply = openai_protocol.read(answer, model=options.name, seconds=seconds, stop=prompt.stop)
        return openai_protocol.billed(choices.weighed(reply, answer, prompt.choices), *self._cost(response))

    async def _choice(self, prompt: Prompt) -> JsonObject:
        """How an answer that is one of a few words is asked for; nothing where the provider has no way of its own."""
        provider = self._options.model.partition("/")[0]
        if not prompt.choices or provider in _TELLS_PROBABILITIES:
            return choices.choose_by_probability(prompt)
        if provider in _KEEPS_TO_SCHEMA and (await _loaded()).supports_response_schema(self._options.model):
            return choices.held_to_schema(prompt)
        return {}

    async def _score(self, prompt: Prompt, call: Callable[..., Awaitable[Any]]) -> Reply:
        """The likelihood of the prompt's words, from the likeliest tokens: litellm hands over nothing else."""
        usage, billing, cost = Usage(), Billing.UNKNOWN, 0.0

        async def first(text: str) -> Mapping[str, float] | None:
            nonlocal usage, billing, cost
            response = await call(prompt=text)
            answer = response.model_dump()
            usage += openai_protocol.usage_of(answer.get("usage"))
            billing, paid = self._cost(response)
            cost += paid or 0.0
            return openai_protocol.first_tokens(answer)

        found = await by_alternatives(first, neutralise(prompt.text or ""), neutralise(prompt.scored))
        reply = Reply("", self._options.name, usage=usage, likelihood=found)
        return openai_protocol.billed(reply, billing, cost if billing is Billing.KNOWN else None)

    async def window(self, base: str | None) -> int | None:
        """As litellm's table has it."""
        try:
            found = (await _loaded()).get_model_info(self._options.model).get("max_input_tokens")
        except Exception:  # litellm raises several kinds for a model that it does not list
            return None
        return found if type(found) is int and found > 0 else None

    async def aclose(self) -> None:
        """Closes the clients, and litellm's own with those of the last transport."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.close()
        await _shared_clients().leave(self)

    async def _least_reasoning(self) -> Mapping[str, JsonValue]:
        return _least_effort(await _loaded(), self._options.model)

    def _client(self, base: str | None) -> AsyncOpenAI | None:
        """For raw completions litellm would make, and never close, a client a call; so it is given ours."""
        options = self._options
        if base is None or options.key is None:
            return None
        if base not in self._clients:
            from openai import AsyncOpenAI

            timeout = options.silence
            self._clients[base] = AsyncOpenAI(api_key=options.key, base_url=base, max_retries=0, timeout=timeout)
        return self._clients[base]

    def _cost(self, response: Any) -> tuple[Billing, float | None]:
        billing = self._options.billing
        if billing is not Billing.KNOWN:
            return billing, None
        cost = getattr(response, "_hidden_params", {}).get("response_cost")  # litellm has looked it up already
        try:
            cost = cost or library().completion_cost(completion_response=response, model=self._options.model)
        except Exception:  # litellm raises many kinds where it finds no price
            return Billing.UNKNOWN, None
        return (Billing.KNOWN, cost) if cost else (Billing.UNKNOWN, None)


async def _loaded() -> ModuleType:
    """litellm; its import does not hold up the event loop."""
    return library() if library.cache_info().currsize else await asyncio.to_thread(library)


def _least_effort(litellm: ModuleType, model: str) -> JsonObject:
    """The setting for the least reasoning, of a model that litellm knows to reason; else none."""
    try:
        _, provider, *_ = litellm.get_llm_provider(model)
        if provider not in _CHOOSES_EFFORT or not litellm.supports_reasoning(model):
            return {}
        if "reasoning_effort" not in (litellm.get_supported_openai_params(model) or ()):
            return {}
        info = litellm.get_model_info(model)
    except Exception:  # litellm raises many kinds for names that it does not list
        return {}
    if provider in ("gemini", "vertex_ai", "vertex_ai_beta"):
        return {"reasoning_effort": "none" if "2.5-flash" in model else "minimal"}
    for effort in ("none", "minimal"):
        if info.get(f"supports_{effort}_reasoning_effort"):
            return {"reasoning_effort": effort}
    return {"reasoning_effort": "low"}
