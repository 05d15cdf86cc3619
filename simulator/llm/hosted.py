"""A model behind litellm: the one home of that library, which is imported on first use and kept quiet."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import warnings
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import cache
from types import ModuleType
from typing import Any

from pydantic import BaseModel

from simulator import clock
from simulator.errors import ProviderError
from simulator.llm import grammar, prefix, retry
from simulator.llm.foreign import BrokenAnswer, Unreachable, translate
from simulator.llm.gate import Gate
from simulator.llm.model import Billing, Dialect, Prompt, Reply, Usage

AT_ONCE = 256
"""Calls at once to one door at most, until a provider says that this is too many."""
SHUNNED = 30.0
"""Seconds for which an address that failed is used only if there is no better one."""
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
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return litellm


class Hosted:
    """A door to one model, behind one address or several that serve the same."""

    def __init__(
        self,
        name: str,
        dialect: Dialect,
        *,
        model: str | None = None,
        bases: Sequence[str] = (),
        key: str | None = None,
        timeout: float = 120.0,
        billing: Billing = Billing.UNKNOWN,
        llama: bool = False,
        adapter: float | None = None,
        at_once: int = AT_ONCE,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`model` is litellm's name where it differs from the user's.

        `key` None: litellm reads the provider's variable. `timeout`: seconds for one attempt. `billing` KNOWN: there is
        a price for the model. `llama`: a llama.cpp server of ours, which takes a grammar. `adapter`: the scale at which
        that server's adapter is wanted; None: it has none.
        """
        global _open_doors
        self.name, self.dialect, self.context = name, dialect, None
        self._model = model or name
        self._under_way: dict[str | None, int] = dict.fromkeys(bases or (None,), 0)
        self._shunned: dict[str | None, float] = {}
        self._clients: dict[str | None, Any] = {}
        self._key, self._timeout, self._sleep = key, timeout, sleep
        self._billing, self._llama, self._adapter = billing, llama, adapter
        self._marks = "claude" in self._model  # other providers find repeated prefixes on their own
        self._gate = Gate(at_once)
        self._answered = False
        self._closed = False
        _open_doors += 1

    async def reply(self, prompt: Prompt) -> Reply:
        reply, attempts = await retry.persist(
            lambda: self.once(prompt), place=self.name, key=(prompt.seed, prompt.key), sleep=self._sleep
        )
        return replace(reply, attempts=attempts)

    async def once(self, prompt: Prompt) -> Reply:
        """One attempt. Raises retry.Transient where another may help."""
        if not library.cache_info().currsize:
            await asyncio.to_thread(library)
        async with self._gate as round:
            base = self._least_busy()
            self._under_way[base] += 1
            began = clock.tick()
            try:
                async with asyncio.timeout(self._timeout):
                    response = await self._call(prompt, base)
                reply = self._read(response, clock.tick() - began)
            except Exception as error:
                ours = translate(error, place=self.name, base=base, keys=(self._key,))
                if isinstance(ours, retry.Transient):
                    self._shunned[base] = clock.tick() + SHUNNED
                    if ours.crowded:
                        self._gate.crowded(round)
                if isinstance(ours, Unreachable) and not self._answered and len(self._under_way) == 1:
                    ours = ProviderError(ours.cause, place=self.name, remedy=ours.remedy)  # it was never up
                raise ours from None
            finally:
                self._under_way[base] -= 1
            self._answered = True
            self._gate.fine()
            return reply

    async def aclose(self) -> None:
        global _open_doors
        if self._closed:
            return
        self._closed = True
        _open_doors -= 1
        for client in self._clients.values():
            await client.close()
        if _open_doors == 0 and library.cache_info().currsize:  # litellm's clients are shared by all doors
            await library().close_litellm_async_clients()
            library().in_memory_llm_clients_cache.flush_cache()

    def _least_busy(self) -> str | None:
        now = clock.tick()
        return min(self._under_way, key=lambda base: (self._shunned.get(base, 0) > now, self._under_way[base]))

    async def _call(self, prompt: Prompt, base: str | None) -> Any:
        litellm = library()
        settings: dict[str, Any] = {
            "model": self._model,
            "max_tokens": prompt.max_tokens,
            "temperature": prompt.temperature,
            "seed": prompt.seed & 0x7FFFFFFF,
            "timeout": self._timeout,
            "max_retries": 0,
            "num_retries": 0,
            "drop_params": True,
        }
        if prompt.alternatives and prompt.text is not None:
            settings["logprobs"] = prompt.alternatives
        if prompt.stop:
            settings["stop"] = list(prompt.stop)
        if base is not None:
            settings["api_base"] = base
        if self._key is not None:
            settings["api_key"] = self._key
        if self._llama:
            settings["extra_body"] = _for_llama(prompt, self._adapter)
        if prompt.text is None:
            messages = prefix.marked(prompt.messages) if self._marks else prefix.plain(prompt.messages)
            return await litellm.acompletion(messages=messages, **settings)
        return await litellm.atext_completion(prompt=prompt.text, client=self._client(base), **settings)

    def _client(self, base: str | None) -> Any:
        """For raw completions litellm would make, and never close, a client a call; so it is given ours."""
        if base is None or self._key is None:
            return None
        if base not in self._clients:
            from openai import AsyncOpenAI

            client = AsyncOpenAI(api_key=self._key, base_url=base, max_retries=0, timeout=self._timeout)
            self._clients[base] = client
        return self._clients[base]

    def _read(self, response: Any, seconds: float) -> Reply:
        if not response.choices:
            raise BrokenAnswer("no choices")
        choice = response.choices[0]
        text = choice.message.content if hasattr(choice, "message") else choice.text
        if text is None and choice.finish_reason is None:
            raise BrokenAnswer("no text")
        usage = getattr(response, "usage", None)
        details = getattr(usage, "prompt_tokens_details", None)
        billing, cost = self._cost(response)
        return Reply(
            text=text or "",
            model=self.name,
            usage=Usage(
                prompt=getattr(usage, "prompt_tokens", 0) or 0,
                cached=getattr(details, "cached_tokens", 0) or 0,
                completion=getattr(usage, "completion_tokens", 0) or 0,
            ),
            billing=billing,
            cost_usd=cost,
            seconds=seconds,
            cut=choice.finish_reason == "length",
            first=_first(getattr(choice, "logprobs", None)),
        )

    def _cost(self, response: Any) -> tuple[Billing, float | None]:
        if self._billing is not Billing.KNOWN:
            return self._billing, None
        try:
            cost = library().completion_cost(completion_response=response, model=self._model)
        except Exception:  # litellm raises many kinds where it finds no price
            return Billing.UNKNOWN, None
        return (Billing.KNOWN, cost) if cost else (Billing.UNKNOWN, None)


def _for_llama(prompt: Prompt, adapter: float | None) -> dict[str, Any]:
    """What llama.cpp takes beyond the usual: a grammar, what keeps a small model from loops, an adapter's scale."""
    extra: dict[str, Any] = {"cache_prompt": True, "min_p": 0.08, "repeat_penalty": 1.1}
    if prompt.one_line:
        extra["grammar"] = grammar.one_line(prompt)
    if adapter is not None:
        extra["lora"] = [{"id": 0, "scale": adapter}]
    return extra


def _first(logprobs: Any) -> dict[str, float] | None:
    """Probabilities of the first token's alternatives, as OpenAI's completions give them or as llama.cpp does."""
    if isinstance(logprobs, BaseModel):
        logprobs = logprobs.model_dump()
    try:
        if content := (logprobs or {}).get("content"):
            return {each["token"]: math.exp(each["logprob"]) for each in content[0]["top_logprobs"]}
        if tops := (logprobs or {}).get("top_logprobs"):
            return {token: math.exp(logprob) for token, logprob in tops[0].items()}
    except (AttributeError, IndexError, KeyError, TypeError):  # some servers fill the field with something else
        pass
    return None
