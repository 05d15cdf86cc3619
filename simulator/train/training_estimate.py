"""What a training will see, take and cost, before a model is loaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator import clock
from simulator.train import memory
from simulator.train.batches import Schedule, schedule
from simulator.train.encoding import Encoded
from simulator.train.memory import Memory, Shape
from simulator.train.objective import Objective
from simulator.train.packing import waste
from simulator.train.settings import FEW_STEPS, changed
from simulator.train.token_classes import TokenClass
from simulator.world.policies.training import Settings

REACHED = {("cuda", "bf16"): 0.4, ("cuda", "fp32"): 0.4, ("cpu", "bf16"): 0.1, ("cpu", "fp32"): 0.4}
"""Share of a large matrix product's speed that a whole training step reaches, by device and precision: usual on GPUs,
measured on a CPU, whose bf16 unit is fast only in such products."""

PROBING = 0.15
"""Seconds of each size of matrix."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Tokens of one class, in all training documents."""

    tokens: int
    weight: float
    """What predicting one of them counts."""


@dataclass(frozen=True, slots=True)
class TrainingEstimate:
    """The plan of a training."""

    documents: int
    held_out: int
    kinds: Mapping[str, Kind]
    """By class of token."""
    tokens: int
    """Of an epoch."""
    in_loss: int
    """Tokens that count at all."""
    longest: int
    """Tokens of the longest document."""
    steps: int
    unpacked_steps: int
    """The same training with packing=false; never another number, and shown so that it can be seen."""
    documents_per_step: float
    sequences_per_step: int
    longest_sequence: int
    """Tokens."""
    room: float
    """Share of `sequence_len` that sequences leave unused on average; costs nothing, since nothing is padded."""
    padding: float
    """Share of the places that a padded batch of one step's documents would waste; here it is 0."""
    memory: Memory
    parameters: int
    adapter_parameters: int
    tokens_per_second: float
    """Of one device; a guess from one matrix product on it."""
    seconds: float
    """Guess for all epochs, evaluations included, on all processes."""

    @property
    def few_steps(self) -> bool:
        """Whether the training has fewer optimizer steps than `FEW_STEPS`."""
        return self.steps < FEW_STEPS

    def more_steps(self, settings: Settings) -> str:
        """What to set for enough steps, or that there are too few documents for that."""
        total = self.documents * settings.num_epochs
        each = max(1, total // FEW_STEPS // settings.micro_batch_size)
        steps = -(-total // (each * settings.micro_batch_size))
        if each >= settings.gradient_accumulation_steps:
            return "export a larger run"
        way = f"--set gradient_accumulation_steps={each} makes {steps}"
        return way if steps >= FEW_STEPS else f"{way}; more documents make more"


@dataclass(frozen=True, slots=True)
class EncodedDocuments:
    """What a training reads."""

    training: Sequence[Encoded]
    """At least one."""
    validation: Sequence[Encoded]
    """Held out; may be empty."""


@dataclass(frozen=True, slots=True)
class Devices:
    """What a training runs on."""

    processes: int
    """One a device, at least 1."""
    speed: float
    """Floating point operations a second that a training may reach on one of them, see `probe`."""


def look(
    documents: EncodedDocuments,
    objective: Objective,
    config: Mapping[str, Any],
    settings: Settings,
    plan: Schedule,
    devices: Devices,
) -> TrainingEstimate:
    """What a training by this plan will see and take. `config`: the base's config.json."""
    training, validation = documents.training, documents.validation
    processes, speed = devices.processes, devices.speed
    lengths = [len(document) for document in training]
    counted: Counter[str] = Counter()
    for document in training:
        counted.update(kind.value for kind in document.classes)
    kinds = {kind.value: Kind(counted[kind.value], getattr(objective, kind.value)) for kind in TokenClass}
    sequences = [sum(lengths[place] for place in group) for group in plan.sequences]
    longest = max(sequences)
    seen = [[weight > 0 for weight in objective.weights(document)] for document in training]
    places = max(sum(sum(seen[place]) for place in group) for group in plan.sequences)
    shape = Shape.of(config)
    # Forward 2, backward through frozen weights 2; the layers once more where activations are made again.
    per_token = (6 if settings.gradient_checkpointing else 4) * shape.parameters
    rate = speed / per_token
    evaluated = sum(sorted(map(len, validation))[-settings.validation_documents or None :])
    calibrated = settings.calibration_documents * 3 * max(map(len, validation), default=0)
    evaluation = (settings.evaluations + 1) * (evaluated + calibrated) * 2 * shape.parameters / speed
    return TrainingEstimate(
        documents=len(training),
        held_out=len(validation),
        kinds=kinds,
        tokens=sum(lengths),
        in_loss=sum(map(sum, seen)),
        longest=max(lengths),
        steps=plan.steps,
        unpacked_steps=schedule(lengths, changed(settings, {"packing": False}), processes).steps,
        documents_per_step=plan.documents_per_step,
        sequences_per_step=plan.per_step,
        longest_sequence=longest,
        room=waste(lengths, plan.sequences, settings.sequence_len),
        padding=_padding(lengths, plan),
        memory=memory.estimate(shape, settings, longest, places),
        parameters=shape.parameters,
        adapter_parameters=shape.adapter_parameters(settings),
        tokens_per_second=rate,
        seconds=(settings.num_epochs * sum(lengths) / rate + evaluation) / processes,
    )


def probe(precision: str) -> float:
    """Floating point operations a second that a training may reach on this device; takes half a second.

    Matrices grow as long as the device is quick with them: without instructions for bf16 one product of the largest
    would take a minute.
    """
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    speed = 0.0
    for size in (8192,) if device == "cuda" else (128, 512, 1024):
        one = torch.ones(size, size, device=device, dtype=dtype)
        one @ one  # the first of a size and kind takes longer
        began, done = clock.tick(), 0
        while (spent := clock.tick() - began) < PROBING:
            one @ one
            done += 1
            if device == "cuda":
                torch.cuda.synchronize()
        speed = 2 * size**3 * done / spent
        if spent > 2 * PROBING:
            break
    return REACHED[device, precision] * speed


def table(config: Mapping[str, Any], settings: Settings, lengths: Sequence[int]) -> dict[tuple[str, int], Memory]:
    """Memory by way of holding the base and by sequence length, every token counting in the loss."""
    shape = Shape.of(config)
    ways = {"bf16": ("bf16", "none"), "fp32": ("fp32", "none"), "nf4": ("bf16", "nf4")}
    made: dict[tuple[str, int], Memory] = {}
    for name, (precision, quantize) in ways.items():
        so = changed(settings, {"precision": precision, "quantize": quantize})
        made |= {(name, length): memory.estimate(shape, so, length, length) for length in lengths}
    return made


def _padding(lengths: Sequence[int], plan: Schedule) -> float:
    padded = 0
    for first in range(0, len(plan.sequences), plan.per_step):
        step = [lengths[place] for group in plan.sequences[first : first + plan.per_step] for place in group]
        padded += len(step) * max(step)
    epochs = sum(len(group) for group in plan.sequences) / len(lengths)
    return 1 - epochs * sum(lengths) / padded
