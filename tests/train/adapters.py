"""Adapters of tiny models, as a training would leave them but with random matrices."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from simulator.train import adapter
from simulator.train.adapter import AdapterCard, Base


def card(name: str, base: Path, **fields: object) -> AdapterCard:
    given: dict[str, Any] = {
        "name": name,
        "made": "2026-01-05T00:00:00+00:00",
        "corpus": "0123456789abcdef",
        "documents": 12,
        "world": "unknown",
        "base": adapter.describe_base("tiny", base),
        "objective": "all",
        "settings": {"lora_r": 4},
        "steps": 3,
        "train_loss": 2.5,
        "validation_loss": 2.25,
        "versions": adapter.package_versions(),
        "commit": _commit(),
    }
    return AdapterCard(**{**given, **fields})


def bare(folder: Path, name: str, **fields: object) -> AdapterCard:
    """A folder that passes for an adapter, without any model: for what only reads cards."""
    folder.mkdir(parents=True)
    header = b'{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    (folder / adapter.WEIGHTS).write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    (folder / adapter.CONFIG).write_text("{}")
    there = Base(name="embedded", architecture="X", digest="0" * 16, layers=1, heads=1, key_value_heads=1)
    given = {"base": there, **fields}
    made = AdapterCard(
        name=name,
        made="2026-01-05T00:00:00+00:00",
        corpus="c",
        documents=1,
        world="w",
        objective="all",
        settings={},
        steps=1,
        train_loss=None,
        validation_loss=None,
        versions={},
        commit="unknown",
        **given,
    )
    adapter.write(folder, made)
    return made


def make(folder: Path, base: Path, *, size: float = 0.3, seed: int = 1, **fields: object) -> AdapterCard:
    """A LoRA of rank 4 on all linear layers of a base, every matrix drawn, saved by PEFT, with its card."""
    adapted(base, size=size, seed=seed).save_pretrained(folder)
    made = card(folder.name, base, **fields)
    adapter.write(folder, made)
    return made


def adapted(base: Path, *, size: float = 0.3, seed: int = 1) -> Any:
    """The PEFT model that `make` saves."""
    import torch
    from peft import LoraConfig, get_peft_model

    from simulator.train import base_model

    model = base_model.model(base, "fp32", "none", device="cpu")
    lora = LoraConfig(task_type="CAUSAL_LM", r=4, lora_alpha=8, lora_dropout=0.0, target_modules="all-linear")
    made = get_peft_model(model, lora)
    draw = torch.Generator().manual_seed(seed)
    for name, weight in made.named_parameters():
        if "lora_" in name:
            weight.data = size * torch.randn(weight.shape, generator=draw)
    return made.eval()


@cache
def _commit() -> str:
    return adapter.source_commit()
