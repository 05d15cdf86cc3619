"""The matrices of an adapter, read from PEFT's files, and whether they fit a base."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.errors import ContentError
from simulator.train import adapter
from simulator.train.adapter import AdapterCard

if TYPE_CHECKING:
    import torch

_KEY = re.compile(r"base_model\.model\.(?P<module>.+)\.lora_(?P<which>[AB])\.weight")
_UNSUPPORTED = {
    "use_rslora": "rank-stabilised scaling",
    "use_dora": "DoRA",
    "rank_pattern": "ranks by layer",
    "alpha_pattern": "alphas by layer",
    "modules_to_save": "whole modules beside the matrices",
    "fan_in_fan_out": "transposed weights",
    "lora_bias": "biases",
}
"""Fields of PEFT's config that change what the two matrices mean, and what they stand for."""


@dataclass(frozen=True, slots=True)
class Lora:
    """A plain LoRA: to the output x W^T of a linear layer it adds (alpha / r) · x A^T B^T (arXiv:2106.09685)."""

    rank: int
    alpha: float
    matrices: dict[str, tuple[torch.Tensor, torch.Tensor]]
    """By the module's name in the base: A of shape (r, in) and B of shape (out, r), float32."""


def read(folder: Path) -> Lora:
    """The matrices in a folder. Raises ContentError for what is damaged or is not a plain LoRA."""
    place = str(folder / adapter.CONFIG)
    config = adapter.json_object(folder / adapter.CONFIG, remedy="train it again")
    if config.get("peft_type") != "LORA":
        kind = config.get("peft_type") or "no adapter that PEFT knows"
        raise ContentError(f"not a LoRA ({kind})", place=place, remedy="train it with `em train`")
    for field, meaning in _UNSUPPORTED.items():
        if config.get(field):
            raise ContentError(f"{field}: {meaning} cannot be carried over", place=place, remedy="train a plain LoRA")
    if config.get("bias", "none") != "none":
        raise ContentError("bias: trained biases cannot be carried over", place=place, remedy="train a plain LoRA")
    rank, alpha = config.get("r"), config.get("lora_alpha")
    if not isinstance(rank, int) or not isinstance(alpha, int | float) or rank < 1:
        raise ContentError("r or lora_alpha is missing", place=place, remedy="train it again")
    return Lora(rank, float(alpha), _matrices(folder, rank))


def _matrices(folder: Path, rank: int) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    adapter.shapes(folder)
    import torch
    from safetensors.torch import load_file

    path = folder / adapter.WEIGHTS
    halves: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in load_file(path).items():
        found = _KEY.fullmatch(name)
        if not found or tensor.ndim != 2 or tensor.shape["AB".index(found["which"])] != rank:
            shape = "x".join(map(str, tensor.shape))
            raise ContentError(f"{name} ({shape}) is no LoRA of rank {rank}", place=str(path), remedy="train it again")
        if not torch.isfinite(tensor).all():
            raise ContentError(f"{name} holds NaN or infinity", place=str(path), remedy="take an earlier checkpoint")
        halves.setdefault(found["module"], {})[found["which"]] = tensor.float()
    for module, pair in halves.items():
        if len(pair) != 2:
            raise ContentError(f"{module} has one matrix of two", place=str(path), remedy="train it again")
    return {module: (pair["A"], pair["B"]) for module, pair in sorted(halves.items())}


def check_base(folder: Path, card: AdapterCard, base: Path) -> None:
    """Raises ContentError unless the base in a folder is the one that the adapter was trained on."""
    found = adapter.base(card.base.name, base)
    if found == card.base:
        return
    differ = [
        f"{field} {getattr(found, field)}, not {getattr(card.base, field)}"
        for field in ("architecture", "layers", "heads", "key_value_heads", "digest")
        if getattr(found, field) != getattr(card.base, field)
    ]
    raise ContentError(
        f"the adapter {card.name} is for another base ({card.base.name}); {base} has {differ[0]}",
        place=str(folder),
        remedy="name its own base, or train it again on this one",
    )
