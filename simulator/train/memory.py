"""How much memory a training takes, from the model's config alone.

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
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.train.settings import changed
from simulator.world.policies.training import Settings

GIB = 2**30
SPARE = 0.95
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


def estimate(shape: Shape, settings: Settings, tokens: int, places: int) -> Memory:
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


def available() -> int:
    """Bytes of the device that a training would run on."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_properties(0).total_memory
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def fitting(shape: Shape, settings: Settings, tokens: int, room: int) -> str:
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
        if estimate(shape, changed(settings, changes), most, most).total <= SPARE * room:
            named = (f"--set {key}={str(value).lower()}" for key, value in changes.items())
            return f"{' '.join(named)} would fit {room / GIB:.0f} GiB"
    return f"no setting fits {room / GIB:.0f} GiB: take a smaller base or a larger device"
