"""What a training will see, take and cost, before a model is loaded.

How much memory a training takes, from the model's config alone.

Per token, h being the hidden size, f the width of the feed-forward layer, q and k the widths of all query heads and of
all key heads, L the layers, V the vocabulary, r the rank:

    weights      all parameters x 2 bytes (bf16) or 4; nf4: the blocks' linear layers x 9/16 byte (4 bits, and an fp32
                 scale for each 64 weights), the rest at 2
    adapter      r x (inputs + outputs of each adapted layer) parameters x 16 bytes: fp32 value, gradient, two moments
    checkpoints  L x h x 2 bytes a token: the input of each layer, kept for the way back
    one layer    2 bytes x (4f + 8h): what a layer keeps for its own gradient, and for each adapted layer 9 bytes x its
                 input: the adapter's copy of it in fp32, after dropout, and the mask; with a quarter of the first
                 part again for gradients in flight. Without checkpointing: L times, and no checkpoints
    logits       places in the loss x V x 4 bytes (bf16 and its gradient), and three fp32 copies of one chunk

A 23.6 B Mistral at rank 32 so takes 52 GiB at sequence 4096 and 57 at 8192, logits left out, and 22 and 27 as nf4. On a
GPU the context and the allocator's gaps come on top (about 1.5 GiB).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator import clock
from simulator.train.encoding import Encoded, TokenClass
from simulator.train.objective import Objective
from simulator.train.packing import Schedule, make_schedule, wasted_share
from simulator.train.preference_data import PreferenceData, batch_rows
from simulator.train.settings import FEW_STEPS, change_settings
from simulator.world.policies.training import Settings

GIB = 2**30
USABLE_SHARE = 0.95
"""Share of a device that can be filled; the rest is its context and the gaps between blocks."""
CHUNK = 1024
"""Places of which the loss holds fp32 logits at once; see `loss`."""
ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
FEED_FORWARD = ("gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True, slots=True)
class Shape:
    """A model of the Llama family."""

    hidden: int
    feed_forward: int
    queries: int
    """Width of all query heads together."""
    keys: int
    """Width of all key heads together."""
    layers: int
    vocabulary: int
    tied: bool
    """True: the embedding is the output layer too."""

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Shape:
        """From a config.json."""
        heads, hidden = config["num_attention_heads"], config["hidden_size"]
        width = config.get("head_dim") or hidden // heads
        return cls(
            hidden=hidden,
            feed_forward=config["intermediate_size"],
            queries=heads * width,
            keys=(config.get("num_key_value_heads") or heads) * width,
            layers=config["num_hidden_layers"],
            vocabulary=config["vocab_size"],
            tied=bool(config.get("tie_word_embeddings", False)),
        )

    @property
    def linears(self) -> dict[str, tuple[int, int]]:
        """Inputs and outputs of the linear layers of a block, by name."""
        return {
            "q_proj": (self.hidden, self.queries),
            "k_proj": (self.hidden, self.keys),
            "v_proj": (self.hidden, self.keys),
            "o_proj": (self.queries, self.hidden),
            "gate_proj": (self.hidden, self.feed_forward),
            "up_proj": (self.hidden, self.feed_forward),
            "down_proj": (self.feed_forward, self.hidden),
        }

    @property
    def block_parameters(self) -> int:
        """Of all linear layers of all blocks."""
        return self.layers * sum(inputs * outputs for inputs, outputs in self.linears.values())

    @property
    def parameters(self) -> int:
        """Of the whole model; a tied embedding counts once."""
        other = self.vocabulary * self.hidden * (1 if self.tied else 2) + (2 * self.layers + 1) * self.hidden
        return self.block_parameters + other

    def adapted(self, targets: str | tuple[str, ...]) -> dict[str, tuple[int, int]]:
        """The linear layers of a block that get an adapter."""
        names = self.linears if targets == "all-linear" else {name.rpartition(".")[2] for name in targets}
        return {name: size for name, size in self.linears.items() if name in names}

    def adapter_parameters(self, settings: Settings) -> int:
        """Of a LoRA with these settings: its two matrices beside each adapted layer."""
        return self.layers * sum(settings.lora_r * sum(size) for size in self.adapted(settings.target_modules).values())


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes at the peak of a step, on one device."""

    weights: int
    adapter: int
    activations: int
    logits: int

    @property
    def total(self) -> int:
        """Bytes of everything together."""
        return self.weights + self.adapter + self.activations + self.logits


