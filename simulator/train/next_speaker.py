"""P(who speaks next) at every line of a document, exact, in one forward pass.

At a line's beginning b, the probability of a nick is the product over the tokens t1..tm of `<nick>` as documents spell
it, the closing bracket included:

    P(nick | b) = product of P(tj | the document before b, t1 .. t(j-1))

The document itself gives only the factors along the nick that did speak. For the others their tokens are put behind
the document as branches of a tree: a branch sees the document before b and its own ancestors, and nothing else, and
its positions go on from b (the tree attention of SpecInfer, Miao et al. 2023, arXiv:2305.09781, where a draft is
verified so). A token that the document has in the same place is not repeated, nor one that two nicks share (`an` and
`anna`), and a nick's last token needs no place: a nick of the tokens `<`, `an`, `>` costs one token more at a line
where somebody else spoke, and none where its owner did. On SmolLM2 all of a cast of 7 costs 1.4 to 1.6 times the
forward pass of the document, the lead alone no more than it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulator.errors import UsageError
from simulator.train.encoding import Encoded

if TYPE_CHECKING:
    import torch
    from torch import Tensor
    from transformers import PreTrainedModel

ROWS = 256
"""Rows of logits that are normalised at once: 256 of 131,072 numbers are 128 MiB."""


@dataclass(frozen=True, slots=True)
class TokenTree:
    """A document and the branches behind it, as a model reads them."""

    ids: tuple[int, ...]
    positions: tuple[int, ...]
    main: int
    """How many of `ids` are the document's."""
    seen: tuple[tuple[int, tuple[int, ...]], ...]
    """For each token of a branch: how many of the document's tokens it sees, and which of the branches' tokens, itself
    among them."""
    factors: tuple[tuple[tuple[tuple[int, int], ...], ...], ...]
    """For each line and each nick: the factors of its probability, as (place whose logits tell, token)."""


def grow(document: Encoded, nicks: Sequence[tuple[int, ...]]) -> TokenTree:
    """The tree for a document and the tokens of the nicks asked about at each of its lines."""
    ids = list(document.ids[:-1])  # nothing comes after the end of the document
    main = len(ids)
    positions = list(range(main))
    seen: list[tuple[int, tuple[int, ...]]] = []
    factors = []
    for begin in document.lines:
        known: dict[tuple[int, ...], _Node] = {(): _Node(begin - 1, begin)}
        asked = []
        for nick in nicks:
            chain = []
            for length, token in enumerate(nick):
                before = nick[:length]
                if before not in known:
                    above = known[before[:-1]]
                    place = begin + length - 1
                    if above.place == place - 1 < main - 1 and ids[place] == before[-1]:
                        known[before] = _Node(place, place + 1)
                    else:
                        branch = (*above.branch, len(ids))
                        known[before] = _Node(len(ids), above.visible, branch)
                        ids.append(before[-1])
                        positions.append(place)
                        seen.append((above.visible, branch))
                chain.append((known[before].place, token))
            asked.append(tuple(chain))
        factors.append(tuple(asked))
    return TokenTree(tuple(ids), tuple(positions), main, tuple(seen), tuple(factors))


def next_speakers(model: PreTrainedModel, document: Encoded, nicks: Sequence[tuple[int, ...]]) -> Tensor:
    """P(each nick is the next to speak) at every line: shape (lines, nicks), float64, on the CPU, in [0, 1].

    `nicks` are `Encoder.speaker` of each. Raw: what is missing to 1 went to other nicks, to actions, to the end of the
    document and to everything that is no nick. The model is asked as it is: put it into eval mode first.

    Raises UsageError for a model whose attention takes no mask of its own.
    """
    import torch

    from simulator.train import attention

    kind = model.config._attn_implementation
    if kind not in ("sdpa", attention.NAME, "eager"):
        raise UsageError(f"{kind} takes no tree mask", place="attention", remedy="load the model with sdpa or eager")
    tree = grow(document, nicks)
    wanted = sorted({place for line in tree.factors for chain in line for place, _ in chain})
    row = {place: index for index, place in enumerate(wanted)}
    with torch.no_grad():
        logits = model(
            input_ids=torch.tensor([tree.ids], device=model.device),
            position_ids=torch.tensor([tree.positions], device=model.device),
            attention_mask=(_added(_mask(tree), model.dtype) if kind == "eager" else _mask(tree)).to(model.device),
            logits_to_keep=torch.tensor(wanted, device=model.device),
            use_cache=False,
        ).logits[0]
        flat = [(row[place], token) for line in tree.factors for chain in line for place, token in chain]
        rows, tokens = torch.tensor(flat, device=logits.device).T
        total = torch.cat([part.float().logsumexp(-1) for part in logits.split(ROWS)])
        logs = (logits[rows, tokens].float() - total[rows]).double().cpu()
    chains = [len(chain) for line in tree.factors for chain in line]
    sums = torch.stack([part.sum() for part in logs.split(chains)])
    return sums.exp().reshape(len(tree.factors), len(nicks))


def _mask(tree: TokenTree) -> Tensor:
    """Who sees whom: bool of shape (1, 1, tokens, tokens), a row for the one that sees."""
    import torch

    size = len(tree.ids)
    mask = torch.zeros((size, size), dtype=torch.bool)
    mask[: tree.main, : tree.main] = True
    mask[: tree.main, : tree.main].tril_()
    for row, (visible, branch) in enumerate(tree.seen, tree.main):
        mask[row, :visible] = True
        mask[row, list(branch)] = True
    return mask[None, None]


def _added(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """The same for attention that adds its mask to the scores."""
    import torch

    return torch.zeros(mask.shape, dtype=dtype).masked_fill_(~mask, torch.finfo(dtype).min)


@dataclass(frozen=True, slots=True)
class _Node:
    """The first tokens of a nick at one line."""

    place: int
    """Of the last of them, in the tree's ids."""
    visible: int
    """How many of the document's tokens its children see."""
    branch: tuple[int, ...] = field(default=())
    """Places of those of them that are not the document's."""
