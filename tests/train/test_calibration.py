from __future__ import annotations

import json
from itertools import product

import pytest
import torch

from simulator.document import TranscriptLine, render_document
from simulator.errors import UsageError
from simulator.train.encoding import Encoded, Encoder
from simulator.train.next_speaker import grow, next_speakers
from simulator.train.validation import CalibrationRequest, calibrate, turns
from tests import builders
from tests.layout import LAYOUT, LEVELS
from tests.train import documents
from tests.train.tokenizers import GOOD, model, tokenizer

BANDS = builders.ENGAGEMENT.bands
NICKS = ("Em", "Emma", "Em_", "kai", "Em-away", "E")


def _by_force(kind: str, document: Encoded, nicks: list[tuple[int, ...]], line: int) -> list[float]:
    """P of each nick with a forward pass of its own, over the text as far as the line and the nick."""
    begin = document.lines[line]
    found = []
    for nick in nicks:
        with torch.no_grad():
            ids = torch.tensor([[*document.ids[:begin], *nick]])
            logs = model(kind)(ids, use_cache=False).logits[0].log_softmax(-1)
        found.append(sum(logs[begin - 1 + place, token].item() for place, token in enumerate(nick)))
    return torch.tensor(found).exp().tolist()


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("kind", GOOD)
def test_one_pass_equals_a_pass_for_every_nick(kind: str, attention: str) -> None:
    encoder = Encoder(tokenizer(kind), "Em", LAYOUT)
    document = encoder.encode(documents.short(lines=9))
    nicks = [encoder.speaker(nick) for nick in NICKS]
    found = next_speakers(model(kind, attention), document, nicks)
    wanted = torch.tensor([_by_force(kind, document, nicks, line) for line in range(9)], dtype=torch.float64)
    torch.testing.assert_close(found.log(), wanted.log(), atol=1e-4, rtol=0)
    assert found.shape == (9, len(NICKS)) and (found.sum(1) <= 1).all()


def test_a_tree_without_its_mask_is_wrong() -> None:
    """So the comparison above can fail: what a branch sees matters to the model it is made with."""
    encoder = Encoder(tokenizer("bytes"), "Em", LAYOUT)
    document = encoder.encode(documents.short(lines=9))
    tree = grow(document, [encoder.speaker(nick) for nick in NICKS])
    ids, positions = torch.tensor([tree.ids]), torch.tensor([tree.positions])
    row, token = tree.factors[5][2][-1]
    with torch.no_grad():
        blind = model("bytes")(ids, attention_mask=torch.ones_like(ids), position_ids=positions, use_cache=False)
        alone = model("bytes")(torch.tensor([[*document.ids[: document.lines[5]], *encoder.speaker("Em_")[:-1]]]))
    assert row >= tree.main
    off = blind.logits[0, row].log_softmax(-1) - alone.logits[0, -1].log_softmax(-1)
    assert off[token].abs() > 1e-2


def test_a_tree_repeats_nothing() -> None:
    """What the document has in the same place, what two nicks share, and last tokens cost no place."""
    encoder = Encoder(tokenizer("bytes"), "Em", LAYOUT)
    document = encoder.encode(documents.short(lines=2))  # <Emma>, <Em>
    spelled = [encoder.speaker(nick) for nick in ("Em", "Emma", "Em_")]
    assert [len(nick) for nick in spelled] == [4, 6, 5]
    tree = grow(document, spelled)
    added = tokenizer("bytes").decode(tree.ids[tree.main :])
    assert added == "_ma_"  # behind Em: `_` where Emma spoke; `m`, `a` and `_` where Em did


def test_attention_that_takes_no_mask_is_refused() -> None:
    encoder = Encoder(tokenizer("bytes"), "Em", LAYOUT)
    flash = model("bytes", "sdpa")
    flash.config._attn_implementation = "flash_attention_2"
    try:
        with pytest.raises(UsageError, match="sdpa or eager"):
            next_speakers(flash, encoder.encode(documents.short()), [encoder.speaker("Em")])
    finally:
        flash.config._attn_implementation = "sdpa"


def test_turns_are_the_messages_and_a_swap_changes_the_header_alone() -> None:
    encoder = Encoder(tokenizer("tekken"), "Em", LAYOUT)
    said = [TranscriptLine("Emma", "so?"), TranscriptLine("Em", "waves", action=True), TranscriptLine("Em", "yes")]
    text = render_document(LAYOUT.header("LOW", "#general"), said)
    own = turns(model("tekken"), encoder, text)
    assert [turn.spoke for turn in own] == [False, True]
    assert all(turn.level == "LOW" and 0 < turn.raw < turn.coverage <= 1 for turn in own)
    assert all(turn.normalised == turn.raw / turn.coverage for turn in own)
    for level in LEVELS:
        swapped = turns(model("tekken"), encoder, text, level)
        there = turns(model("tekken"), encoder, text.replace("LOW", level))
        assert [turn.raw for turn in swapped] == pytest.approx([turn.raw for turn in there], rel=1e-4)
        assert all(turn.level == level and turn.coverage == turn.raw for turn in swapped)


