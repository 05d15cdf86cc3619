"""Context window of a served model: as the server states it, and as its counts give it away."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

_NAMES = (
    "max_model_len",  # vLLM
    "loaded_context_length",  # LM Studio
    "context_length",  # OpenRouter, Together
    "max_context_length",
    "context_window",  # Groq
    "n_ctx",  # llama.cpp
    "max_total_tokens",  # TGI
    "max_seq_len",  # TabbyAPI
    "truncation_length",  # text-generation-webui
)
_INNER = ("meta", "metadata", "default_generation_settings", "top_provider", "limits", "parameters")
"""Objects in an answer that may have the names inside."""
PLACES = ("models", "../props", "../api/v0/models", "../info", "model", "../api/extra/true_max_context_length")
"""Where servers that speak OpenAI's protocol tell it, beside their `/v1`; the first that answers with it counts."""
_PLATEAU = 3
"""Growing prompts in a row whose count of tokens stays the same, before a server is thought to cut them."""
_GROWN = 1.1
"""Times the characters of the shortest of those that the longest has at least."""
_DENSE = 1.25
"""Times the usual characters a token that it takes besides."""
SMALLEST = 1000
"""Tokens of the smallest window that is looked for; a count that stays below it is no count."""
_IMPLAUSIBLE = 7.0
"""Characters a token that no tokenizer reaches in chat; where the first prompts are cut already."""


def stated(answer: JsonValue, model: str) -> int | None:
    """Tokens that prompt and answer may have together, from an answer at one of PLACES; None: it does not say."""
    entries = answer.get("data") if isinstance(answer, Mapping) else answer
    if isinstance(entries, list):
        listed = [each for each in entries if isinstance(each, Mapping)]
        meant = [each for each in listed if each.get("id") == model] or (listed if len(listed) == 1 else [])
        parents = [each for each in listed if any(each.get("id") == one.get("parent") for one in meant)]
        return next((found for each in (*meant, *parents) if (found := _window(each)) is not None), None)
    if not isinstance(answer, Mapping):
        return None
    return _number(answer.get("value")) if set(answer) == {"value"} else _window(answer)


def _window(entry: Mapping[str, JsonValue]) -> int | None:
    own = next((found for name in _NAMES if (found := _number(entry.get(name))) is not None), None)
    inside = (entry.get(name) for name in _INNER)
    inner = [found for each in inside if isinstance(each, Mapping) and (found := _window(each)) is not None]
    return min((each for each in (own, *inner[:1]) if each is not None), default=None)


def _number(value: JsonValue) -> int | None:
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    return value if type(value) is int and value > 0 else None


class TruncationWatch:
    """Notices a server that cuts prompts in silence: its count of prompt tokens stops growing while prompts grow."""

    def __init__(self) -> None:
        self._usual: float | None = None
        """Characters a token, as they were while counts still grew; the least seen."""
        self._row: list[tuple[int, int]] = []
        """Characters and tokens of the last prompts whose counts were the same."""
        self._warned = False

    def cut_at(self, characters: int, tokens: int) -> int | None:
        """Tokens at which the server seems to cut prompts, the first time that it seems so.

        `characters` and `tokens`: of one prompt, as sent and as counted by the server; 0 tokens: it did not count.
        """
        if tokens <= 0 or self._warned:
            return None
        if self._row and abs(self._row[-1][1] - tokens) > max(1, 0.002 * tokens):
            self._row.clear()
        self._row = [*self._row[-15:], (characters, tokens)]
        density = characters / tokens
        lengths = [each for each, _ in self._row]
        plateau = len(set(lengths)) >= _PLATEAU and max(lengths) >= _GROWN * min(lengths)
        usual = self._usual
        if len(self._row) == 1:
            self._usual = density if usual is None else min(usual, density)
        if not plateau or tokens < SMALLEST:
            return None
        if (usual is not None and density >= _DENSE * usual) or density >= _IMPLAUSIBLE:
            self._warned = True
            return tokens
        return None
