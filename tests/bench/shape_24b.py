"""A training step of the 24B's shape with random weights: is an epoch of the plan under 30 minutes on one 80 GB GPU?

    python tests/bench/shape_24b.py [--steps 6] [--sequence 8192] [--objective all] [--compile] [--tiny]

Mistral-Small-24B's shape in bf16, LoRA r 32 on all linear layers, gradient checkpointing, and this project's own packed
sequences, attention and loss; documents of the plan's lengths, random tokens. Prints one JSON object. `--tiny` runs the
same code on two small layers, anywhere.

Model FLOPs a token: 4 N, for N weights that are multiplied with (the embedding is looked up): 2 N forwards and 2 N back
through the activations; a frozen weight has no gradient of its own, which would be the third 2 N (6 N in all:
arXiv:2204.02311, appendix B). Added are the adapter's own 6 N and attention's 12 x layers x width x keys, for the mean
number of keys that a token attends to in its document: there all three passes count, since both sides are activations.
`mfu` is that times the speed over the card's peak, `mfu_4n_alone` without what is added; `hfu` also counts the forward
pass that checkpointing makes a second time (arXiv:2205.05198).

What decides it: attention by documents (no 8192 x 8192 mask, so the flash kernel), logits only where the loss looks and
in fp32 only 1024 places at a time, one whole sequence a micro batch, `--compile` to fuse norms, dropout and casts.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from statistics import mean

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from peft import LoraConfig, get_peft_model
from transformers import MistralConfig, MistralForCausalLM

from simulator import rng
from simulator.train import attention, loss
from simulator.train.encoding import Encoded, TokenClass
from simulator.train.objective import PRESETS
from simulator.train.packing import batch, pack, wasted_share

EPOCH = 4_000_000
"""Tokens of the plan's 15 MB."""
PEAK = {"H100": 989e12, "H200": 989e12, "A100": 312e12}
"""Dense bf16 FLOP/s of the SXM cards, from their data sheets."""
BIG = MistralConfig(
    vocab_size=131072,
    hidden_size=5120,
    intermediate_size=32768,
    num_hidden_layers=40,
    num_attention_heads=32,
    num_key_value_heads=8,
    head_dim=128,
    sliding_window=None,
    tie_word_embeddings=False,
)
TINY = MistralConfig(
    vocab_size=512,
    hidden_size=64,
    intermediate_size=128,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    head_dim=16,
    sliding_window=None,
    tie_word_embeddings=False,
)
LINE = 30
"""Tokens of a message with its nick."""


def documents(count: int, vocabulary: int, messages: int) -> list[Encoded]:
    """Random tokens in the plan's shape: six in ten short (10 to 20 messages), four long (80 to `messages`)."""
    draw = rng.stream(24, "documents")
    made = []
    for _ in range(count):
        lines = draw.randint(10, 20) if draw.random() < 0.6 else draw.randint(min(80, messages), messages)
        kinds = [TokenClass.HEADER] * 12
        for _ in range(lines):
            words = TokenClass.LEAD if draw.random() < 0.16 else TokenClass.PEOPLE
            kinds += [TokenClass.SPEAKER] * 3 + [words] * (LINE - 3)
        made.append(Encoded(tuple(draw.randrange(vocabulary) for _ in kinds), tuple(kinds)))
    return made


