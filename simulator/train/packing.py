"""Many documents in one sequence, without attention between them.

Documents stand one after the other in a single row, and `position_ids` begin at 0 with each of them. That is all a
model of transformers needs to keep them apart, if it gets no attention mask and no cache (`use_cache=False`): its mask
is then made from the positions. A mask of ones, or a cache, would let a document see the ones before it.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from typing import TYPE_CHECKING

from simulator.errors import UsageError
from simulator.train.encoding import Encoded
from simulator.train.objective import Objective
from simulator.train.token_classes import TokenClass

if TYPE_CHECKING:
    from torch import Tensor

IGNORED = -100
"""A label that no loss is computed for."""


def pack(lengths: Sequence[int], most: int) -> list[list[int]]:
    """Which documents share a sequence of at most `most` tokens: indexes into `lengths`, each exactly once.

    Best fit decreasing: the longest document first, into the sequence that it fills best. The same lengths give the
    same sequences; within one, and among them, documents keep their order.

    Raises UsageError for a document longer than `most`.

    >>> pack([6, 3, 5, 4, 2], 10)
    [[0, 3], [1, 2, 4]]
    """
    sequences: list[list[int]] = []
    free: list[tuple[int, int]] = []  # tokens left and sequence, by tokens
    for index in sorted(range(len(lengths)), key=lambda each: (-lengths[each], each)):
        length = lengths[index]
        if length > most:
            raise _too_long(length, most)
        place = bisect.bisect_left(free, (length, -1))
        if place == len(free):
            left, sequence = most, len(sequences)
            sequences.append([])
        else:
            left, sequence = free.pop(place)
        sequences[sequence].append(index)
        bisect.insort(free, (left - length, sequence))
    return sorted(sorted(sequence) for sequence in sequences)


def waste(lengths: Sequence[int], sequences: Sequence[Sequence[int]], most: int) -> float:
    """The share of the places in the sequences that no token fills, in [0, 1); 0 without sequences.

    Nothing is padded, so this costs no work; it says how much shorter than `most` the sequences are.
    """
    room = most * len(sequences)
    return 1 - sum(lengths[index] for sequence in sequences for index in sequence) / room if room else 0.0


def cut(document: Encoded, most: int) -> tuple[Encoded, ...]:
    """The document in pieces of at most `most` tokens; the document itself if it is not longer.

    Each piece ends with a whole message, and is as long as it can be. Each begins with the header, because a piece
    without one would teach to speak without being told how much; where the header has a weight, it is then learned as
    often as there are pieces. Every other token is in exactly one piece, EOS in the last. What was said before is not
    repeated.

    Raises UsageError if the header and one message alone are longer than `most`.
    """
    if len(document) <= most:
        return (document,)
    lines = document.lines
    head = lines[0]
    pieces: list[Encoded] = []
    start = head
    # A piece may end where a line begins, and at the end of the document; EOS never stands alone.
    for here, there in zip(lines, [*lines[1:], len(document)], strict=True):
        if head + there - here > most:
            raise _too_long(head + there - here, most)
        if head + there - start > most:
            pieces.append(_piece(document, head, start, here))
            start = here
    return (*pieces, _piece(document, head, start, len(document)))


def batch(documents: Sequence[Encoded], objective: Objective) -> dict[str, Tensor]:
    """One sequence for a model and its loss: a row each, of shape (1, tokens of all documents).

    `input_ids` and `position_ids` (int64) are for the model, which must get no attention mask. `labels` (int64) and
    `weights` (float32) are aligned with `input_ids`: the logits at place t predict `labels[t + 1]`, which counts
    `weights[t + 1]`. The first token of each document, which nothing of it comes before, and every token of weight 0
    have the label -100 and weight 0.
    """
    import torch

    ids = [token for document in documents for token in document.ids]
    weights = [weight for document in documents for weight in objective.weights(document)]
    labels = [token if weight else IGNORED for token, weight in zip(ids, weights, strict=True)]
    return {
        "input_ids": torch.tensor([ids]),
        "labels": torch.tensor([labels]),
        "weights": torch.tensor([weights], dtype=torch.float32),
        "position_ids": torch.tensor([[place for document in documents for place in range(len(document))]]),
    }


def _piece(document: Encoded, head: int, start: int, end: int) -> Encoded:
    classes: tuple[TokenClass, ...] = document.classes
    return Encoded(document.ids[:head] + document.ids[start:end], classes[:head] + classes[start:end])


def _too_long(length: int, most: int) -> UsageError:
    return UsageError(
        f"{length} tokens that belong together do not fit a sequence of {most}",
        place="sequence_len",
        remedy=f"set it to {length} or more",
    )
