"""Calls to a provider that speaks OpenAI's protocol: the direct way, with the provider's habits and its price."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from simulator.llm import choices, openai_protocol, prices
from simulator.llm.model import Billing, Prompt, Reply
from simulator.llm.native_protocols import NATIVE, NativeAnswer
from simulator.llm.openai_stream import StreamedAnswer
from simulator.llm.openai_transport import OpenAITransport
from simulator.llm.providers import OLLAMA, OLLAMA_WINDOW, PROVIDERS, chat_habits
from simulator.llm.server_traits import JsonObject, ServerTraits
from simulator.llm.transport import Note, TransportOptions

_TELLS_PROBABILITIES = frozenset({"openai", "text-completion-openai", "deepseek", "together_ai", "fireworks_ai"})
"""Providers whose chat answers may come with log-probabilities; one that refuses them is not asked again."""
_KEEPS_TO_SCHEMA = frozenset({"gemini", "mistral", "xai", "groq", "openrouter", "cerebras"})
"""Providers for which a JSON schema is a setting."""


class ProviderTransport(OpenAITransport):
    """Sends prompts to one model of a provider, wherever that is asked."""

    def __init__(self, options: TransportOptions, provider: str) -> None:
        """`options.name` is looked up in the price table; `options.base` is the provider's own address."""
        super().__init__(options)
        self._provider, self._listed = provider, prices.listed(options.name)
        self._elsewhere = not options.base
        self._habits = chat_habits(provider, options.model, self._listed)

    async def settings(self, prompt: Prompt, traits: ServerTraits) -> JsonObject:
        """The body of the request, in the provider's own names, or the usual ones for another address."""
        body = await super().settings(prompt, traits)
        return body if self._elsewhere else PROVIDERS[self._provider].fit(body)

    async def window(self, base: str | None) -> int | None:
        """As the price table has it, or else as the provider states it."""
        known = self._listed.window if self._listed is not None else None
        return known or await super().window(base)

    def _choice(self, prompt: Prompt) -> JsonObject:
        if self._provider in _TELLS_PROBABILITIES:
            return choices.choose_by_probability(prompt)
        if self._provider in _KEEPS_TO_SCHEMA and self._listed is not None and self._listed.schema:
            return choices.held_to_schema(prompt)
        return {}

    def _chat_habits(self, prompt: Prompt) -> JsonObject:
        if prompt.session and self._provider == "openai":  # the call goes to where the session's beginning is kept
            return {**self._habits, "prompt_cache_key": prompt.session}
        return self._habits

    def _raw_habits(self, prompt: Prompt) -> JsonObject:
        return {"num_ctx": OLLAMA_WINDOW} if self._provider in OLLAMA else {}

    def _billed(self, reply: Reply, answer: Mapping[str, JsonValue]) -> Reply:
        """By what the provider says it took (OpenRouter does), else by the table and the tokens it counted."""
        if self._options.billing is Billing.LOCAL:
            return openai_protocol.billed(reply, Billing.LOCAL)
        usage = answer.get("usage")
        said = usage.get("cost") if isinstance(usage, Mapping) and self._provider == "openrouter" else None
        if isinstance(said, int | float) and said > 0:
            return openai_protocol.billed(reply, Billing.KNOWN, float(said))
        price = self._listed.price if self._listed is not None else None
        details = usage.get("prompt_tokens_details") if isinstance(usage, Mapping) else None
        written = details.get("cache_write_tokens") if isinstance(details, Mapping) else None
        cost = price.usd(reply.usage) if price is not None else 0.0
        if price is not None and isinstance(written, int):
            cost += written * (price.written - price.prompt)
        if not cost:
            return openai_protocol.billed(reply, Billing.UNKNOWN)
        return openai_protocol.billed(reply, Billing.KNOWN, cost)


class NativeTransport(ProviderTransport):
    """The same to a provider with a protocol of its own."""

    def __init__(self, options: TransportOptions, provider: str) -> None:
        super().__init__(options, provider)
        self._protocol = NATIVE[provider]

    async def window(self, base: str | None) -> int | None:
        """As the price table has it; of Ollama, what it is asked for."""
        if self._provider in OLLAMA:
            asked = self._options.params.get("num_ctx", OLLAMA_WINDOW)
            return asked if isinstance(asked, int) else None
        return self._listed.window if self._listed is not None else None

    def _request(self, base: str, settings: JsonObject) -> tuple[str, JsonObject]:
        chat = "messages" in settings
        return self._protocol.url(base, self._options.model, chat=chat), self._protocol.body(settings)

    def _headers(self) -> dict[str, str]:
        return self._protocol.headers(self._options.key or "")

    def _collector(self, note: Note) -> StreamedAnswer:
        return NativeAnswer(note, self._protocol)

    def _unstreamed(self, answer: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        whole = self._collector(lambda phase, tokens, share: None)
        whole.take_piece(dict(answer))
        return whole.whole()
