"""Diversity of text by the measures of the field, over blocks of one number of words, as all of them depend on it.

compression ratio      bytes by bytes after gzip (C. Shaib et al., arXiv 2403.00553): higher is more repetitive
self-repetition        mean over sessions of log(1 + how often its n-grams of `GRAM` words stand in others of the block)
                       (N. Salkar et al., AACL 2022)
Self-BLEU              mean BLEU of a message against the others of a sample, in [0, 1] (Y. Zhu et al., SIGIR 2018)
entropy                of the words, in bits (C. Shannon, 1948)
"""

from __future__ import annotations

import gzip
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import chain

from simulator import rng
from simulator.corpus.realism import entropy
from simulator.document import Document
from simulator.intervals import Figure, mean
from simulator.line_checks.wording import runs, words_of

BLOCK = 10_000
"""Words. Smaller sets are one block of all their words, which `words` says."""
GRAM = 4
SAMPLE = 60
"""Messages of a block whose BLEU against each other is measured."""
BLEU_BLOCKS = 5


@dataclass(frozen=True, slots=True)
class TextDiversity:
    """Each as the mean over blocks with its interval; one block has none."""

    words: int
    """To a block."""
    blocks: int
    compression_ratio: Figure | None
    self_repetition: Figure | None
    self_bleu: Figure | None
    """None: sacrebleu is not installed, or there is nothing to compare."""
    entropy: Figure | None


def text_diversity(documents: Iterable[Document]) -> TextDiversity:
    """Of the messages of some sessions, in their order; every block is of whole sessions' messages, cut at one size."""
    sessions = [[words for line in each.messages if (words := words_of(line.text))] for each in documents]
    blocks = list(_blocks([each for each in sessions if each]))
    size = sum(len(words) for each in blocks[:1] for said in each for words in said)
    bleu = _bleu(blocks[:BLEU_BLOCKS]) if find_spec("sacrebleu") else []
    return TextDiversity(
        size,
        len(blocks),
        mean([_compression(block) for block in blocks], 0, "compression"),
        mean([_repetition(block) for block in blocks], 0, "repetition"),
        mean(bleu, 0, "bleu"),
        mean([_entropy(block) for block in blocks], 0, "entropy"),
    )


_Block = list[list[tuple[str, ...]]]
"""Sessions, messages, words."""


def _blocks(sessions: Sequence[list[tuple[str, ...]]]) -> Iterable[_Block]:
    """Blocks of exactly BLOCK words; one of everything where there is not enough for a whole one."""
    block, size, found = list[list[tuple[str, ...]]](), 0, 0
    for session in sessions:
        block.append([])
        for words in session:
            part = words[: BLOCK - size]
            block[-1].append(part)
            size += len(part)
            if size == BLOCK:
                found += 1
                yield block
                block, size = [[]], 0
    if not found and size:
        yield block


def _compression(block: _Block) -> float:
    raw = "\n".join(" ".join(words) for session in block for words in session).encode()
    return len(raw) / len(gzip.compress(raw, 9, mtime=0))


def _repetition(block: _Block) -> float:
    said = [list(chain.from_iterable(runs(words, GRAM) for words in session)) for session in block]
    grams, every = [Counter(own) for own in said], Counter(chain.from_iterable(said))
    return sum(math.log(1 + sum(every[gram] - own[gram] for gram in own)) for own in grams) / len(grams)


def _entropy(block: _Block) -> float:
    return entropy([*Counter(word for session in block for words in session for word in words).values()])


def _bleu(blocks: Sequence[_Block]) -> list[float]:
    from sacrebleu.metrics.bleu import BLEU

    found = []
    for number, block in enumerate(blocks):
        said = [" ".join(words) for session in block for words in session if len(words) >= GRAM]
        if len(said) < 2:
            continue
        drawn = rng.stream(0, "self-bleu", number).sample(said, min(SAMPLE, len(said)))
        bleu = BLEU(tokenize="none", effective_order=True)
        scores = [bleu.sentence_score(text, drawn[:n] + drawn[n + 1 :]).score for n, text in enumerate(drawn)]
        found.append(sum(scores) / len(scores) / 100)
    return found
