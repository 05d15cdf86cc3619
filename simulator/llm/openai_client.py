"""A call to an address that speaks OpenAI's protocol: sent as it is, through litellm's pass-through call.

Nothing has to be translated there, so litellm's cheapest supported call is enough (`litellm.allm_passthrough_route`,
whose own README sends any request to a server this way). Of its transports the one over aiohttp is the cheaper.
CPU of one call with a prompt of 8 kB (`tests/bench/litellm_routes.py`, litellm 1.106, one core, milliseconds):

    acompletion, openai: 3.5; with a client of ours 4.0, over aiohttp 3.4, `no-log` 3.5, a price of 0 3.7
    acompletion, hosted_vllm: 2.9, over aiohttp 2.6 | llamafile 3.7 | a custom provider 1.8 | aiohttp_openai 2.1
    atext_completion with a client of ours: 4.2, over aiohttp 3.5
    allm_passthrough_route: 1.7, over aiohttp 1.0
    without litellm: OpenAI's own client 1.4, httpx 0.7, aiohttp 0.2

The difference goes to OpenAI's client, to looking for the price of a model that has none, and to records of the call
that nobody reads; no setting of litellm turns those off. `aiohttp_openai` drops the usage.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from simulator.llm.model import Prompt
from simulator.llm.openai_protocol import asked
from simulator.llm.prompt_cache import plain
from simulator.llm.provider_errors import Refusal

ANY_SERVER = "hosted_vllm"
"""The provider whose pass-through fits every such server: it adds nothing to address, headers and body."""


class OpenAIClient:
    """Sends prompts to one model at any number of addresses, with one set of open connections."""

    def __init__(self, litellm: ModuleType, model: str, key: str | None, *, secure: bool) -> None:
        """`model`: the name that the server knows. `secure`: an address begins with https."""
        import httpx

        self._pass, self._model = litellm.allm_passthrough_route, model
        context = httpx.create_ssl_context() if secure else None
        transport = litellm.AsyncHTTPHandler.create_aiohttp_transport(ssl_context=context)
        # Each call is held to its time by the door, so the transport needs no limit of its own.
        self._http = litellm.AsyncHTTPHandler(timeout=httpx.Timeout(None), transport=transport)
        if key is not None:
            self._http.client.headers["Authorization"] = f"Bearer {key}"

    async def call(self, prompt: Prompt, base: str, extra: dict[str, Any]) -> Any:
        """The answer's JSON. Raises Refusal for a status that is none of success, and what the transport raises."""
        import httpx

        body = {"model": self._model, **asked(prompt), **extra}
        if prompt.text is None:
            body["messages"] = plain(prompt.messages)
        else:
            body["prompt"] = prompt.text
        try:
            response = await self._pass(
                model=f"{ANY_SERVER}/{self._model}",
                custom_llm_provider=ANY_SERVER,
                method="POST",
                endpoint="chat/completions" if prompt.text is None else "completions",
                api_base=base,
                json=body,
                client=self._http,
            )
        except httpx.HTTPStatusError as error:
            raise Refusal(error.response.status_code, error.response.text, error.response.headers) from None
        return response.json()

    async def aclose(self) -> None:
        await self._http.close()
