"""What each way through litellm costs, so that the cheapest one can be looked for again when litellm changes.

    python tests/bench/litellm_routes.py [CALLS]

Prints one JSON object: CPU milliseconds of this process a call, one call after the other, for a prompt of 8 kB against
a loopback server in a process of its own that answers at once (the least of three rounds), and what of the answer
reaches the caller. Not among `make bench`: it looks at litellm, not at this project.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import aiohttp
import httpx
from openai import AsyncOpenAI

from simulator.llm.litellm_transport import library
from simulator.llm.model import Reply
from tests.bench.bench_llm import CHAT, TEXT, server
from tests.llm.clients import straight

MESSAGES = [{"role": "user", "content": TEXT.text}]
SETTINGS: dict[str, Any] = {"max_tokens": 40, "temperature": 0.9, "seed": 7, "timeout": 120, "max_retries": 0}
Call = Callable[[], Awaitable[Any]]


async def cost(call: Call, calls: int) -> float:
    for _ in range(8):
        await call()
    rounds = []
    for _ in range(3):
        began = time.process_time()
        for _ in range(calls // 3):
            await call()
        await asyncio.sleep(0)
        rounds.append((time.process_time() - began) / (calls // 3))
    return round(min(rounds) * 1000, 2)


async def costs(base: str, calls: int) -> dict[str, object]:
    litellm = library()
    over_httpx = litellm.AsyncHTTPHandler(timeout=120)
    over_aiohttp = litellm.AsyncHTTPHandler(timeout=120, transport=litellm.AsyncHTTPHandler.create_aiohttp_transport())
    sdk = AsyncOpenAI(api_key="none", base_url=base, max_retries=0)
    sdk_over_aiohttp = AsyncOpenAI(api_key="none", base_url=base, max_retries=0, http_client=over_aiohttp.client)
    session, bare = aiohttp.ClientSession(), httpx.AsyncClient()

    class Custom(litellm.CustomLLM):
        async def acompletion(self, *, model: str, messages: list[Any], optional_params: Any, **_: Any) -> Any:
            body = {"model": model, "messages": messages, **optional_params}
            async with session.post(f"{base}/chat/completions", json=body) as response:
                return litellm.ModelResponse(**await response.json())

    litellm.custom_provider_map = [{"provider": "custom-one", "custom_handler": Custom()}]
    litellm.utils.custom_llm_setup()

    def chat(model: str, **more: Any) -> Call:
        given = {**SETTINGS, "api_base": base, "api_key": "none", **more}
        return lambda: litellm.acompletion(model=model, messages=MESSAGES, **given)

    def text(**more: Any) -> Call:
        given = {**SETTINGS, "api_base": base, "api_key": "none", **more}
        return lambda: litellm.atext_completion(model="text-completion-openai/it", prompt=TEXT.text, **given)

    async def passed(client: Any) -> Any:
        response = await litellm.allm_passthrough_route(
            model="hosted_vllm/it",
            method="POST",
            endpoint="chat/completions",
            api_base=base,
            json={"model": "it", "messages": MESSAGES, "max_tokens": 40},
            client=client,
        )
        return response.json()

    async def through_httpx() -> Any:
        return (await bare.post(f"{base}/chat/completions", json={"model": "it", "messages": MESSAGES})).json()

    async def through_aiohttp() -> Any:
        async with session.post(f"{base}/chat/completions", json={"model": "it", "messages": MESSAGES}) as response:
            return await response.json()

    direct = straight([base])
    ways: dict[str, Call] = {
        "acompletion openai/": chat("openai/it"),
        "acompletion openai/, client=": chat("openai/it", client=sdk),
        "acompletion openai/, client= over aiohttp": chat("openai/it", client=sdk_over_aiohttp),
        "acompletion openai/, no-log": chat("openai/it", **{"no-log": True}),
        "acompletion openai/, price 0": chat("openai/it", input_cost_per_token=0.0, output_cost_per_token=0.0),
        "acompletion hosted_vllm/ over httpx": chat("hosted_vllm/it", client=over_httpx),
        "acompletion hosted_vllm/ over aiohttp": chat("hosted_vllm/it", client=over_aiohttp),
        "acompletion llamafile/": chat("llamafile/it", client=sdk),
        "acompletion aiohttp_openai/": chat("aiohttp_openai/it", client=session),
        "acompletion, a custom provider": chat("custom-one/it"),
        "atext_completion, client=": text(client=sdk),
        "atext_completion, client= over aiohttp": text(client=sdk_over_aiohttp),
        "allm_passthrough_route over httpx": lambda: passed(over_httpx),
        "allm_passthrough_route over aiohttp": lambda: passed(over_aiohttp),
        "here, direct, chat": lambda: direct.reply(CHAT),
        "here, direct, text": lambda: direct.reply(TEXT),
        "no litellm: OpenAI's client": lambda: sdk.chat.completions.create(model="it", messages=MESSAGES),
        "no litellm: httpx": through_httpx,
        "no litellm: aiohttp": through_aiohttp,
    }
    rows: dict[str, object] = {}
    for name, call in ways.items():
        rows[name] = {"cpu_ms": await cost(call, calls), "usage": _usage(await call())}
        print(json.dumps({name: rows[name]}), file=sys.stderr, flush=True)
    await session.close()
    for client in (bare, sdk_over_aiohttp, sdk):
        await (client.aclose() if client is bare else client.close())
    for handler in (over_httpx, over_aiohttp):
        await handler.close()
    await direct.aclose()
    return rows


def _usage(answer: Any) -> bool:
    """Whether the tokens that the server counted came through."""
    if isinstance(answer, Reply):
        return answer.usage.completion == 5
    read = answer if isinstance(answer, dict) else answer.model_dump()
    return (read.get("usage") or {}).get("completion_tokens") == 5


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    with server() as base:
        rows = asyncio.run(costs(base, calls))
    print(json.dumps({"benchmark": "ways through litellm", "litellm": _version(), "ways": rows}))


def _version() -> str:
    from importlib.metadata import version

    return version("litellm")


if __name__ == "__main__":
    main()
