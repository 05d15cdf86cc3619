"""What may be trained on is settled before a model is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.errors import EmError
from simulator.train.dataset import CorpusRequest, read_corpus
from tests.train import models
from tests.worlds import shipped

TEXTS = models.texts(24)


def taken(path: Path, **given: object):
    return read_corpus(CorpusRequest(path, **{"share": 0.05, "seed": 1, **given}), shipped())


def test_an_export_keeps_its_split(tmp_path: Path) -> None:
    corpus = taken(models.export(tmp_path, TEXTS[:20], TEXTS[20:]))
    assert tuple(each.text for each in corpus.training) == TEXTS[:20]
    assert tuple(each.text for each in corpus.validation) == TEXTS[20:]
    assert corpus.lead == shipped().lead.nick
    assert not corpus.scripted
    assert any("length long" in line for line in corpus.warnings)


@pytest.mark.parametrize(
    ("documents", "share", "held_out"), [(20, 0.05, 1), (20, 0.2, 4), (5, 0.05, 1), (1, 0.05, 0), (20, 0, 0)]
)
def test_a_file_is_split(tmp_path: Path, documents: int, share: float, held_out: int) -> None:
    path = models.write(tmp_path / "mine.jsonl", TEXTS[:documents])
    corpus, again = taken(path, share=share), taken(path, share=share)
    assert (len(corpus.training), len(corpus.validation)) == (documents - held_out, held_out)
    assert {each.text for each in (*corpus.training, *corpus.validation)} == set(TEXTS[:documents])
    assert corpus == again


def test_the_digest_is_of_the_training_texts(tmp_path: Path) -> None:
    one = taken(models.export(tmp_path / "a", TEXTS[:6], TEXTS[6:8]))
    other = taken(models.export(tmp_path / "b", TEXTS[:6], TEXTS[8:9]))
    third = taken(models.export(tmp_path / "c", TEXTS[1:6], TEXTS[6:8]))
    assert one.digest == other.digest != third.digest


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (lambda text: text.replace("ENGAGEMENT: ", "ENGAGEMENT "), "header"),
        (lambda text: text + "no message\n", "malformed"),
        (lambda text: "\n".join(text.split("\n")[:6]) + "\n", "length"),
        (lambda text: text.replace("LOW", "HIGH"), "participation"),
    ],
)
def test_a_rejected_document_stops_it(tmp_path: Path, spoil, rule: str) -> None:
    path = models.write(tmp_path / "mine.jsonl", [*TEXTS[1:6], spoil(TEXTS[0])])
    with pytest.raises(EmError) as caught:
        taken(path)
    assert f"1 of 6 documents are rejected; the first is mine-5: {rule}" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2
    corpus = taken(path, skip_rejected=True)
    assert len(corpus.training) + len(corpus.validation) == 5
    assert corpus.rejected[rule] == 1


def test_a_validation_document_must_not_be_trained_on(tmp_path: Path) -> None:
    with pytest.raises(EmError, match="near-duplicate"):
        taken(models.export(tmp_path, TEXTS[:6], [TEXTS[3]]))


def test_scripted_documents_are_for_dry_runs(tmp_path: Path) -> None:
    path = models.write(tmp_path / "dry.jsonl", TEXTS[:4], scripted=True, world="0123456789abcdef")
    with pytest.raises(EmError, match="--allow-scripted"):
        taken(path)
    corpus = taken(path, allow_scripted=True)
    assert corpus.scripted
    assert corpus.worlds == "0123456789abcdef"


def test_what_is_no_corpus(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    half = models.export(tmp_path / "half", TEXTS[:4])
    (half / "generation_stats.json").write_text('{"complete": false}')
    empty = models.write(tmp_path / "empty.jsonl", [])
    cases = [
        (tmp_path / "none", "no such file or folder"),
        (tmp_path, "holds no em_character_training.jsonl"),
        (tmp_path / "notes.txt", "not a .jsonl"),
        (half, "not a whole export"),
        (empty, "no document is left"),
    ]
    for path, said in cases:
        with pytest.raises(EmError, match=said):
            taken(path)
