"""Many documents in one sequence, without attention between them.

Documents stand one after the other in a single row, and `position_ids` begin at 0 with each of them. That is all a
model of transformers needs to keep them apart, if it gets no attention mask and no cache (`use_cache=False`): its mask
is then made from the positions. A mask of ones, or a cache, would let a document see the ones before it.

Which documents an optimizer step sees, and in how many sequences.

Packing long sequences at a fixed accumulation leaves almost no optimizer steps (31 for the whole plan, measured). Here
the step comes first: a step is so many *documents*, and packing only lays the documents of one step together. So the
number of steps, the documents of each and its gradient are the same packed or not, and on any number of GPUs.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator import rng
from simulator.errors import UsageError
from simulator.train.encoding import Encoded, TokenClass
from simulator.train.objective import Objective
from simulator.world.policies.training import Settings

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


def wasted_share(lengths: Sequence[int], sequences: Sequence[Sequence[int]], most: int) -> float:
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


Group = tuple[int, ...]
"""Documents, by their place in the corpus, that share a sequence; none: a process has nothing to do there."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """All sequences of a training, in order."""

    sequences: tuple[Group, ...]
    """`per_step` after `per_step` make an optimizer step; within it, they go round the processes."""
    per_step: int
    """Sequences of a step, of all processes together: the same at every step, since they all wait for each other."""
    steps: int
    documents_per_step: float
    """On average; steps differ by one document at most."""


def make_schedule(lengths: Sequence[int], settings: Settings, processes: int = 1) -> Schedule:
    """`lengths`: tokens of each document, none above `settings.sequence_len`.

    The documents are shuffled anew for each epoch and dealt evenly into as few steps as hold
    `settings.documents_per_step` each. The step that needs most sequences says how many a step has; the others spread
    their documents thinner.
    """
    steps: list[list[Group]] = []
    for epoch in range(settings.num_epochs):
        order = _shuffled(len(lengths), settings, epoch)
        count = -(-len(order) // settings.documents_per_step)
        for step in range(count):
            chosen = order[len(order) * step // count : len(order) * (step + 1) // count]
            steps.append(_groups(chosen, lengths, settings))
    most = max(map(len, steps), default=0)
    most += -most % processes
    for groups in steps:
        _spread(groups, most, lengths)
    total = settings.num_epochs * len(lengths)
    return Schedule(tuple(group for groups in steps for group in groups), most, len(steps), total / max(len(steps), 1))


def make_row_schedule(rows: int, settings: Settings, processes: int = 1) -> Schedule:
    """The schedule of preference data: each row is a sequence of its own, and a step has exactly as many as are asked.

    `settings.documents_per_step` rows, rounded up to a multiple of the processes; the last step may have fewer. Rows
    are shuffled anew for each epoch.
    """
    order: list[Group] = []
    for epoch in range(settings.num_epochs):
        order += [(place,) for place in _shuffled(rows, settings, epoch)]
    each = settings.documents_per_step
    each += -each % processes
    steps = -(-len(order) // each)
    return Schedule(tuple(order), each, steps, len(order) / steps)


def _shuffled(count: int, settings: Settings, epoch: int) -> list[int]:
    order = list(range(count))
    rng.stream(settings.seed, "order", epoch).shuffle(order)
    return order


def _groups(chosen: list[int], lengths: Sequence[int], settings: Settings) -> list[Group]:
    if settings.packing:
        parts = [chosen]
    else:
        size = settings.micro_batch_size
        parts = [chosen[place : place + size] for place in range(0, len(chosen), size)]
    return [
        tuple(part[place] for place in places)
        for part in parts
        for places in pack([lengths[document] for document in part], settings.sequence_len)
    ]


def _spread(groups: list[Group], count: int, lengths: Sequence[int]) -> None:
    """Splits the fullest group that can be split until there are so many; what is then missing stays empty."""
    while len(groups) < count:
        split = max(
            (place for place, group in enumerate(groups) if len(group) > 1),
            key=lambda place: sum(lengths[document] for document in groups[place]),
            default=None,
        )
        if split is None:
            groups.append(())
            continue
        left: list[int] = []
        right: list[int] = []
        for document in sorted(groups[split], key=lambda document: -lengths[document]):
            lighter = min(left, right, key=lambda side: sum(lengths[each] for each in side))
            lighter.append(document)
        groups[split] = tuple(left)
        groups.append(tuple(right))
