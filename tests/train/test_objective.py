from __future__ import annotations

import math
import re
from itertools import groupby

import pytest

from simulator.errors import UsageError
from simulator.train.encoding import Encoder, TokenClass
from simulator.train.objective import PRESETS, Objective
from tests.layout import LAYOUT
from tests.train import documents
from tests.train.tokenizers import GOOD, tokenizer

ROW = re.compile(r"(<[^\s<>]+>|\* \S+)( .*\n)")


def _expected(text: str, preset: str) -> list[str]:
    """What a preset weighs fully, written down without the code under test."""
    found = []
    for row in text.split("\n")[2:-1]:
        speaker, words = ROW.fullmatch(row + "\n").groups()
        found += [speaker] if preset == "lead+turns" else []
        found += [words] if speaker in ("<Em>", "* Em") else []
    return found


@pytest.mark.parametrize("kind", GOOD)
@pytest.mark.parametrize("preset", ["lead", "lead+turns"])
def test_every_weighted_token_of_a_corpus_is_what_the_preset_says(kind: str, preset: str) -> None:
    encoder = Encoder(tokenizer(kind), "Em", LAYOUT)
    for text in documents.corpus():
        encoded = encoder.encode(text)
        weights = PRESETS[preset].weights(encoded)
        assert len(weights) == len(encoded) and set(weights) <= {0.0, 1.0}
        triples = zip(encoded.ids, encoded.classes, weights, strict=True)
        runs = [(key, [token for token, _, _ in run]) for key, run in groupby(triples, lambda each: each[1:])]
        decode = encoder.tokenizer.decode
        weighted = [decode(ids, clean_up_tokenization_spaces=False) for (_, weight), ids in runs if weight]
        assert weighted == _expected(text, preset)


@pytest.mark.parametrize("kind", GOOD)
def test_all_weighs_everything_but_the_first_token(kind: str) -> None:
    encoded = Encoder(tokenizer(kind), "Em", LAYOUT).encode(documents.short())
    assert PRESETS["all"].weights(encoded) == [0.0] + [1.0] * (len(encoded) - 1)


def test_a_weight_goes_to_its_class() -> None:
    encoded = Encoder(tokenizer("tekken"), "Em", LAYOUT).encode(documents.short())
    weights = Objective(header=1, speaker=2, lead=3, people=4).weights(encoded)
    by = {TokenClass.HEADER: 1, TokenClass.SPEAKER: 2, TokenClass.LEAD: 3, TokenClass.PEOPLE: 4}
    assert weights[1:] == [by[kind] for kind in encoded.classes[1:]]


@pytest.mark.parametrize("weights", [(0, 0, 0, 0), (-1, 1, 1, 1), (math.nan, 1, 1, 1), (1, math.inf, 1, 1)])
def test_weights_that_mean_nothing_are_refused(weights: tuple[float, ...]) -> None:
    with pytest.raises(UsageError, match="objective"):
        Objective(*weights)
