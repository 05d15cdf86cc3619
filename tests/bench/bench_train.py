"""Tokens a second of the whole optimizer step: this project's trainer against TRL's SFTTrainer, timed in turns.

    python tests/bench/bench_train.py [--base DIR] [--documents 32] [--rounds 2] [--quick]

The same base, adapter, documents, documents a step and precision for all; loss on every token, since TRL knows no
weights. TRL runs as most people run it (a padded batch of four) and packed. Prints one JSON object: tokens a second by
trainer and precision, every round, and the share of places that hold padding. `--quick` uses a tiny random model and
shows only that everything runs. TRL is no dependency: `pip install trl`; without it, it is skipped and said.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers
from peft import LoraConfig, get_peft_model
from transformers import TrainingArguments

from simulator.train import base_model
from simulator.train.callbacks import Interrupt, Watch
from simulator.train.encoding import Encoded
from simulator.train.objective import PRESETS
from simulator.train.packing import make_schedule
from simulator.train.trainer import LeadTrainer, Sequences
from simulator.world.policies.training import Settings
from tests.bench.shape_24b import documents
from tests.train import models

A_STEP, PADDED = 8, 4
"""Documents of an optimizer step, and of one padded batch."""
SEQUENCE = 2048


def _arguments(folder: Path, precision: str, **given: Any) -> dict[str, Any]:
    """What both trainers are told."""
    return {
        "output_dir": str(folder),
        "num_train_epochs": 1,
        "learning_rate": 3e-5,
        "weight_decay": 0.02,
        "optim": "adamw_torch",
        "bf16": precision == "bf16",
        "use_cpu": not torch.cuda.is_available(),
        "gradient_checkpointing": False,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "logging_strategy": "no",
        "remove_unused_columns": False,
        **given,
    }


def _ours(model: Any, found: list[Encoded], precision: str, folder: Path) -> tuple[Any, float]:
    """The trainer, and its padding."""
    settings = Settings(
        base_model="any",
        lora_r=32,
        lora_alpha=64,
        lora_dropout=0.05,
        learning_rate=3e-5,
        num_epochs=1,
        weight_decay=0.02,
        micro_batch_size=1,
        gradient_accumulation_steps=A_STEP,
        sequence_len=SEQUENCE,
    )
    plan = make_schedule([len(document) for document in found], settings, 1)
    given = _arguments(folder, precision, per_device_train_batch_size=1, gradient_accumulation_steps=plan.per_step)
    trainer = LeadTrainer(
        model=model,
        args=TrainingArguments(train_sampling_strategy="sequential", **given),
        train_dataset=Sequences(found, plan.sequences, PRESETS["all"]),
        measure=None,
        watch=Watch(folder, 0, [0] * plan.steps, Interrupt(), lambda told: None),
    )
    return trainer, 0.0


def _trl(model: Any, found: list[Encoded], precision: str, folder: Path, tokenizer: Any, *, packed: bool) -> Any:
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    rows = Dataset.from_list([{"input_ids": list(d.ids), "labels": list(d.ids)} for d in found])
    lengths = [len(document) for document in found]
    sequences = -(-sum(lengths) // SEQUENCE)
    steps = -(-len(found) // A_STEP)
    shape = (
        {"per_device_train_batch_size": 1, "gradient_accumulation_steps": max(1, round(sequences / steps))}
        if packed
        else {"per_device_train_batch_size": PADDED, "gradient_accumulation_steps": A_STEP // PADDED}
    )
    given = _arguments(folder, precision, **shape)
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(
            max_length=SEQUENCE, packing=packed, dataset_kwargs={"skip_prepare_dataset": not packed}, **given
        ),
        train_dataset=rows,
        processing_class=tokenizer,
    )
    places = real = 0
    for each in trainer.get_train_dataloader():
        places += each["input_ids"].numel()
        real += int(each["attention_mask"].sum() if "attention_mask" in each else each["input_ids"].numel())
    return trainer, 1 - real / places


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default=base_model.EMBEDDED, help="a folder, or `embedded`")
    parser.add_argument("--data", type=Path, default=Path("data"), help="where the embedded base is kept")
    parser.add_argument("--documents", type=int, default=32)
    parser.add_argument("--messages", type=int, default=60, help="of the longest document")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    transformers.utils.logging.set_verbosity_error()
    there = importlib.util.find_spec("trl") is not None
    if not there:
        print("TRL is not installed and is skipped; `pip install trl` to compare", file=sys.stderr)
    with tempfile.TemporaryDirectory() as scratch, contextlib.redirect_stdout(sys.stderr):
        folder = Path(scratch)
        base = models.save(folder / "base") if asked.quick else base_model.found(asked.base, asked.data)
        tokenizer = base_model.tokenizer(base)
        vocabulary = base_model.config(base)["vocab_size"]
        count, rounds = (A_STEP, 1) if asked.quick else (asked.documents, asked.rounds)
        found = documents(count, vocabulary, asked.messages)
        tokens = sum(len(document) for document in found)
        table: dict[str, dict[str, Any]] = {}
        for precision in ("bf16", "fp32"):
            torch.manual_seed(1)
            device = "cuda" if torch.cuda.is_available() else "cpu"
            model = get_peft_model(
                base_model.model(base, precision, "none", device=device),
                LoraConfig(task_type="CAUSAL_LM", r=32, lora_alpha=64, lora_dropout=0.05, target_modules="all-linear"),
            )
            ways = {"emsim": lambda m=model, p=precision: _ours(m, found, p, folder)}
            if there:
                for name, packed in (("trl padded", False), ("trl packed", True)):
                    ways[name] = lambda m=model, p=precision, k=packed: _trl(m, found, p, folder, tokenizer, packed=k)
            if not asked.quick:
                for way in ways.values():  # caches, kernels and imports are nobody's own cost
                    way()[0].train()
            for number in range(rounds):
                order = list(ways.items())
                for name, way in order if number % 2 == 0 else reversed(order):
                    trainer, padding = way()
                    began = time.perf_counter()
                    trainer.train()
                    speed = tokens / (time.perf_counter() - began)
                    row = table.setdefault(f"{name} {precision}", {"tokens_per_second": [], "padding": 0.0, "steps": 0})
                    row["tokens_per_second"].append(round(speed, 1))
                    row["padding"], row["steps"] = round(padding, 4), trainer.state.global_step
                    print(f"{name} {precision}: {speed:.1f} tokens/s", flush=True)
    print(
        json.dumps(
            {
                "base": "tiny" if asked.quick else asked.base,
                "documents": count,
                "tokens": tokens,
                "documents_a_step": A_STEP,
                "sequence": SEQUENCE,
                "threads": torch.get_num_threads(),
                "trl": there,
                "trainers": table,
            }
        )
    )


if __name__ == "__main__":
    main()