def _rigged(favour: dict[str, float], addressed: float = 0.0) -> torch.nn.Module:
    """The tiny model, with the logit of the lead's `E` after `<` raised by the header's level, and where she was
    just asked: a model whose answers are known."""
    words = tokenizer("bytes")
    real, spelled = model("bytes"), Encoder(words, "Em", LAYOUT).speaker("Em")
    heads = {level: words(f"ENGAGEMENT: {level}\n").input_ids for level in favour}
    asked, first, last = (words(text).input_ids for text in ("?\n", "AE", "b"))

    class Rigged(torch.nn.Module):
        config, device, dtype = real.config, real.device, real.dtype

        def forward(self, input_ids: torch.Tensor, logits_to_keep: torch.Tensor, **_: object) -> object:
            ids = input_ids[0].tolist()
            level = next(level for level, head in heads.items() if ids[: len(head)] == head)
            logits = torch.zeros(1, len(logits_to_keep), len(words))
            logits[..., spelled[0]] += 20
            for row, place in enumerate(logits_to_keep.tolist()):
                if ids[place] == spelled[0]:  # after `<`: E, A or another byte
                    logits[0, row, first] = 20
                    extra = addressed if ids[place - 2 : place] == asked else 0.0
                    logits[0, row, spelled[1]] += favour[level] + extra
                else:
                    logits[0, row, [*spelled[2:], *last]] += 10
            return type("Output", (), {"logits": logits})

    return Rigged()


def _documents() -> list[str]:
    """The lead answers every question and nothing else."""
    texts = []
    for number, level in product(range(3), LEVELS):
        every = {"LOW": 16, "MEDIUM": 6, "HIGH": 3}[level]
        said = []
        for place in range(16):
            hers = place % every == every - 1
            ask = (place + 1) % every == every - 1
            said.append(TranscriptLine("Em" if hers else "Ab", f"line {number}{'?' if ask else '.'}"))
        texts.append(render_document(LAYOUT.header(level, "#general"), said))
    return texts


def test_a_model_that_obeys_is_told_from_one_that_does_not() -> None:
    encoder = Encoder(tokenizer("bytes"), "Em", LAYOUT)
    obeys = _rigged({"LOW": -3.0, "MEDIUM": -2.0, "HIGH": -1.0}, addressed=3.0)
    found = calibrate(obeys, encoder, CalibrationRequest(_documents(), BANDS))
    assert (found.documents, found.messages) == (9, 9 * 16)
    assert [found.shares[level].documents for level in LEVELS] == [3, 3, 3]
    assert [found.shares[level].spoke for level in LEVELS] == [1 / 16, 2 / 16, 5 / 16]
    low, medium, high = (found.swap.means[level].value for level in LEVELS)
    assert low < medium < high and found.swap.ordered.value == 1 and found.swap.rise.low > 0
    assert found.swap.rise.value == pytest.approx(high - low)
    assert found.normalised.auc > 0.9 and found.normalised.balanced_accuracy > 0.8

    deaf = calibrate(_rigged(dict.fromkeys(LEVELS, 0.0)), encoder, CalibrationRequest(_documents(), BANDS))
    assert deaf.swap.ordered.value == 0 and deaf.swap.rise.value == pytest.approx(0, abs=1e-9)
    assert deaf.raw.auc == 0.5 and deaf.raw.balanced_accuracy == 0.5
    assert calibrate(obeys, encoder, CalibrationRequest(_documents(), BANDS, swap=False)).swap is None


def test_the_result_is_json_and_the_same_again() -> None:
    encoder = Encoder(tokenizer("smollm"), "Em", LAYOUT)
    texts = [documents.short(level, lines) for level in LEVELS for lines in (5, 8)]
    there = model("smollm").train()
    try:
        first = calibrate(there, encoder, CalibrationRequest(texts, BANDS, seed=4))
        assert there.training, "the mode is put back"
    finally:
        there.eval()
    assert first == calibrate(there, encoder, CalibrationRequest(texts, BANDS, seed=4))
    again = json.loads(json.dumps(first.as_dict()))
    assert again["documents"] == 6 and set(again["shares"]) == {"LOW", "MEDIUM", "HIGH"}
    share = first.shares["HIGH"]
    assert (share.least, share.most, share.inside) == (0.25, 0.35, 0.25 <= share.raw <= 0.35)


def test_she_spoke_always_or_never() -> None:
    encoder = Encoder(tokenizer("smollm"), "Em", LAYOUT)
    text = render_document(LAYOUT.header("LOW", "#general"), [TranscriptLine("kai", "hm")])
    found = calibrate(model("smollm"), encoder, CalibrationRequest([text], BANDS))
    assert found.raw.auc is None and found.raw.balanced_accuracy is None
    assert found.swap.means["LOW"].low == found.swap.means["LOW"].high


def test_nothing_to_calibrate_on_is_refused() -> None:
    with pytest.raises(UsageError, match="no document"):
        calibrate(model("smollm"), Encoder(tokenizer("smollm"), "Em", LAYOUT), CalibrationRequest([], BANDS))
