"""What a token costs, from litellm's own table; nothing is asked of the network."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.llm.litellm_client import library
from simulator.llm.model import Billing

OWN = ("ollama/", "ollama_chat/", "lm_studio/", "llamafile/", "gguf:")
"""Names of models that run on one's own machine."""


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
    try:
        info = library().get_model_info(model)
    except Exception:  # litellm raises several kinds for a model that it does not list
        return None
    prompt, completion = info.get("input_cost_per_token"), info.get("output_cost_per_token")
    if not prompt or not completion:
        return None
    cached, written = info.get("cache_read_input_token_cost"), info.get("cache_creation_input_token_cost")
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
