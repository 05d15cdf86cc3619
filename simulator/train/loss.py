"""The loss of weighted tokens, from the logits that it needs and no others."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.utils.checkpoint import checkpoint

CHUNK = 1024
"""Places whose logits are held in fp32 at once; at a vocabulary of 131,072 that is 0.5 GiB."""


def surprises(model: Any, batch: dict[str, Tensor], wanted: Tensor) -> Tensor:
    """-log P of the labels at `wanted`, in nats, fp32, shape (wanted,): each given what its document says before it.

    `batch`: one sequence as `packing.batch` makes it. `wanted`: places of tokens that are not the first of a document,
    int64, shape (n,), n >= 1. The model computes logits for these places only, in its own precision; the softmax is
    made in fp32, chunk by chunk, and made again for the gradient, so that fp32 logits never stand whole in memory.
    """
    logits = model(
        input_ids=batch["input_ids"],
        position_ids=batch["position_ids"],
        use_cache=False,
        logits_to_keep=wanted - 1,  # what is said at t is predicted at t - 1
    ).logits[0]
    targets = batch["input_ids"][0, wanted]
    parts = zip(logits.split(CHUNK), torch.split(targets, CHUNK), strict=True)
    if torch.is_grad_enabled():
        return torch.cat([checkpoint(_surprise, part, target, use_reentrant=False) for part, target in parts])
    return torch.cat([_surprise(part, target) for part, target in parts])


def weighted_sum(model: Any, batch: dict[str, Tensor]) -> Tensor:
    """Sum of weight times surprise over a sequence, a scalar; 0, with a gradient of 0, where nothing has a weight."""
    weights = batch["weights"][0]
    wanted = weights.nonzero()[:, 0]
    if not len(wanted):
        wanted = torch.ones(1, dtype=torch.int64, device=weights.device)  # any place will do: its weight is 0
    return (surprises(model, batch, wanted) * weights[wanted]).sum()


def _surprise(logits: Tensor, targets: Tensor) -> Tensor:
    return cross_entropy(logits.float(), targets, reduction="none")
