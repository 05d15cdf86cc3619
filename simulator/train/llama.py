"""An adapter as llama.cpp loads it: a GGUF file of LoRA matrices, to be applied to a base of the same shape.

The file says `general.type` adapter, `adapter.type` lora, `adapter.lora.alpha`, and the base's architecture; every
weight W of the base has `W.lora_a` (r, in) and `W.lora_b` (out, r). llama.cpp takes r from the shapes and scales by
alpha / r itself (https://github.com/ggml-org/llama.cpp, `llama-adapter.cpp`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from simulator import files
from simulator.errors import ContentError
from simulator.train import adapter, lora

if TYPE_CHECKING:
    import torch

FILE = "adapter.gguf"
"""Beside the weights that it is made from, once somebody wanted it."""
ARCHITECTURES = {"LlamaForCausalLM": "llama", "MistralForCausalLM": "llama"}
"""transformers' name to llama.cpp's: those whose q and k rows llama.cpp keeps in the order of interleaved rope."""
WEIGHTS = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_LAYER = re.compile(r"model\.layers\.(\d+)\.(.+)")


def beside(folder: Path) -> Path:
    """The adapter's GGUF in its own folder, made now if it is not there or is older than the weights."""
    made, weights = folder / FILE, folder / adapter.WEIGHTS
    if not made.is_file() or not weights.is_file() or made.stat().st_mtime_ns < weights.stat().st_mtime_ns:
        write(folder, made)
    return made


def write(folder: Path, out: Path) -> None:
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
    read = lora.read(folder)
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
    if not found or found[2] not in WEIGHTS or int(found[1]) >= layers:
        remedy = f"train on these modules only: {', '.join(WEIGHTS)}"
        raise ContentError(f"{module} has no counterpart in llama.cpp", place=str(folder), remedy=remedy)
    return f"blk.{found[1]}.{WEIGHTS[found[2]]}"
