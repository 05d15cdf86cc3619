"""Providers that are called directly: their address, their key's variable, and what they call things.

Most of them speak OpenAI's protocol. Whoever is not listed here is reached through litellm. What a provider refuses all
the same is learnt from its refusal (`server_traits`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from simulator.llm import prices
from simulator.llm.openai_protocol import THINKING_OFF
from simulator.llm.prices import Listed
from simulator.llm.server_traits import JsonObject

_DIRECT_MODES = frozenset({"chat", "completion", ""})
"""What a model is for, in litellm's table, if `chat/completions` or `completions` answers for it."""
_EFFORT_NONE: JsonObject = {"reasoning_effort": "none"}
_SWITCH: JsonObject = {"thinking": {"type": "disabled"}}


OLLAMA = ("ollama", "ollama_chat")
OLLAMA_WINDOW = 8192
"""Tokens of context that Ollama is asked for: else it takes its own default and cuts longer prompts in silence."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider."""

    base: str
    keys: tuple[str, ...]
    """Variables of which one holds the key; empty: none is needed."""
    bases: tuple[str, ...] = ()
    """Variables that may name another address."""
    quiet: Mapping[str, JsonValue] = field(default_factory=dict)
    """Switches reasoning off, for models that can do without."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Its own names of parameters; empty: it does not take it."""

    @property
    def address(self) -> str:
        """Where it is asked."""
        return next((found for name in self.bases if (found := os.environ.get(name))), self.base)

    @property
    def key(self) -> str | None:
        """The key in the environment."""
        return next((found for name in self.keys if (found := os.environ.get(name))), None)

    def fit(self, body: JsonObject) -> JsonObject:
        """The request in the provider's own names."""
        if not self.renamed:
            return body
        return {self.renamed.get(name, name): value for name, value in body.items() if self.renamed.get(name, name)}


PROVIDERS: Mapping[str, Provider] = {
    "openai": Provider(
        "https://api.openai.com/v1",
        ("OPENAI_API_KEY",),
        ("OPENAI_BASE_URL", "OPENAI_API_BASE"),
        renamed={"max_tokens": "max_completion_tokens"},
    ),
    "text-completion-openai": Provider(
        "https://api.openai.com/v1", ("OPENAI_API_KEY",), ("OPENAI_BASE_URL", "OPENAI_API_BASE")
    ),
    "deepseek": Provider("https://api.deepseek.com/beta", ("DEEPSEEK_API_KEY",), ("DEEPSEEK_API_BASE",), quiet=_SWITCH),
    "groq": Provider("https://api.groq.com/openai/v1", ("GROQ_API_KEY",), ("GROQ_API_BASE",), quiet=_EFFORT_NONE),
    "mistral": Provider(
        "https://api.mistral.ai/v1",
        ("MISTRAL_API_KEY",),
        ("MISTRAL_API_BASE",),
        renamed={"seed": "random_seed", "stream_options": ""},  # it counts the tokens without being asked
    ),
    "openrouter": Provider(
        "https://openrouter.ai/api/v1",
        ("OPENROUTER_API_KEY", "OR_API_KEY"),
        ("OPENROUTER_API_BASE",),
        quiet={"reasoning": {"enabled": False}},
    ),
    "together_ai": Provider(
        "https://api.together.ai/v1",
        ("TOGETHER_API_KEY", "TOGETHER_AI_API_KEY", "TOGETHERAI_API_KEY", "TOGETHER_AI_TOKEN"),
        ("TOGETHER_AI_API_BASE",),
        quiet=THINKING_OFF,
    ),
    "xai": Provider("https://api.x.ai/v1", ("XAI_API_KEY",), ("XAI_API_BASE",)),
    "fireworks_ai": Provider(
        "https://api.fireworks.ai/inference/v1",
        ("FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY", "FIREWORKSAI_API_KEY", "FIREWORKS_AI_TOKEN"),
        ("FIREWORKS_API_BASE",),
        quiet=_EFFORT_NONE,
    ),
    "moonshot": Provider("https://api.moonshot.ai/v1", ("MOONSHOT_API_KEY",), ("MOONSHOT_API_BASE",), quiet=_SWITCH),
    "zai": Provider("https://api.z.ai/api/paas/v4", ("ZAI_API_KEY",), ("ZAI_API_BASE",), quiet=_SWITCH),
    "dashscope": Provider(
        "https://dashscope.aliyuncs.com/compatible-mode/v1",
        ("DASHSCOPE_API_KEY",),
        ("DASHSCOPE_API_BASE",),
        quiet={"enable_thinking": False},
    ),
    "deepinfra": Provider(
        "https://api.deepinfra.com/v1/openai", ("DEEPINFRA_API_KEY",), ("DEEPINFRA_API_BASE",), quiet=_EFFORT_NONE
    ),
    "cerebras": Provider("https://api.cerebras.ai/v1", ("CEREBRAS_API_KEY",), ("CEREBRAS_API_BASE",)),
    "sambanova": Provider(
        "https://api.sambanova.ai/v1", ("SAMBANOVA_API_KEY",), ("SAMBANOVA_API_BASE",), quiet=THINKING_OFF
    ),
    "nvidia_nim": Provider(
        "https://integrate.api.nvidia.com/v1", ("NVIDIA_NIM_API_KEY",), ("NVIDIA_NIM_API_BASE",), quiet=THINKING_OFF
    ),
    "nebius": Provider(
        "https://api.studio.nebius.ai/v1", ("NEBIUS_API_KEY",), ("NEBIUS_API_BASE",), quiet=THINKING_OFF
    ),
    "novita": Provider(
        "https://api.novita.ai/v3/openai", ("NOVITA_API_KEY",), ("NOVITA_API_BASE",), quiet={"enable_thinking": False}
    ),
    "hyperbolic": Provider("https://api.hyperbolic.xyz/v1", ("HYPERBOLIC_API_KEY",), ("HYPERBOLIC_API_BASE",)),
    "anthropic": Provider(
        "https://api.anthropic.com", ("ANTHROPIC_API_KEY",), ("ANTHROPIC_BASE_URL", "ANTHROPIC_API_BASE")
    ),
    "gemini": Provider(
        "https://generativelanguage.googleapis.com", ("GEMINI_API_KEY", "GOOGLE_API_KEY"), ("GEMINI_API_BASE",)
    ),
    **{name: Provider("http://localhost:11434", (), ("OLLAMA_API_BASE",)) for name in OLLAMA},
    "perplexity": Provider(
        "https://api.perplexity.ai", ("PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY"), ("PERPLEXITY_API_BASE",)
    ),
}
"""By litellm's names for them. Anthropic, Gemini and Ollama speak protocols of their own
(`native_protocols`)."""


