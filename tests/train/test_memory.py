"""The arithmetic against what a 24B Mistral was measured and computed to take, and against a model that is built."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.train.settings import change_settings, read_settings
from simulator.train.training_estimate import GIB, Shape, estimate_memory, suggest_settings
from simulator.world.load import shipped

MISTRAL_24B = {
    "hidden_size": 5120,
    "intermediate_size": 32768,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "num_hidden_layers": 40,
    "vocab_size": 131072,
    "tie_word_embeddings": False,
}
SETTINGS = read_settings(shipped() / "policies" / "training.yaml")


def test_the_24b() -> None:
    shape = Shape.of(MISTRAL_24B)
    assert shape.parameters == pytest.approx(23.57e9, rel=1e-3)
    assert shape.adapter_parameters(SETTINGS) == pytest.approx(185e6, rel=2e-3)


@pytest.mark.parametrize(
    ("quantize", "tokens", "gib"), [("none", 4096, 52), ("none", 8192, 57), ("nf4", 4096, 22), ("nf4", 8192, 27)]
)
def test_the_24b_in_memory_without_logits(quantize: str, tokens: int, gib: float) -> None:
    found = estimate_memory(Shape.of(MISTRAL_24B), change_settings(SETTINGS, {"quantize": quantize}), tokens, tokens)
    assert (found.total - found.logits) / GIB == pytest.approx(gib, abs=1)


@pytest.mark.parametrize(("tokens", "gib"), [(512, 1.9), (2048, 5.6)])
def test_the_embedded_model_in_memory(tokens: int, gib: float) -> None:
    """Peaks that were measured on a CPU: bf16, no checkpointing, every token in the loss."""
    config = {
        "hidden_size": 576,
        "intermediate_size": 1536,
        "num_attention_heads": 9,
        "num_key_value_heads": 3,
        "num_hidden_layers": 30,
        "vocab_size": 49152,
        "tie_word_embeddings": True,
    }
    found = estimate_memory(
        Shape.of(config), change_settings(SETTINGS, {"gradient_checkpointing": False}), tokens, tokens
    )
    assert found.total / GIB == pytest.approx(gib, rel=0.15)


def test_parameters_are_those_of_the_model(tiny: Path) -> None:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(tiny)
    config = json.loads((tiny / "config.json").read_text())
    assert Shape.of(config).parameters == sum(each.numel() for each in model.parameters())


def test_less_costs_less() -> None:
    shape = Shape.of(MISTRAL_24B)
    plain = estimate_memory(shape, SETTINGS, 8192, 8192).total
    without = change_settings(SETTINGS, {"gradient_checkpointing": False})
    assert plain < estimate_memory(shape, without, 8192, 8192).total
    assert plain > estimate_memory(shape, SETTINGS, 8192, 800).total > estimate_memory(shape, SETTINGS, 4096, 800).total
    few = change_settings(SETTINGS, {"target_modules": ["q_proj", "model.layers.0.self_attn.v_proj"]})
    assert set(shape.adapted(few.target_modules)) == {"q_proj", "v_proj"}
    assert estimate_memory(shape, few, 8192, 8192).total < plain


@pytest.mark.parametrize(
    ("gib", "said"),
    [(80, "gradient_checkpointing=true would fit 80"), (40, "quantize=nf4"), (22, "too_long=cut"), (4, "no setting")],
)
def test_what_would_fit_is_said(gib: int, said: str) -> None:
    without = change_settings(SETTINGS, {"gradient_checkpointing": False})
    assert said in suggest_settings(Shape.of(MISTRAL_24B), without, 8192, gib * GIB)
