"""A model in memory goes on with many logs at once, a token at a time, each with a stream of chance of its own.

Logs are read in batches, padded on the left; a log that several samples begin with is read once. A row leaves the batch
when it has all its lines. What is drawn for a row depends on its seed and on the model, not on the rest of the batch
(up to the rounding of the arithmetic, which batches do change).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simulator import rng
from simulator.evaluate.subject import Sampling

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

BATCH = 32
"""Rows at once: beyond this a CPU gains nothing."""
LIKELIEST = 1000
"""Tokens that are drawn from at most; `top_p` of the mass hardly ever lies further down."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A log as tokens, up to where the model goes on."""

    ids: tuple[int, ...]
    seed: int


@dataclass(slots=True)
class _Row:
    place: int
    draw: Any
    left: int
    """Lines that it still owes."""
    ids: list[int] = field(default_factory=list)
    since: int = 0
    """Tokens since the last newline."""


class Writer:
    """Draws lines from a model."""

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, batch: int = BATCH) -> None:
        self._model, self._tokenizer, self._batch = model, tokenizer, batch
        pieces = tokenizer.batch_decode([[number] for number in range(len(tokenizer))])
        self._ends = frozenset(number for number, piece in enumerate(pieces) if "\n" in piece)
        self._newline = tokenizer("\n", add_special_tokens=False).input_ids[-1]
        self._special = list(tokenizer.all_special_ids)

    def write(self, begun: Sequence[Begun], lines: int, sampling: Sampling) -> list[str]:
        """For each, the text of so many lines that follow, the last newline included.

        A line that reaches the limit of tokens ends there. Special tokens are never drawn: a log has no end.
        """
        texts = [""] * len(begun)
        order = sorted(range(len(begun)), key=lambda place: (len(begun[place].ids), place))
        for first in range(0, len(order), self._batch):
            rows = [_Row(p, rng.stream(begun[p].seed, "tokens"), lines) for p in order[first : first + self._batch]]
            self._run(rows, [begun[row.place].ids for row in rows], sampling)
            for row in rows:
                texts[row.place] = str(
                    self._tokenizer.decode(row.ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
                )
        return texts

    def _run(self, rows: list[_Row], prefixes: list[tuple[int, ...]], sampling: Sampling) -> None:
        import torch

        with torch.inference_mode():
            logits, cache, mask = self._read(prefixes)
            while rows:
                drawn = self._draw(logits, rows, sampling)
                for row, token in zip(rows, drawn, strict=True):
                    row.ids.append(token)
                    row.since = 0 if token in self._ends else row.since + 1
                    row.left -= token in self._ends
                kept = [place for place, row in enumerate(rows) if row.left > 0]
                if len(kept) < len(rows):
                    rows = [rows[place] for place in kept]
                    if not rows:
                        return
                    chosen = torch.tensor(kept, device=mask.device)
                    cache.batch_select_indices(chosen)
                    mask = mask[chosen]
                mask = torch.cat([mask, mask.new_ones((len(rows), 1))], dim=1)
                logits = self._model(
                    input_ids=torch.tensor([[row.ids[-1]] for row in rows], device=mask.device),
                    attention_mask=mask,
                    position_ids=mask.sum(1, keepdim=True) - 1,
                    past_key_values=cache,
                    use_cache=True,
                    logits_to_keep=1,
                ).logits[:, -1]

    def _read(self, prefixes: list[tuple[int, ...]]) -> tuple[Tensor, Any, Tensor]:
        """Logits of the next token, the cache and the mask of each row; equal prefixes are read once."""
        import torch

        different = list(dict.fromkeys(prefixes))
        width = max(map(len, different))
        device = self._model.device
        ids = torch.full((len(different), width), self._newline, device=device)
        mask = torch.zeros((len(different), width), dtype=torch.long, device=device)
        for row, prefix in enumerate(different):
            ids[row, width - len(prefix) :] = torch.tensor(prefix, device=device)
            mask[row, width - len(prefix) :] = 1
        out = self._model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=(mask.cumsum(1) - 1).clamp(min=0),
            use_cache=True,
            logits_to_keep=1,
        )
        each = torch.tensor([different.index(prefix) for prefix in prefixes], device=device)
        out.past_key_values.batch_select_indices(each)
        return out.logits[:, -1][each], out.past_key_values, mask[each]

    def _draw(self, logits: Tensor, rows: list[_Row], sampling: Sampling) -> list[int]:
        """One token a row, from the most likely ones that make up `top_p` (Holtzman et al. 2020, arXiv:1904.09751)."""
        import torch

        logits = logits.float() / sampling.temperature
        logits[:, self._special] = -torch.inf
        chances, tokens = logits.softmax(-1).topk(min(LIKELIEST, logits.shape[-1]))
        sums = chances.cumsum(-1)
        drawn = []
        for place, row in enumerate(rows):
            if row.since >= sampling.line_tokens:
                drawn.append(self._newline)
                continue
            within = int((sums[place] < sampling.top_p).sum()) + 1
            within = min(within, sums.shape[1])
            aim = row.draw.random() * float(sums[place, within - 1])
            index = int(torch.searchsorted(sums[place, :within].contiguous(), aim))
            drawn.append(int(tokens[place, min(index, within - 1)]))
        return drawn
