"""What a token costs, from litellm's own table; nothing is asked of the network."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from simulator.llm.litellm_transport import library
from simulator.llm.model import Billing

OWN = ("ollama/", "ollama_chat/", "lm_studio/", "llamafile/", "gguf:")
"""Names of models that run on one's own machine."""

PROTOCOL = ("openai/", "text-completion-openai/", "hosted_vllm/", "openai_like/")
"""Names of models that may be at any address; litellm is imported only for those in its table."""


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars a token."""

    prompt: float
    cached: float
    """For prompt tokens that the provider still had; the full price where no lower one is known."""
    written: float
    """For prompt tokens that the provider is told to keep; the full price where that costs nothing more."""
    completion: float


def price(model: str) -> Price | None:
    """What the model costs; None: unknown, or no money is involved (see `billing`).

    A price of nothing in the table means that nobody filled it in, and counts as unknown.
    """
    if model in ("embedded", "scripted") or model.startswith(OWN):
        return None
    if model.startswith(PROTOCOL) and not is_listed(model):
        return None
    try:
        info = library().get_model_info(model)
    except Exception:  # litellm raises several kinds for a model that it does not list
        return None
    prompt, completion = info.get("input_cost_per_token"), info.get("output_cost_per_token")
    if not prompt or not completion:
        return None
    cached, written = info.get("cache_read_input_token_cost"), info.get("cache_creation_input_token_cost")
    return Price(prompt, cached or prompt, written or prompt, completion)


def is_listed(model: str) -> bool:
    """True if litellm's table has the model, under its name with or without the provider. Does not import litellm."""
    return model in _listed() or model.partition("/")[2] in _listed()


@cache
def _listed() -> frozenset[str]:
    """Names in the table that litellm brings along; all of them count where the file is not where it should be."""
    spec = importlib.util.find_spec("litellm")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        table = Path(folder) / "model_prices_and_context_window_backup.json"
        if table.is_file():
            return frozenset(json.loads(table.read_bytes()))
    return frozenset(library().model_cost)


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
