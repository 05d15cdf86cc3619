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
from tests.layout import LAYOUT
from tests.train import models, tokenizers
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
        Encoder(base_model.tokenizer(copy), "ada", LAYOUT)


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


WRONG = r"(?i:'s|'t|'re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
"""How the tokenizer.json of several of Mistral's models cuts a text, and should not."""
LINE = "<Em> yes. no! 12345 well?\n"


def mistral(folder: Path, kind: str = "tekken", pattern: str = "") -> Path:
    """A Mistral's folder with the tokenizer, and another pattern in it if one is given."""
    models.save(folder, "mistral")
    for path in folder.glob("token*"):
        path.unlink()
    tokenizers.tokenizer(kind).save_pretrained(folder)
    config(folder, transformers_version="4.50.0")
    if pattern:
        path = folder / "tokenizer.json"
        read = json.loads(path.read_text())
        read["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = pattern
        path.write_text(json.dumps(read))
    return folder


def test_a_tokenizer_that_mistral_published_with_a_wrong_pattern_is_put_right(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    right = tokenizers.tokenizer("tekken").encode(LINE)
    put_right = base_model.tokenizer(mistral(tmp_path / "wrong", pattern=WRONG))
    assert put_right.encode(LINE) == right
    assert base_model.tokenizer(mistral(tmp_path / "right")).encode(LINE) == right
    assert capfd.readouterr() == ("", ""), "the library has nothing to say"


def test_a_tokenizer_of_another_kind_is_left_as_it_is(tmp_path: Path) -> None:
    folder = mistral(tmp_path / "base", "smollm")
    assert base_model.tokenizer(folder).encode(LINE) == tokenizers.tokenizer("smollm").encode(LINE)


def test_tokenizer_json_is_read_though_mistral_common_is_here(tmp_path: Path) -> None:
    pytest.importorskip("mistral_common")
    folder = mistral(tmp_path / "base")
    (folder / "tekken.json").write_text('{"config": {}, "vocab": []}')
    assert base_model.tokenizer(folder).encode(LINE) == tokenizers.tokenizer("tekken").encode(LINE)


@pytest.mark.model
def test_a_plan_dequantises_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    planned = job(tmp_path, Path("embedded"))
    assert not (tmp_path / "bases").exists() and planned.estimate.parameters > 1e8
    made = base_model.dequantised(tmp_path / "bases")
    assert made == planned.base and capfd.readouterr().err == ""
    text = "ENGAGEMENT: LOW\nCHANNEL: #general\n<kai> 12345, <|im_end|> typed\n"
    assert planned.encoder.encode(text).ids == Encoder(base_model.tokenizer(made), "kai", LAYOUT).encode(text).ids
