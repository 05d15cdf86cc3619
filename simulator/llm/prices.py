"""What a token costs and what else litellm's table knows of a model; the file is read, litellm not imported for it."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import JsonValue

from simulator.llm.litellm_transport import library
from simulator.llm.model import Billing, Usage

OWN = ("ollama/", "ollama_chat/", "lm_studio/", "llamafile/", "gguf:")
"""Names of models that run on one's own machine."""
EFFORTS = ("none", "minimal")
"""Of reasoning, those below `low`, from the least to the most."""


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars a token."""

    prompt: float
    cached: float
    """For prompt tokens that the provider still had; the full price where no lower one is known."""
    written: float
    """For prompt tokens that the provider is told to keep; the full price where that costs nothing more."""
    completion: float

    def usd(self, usage: Usage) -> float:
        """Dollars for the tokens of a call, of a provider that keeps prompts without being told to."""
        fresh = max(0, usage.prompt - usage.cached)
        return fresh * self.prompt + usage.cached * self.cached + usage.completion * self.completion


@dataclass(frozen=True, slots=True)
class Listed:
    """What the table says of one model."""

    provider: str
    """litellm's name for whoever serves it."""
    mode: str
    """`chat`, `completion`, `responses` or what else it is for."""
    price: Price | None
    """None: nobody filled it in."""
    window: int | None
    """Tokens of the longest prompt."""
    schema: bool
    """It keeps to a JSON schema."""
    reasons: bool
    efforts: tuple[str, ...]
    """Those of EFFORTS that it is said to take."""


def price(model: str) -> Price | None:
    """What the model costs; None: unknown, or no money is involved (see `billing`)."""
    found = listed(model)
    return None if found is None else found.price


def listed(model: str) -> Listed | None:
    """The model's entry, under its name with or without the provider; None: it has none, or runs on one's own machine.

    >>> listed("openai/gpt-4o").provider, listed("gpt-4o").mode, listed("openai/nobody-sells-this")
    ('openai', 'chat', None)
    """
    if model in ("embedded", "scripted") or model.startswith(OWN):
        return None
    if (found := _table().get(model)) is not None:
        return found
    provider, _, bare = model.partition("/")
    found = _table().get(bare)
    return found if found is not None and found.provider.startswith(provider) else None


def is_listed(model: str) -> bool:
    """True if the table has the model, under its name with or without the provider, whoever serves it."""
    return model in _table() or model.partition("/")[2] in _table()


def names() -> list[str]:
    """Every name in the table."""
    return list(_table())


@cache
def _table() -> dict[str, Listed]:
    """The table that litellm brings along; through litellm where the file is not where it should be."""
    spec = importlib.util.find_spec("litellm")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        table = Path(folder) / "model_prices_and_context_window_backup.json"
        if table.is_file():
            return _read(json.loads(table.read_bytes()))
    return _read(library().model_cost)


def _read(table: Mapping[str, Mapping[str, JsonValue]]) -> dict[str, Listed]:
    shared: dict[Listed, Listed] = {}
    """Thousands of entries say the same."""
    return {name: shared.setdefault(each, each) for name, entry in table.items() if (each := _listed(entry))}


def _listed(entry: Mapping[str, JsonValue]) -> Listed:
    window = entry.get("max_input_tokens")
    levels = entry.get("reasoning_effort_levels")
    efforts = (
        *(each for each in EFFORTS if entry.get(f"supports_{each}_reasoning_effort")),
        *(each for each in EFFORTS if isinstance(levels, list) and each in levels),
    )
    return Listed(
        provider=str(entry.get("litellm_provider") or ""),
        mode=str(entry.get("mode") or ""),
        price=_price(entry),
        window=window if isinstance(window, int) and window > 0 else None,
        schema=bool(entry.get("supports_response_schema")),
        reasons=bool(entry.get("supports_reasoning")),
        efforts=efforts,
    )


def _price(entry: Mapping[str, JsonValue]) -> Price | None:
    """A price of nothing means that nobody filled it in, and counts as unknown."""
    names = ("input", "cache_read_input", "cache_creation_input", "output")
    found = [entry.get(f"{name}_{'token_cost' if 'cache' in name else 'cost_per_token'}") for name in names]
    prompt, cached, written, completion = (float(each) if isinstance(each, int | float) else 0.0 for each in found)
    if not prompt or not completion:
        return None
    return Price(prompt, cached or prompt, written or prompt, completion)


def billing(model: str) -> Billing:
    """What is known about the price before any call.

    >>> billing("embedded"), billing("scripted")
    (<Billing.LOCAL: 'local'>, <Billing.SCRIPTED: 'scripted'>)
    """
    if model == "scripted":
        return Billing.SCRIPTED
    if model == "embedded" or model.startswith(OWN):
        return Billing.LOCAL
    return Billing.UNKNOWN if price(model) is None else Billing.KNOWN
