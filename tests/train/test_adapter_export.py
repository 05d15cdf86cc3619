"""Merged weights answer as base and adapter did."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from simulator.errors import EmError
from simulator.train import base_model
from simulator.train.adapter_export import write_merged
from tests.train import models
from tests.train.adapters import adapted, make


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models.save(tmp_path_factory.mktemp("base") / "tiny")


def test_merged_weights_give_the_logits_of_base_and_adapter(tmp_path: Path, base: Path) -> None:
    import torch

    make(tmp_path / "one", base)
    write_merged(tmp_path / "one", base, tmp_path / "out")
    ids = torch.arange(30)[None]
    with torch.no_grad():
        wanted = adapted(base)(ids).logits
        alone = base_model.model(base, "fp32", "none", device="cpu")(ids).logits
        found = base_model.model(tmp_path / "out", "fp32", "none", device="cpu")(ids).logits
    assert (found - wanted).abs().max() < 1e-4 < 0.1 < (alone - wanted).abs().max()
    text = "<ada> hello there\n"
    assert base_model.tokenizer(tmp_path / "out").encode(text) == base_model.tokenizer(base).encode(text)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_nothing_is_left_of_a_merge_that_failed(tmp_path: Path, base: Path) -> None:
    make(tmp_path / "one", base)
    other = models.save(tmp_path / "other", layers=1)
    for where, words in ((other, "another base"), (tmp_path / "nowhere", "config.json")):
        with pytest.raises(EmError, match=words):
            write_merged(tmp_path / "one", where, tmp_path / "out")
    shutil.copytree(base, cut := tmp_path / "cut")
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    with pytest.raises(EmError, match="something there"):
        write_merged(tmp_path / "one", cut, tmp_path / "kept")
    assert {path.name for path in tmp_path.iterdir()} == {"one", "other", "cut", "kept"}
