from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import UsageError
from simulator.train.encoding import Encoded, Encoder, TokenClass
from simulator.train.objective import PRESETS
from simulator.train.packing import IGNORED, batch, cut, pack, wasted_share
from tests.layout import LAYOUT
from tests.train import documents
from tests.train.tokenizers import model, tokenizer


@given(st.lists(st.integers(1, 50), max_size=60), st.integers(50, 120))
def test_each_document_is_packed_once_and_nothing_overflows(lengths: list[int], most: int) -> None:
    sequences = pack(lengths, most)
    assert sorted(index for sequence in sequences for index in sequence) == list(range(len(lengths)))
    filled = [sum(lengths[index] for index in sequence) for sequence in sequences]
    assert all(0 < tokens <= most for tokens in filled)
    # Any fit leaves at most one sequence that is not more than half full.
    assert sum(tokens <= most / 2 for tokens in filled) <= 1
    assert sequences == pack(lengths, most) == sorted(map(sorted, sequences))
    assert wasted_share(lengths, sequences, most) == pytest.approx(
        1 - sum(filled) / (most * len(filled)) if filled else 0
    )


@pytest.mark.parametrize(
    ("lengths", "most", "sequences", "wasted"),
    [
        ([], 10, [], 0.0),
        ([10, 10], 10, [[0], [1]], 0.0),
        ([6, 3, 5, 4, 2], 10, [[0, 3], [1, 2, 4]], 0.0),
        ([7, 7, 2], 10, [[0, 2], [1]], 0.2),
    ],
)
def test_pack(lengths: list[int], most: int, sequences: list[list[int]], wasted: float) -> None:
    assert pack(lengths, most) == sequences
    assert wasted_share(lengths, sequences, most) == pytest.approx(wasted)


def test_a_data_set_of_the_plans_lengths_leaves_little_room() -> None:
    """Three short documents to two long ones, at the plan's sequence length."""
    lengths = [250 + 37 * place % 300 if place % 5 < 3 else 1800 + 173 * place % 1200 for place in range(600)]
    assert wasted_share(lengths, pack(lengths, 8192), 8192) < 0.02


def test_a_document_that_does_not_fit_is_refused() -> None:
    with pytest.raises(UsageError, match="set it to 11"):
        pack([3, 11], 10)


@pytest.mark.parametrize("kind", ["smollm", "tekken"])
@pytest.mark.parametrize("most", [60, 150, 10_000])
def test_pieces_hold_every_message_once_and_whole(kind: str, most: int) -> None:
    encoded = Encoder(tokenizer(kind), "Em", LAYOUT).encode(documents.short(lines=40))
    head = encoded.lines[0]
    pieces = cut(encoded, most)
    assert all(len(piece) <= most and piece.ids[:head] == encoded.ids[:head] for piece in pieces)
    assert [token for piece in pieces for token in piece.ids[head:]] == list(encoded.ids[head:])
    assert [kind for piece in pieces for kind in piece.classes[head:]] == list(encoded.classes[head:])
    assert all(piece.classes[head] is TokenClass.SPEAKER for piece in pieces)
    assert sum(len(piece.lines) for piece in pieces) == 40
    assert (pieces == (encoded,)) == (len(encoded) <= most)
    # As long as can be: the next message would not have fitted.
    for piece, after in pairwise(pieces):
        message = [*after.lines, len(after)][1] - head
        assert len(piece) + message > most


def test_a_message_that_does_not_fit_is_refused() -> None:
    encoded = Encoder(tokenizer("smollm"), "Em", LAYOUT).encode(documents.short())
    with pytest.raises(UsageError, match="sequence_len"):
        cut(encoded, encoded.lines[0] + 4)


def test_a_batch_is_aligned() -> None:
    encoder = Encoder(tokenizer("tekken"), "Em", LAYOUT)
    some = [encoder.encode(documents.short(lines=lines)) for lines in (3, 5)]
    made = batch(some, PRESETS["lead+turns"])
    total = sum(map(len, some))
    assert {name: tuple(tensor.shape) for name, tensor in made.items()} == dict.fromkeys(
        ("input_ids", "labels", "weights", "position_ids"), (1, total)
    )
    ids, labels, weights, positions = (made[name][0].tolist() for name in made)
    assert positions == [*range(len(some[0])), *range(len(some[1]))]
    assert labels == [token if weight else IGNORED for token, weight in zip(ids, weights, strict=True)]
    assert [labels[place] for place in (0, len(some[0]))] == [IGNORED, IGNORED]
    plain = batch(some, PRESETS["all"])
    assert int((plain["labels"] != IGNORED).sum()) == total - len(some)


def _logits(made: dict[str, torch.Tensor], attention: str, **more: object) -> torch.Tensor:
    with torch.no_grad():
        return model("tekken", attention)(input_ids=made["input_ids"], use_cache=False, **more).logits[0]


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_packed_documents_do_not_see_each_other(attention: str) -> None:
    encoder = Encoder(tokenizer("tekken"), "Em", LAYOUT)
    some: list[Encoded] = [encoder.encode(documents.short(lines=lines)) for lines in (6, 2, 9)]
    objective = PRESETS["all"]
    alone = torch.cat([_logits(batch([each], objective), attention) for each in some])
    packed = batch(some, objective)
    together = _logits(packed, attention, position_ids=packed["position_ids"])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)

    # The two wrong ways leak, so the comparison can tell.
    ones = torch.ones_like(packed["input_ids"])
    for more in ({}, {"attention_mask": ones}, {"attention_mask": ones, "position_ids": packed["position_ids"]}):
        leaked = (_logits(packed, attention, **more) - alone).abs()
        assert leaked[: len(some[0])].max() < 1e-5 < 0.01 < leaked[len(some[0]) :].max()
