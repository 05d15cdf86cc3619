"""OpenAI's protocol, which litellm and most servers speak: what a prompt asks for in its words, and what came back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from simulator.llm import llama_grammar
from simulator.llm.model import Prompt, Reply, Usage
from simulator.llm.provider_errors import BrokenAnswer

LONGEST = 1 << 16
"""Characters of an answer that are read: many times what any prompt of ours asks for. A server that does not keep to
`max_tokens` fills neither the records nor the time that it takes to look a line over."""


def asked(prompt: Prompt) -> dict[str, Any]:
    """The settings of a call, without the model and the text."""
    settings: dict[str, Any] = {
        "max_tokens": prompt.max_tokens,
        "temperature": prompt.temperature,
        "seed": prompt.seed & 0x7FFFFFFF,
    }
    if prompt.alternatives and prompt.text is not None:
        settings["logprobs"] = prompt.alternatives
    if prompt.stop:
        settings["stop"] = list(prompt.stop)
    return settings


def for_llama(prompt: Prompt, adapter: float | None) -> dict[str, Any]:
    """What llama.cpp takes beyond the usual: a grammar, what keeps a small model from loops, an adapter's scale."""
    extra: dict[str, Any] = {"cache_prompt": True, "min_p": 0.08, "repeat_penalty": 1.1}
    if prompt.one_line:
        extra["grammar"] = llama_grammar.one_line(prompt)
    if adapter is not None:
        extra["lora"] = [{"id": 0, "scale": adapter}]
    return extra


def read(answer: Any, *, model: str, seconds: float) -> Reply:
    """The reply in an answer that was read from JSON; its price is not known here. Raises BrokenAnswer."""
    choices = answer.get("choices") if isinstance(answer, Mapping) else None
    if not choices:
        raise BrokenAnswer("no choices")
    choice = choices[0]
    message = choice.get("message")
    text = choice.get("text") if message is None else message.get("content")
    if text is None and choice.get("finish_reason") is None:
        raise BrokenAnswer("no text")
    if not isinstance(text, str | None):
        raise BrokenAnswer("a text that is none")
    text = text or ""
    usage = answer.get("usage") or {}
    decoding = (answer.get("timings") or {}).get("predicted_ms")
    return Reply(
        text=text[:LONGEST].encode(errors="replace").decode(),  # JSON may hold half a surrogate pair, a file may not
        model=model,
        usage=Usage(
            prompt=_tokens(usage.get("prompt_tokens")),
            cached=_tokens((usage.get("prompt_tokens_details") or {}).get("cached_tokens")),
            completion=_tokens(usage.get("completion_tokens")),
        ),
        seconds=seconds,
        decoding=None if decoding is None else decoding / 1000,
        cut=choice.get("finish_reason") == "length" or len(text) > LONGEST,
        first=_first(choice.get("logprobs")),
    )


def _tokens(told: object) -> int:
    """A number of tokens; 0 where the server tells something that is none."""
    return told if type(told) is int and 0 <= told < 2**53 else 0


def _first(logprobs: Any) -> dict[str, float] | None:
    """Probabilities of the first token's alternatives, as OpenAI's completions give them or as llama.cpp does."""
    try:
        if content := (logprobs or {}).get("content"):
            return {each["token"]: math.exp(each["logprob"]) for each in content[0]["top_logprobs"]}
        if tops := (logprobs or {}).get("top_logprobs"):
            return {token: math.exp(logprob) for token, logprob in tops[0].items()}
    except (AttributeError, LookupError, OverflowError, TypeError):  # some servers fill the field with something else
        pass
    return None
