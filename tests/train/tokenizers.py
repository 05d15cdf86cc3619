"""Tokenizers made here, each with a habit of a real one, and tiny models to go with them."""

from __future__ import annotations

from functools import cache

import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from tests import builders

EOS, BOS = "</s>", "<s>"
TEKKEN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""How Mistral's tekken cuts a text: punctuation takes the newlines after it along, a word the one sign before it."""
GOOD = ("smollm", "tekken", "bytes")
_LINES = (
    "ENGAGEMENT: LOW\nCHANNEL: #general\n"
    "<Em> yes. no! well?\n<Emma> is it so?\n<Em_> it is...\n<kai> (lol)\n* Em waves.\n"
)


@cache
def tokenizer(kind: str) -> PreTrainedTokenizerFast:
    """`smollm`, `tekken` and `bytes` (no merges) spell everything.

    `lower`, `words` and `spaces` do not: a normalisation, words not seen, a space put before every text. `endless` has
    no EOS.
    """
    made, bos = _made(kind), BOS if kind == "tekken" else None
    if bos:
        ends = [(BOS, made.token_to_id(BOS))]
        made.post_processor = processors.TemplateProcessing(
            single=f"{BOS} $A", pair=f"{BOS} $A $B", special_tokens=ends
        )
    marks = {} if kind == "endless" else {"eos_token": EOS}
    return PreTrainedTokenizerFast(tokenizer_object=made, **marks, **({"bos_token": bos} if bos else {}))


@cache
def model(kind: str = "smollm", attention: str = "sdpa") -> LlamaForCausalLM:
    """Random weights, wide enough apart that tokens and positions matter; in eval mode."""
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=len(tokenizer(kind)),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=4096,
        initializer_range=0.4,
        attn_implementation=attention,
    )
    return LlamaForCausalLM(config).eval()


def _made(kind: str) -> Tokenizer:
    lines = [_LINES, *("".join(f"<{nick}> a line. And more!\n" for nick in builders.PEOPLE),) * 3]
    if kind == "words":
        made = Tokenizer(models.WordLevel({"<unk>": 0, EOS: 1, "LOW": 2}, unk_token="<unk>"))
        made.pre_tokenizer = pre_tokenizers.Whitespace()
        return made
    if kind == "spaces":
        made = Tokenizer(models.BPE(byte_fallback=True))
        made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
        made.decoder = decoders.Metaspace(prepend_scheme="always")
        bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
        made.train_from_iterator(lines, trainers.BpeTrainer(special_tokens=[EOS, *bytes_], show_progress=False))
        return made
    made = Tokenizer(models.BPE())
    made.decoder = decoders.ByteLevel()
    bytes_of = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=kind != "tekken")
    before = pre_tokenizers.Split(Regex(TEKKEN), "isolated") if kind == "tekken" else pre_tokenizers.Digits(True)
    made.pre_tokenizer = pre_tokenizers.Sequence([before, bytes_of])
    if kind == "lower":
        made.normalizer = normalizers.Lowercase()
    trainer = trainers.BpeTrainer(
        vocab_size=258 if kind == "bytes" else 420,
        special_tokens=[EOS, BOS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(lines, trainer)
    return made
