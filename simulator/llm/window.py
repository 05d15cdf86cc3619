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
)
PLACES = ("models", "../props", "../api/v0/models", "../info")
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
    if not isinstance(answer, Mapping):
        return None
    entries = answer.get("data")
    if isinstance(entries, list):
        listed = [each for each in entries if isinstance(each, Mapping)]
        meant = [each for each in listed if each.get("id") == model] or (listed if len(listed) == 1 else [])
        return next((found for each in meant if (found := _window(each)) is not None), None)
    return _window(answer)


def _window(entry: Mapping[str, JsonValue]) -> int | None:
    for name in _NAMES:
        value = entry.get(name)
        if type(value) is int and value > 0:
            return value
    for name in ("meta", "default_generation_settings", "top_provider"):
        inner = entry.get(name)
        if isinstance(inner, Mapping) and (found := _window(inner)) is not None:
            return found
    return None


class TruncationWatch:
    """Notices a server that cuts prompts in silence: its count of prompt tokens stops growing while prompts grow."""

    def __init__(self) -> None:
        self._usual: float | None = None
        """Characters a token, as they were while counts still grew; the least seen."""
        self._row: list[tuple[int, int]] = []
        """Characters and tokens of the last prompts whose counts were the same."""
        self._told = False

    def cut_at(self, characters: int, tokens: int) -> int | None:
        """Tokens at which the server seems to cut prompts, the first time that it seems so.

        `characters` and `tokens`: of one prompt, as sent and as counted by the server; 0 tokens: it did not count.
        """
        if tokens <= 0 or self._told:
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
            self._told = True
            return tokens
        return None
