"""Base and adapter as one model, for servers that take no adapters."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from simulator import files
from simulator.errors import ContentError, StorageError, UsageError
from simulator.train import adapter, lora

if TYPE_CHECKING:
    import torch

BESIDE = (".json", ".jinja", ".model", ".txt")
"""Endings of what is copied with the weights: config, tokenizer, chat template, index. No code, no pickle."""


def merged(folder: Path, base: Path, out: Path) -> None:
    """Writes the base with the adapter of `folder` added to it: for each trained W, W + (alpha / r) · B A.

    Summed in float32 and rounded once to the base's precision, one file of weights at a time, so that 24B takes the
    memory of its largest file. `out` is made whole or not at all. Raises ContentError for an adapter of another base,
    UsageError if there is something at `out`, StorageError.
    """
    card = adapter.read(folder)
    lora.check_base(folder, card, base)
    files.free(out, "--out")
    read = lora.read(folder)
    waiting = dict(read.matrices)
    busy = UsageError("another process is writing it", place=str(out), remedy="wait for it")
    try:
        with files.workshop(out.with_name(f".{out.name}.merging"), busy) as staged:
            for path in sorted(base.iterdir()):
                if path.suffix == ".safetensors":
                    _weights(path, staged / path.name, waiting, read.alpha / read.rank)
                elif path.suffix in BESIDE and path.is_file():
                    shutil.copyfile(path, staged / path.name)
            if waiting:
                cause = f"the base has no {min(waiting)}"
                raise ContentError(cause, place=str(base), remedy="name the adapter's own base")
            adapter.write(staged, card)
            staged.rename(out)  # which fails where something has come to stand
    except OSError as error:
        raise StorageError(error.strerror or str(error), place=str(out), remedy="is there room for it?") from None


def _weights(path: Path, to: Path, waiting: dict[str, tuple[torch.Tensor, torch.Tensor]], scale: float) -> None:
    """Copies a file of weights with what is waiting for them added; what was added waits no longer."""
    from safetensors import SafetensorError, safe_open
    from safetensors.torch import save_file

    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no mapping)
    except SafetensorError as error:
        raise ContentError(str(error).splitlines()[0], place=str(path), remedy="copy the base again") from None
    for name, weight in tensors.items():
        pair = waiting.pop(name.removesuffix(".weight"), None) if name.endswith(".weight") else None
        if pair is None:
            continue
        a, b = pair
        if weight.shape != (b.shape[0], a.shape[1]):
            shape = "x".join(map(str, weight.shape))
            raise ContentError(f"{name} ({shape}) has another shape", place=str(path), remedy="name its own base")
        tensors[name] = (weight.float() + scale * (b @ a)).to(weight.dtype)
    save_file(tensors, to, metadata=metadata)