def estimate_memory(shape: Shape, settings: Settings, tokens: int, places: int) -> Memory:
    """For a longest sequence of `tokens`, of which `places` count in the loss."""
    value = 2 if settings.precision == "bf16" else 4
    if settings.quantize == "nf4":
        weights = shape.block_parameters * 9 // 16 + (shape.parameters - shape.block_parameters) * value
    else:
        weights = shape.parameters * value
    layer = value * (4 * shape.feed_forward + 8 * shape.hidden) * 5 // 4
    layer += 9 * sum(inputs for inputs, _ in shape.adapted(settings.target_modules).values())
    kept = shape.layers * shape.hidden * value
    activations = tokens * (kept + layer if settings.gradient_checkpointing else shape.layers * layer)
    logits = shape.vocabulary * (places * 2 * value + 3 * 4 * min(places, CHUNK))
    return Memory(weights, 16 * shape.adapter_parameters(settings), activations, logits)


def available_memory() -> int:
    """Bytes of the device that a training would run on."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_properties(0).total_memory
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def suggest_settings(shape: Shape, settings: Settings, tokens: int, room: int) -> str:
    """The settings with which a longest sequence of `tokens` would fit into `room` bytes, the cheapest first."""
    changes: dict[str, Any] = {}
    ways: list[dict[str, Any]] = [{"gradient_checkpointing": True}, {"precision": "bf16"}, {"quantize": "nf4"}]
    lengths = [length for length in (4096, 2048, 1024, 512) if length < tokens]
    ways += [{"sequence_len": length, "too_long": "cut"} for length in lengths]
    for way in ways:
        if all(getattr(settings, key) == value for key, value in way.items()):
            continue
        changes |= way
        most = min(tokens, changes.get("sequence_len", tokens))
        if estimate_memory(shape, change_settings(settings, changes), most, most).total <= USABLE_SHARE * room:
            named = (f"--set {key}={str(value).lower()}" for key, value in changes.items())
            return f"{' '.join(named)} would fit {room / GIB:.0f} GiB"
    return f"no setting fits {room / GIB:.0f} GiB: take a smaller base or a larger device"


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
    """For training: documents, or rows of preference data."""
    held_out: int
    """The same, of those that nothing is learnt from."""
    kinds: Mapping[str, Kind]
    """By class of token."""
    tokens: int
    """Of an epoch; a prompt counts with each of its lines."""
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


def estimate_training(
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
    rate = speed / (_learning_passes(settings) * shape.parameters)
    evaluation = (settings.evaluations + 1) * _evaluated_tokens(validation, settings) * 2 * shape.parameters / speed
    return TrainingEstimate(
        documents=len(training),
        held_out=len(validation),
        kinds=kinds,
        tokens=sum(lengths),
        in_loss=sum(map(sum, seen)),
        longest=max(lengths),
        steps=plan.steps,
        unpacked_steps=make_schedule(lengths, change_settings(settings, {"packing": False}), processes).steps,
        documents_per_step=plan.documents_per_step,
        sequences_per_step=plan.per_step,
        longest_sequence=longest,
        room=wasted_share(lengths, plan.sequences, settings.sequence_len),
        padding=_padding(lengths, plan),
        memory=estimate_memory(shape, settings, longest, places),
        parameters=shape.parameters,
        adapter_parameters=shape.adapter_parameters(settings),
        tokens_per_second=rate,
        seconds=(settings.num_epochs * sum(lengths) / rate + evaluation) / processes,
    )


def estimate_preferences(
    data: PreferenceData,
    validation: Sequence[Encoded],
    config: Mapping[str, Any],
    settings: Settings,
    plan: Schedule,
    devices: Devices,
) -> TrainingEstimate:
    """What a training on preference data will see and take. `validation`: documents that its evaluations read.

    A row is read forward and backward, and once more forward by the adapter that the training begins with. KTO reads
    each line after another row's prompt, too, forward alone and by both.
    """
    rows, shape = data.training, Shape.of(config)
    tokens = sum(row.tokens for row in rows)
    wanted, unwanted = sum(len(row.wanted) for row in rows), sum(len(row.unwanted) for row in rows)
    prompt = tokens - wanted - unwanted
    kinds = {"prompt": Kind(prompt, 0.0), "wanted": Kind(wanted, 1.0), "unwanted": Kind(unwanted, 1.0)}
    longest = max(map(len, rows))
    # Padded to the longest of a batch, and the logits of every place are made.
    at_once = longest * (2 if data.method == "dpo" else batch_rows(data.method, plan.per_step // devices.processes))
    passes = _learning_passes(settings) + 2 + (4 if data.method == "kto" else 0)
    rate = devices.speed / (passes * shape.parameters)
    held_out = sum(row.tokens for row in data.validation) + _evaluated_tokens(validation, settings)
    evaluation = (settings.evaluations + 1) * held_out * 2 * shape.parameters / devices.speed
    return TrainingEstimate(
        documents=len(rows),
        held_out=len(data.validation),
        kinds=kinds,
        tokens=tokens,
        in_loss=wanted + unwanted,
        longest=longest,
        steps=plan.steps,
        unpacked_steps=plan.steps,
        documents_per_step=plan.documents_per_step,
        sequences_per_step=plan.per_step,
        longest_sequence=longest,
        room=0.0,
        padding=0.0,
        memory=estimate_memory(shape, settings, at_once, at_once),
        parameters=shape.parameters,
        adapter_parameters=shape.adapter_parameters(settings),
        tokens_per_second=rate,
        seconds=(settings.num_epochs * tokens / rate + evaluation) / devices.processes,
    )


def _learning_passes(settings: Settings) -> int:
    """Operations that learning from a token takes for each of the base's parameters.

    Forward 2, backward through frozen weights 2; the layers once more where activations are made again.
    """
    return 6 if settings.gradient_checkpointing else 4


def _evaluated_tokens(validation: Sequence[Encoded], settings: Settings) -> int:
    """Of documents, that one evaluation reads forward."""
    evaluated = sum(sorted(map(len, validation))[-settings.validation_documents or None :])
    calibrated = settings.calibration_documents * 3 * max(map(len, validation), default=0)
    return evaluated + calibrated


def measure_speed(precision: str) -> float:
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


def memory_table(
    config: Mapping[str, Any], settings: Settings, lengths: Sequence[int]
) -> dict[tuple[str, int], Memory]:
    """Memory by way of holding the base and by sequence length, every token counting in the loss."""
    shape = Shape.of(config)
    ways = {"bf16": ("bf16", "none"), "fp32": ("fp32", "none"), "nf4": ("bf16", "nf4")}
    made: dict[tuple[str, int], Memory] = {}
    for name, (precision, quantize) in ways.items():
        so = change_settings(settings, {"precision": precision, "quantize": quantize})
        made |= {(name, length): estimate_memory(shape, so, length, length) for length in lengths}
    return made


def _padding(lengths: Sequence[int], plan: Schedule) -> float:
    padded = 0
    for first in range(0, len(plan.sequences), plan.per_step):
        step = [lengths[place] for group in plan.sequences[first : first + plan.per_step] for place in group]
        padded += len(step) * max(step)
    epochs = sum(len(group) for group in plan.sequences) / len(lengths)
    return 1 - epochs * sum(lengths) / padded