def built(config: MistralConfig, device: str, *, compiled: bool) -> torch.nn.Module:
    """The shape with random weights and a fresh adapter, ready to be trained."""
    config._attn_implementation = attention.register()
    config.use_cache = False
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    try:
        with torch.device(device):
            base = MistralForCausalLM(config)
    finally:
        torch.set_default_dtype(before)
    lora = LoraConfig(r=32, lora_alpha=64, lora_dropout=0.2, target_modules="all-linear", task_type="CAUSAL_LM")
    model = get_peft_model(base, lora)
    model.gradient_checkpointing_enable({"use_reentrant": False})
    model.enable_input_require_grads()
    if compiled:
        for layer in base.model.layers:
            layer.compile(dynamic=True)
    return model.train()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=6, help="optimizer steps, after two that are not counted")
    parser.add_argument("--sequence", type=int, default=8192)
    parser.add_argument("--sequences", type=int, default=2, help="sequences of an optimizer step")
    parser.add_argument("--objective", choices=PRESETS, default="all")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--tiny", action="store_true")
    asked = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu" and not asked.tiny:
        sys.exit("no GPU here: --tiny runs the same code on the CPU")
    config, most = (TINY, min(asked.sequence, 1024)) if asked.tiny else (BIG, asked.sequence)
    longest = (most - 12) // LINE
    needed = asked.sequences * (asked.steps + 2)
    found = documents(needed * (2 if asked.tiny else 6), config.vocab_size, min(120, longest))
    lengths = [len(document) for document in found]
    packed = sorted(pack(lengths, most), key=lambda places: -sum(lengths[place] for place in places))[:needed]
    rows = [batch([found[place] for place in places], PRESETS[asked.objective]) for places in packed]

    began = time.perf_counter()
    model = built(config, device, compiled=asked.compile)
    ready = time.perf_counter() - began
    adapter = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(adapter, lr=3e-5, weight_decay=0.02, fused=True)
    losses, tokens, seconds, keys = [], 0, 0.0, []
    for step in range(asked.steps + 2):
        chosen = rows[step * asked.sequences : (step + 1) * asked.sequences]
        if step == 2 and device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        began = time.perf_counter()
        total = sum(float(row["weights"].sum()) for row in chosen)
        summed = 0.0
        for row in chosen:
            moved = {name: tensor.to(device, non_blocking=True) for name, tensor in row.items()}
            with torch.autocast(device, dtype=torch.bfloat16):
                part = loss.weighted_sum(model, moved) / total
            part.backward()
            summed += part.item()
        torch.nn.utils.clip_grad_norm_(adapter, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if device == "cuda":
            torch.cuda.synchronize()
        losses.append(round(summed, 4))
        if step >= 2:
            seconds += time.perf_counter() - began
            tokens += sum(row["input_ids"].numel() for row in chosen)
            keys += [float(row["position_ids"].float().mean()) + 1 for row in chosen]

    multiplied = sum(
        weight.numel()
        for name, weight in model.named_parameters()
        if not weight.requires_grad and weight.ndim == 2 and "embed" not in name
    )
    own = sum(weight.numel() for weight in adapter)
    width = config.num_attention_heads * config.head_dim
    seen = 12 * config.num_hidden_layers * width * mean(keys)
    model_flops = 4 * multiplied + 6 * own + seen
    hardware_flops = model_flops + 2 * multiplied + 2 * own + seen / 3
    speed = tokens / seconds
    name = torch.cuda.get_device_name() if device == "cuda" else "cpu"
    peak = next((flops for card, flops in PEAK.items() if card in name), None)
    print(
        json.dumps(
            {
                "device": name,
                "torch": torch.__version__,
                "parameters": sum(weight.numel() for weight in model.parameters()) - own,
                "adapter_parameters": own,
                "sequence": most,
                "sequences_a_step": asked.sequences,
                "objective": asked.objective,
                "compiled": asked.compile,
                "unfilled": round(wasted_share(lengths, packed, most), 4),
                "steps": asked.steps,
                "seconds_to_build": round(ready, 1),
                "tokens_per_second": round(speed, 1),
                "peak_memory_gib": round(torch.cuda.max_memory_allocated() / 2**30, 2) if device == "cuda" else None,
                "model_flops_a_token": round(model_flops),
                "mfu": round(speed * model_flops / peak, 4) if peak else None,
                "hfu": round(speed * hardware_flops / peak, 4) if peak else None,
                "mfu_4n_alone": round(speed * 4 * multiplied / peak, 4) if peak else None,
                "seconds_for_4m_tokens": round(EPOCH / speed, 1),
                "losses": losses,
            }
        )
    )


if __name__ == "__main__":
    main()
