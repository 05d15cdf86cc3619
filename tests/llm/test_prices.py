from __future__ import annotations

import pytest

from simulator.llm.model import Billing
from simulator.llm.prices import billing, price


@pytest.mark.parametrize("name", ["openai/gpt-4o", "anthropic/claude-sonnet-4-5"])
def test_a_known_price_is_dollars_a_token(name: str) -> None:
    known = price(name)
    assert known is not None and billing(name) is Billing.KNOWN
    assert 0 < known.cached < known.prompt < known.completion < 1e-3


@pytest.mark.parametrize(
    ("name", "is_"),
    [
        ("embedded", Billing.LOCAL),
        ("gguf:/some/file.gguf", Billing.LOCAL),
        ("ollama/llama3", Billing.LOCAL),
        ("scripted", Billing.SCRIPTED),
        ("hosted_vllm/anything", Billing.UNKNOWN),
        ("openai/nobody-sells-this", Billing.UNKNOWN),
        ("no such thing", Billing.UNKNOWN),
    ],
)
def test_no_price_is_never_a_price_of_nothing(name: str, is_: Billing) -> None:
    assert price(name) is None and billing(name) is is_
