"""Which documents an optimizer step sees, and in how many sequences.

Packing long sequences at a fixed accumulation leaves almost no optimizer steps (31 for the whole plan, measured). Here
the step comes first: a step is so many *documents*, and packing only lays the documents of one step together. So the
number of steps, the documents of each and its gradient are the same packed or not, and on any number of GPUs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simulator import rng
from simulator.train.packing import pack
from simulator.world.policies.training import Settings

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


def schedule(lengths: Sequence[int], settings: Settings, processes: int = 1) -> Schedule:
    """`lengths`: tokens of each document, none above `settings.sequence_len`.

    The documents are shuffled anew for each epoch and dealt evenly into as few steps as hold
    `settings.documents_per_step` each. The step that needs most sequences says how many a step has; the others spread
    their documents thinner.
    """
    steps: list[list[Group]] = []
    for epoch in range(settings.num_epochs):
        order = list(range(len(lengths)))
        rng.stream(settings.seed, "order", epoch).shuffle(order)
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
