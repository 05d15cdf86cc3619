"""Bases that will do and bases that will not, one line each; and one real model from end to end."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from simulator.errors import EmError
from simulator.train import adapter, base_model
from simulator.train.encoding import Encoder
from tests.cli.em import ROOT
from tests.train import models
from tests.train.jobs import job, run


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny, tmp_path / "base"))


def config(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def only_pickle(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def cut(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:5000])


CASES = {
    "missing": (shutil.rmtree, "no such folder"),
    "no config": (lambda folder: (folder / "config.json").unlink(), "holds no config.json"),
    "bad config": (lambda folder: (folder / "config.json").write_text("{"), "not a model's config"),
    "a list": (lambda folder: (folder / "config.json").write_text("[]"), "not a model's config"),
    "encoder": (lambda folder: config(folder, model_type="bert", architectures=["BertModel"]), "BertModel"),
    "classifier": (lambda folder: config(folder, architectures=["LlamaForSequenceClassification"]), "cannot be"),
    "pickle": (only_pickle, "pytorch_model.bin, which is a pickle"),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), "holds no .safetensors"),
    "cut": (cut, "cannot be loaded|is broken"),
    "other shape": (lambda folder: config(folder, hidden_size=64), "cannot be loaded"),
    "no tokenizer": (lambda folder: [path.unlink() for path in folder.glob("token*")], "no readable tokenizer"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_base_that_will_not_do_is_one_line(copy: Path, case: str) -> None:
    spoil, said = CASES[case]
    spoil(copy)
    with pytest.raises(EmError, match=said) as caught:
        folder = base_model.found(str(copy), copy.parent)
        base_model.tokenizer(folder)
        base_model.model(folder, "fp32", "none", device="cpu")
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_tokenizer_that_cannot_spell_the_header(copy: Path) -> None:
    from tokenizers import Tokenizer, pre_tokenizers
    from tokenizers.models import WordLevel
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(WordLevel({"<unk>": 0, "</s>": 1, "LOW": 2}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=words, eos_token="</s>", unk_token="<unk>").save_pretrained(copy)
    with pytest.raises(EmError, match="byte-level"):
        Encoder(base_model.tokenizer(copy), "ada")


@pytest.mark.parametrize("family", ["llama", "mistral"])
def test_a_base_that_will_do(tmp_path: Path, family: str) -> None:
    folder = base_model.found(str(models.save(tmp_path, family)), tmp_path)
    made = base_model.model(folder, "bf16", "none", device="cpu")
    assert made.dtype == torch.bfloat16
    assert not made.config.use_cache


def test_four_bits_without_the_package(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "bitsandbytes", None)
    with pytest.raises(EmError, match="emsim\\[train,qlora\\]"):
        base_model.model(tiny, "bf16", "nf4", device="cpu")


@pytest.mark.model
def test_the_embedded_model_learns(tmp_path: Path) -> None:
    """Dequantised once and kept under data/bases; two optimizer steps on short documents lower its loss on them."""
    folder = base_model.found(base_model.EMBEDDED, ROOT / "data")
    before = (folder / "model.safetensors").stat().st_mtime_ns
    assert base_model.found(base_model.EMBEDDED, ROOT / "data") == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == before
    assert base_model.tokenizer(folder).tokenize("in 2026")[-4:] == ["2", "0", "2", "6"]
    made = job(
        tmp_path,
        folder,
        documents=2,
        held_out=1,
        precision="bf16",
        learning_rate=1e-3,
        gradient_accumulation_steps=1,
        evaluations=1,
        warmup_ratio=0,
    )
    out = tmp_path / "out"
    done = run(made, out)
    losses = [
        row["loss"]
        for row in map(json.loads, (out / "metrics.jsonl").read_text().splitlines())
        if row["kind"] == "validation"
    ]
    assert done.steps == 2
    assert losses[1] < losses[0] < 6
    assert adapter.read(out).base.architecture == "LlamaForCausalLM"
