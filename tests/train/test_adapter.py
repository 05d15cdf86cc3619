"""Adapters and their cards: what is damaged is one line, the same base is the same base."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from simulator import files
from simulator.errors import EmError, StorageError
from simulator.train import adapter
from tests.train import models
from tests.train.adapters import card, make


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models.save(tmp_path_factory.mktemp("base") / "tiny")


def test_a_card_comes_back_as_it_was_written(tmp_path: Path, base: Path) -> None:
    made = make(tmp_path / "one", base)
    assert adapter.read(tmp_path / "one") == made
    assert made.base.layers == 2 and made.base.heads == 4 and made.base.key_value_heads == 2
    assert made.versions.keys() == {"emsim", "torch", "transformers", "peft"}
    assert made.commit == "unknown" or len(made.commit.removesuffix("+changes")) == 40


def _cut(name: str, keep: float) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[: int(len(whole) * keep)])

    return change


def _config(**fields: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / adapter.CONFIG
        path.write_text(json.dumps(json.loads(path.read_text()) | fields))

    return change


def _card(**fields: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / adapter.CARD
        path.write_text(json.dumps(json.loads(path.read_text()) | fields))

    return change


def _without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _poisoned(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / adapter.WEIGHTS)
    next(iter(tensors.values()))[0, 0] = float("nan")
    save_file(tensors, folder / adapter.WEIGHTS)


DAMAGED = {
    "no card": (_without(adapter.CARD), "card.json is missing"),
    "no weights": (_without(adapter.WEIGHTS), "adapter_model.safetensors is missing"),
    "half a card": (_cut(adapter.CARD, 0.5), "not a card"),
    "a card that is no object": (lambda folder: (folder / adapter.CARD).write_text("[]"), "valid dictionary"),
    "a field too many": (_card(extra=1), "extra: unknown field"),
    "a wrong digest": (_card(base={"name": "x"}), "base.architecture"),
    "half the weights": (_cut(adapter.WEIGHTS, 0.5), "not a whole safetensors file"),
    "all but the last byte": (_cut(adapter.WEIGHTS, 0.9999), "not a whole safetensors file"),
    "a pickle in their place": (lambda f: (f / adapter.WEIGHTS).write_bytes(b"\x80\x04" + b"x" * 99), "not a whole"),
    "nothing in their place": (lambda f: (f / adapter.WEIGHTS).write_bytes(b""), "not a whole"),
    "no number": (_poisoned, "NaN"),
    "half a config": (_cut(adapter.CONFIG, 0.5), "not JSON"),
    "another kind of adapter": (_config(peft_type="IA3"), "not a LoRA (IA3)"),
    "another scaling": (_config(use_rslora=True), "rank-stabilised"),
    "DoRA": (_config(use_dora=True), "DoRA"),
    "ranks by layer": (_config(rank_pattern={"q_proj": 8}), "ranks by layer"),
    "biases": (_config(bias="all"), "biases"),
    "another rank": (_config(r=3), "is not a LoRA of rank 3"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_what_is_damaged_is_one_line(case: str, tmp_path: Path, base: Path) -> None:
    change, words = DAMAGED[case]
    make(tmp_path / "one", base)
    change(tmp_path / "one")
    with pytest.raises(EmError) as caught:
        adapter.read(tmp_path / "one")
        adapter.read_matrices(tmp_path / "one")
    line = str(caught.value)
    assert words in line and line.startswith(str(tmp_path / "one")) and "\n" not in line and caught.value.remedy


def test_matrices_are_read_as_peft_wrote_them(tmp_path: Path, base: Path) -> None:
    from safetensors.torch import load_file

    make(tmp_path / "one", base)
    read = adapter.read_matrices(tmp_path / "one")
    written = load_file(tmp_path / "one" / adapter.WEIGHTS)
    assert len(read.matrices) * 2 == len(written) == 2 * 7 * 2 and (read.rank, read.alpha) == (4, 8.0)
    for module, (a, b) in read.matrices.items():
        assert a.equal(written[f"base_model.model.{module}.lora_A.weight"])
        assert b.equal(written[f"base_model.model.{module}.lora_B.weight"])


def test_a_fingerprint_tells_bases_apart(tmp_path: Path, base: Path) -> None:
    import shutil

    shutil.copytree(base, copy := tmp_path / "copy")
    assert adapter.fingerprint(copy) == adapter.fingerprint(base)
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"transformers_version": "0.0.1"}))
    assert adapter.fingerprint(copy) == adapter.fingerprint(base), "what wrote it is not what it is"
    path = copy / "model.safetensors"
    whole = bytearray(path.read_bytes())
    whole[-1] ^= 1
    path.write_bytes(whole)
    assert adapter.fingerprint(copy) != adapter.fingerprint(base)


def test_an_adapter_of_another_base_is_refused(tmp_path: Path, base: Path) -> None:
    made = make(tmp_path / "one", base)
    adapter.check_base(tmp_path / "one", made, base)
    for other, words in (
        (models.save(tmp_path / "mistral", "mistral"), "architecture MistralForCausalLM, not LlamaForCausalLM"),
        (models.save(tmp_path / "deeper", layers=3), "layers 3, not 2"),
    ):
        with pytest.raises(EmError, match=words):
            adapter.check_base(tmp_path / "one", made, other)


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path, base: Path) -> None:
    with pytest.raises(StorageError):
        adapter.write(tmp_path / "nowhere", card("one", base))
    (tmp_path / "file").write_bytes(b"before")
    files.write(tmp_path / "file", b"after", lambda path: path.read_bytes() == b"before")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"after"]
