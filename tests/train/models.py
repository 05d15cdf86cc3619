"""Tiny models with random weights, and corpora for them, in folders."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from simulator.corpus.filters import Filters
from simulator.document import parse_document
from simulator.session import transcript
from tests.builders import events, plan
from tests.layout import LAYOUT, LEVELS
from tests.worlds import shipped


def save(folder: Path, family: str = "llama", *, vocabulary: int = 400, layers: int = 2) -> Path:
    """A model of `family` (llama or mistral) and a byte-level tokenizer trained on a few documents; 30 thousand
    parameters."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM

    kind, config = {
        "llama": (LlamaForCausalLM, LlamaConfig),
        "mistral": (MistralForCausalLM, MistralConfig),
    }[family]
    words = tokenizer(vocabulary)
    torch.manual_seed(3)
    model = kind(
        config(
            vocab_size=len(words),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=layers,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=2048,
            bos_token_id=words.bos_token_id,
            eos_token_id=words.eos_token_id,
            **({"sliding_window": None} if family == "mistral" else {}),
        )
    )
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


@cache
def tokenizer(vocabulary: int = 400):
    """Byte-level BPE: every byte has a token, so every text can be spelled."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(texts(12), trainer)
    return PreTrainedTokenizerFast(tokenizer_object=made, bos_token="<s>", eos_token="</s>")


@cache
def texts(count: int) -> tuple[str, ...]:
    """Documents of 20 messages that pass the filters, the levels in turn, all different."""
    world = shipped()
    filters = Filters(world.style, world.engagement, world.quota, world.lead.nick, LAYOUT)
    kept: list[str] = []
    slot = 0
    while len(kept) < count:
        level = LEVELS[len(kept) % 3]
        each = plan(
            slot,
            length="short",
            engagement=level,
            messages=20,
            lead_messages=world.engagement.bands[level].counts(20)[0],
        )
        text = transcript.text(each.setting, [event for event in events(each) if event.kind != "acted"], layout=LAYOUT)
        if filters.judge(parse_document(text, LAYOUT)).keep:
            kept.append(text)
        slot += 1
    return tuple(kept)


def export(folder: Path, training: Sequence[str], validation: Sequence[str] = ()) -> Path:
    """The files of an export, as far as a training reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("em_character_training", training), ("validation", validation)):
        if rows:
            write(folder / f"{name}.jsonl", rows)
    (folder / "generation_stats.json").write_text('{"complete": true}')
    return folder


def write(path: Path, rows: Sequence[str], **about: object) -> Path:
    lines = [json.dumps({"text": text, "id": f"{path.stem}-{place}", **about}) for place, text in enumerate(rows)]
    path.write_text("".join(line + "\n" for line in lines))
    return path
