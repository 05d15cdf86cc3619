"""Hand-over to axolotl: the same documents, settings and loss as a config and a data file.

Checked against axolotl 0.19 (`AxolotlInputConfig`); it says nothing about keys that it does not know, so a test holds
every key to its schema. Its loss sees a token or does not: an objective with weights between cannot be handed over.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from simulator.corpus.staging import staged
from simulator.errors import UsageError
from simulator.train import base_model
from simulator.train.dataset import Corpus, Source
from simulator.train.encoding import split_spans
from simulator.train.objective import PRESETS, Objective
from simulator.world.policies.training import Settings

CONFIG = "axolotl.yaml"
TRAINING, VALIDATION = "training.jsonl", "validation.jsonl"
ADAPTER = "adapter"
"""Where axolotl is told to leave it."""
CHARACTERS_A_TOKEN = 3.9
"""Of chat, in SmolLM2's tokenizer; larger vocabularies make a little more. For the number of sequences of a step."""


def export(corpus: Corpus, settings: Settings, out: Path, *, begin: str = "") -> Path:
    """Writes config and data into a folder, whole or not at all; the config's path, which `axolotl preprocess` takes.

    `begin`: the text of the token that the base wants before a document (BOS), empty if it wants none; axolotl adds it
    itself where the loss sees everything. Raises UsageError for an objective that axolotl has no means for.
    """
    objective = PRESETS[settings.objective]
    seen = {objective.header, objective.speaker, objective.lead, objective.people}
    if seen - {0.0} != {max(seen)}:
        raise UsageError(
            f"axolotl's loss sees a token or does not; `{settings.objective}` weighs them differently",
            place="--export-axolotl",
            remedy="--objective lead+turns comes nearest; `all` is that of the brief",
        )
    whole = 0.0 not in seen
    with staged(out, last=CONFIG, written=lambda name: name in (CONFIG, TRAINING, VALIDATION)) as folder:
        for name, sources in ((TRAINING, corpus.training), (VALIDATION, corpus.validation)):
            if sources:
                rows = (_row(source, corpus, None if whole else objective, begin) for source in sources)
                (folder / name).write_text("".join(rows), encoding="utf-8", newline="\n")
        (folder / CONFIG).write_text(_yaml(config(corpus, settings, out, whole=whole)), encoding="utf-8", newline="\n")
    return out / CONFIG


def beginning(base: str) -> str | None:
    """The text of the token that a base's tokenizer puts before a document (BOS), empty for none.

    None: there is no such folder, as on a machine that only hands over. Raises UsageError for an unreadable tokenizer.
    """
    if not Path(base).is_dir():
        return None
    words = base_model.tokenizer(Path(base))
    return words.bos_token if words.bos_token and words("a").input_ids[:1] == [words.bos_token_id] else ""


def config(corpus: Corpus, settings: Settings, out: Path, *, whole: bool) -> dict[str, Any]:
    """axolotl's keys and values. `whole`: the loss sees every token."""
    kind = {"type": "completion", "field": "text"} if whole else {"type": "input_output"}
    made: dict[str, Any] = {
        "base_model": settings.base_model,
        "datasets": [{"path": str(out / TRAINING), "ds_type": "json", **kind}],
    }
    if corpus.validation:
        made["test_datasets"] = [{"path": str(out / VALIDATION), "ds_type": "json", "split": "train", **kind}]
    quantised = settings.quantize != "none"
    made |= {
        "val_set_size": 0,
        "train_on_inputs": False,
        "adapter": "qlora" if quantised else "lora",
        "load_in_4bit": quantised,
        "lora_r": settings.lora_r,
        "lora_alpha": settings.lora_alpha,
        "lora_dropout": settings.lora_dropout,
    }
    if settings.target_modules == "all-linear":
        made["lora_target_linear"] = True
    else:
        made["lora_target_modules"] = list(settings.target_modules)
    made |= {
        "sequence_len": settings.sequence_len,
        "sample_packing": settings.packing,
        "eval_sample_packing": settings.packing,
        "pad_to_sequence_len": settings.packing,
        "micro_batch_size": 1 if settings.packing else settings.micro_batch_size,
        "gradient_accumulation_steps": accumulation(corpus.training, settings),
        "num_epochs": settings.num_epochs,
        "learning_rate": settings.learning_rate,
        "weight_decay": settings.weight_decay,
        "max_grad_norm": settings.max_grad_norm,
        "optimizer": "adamw_torch",
        "lr_scheduler": settings.lr_scheduler,
        "warmup_ratio": settings.warmup_ratio,
        "bf16": "auto" if settings.precision == "bf16" else False,
        "attn_implementation": "flash_attention_2",
        "gradient_checkpointing": settings.gradient_checkpointing,
        "logging_steps": 1,
        "saves_per_epoch": settings.evaluations,
        "save_total_limit": settings.checkpoints_kept,
        "seed": settings.seed,
        "output_dir": str(out / ADAPTER),
        "dataset_prepared_path": str(out / "prepared"),
    }
    if corpus.validation:
        made["evals_per_epoch"] = settings.evaluations
    return made


def accumulation(sources: Iterable[Source], settings: Settings) -> int:
    """Sequences of an optimizer step that hold about as many documents as a step of `em train` sees.

    axolotl fills its sequences with whatever documents come next, so that accumulating 16 of them would make some two
    hundred short documents a step and leave almost no steps.
    """
    if not settings.packing:
        return settings.gradient_accumulation_steps
    sizes = [len(source.text) / CHARACTERS_A_TOKEN for source in sources]
    return max(1, round(settings.documents_per_step * sum(sizes) / len(sizes) / settings.sequence_len))


def _row(source: Source, corpus: Corpus, objective: Objective | None, begin: str) -> str:
    if objective is None:
        return json.dumps({"text": source.text}, ensure_ascii=False) + "\n"
    # A segment a span, so that axolotl, which tokenises each by itself, makes the tokens that `encoding` makes.
    segments = [{"label": False, "text": begin}] if begin else []
    segments += [
        {"label": bool(getattr(objective, span.kind.value)), "text": source.text[span.start : span.end]}
        for span in split_spans(source.text, corpus.lead, corpus.layout)
    ]
    return json.dumps({"segments": segments}, ensure_ascii=False) + "\n"


def _yaml(data: dict[str, Any]) -> str:
    """One key a line, its value as JSON, which is YAML; no float has an exponent, which YAML 1.1 takes for a string."""
    rows = (f"{key}: {_plain(value)}\n" for key, value in data.items())
    return "# Made by emsim: axolotl preprocess, then axolotl train, with this file.\n" + "".join(rows)


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    return json.dumps(value, ensure_ascii=False)
