"""Attention of each document in a sequence to itself alone, with no mask: what packing costs is then nothing.

transformers' own `sdpa` tells packed documents apart by a mask of tokens x tokens, with which PyTorch computes every
pair of tokens and cannot take its flash kernel. Here the documents are found by their positions, which begin at 0, and
each is given to the causal kernel by itself; so a sequence of 8192 tokens costs the sum of its documents' squares. No
package beyond PyTorch is needed, and the same code runs without a GPU.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, cat, split
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "documents"
"""For `attn_implementation`, after `register`."""


def register() -> str:
    """Makes the implementation known to transformers; its name."""
    AttentionInterface.register(NAME, forward)
    AttentionMaskInterface.register(NAME, _mask)
    return NAME


def forward(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    position_ids: Tensor | None = None,
    **given: Any,
) -> tuple[Tensor, None]:
    """What transformers asks of an attention: query (1, heads, tokens, size), key and value likewise.

    A mask that somebody made himself (a tree of candidates) is obeyed; so is a cache, and so are rows of a batch, none
    of which packing uses: those go to transformers' `sdpa`. Returns (1, tokens, heads, size), and no weights.
    """
    tokens = query.shape[2]
    if attention_mask is not None or query.shape[0] != 1 or key.shape[2] != tokens or position_ids is None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **given
        )
    starts = (position_ids[0] == 0).nonzero()[:, 0].tolist() or [0]
    sizes = [after - start for start, after in zip(starts, [*starts[1:], tokens], strict=True)]
    parts = [
        scaled_dot_product_attention(q, k, v, dropout_p=dropout, scale=scaling, is_causal=True, enable_gqa=True)
        for q, k, v in zip(*(split(each, sizes, 2) for each in (query, key, value)), strict=True)
    ]
    return cat(parts, dim=2).transpose(1, 2).contiguous(), None


def _mask(*, q_length: int, kv_length: int, attention_mask: Tensor | None = None, **given: Any) -> Tensor | None:
    """None where `forward` needs none: a whole row, and no tokens to be left out."""
    if attention_mask is None and q_length == kv_length:
        return None
    return sdpa_mask(q_length=q_length, kv_length=kv_length, attention_mask=attention_mask, **given)
