"""Attention by documents: what PyTorch computes under a mask, without the mask."""

from __future__ import annotations

import pytest
import torch
from transformers import MistralConfig, MistralForCausalLM

from simulator.train import attention

SIZES = (5, 17, 1, 30)


@pytest.fixture(scope="module")
def model() -> MistralForCausalLM:
    torch.manual_seed(0)
    config = MistralConfig(
        vocab_size=99,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        sliding_window=None,
    )
    return MistralForCausalLM(config).eval()


def logits(model: MistralForCausalLM, kind: str, **given: torch.Tensor) -> torch.Tensor:
    model.set_attn_implementation(attention.register() if kind == attention.NAME else kind)
    return model(use_cache=False, **given).logits


def test_a_document_sees_itself_alone(model: MistralForCausalLM) -> None:
    documents = [torch.randint(0, 99, (size,)) for size in SIZES]
    alone = torch.cat([logits(model, "eager", input_ids=document[None])[0] for document in documents])
    packed = {
        "input_ids": torch.cat(documents)[None],
        "position_ids": torch.cat([torch.arange(size) for size in SIZES])[None],
    }
    found = logits(model, attention.NAME, **packed)
    assert (found[0] - alone).abs().max() < 1e-5
    leaking = logits(model, attention.NAME, **packed | {"position_ids": torch.arange(sum(SIZES))[None]})
    assert (leaking[0] - alone).abs().max() > 1e-2, "the test can tell"


def test_gradients_are_those_of_the_masked_kernel(model: MistralForCausalLM) -> None:
    ids = torch.randint(0, 99, (1, sum(SIZES)))
    positions = torch.cat([torch.arange(size) for size in SIZES])[None]
    gradients = []
    for kind in ("sdpa", attention.NAME):
        model.zero_grad()
        logits(model, kind, input_ids=ids, position_ids=positions).square().sum().backward()
        gradients.append(torch.cat([weight.grad.flatten() for weight in model.parameters()]))
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-4)


def test_masks_that_somebody_made_are_obeyed(model: MistralForCausalLM) -> None:
    ids = torch.randint(0, 99, (1, 9))
    tree = torch.ones(9, 9).tril().bool()
    tree[6:, 3:6] = False
    padded = torch.ones(2, 9, dtype=torch.int64)
    padded[0, :3] = 0
    for given in (
        {"input_ids": ids, "attention_mask": tree[None, None], "position_ids": torch.arange(9)[None]},
        {"input_ids": ids.repeat(2, 1), "attention_mask": padded},
    ):
        wanted, found = (logits(model, kind, **given) for kind in ("sdpa", attention.NAME))
        assert wanted[:, 3:].equal(found[:, 3:])