def placed(name: str) -> tuple[str, str] | None:
    """Provider and its own name of the model, where calls to it are direct; None: litellm has to translate.

    >>> placed("groq/openai/gpt-oss-20b"), placed("gpt-4o"), placed("bedrock/anthropic.claude-v2")
    (('groq', 'openai/gpt-oss-20b'), ('openai', 'gpt-4o'), None)
    """
    provider, slash, model = name.partition("/")
    entry = prices.listed(name)
    if entry is not None and entry.mode not in _DIRECT_MODES:
        return None
    if slash and model and provider in PROVIDERS:
        if provider == "fireworks_ai" and "/" not in model:
            model = f"accounts/fireworks/models/{model}"
        return provider, model
    if entry is not None and not slash and entry.provider in PROVIDERS:
        return entry.provider, name
    return None


def chat_habits(provider: str, model: str, entry: Listed | None) -> JsonObject:
    """What a chat request to a provider's model takes besides the usual; None takes a parameter out of it.

    Reasoning is off, or as little as the model can do. OpenAI's models that cannot do without take no temperature, no
    top_p and no stop.
    """
    lower, known = model.lower(), PROVIDERS[provider]
    if provider in OLLAMA:
        return {"num_ctx": OLLAMA_WINDOW, "reasoning_effort": "low" if "gpt-oss" in lower else "none"}
    if "gpt-oss" in lower:
        return {"reasoning_effort": "low"}
    if provider == "openrouter":
        return {**known.quiet, "usage": {"include": True}}
    reasons = entry is not None and entry.reasons
    efforts = entry.efforts if entry is not None else ()
    if provider == "openai":
        if not reasons:
            return {}
        if "none" in efforts:
            return {"reasoning_effort": "none"}
        effort = efforts[0] if efforts else "low"
        return {"reasoning_effort": effort, "temperature": None, "top_p": None, "stop": None}
    if provider == "mistral":
        return {"reasoning_effort": efforts[0]} if efforts else {}
    if provider == "groq":
        return dict(known.quiet) if "qwen" in lower else {}
    if provider == "xai":
        return {"reasoning_effort": efforts[0] if efforts else "low"} if reasons and "mini" in lower else {}
    if provider == "gemini":
        return {"reasoning_effort": "none" if "2.5-flash" in lower else "minimal"} if reasons else {}
    always = any(word in lower for word in ("thinking", "reasoner", "-r1"))
    return dict(known.quiet) if reasons and not always else {}
