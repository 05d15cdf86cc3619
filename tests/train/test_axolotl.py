"""The hand-over to axolotl: its keys, the same documents, the same tokens in the loss."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from simulator.errors import UsageError
from simulator.train import axolotl
from simulator.train.dataset import Corpus, Source
from simulator.train.encoding import Encoder
from simulator.train.objective import PRESETS
from simulator.train.settings import read_settings
from simulator.world.policies.training import Settings
from tests.builders import LEAD
from tests.layout import LAYOUT
from tests.train import models

ROOT = Path(__file__).parents[2]
KNOWN = {
    *(
        "adapter",
        "attn_implementation",
        "base_model",
        "bf16",
        "dataset_prepared_path",
        "datasets",
        "eval_sample_packing",
    ),
    *("evals_per_epoch", "gradient_accumulation_steps", "gradient_checkpointing", "learning_rate", "load_in_4bit"),
    *("logging_steps", "lora_alpha", "lora_dropout", "lora_r", "lora_target_linear", "lora_target_modules"),
    *("lr_scheduler", "max_grad_norm", "micro_batch_size", "num_epochs", "optimizer", "output_dir"),
    *("pad_to_sequence_len", "sample_packing", "save_total_limit", "saves_per_epoch", "seed", "sequence_len"),
    *("test_datasets", "train_on_inputs", "val_set_size", "warmup_ratio", "weight_decay"),
}
"""Fields of `AxolotlInputConfig` in axolotl 0.19.0 that are used here; it passes unknown ones in silence."""
DATASET = {"path", "ds_type", "type", "field", "split"}
"""Fields of its `SFTDataset`."""
TEXTS = [
    f"ENGAGEMENT: LOW\nCHANNEL: #general\n<{LEAD}> ok.\n<{LEAD}ma> so?!\n<{LEAD}_> no\n* kai waves.\n<{LEAD}> 日本?\n",
    f"ENGAGEMENT: HIGH\nCHANNEL: #shoggoth\n<kai> hello there.\n<{LEAD}> no\n",
]
CORPUS = Corpus(
    training=tuple(Source(str(i), TEXTS[i % 2]) for i in range(40)),
    validation=(Source("v", TEXTS[1]),),
    lead=LEAD,
    layout=LAYOUT,
    digest="0" * 16,
    worlds="unknown",
    scripted=False,
    rejected=Counter(),
    warnings=(),
)


def settings(*changes: str, **given: object) -> Settings:
    return read_settings(ROOT / "policies" / "training.yaml", changes, **given)


@pytest.mark.parametrize(
    "changes", [(), ("quantize=nf4",), ("packing=false",), ("target_modules=[q_proj]",), ("precision=fp32",)]
)
@pytest.mark.parametrize("objective", ["all", "lead", "lead+turns"])
def test_the_config_says_what_the_settings_say(objective: str, changes: tuple[str, ...], tmp_path: Path) -> None:
    asked = settings(*changes, objective=objective)
    said = YAML(typ="safe").load(axolotl.export(CORPUS, asked, tmp_path).read_text())
    assert said.keys() <= KNOWN
    assert all(set(each) <= DATASET for each in (*said["datasets"], *said["test_datasets"]))
    for key in ("base_model", "lora_r", "lora_alpha", "lora_dropout", "learning_rate", "weight_decay", "num_epochs"):
        assert said[key] == getattr(asked, key)
    assert said["adapter"] == ("qlora" if asked.quantize == "nf4" else "lora")
    assert ("lora_target_linear" in said) != ("lora_target_modules" in said)
    if not asked.packing:
        assert said["micro_batch_size"] * said["gradient_accumulation_steps"] == asked.documents_per_step
    for split, count in (("datasets", 40), ("test_datasets", 1)):
        assert len(Path(said[split][0]["path"]).read_text().splitlines()) == count


def test_packing_does_not_change_the_documents_of_a_step() -> None:
    long = [Source(str(i), "x" * 16000) for i in range(10)]
    assert axolotl.accumulation(long, settings()) == 8, "4,100 tokens each: two fill a sequence, sixteen a step"
    assert axolotl.accumulation(CORPUS.training, settings()) == 1
    assert axolotl.accumulation(CORPUS.training, settings("packing=false")) == 16


@pytest.mark.parametrize("objective", ["lead", "lead+turns"])
def test_segments_give_the_tokens_and_the_loss_of_our_own_encoding(objective: str, tmp_path: Path) -> None:
    """As axolotl's `RawInputOutputStrategy` reads them: each segment tokenised by itself, no special tokens added."""
    tokenizer = models.tokenizer(400)
    encoder = Encoder(tokenizer, LEAD, LAYOUT)
    axolotl.export(CORPUS, settings(objective=objective), tmp_path)
    for row, source in zip((tmp_path / axolotl.TRAINING).read_text().splitlines(), CORPUS.training, strict=True):
        ids, labels = [], []
        for segment in json.loads(row)["segments"]:
            made = tokenizer(segment["text"], add_special_tokens=False).input_ids
            ids += made
            labels += [segment["label"]] * len(made)
        own = encoder.encode(source.text)
        weights = PRESETS[objective].weights(own)
        first = len(own) - 1 - len(ids)  # BOS, which the text does not hold; EOS has no weight here
        assert ids == list(own.ids[first:-1])
        assert labels[1:] == [bool(weight) for weight in weights[first + 1 : -1]]


def test_a_beginning_is_put_before_each_document(tmp_path: Path) -> None:
    axolotl.export(CORPUS, settings(objective="lead"), tmp_path, begin="<s>")
    rows = (tmp_path / axolotl.TRAINING).read_text().splitlines()
    assert {json.dumps(json.loads(row)["segments"][0]) for row in rows} == {'{"label": false, "text": "<s>"}'}


def test_the_beginning_is_the_tokenizers_own(tmp_path: Path) -> None:
    assert axolotl.beginning(str(tmp_path / "nowhere")) is None
    words = models.tokenizer(400)
    words.save_pretrained(tmp_path)
    found = axolotl.beginning(str(tmp_path))
    assert found == (words.bos_token if words("a").input_ids[0] == words.bos_token_id else "")


def test_weights_between_are_not_handed_over(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"lead\+turns"):
        axolotl.export(CORPUS, settings(objective="mixture"), tmp_path / "out")
    assert not (tmp_path / "out").exists()
