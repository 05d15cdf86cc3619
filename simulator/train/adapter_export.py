"""An adapter in the forms that servers load: merged into its base, or as a GGUF file for llama.cpp.

An adapter as llama.cpp loads it: a GGUF file of LoRA matrices, to be applied to a base of the same shape.

The file says `general.type` adapter, `adapter.type` lora, `adapter.lora.alpha`, and the base's architecture; every
weight W of the base has `W.lora_a` (r, in) and `W.lora_b` (out, r). llama.cpp takes r from the shapes and scales by
alpha / r itself (https://github.com/ggml-org/llama.cpp, `llama-adapter.cpp`).
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from simulator import files
from simulator.errors import ContentError, StorageError, UsageError
from simulator.train import adapter

if TYPE_CHECKING:
    import torch

COPIED = (".json", ".jinja", ".model", ".txt")
"""Endings of what is copied with the weights: config, tokenizer, chat template, index. No code, no pickle."""


def write_merged(folder: Path, base: Path, out: Path) -> None:
    """Writes the base with the adapter of `folder` added to it: for each trained W, W + (alpha / r) · B A.

    Summed in float32 and rounded once to the base's precision, one file of weights at a time, so that 24B takes the
    memory of its largest file. `out` is made whole or not at all. Raises ContentError for an adapter of another base,
    UsageError if there is something at `out`, StorageError.
    """
    card = adapter.read(folder)
    adapter.check_base(folder, card, base)
    files.free(out, "--out")
    read = adapter.read_matrices(folder)
    waiting = dict(read.matrices)
    busy = UsageError("another process is writing it", place=str(out), remedy="wait for it")
    try:
        with files.workshop(out.with_name(f".{out.name}.merging"), busy) as staged:
            for path in sorted(base.iterdir()):
                if path.suffix == ".safetensors":
                    _weights(path, staged / path.name, waiting, read.alpha / read.rank)
                elif path.suffix in COPIED and path.is_file():
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


GGUF_FILE = "adapter.gguf"
"""Beside the weights that it is made from, once somebody wanted it."""
ARCHITECTURES = {"LlamaForCausalLM": "llama", "MistralForCausalLM": "llama"}
"""transformers' name to llama.cpp's: those whose q and k rows llama.cpp keeps in the order of interleaved rope."""
GGUF_WEIGHTS = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_LAYER = re.compile(r"model\.layers\.(\d+)\.(.+)")


def make_gguf(folder: Path) -> Path:
    """The adapter's GGUF in its own folder, made now if it is not there or is older than the weights."""
    made, weights = folder / GGUF_FILE, folder / adapter.WEIGHTS
    if not made.is_file() or not weights.is_file() or made.stat().st_mtime_ns < weights.stat().st_mtime_ns:
        write_gguf(folder, made)
    return made


def write_gguf(folder: Path, out: Path) -> None:
    """Writes the adapter in a folder as GGUF, whole or not at all; the same adapter gives the same bytes.

    Raises ContentError for a damaged adapter or one that llama.cpp could not run, UsageError where something else than
    an earlier GGUF of this adapter stands, StorageError.
    """
    card = adapter.read(folder)
    name = ARCHITECTURES.get(card.base.architecture)
    if name is None:
        known = ", ".join(ARCHITECTURES)
        raise ContentError(
            f"no way is known from {card.base.architecture} to GGUF", place=str(folder), remedy=f"known are {known}"
        )
    read = adapter.read_matrices(folder)
    from gguf import GGUFWriter
    from gguf.constants import GGUFType, Keys

    with files.whole(out, lambda path: _is_of(path, card.name), option="--out") as staged:
        writer = GGUFWriter(staged, name)
        writer.add_type(GGUFType.ADAPTER)
        writer.add_name(card.name)
        writer.add_string(Keys.Adapter.TYPE, "lora")
        writer.add_float32(Keys.Adapter.LORA_ALPHA, read.alpha)
        for module, (a, b) in read.matrices.items():
            weight = _weight(module, card.base.layers, folder)
            heads = {"attn_q": card.base.heads, "attn_k": card.base.key_value_heads}.get(weight.split(".")[-1])
            writer.add_tensor(f"{weight}.weight.lora_a", a.numpy())
            writer.add_tensor(f"{weight}.weight.lora_b", (b if heads is None else interleaved(b, heads)).numpy())
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def _is_of(path: Path, name: str) -> bool:
    """Whether a file is a GGUF LoRA of the adapter of that name, as its first entries tell."""
    with path.open("rb") as file:
        begins = file.read(4096)
    said = (b"general.type", b"adapter", b"general.name", name.encode(), b"adapter.type", b"lora")
    return begins.startswith(b"GGUF") and all(part in begins for part in said)


def interleaved(rows: torch.Tensor, heads: int) -> torch.Tensor:
    """Rows of q or k from transformers' order to llama.cpp's.

    transformers turns dimension i of a head together with i + d/2 (two halves), llama.cpp's kernel for this
    architecture turns 2i together with 2i + 1; so of each head's d rows, row i goes to 2i and row i + d/2 to 2i + 1.
    """
    count, width = rows.shape
    return rows.reshape(heads, 2, count // heads // 2, width).swapaxes(1, 2).reshape(count, width).contiguous()


def _weight(module: str, layers: int, folder: Path) -> str:
    """llama.cpp's name for a module of the base, without `.weight`."""
    found = _LAYER.fullmatch(module)
    if not found or found[2] not in GGUF_WEIGHTS or int(found[1]) >= layers:
        remedy = f"train on these modules only: {', '.join(GGUF_WEIGHTS)}"
        raise ContentError(f"{module} has no counterpart in llama.cpp", place=str(folder), remedy=remedy)
    return f"blk.{found[1]}.{GGUF_WEIGHTS[found[2]]}"
