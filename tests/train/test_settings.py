"""The plan's numbers stand in the file, and whatever is wrong with a setting is said in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.errors import EmError
from simulator.train.objective import PRESETS
from simulator.train.settings import read_settings
from simulator.world.load import shipped
from simulator.world.policies.training import Settings

FILE = shipped() / "policies" / "training.yaml"
PROOF = shipped() / "policies" / "training-proof.yaml"

PLAN = {
    "base_model": "./outputs/irc-mistral-24b-production/merged/",
    "lora_r": 32,
    "lora_alpha": 64,
    "lora_dropout": 0.2,
    "learning_rate": 0.00003,
    "num_epochs": 1,
    "weight_decay": 0.02,
    "micro_batch_size": 1,
    "gradient_accumulation_steps": 16,
}


@pytest.mark.parametrize(("key", "value"), PLAN.items())
def test_the_plans_numbers(key: str, value: object) -> None:
    assert getattr(read_settings(FILE), key) == value


@pytest.mark.parametrize("path", [FILE, PROOF])
def test_every_setting_stands_in_the_file(path: Path) -> None:
    """Nobody has to read code to learn what is in force."""
    assert read_settings(path).objective in PRESETS
    assert read_settings(path).model_fields_set == set(Settings.model_fields)


def test_the_plans_own_block_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text("".join(f"{key}: {value}\n" for key, value in PLAN.items()))
    assert read_settings(path).documents_per_step == 16


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [
        ("learning_rate=3e-5", "learning_rate", 3e-5),
        ("packing=false", "packing", False),
        ("target_modules=[q_proj, v_proj]", "target_modules", ("q_proj", "v_proj")),
        ("target_modules=all-linear", "target_modules", "all-linear"),
        ("quantize=nf4", "quantize", "nf4"),
        (" lora_r = 8", "lora_r", 8),
    ],
)
def test_a_change_has_the_type_it_has_in_a_file(change: str, key: str, value: object) -> None:
    assert getattr(read_settings(FILE, [change]), key) == value


def test_what_is_given_beats_a_change() -> None:
    assert read_settings(FILE, ["objective=all"], objective="lead").objective == "lead"
    assert read_settings(FILE, ["objective=all"], objective=None).objective == "all"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("lorar=3", "did you mean lora_r"),
        ("learning_rte=3", "learning_rate"),
        ("xyzzy=3", "no setting `xyzzy`"),
        ("lora_r", "is not key=value"),
        ("lora_r=many", "lora_r"),
        ("lora_r=0", "lora_r"),
        ("lora_dropout=1", "lora_dropout"),
        ("precision=fp16", "precision"),
        ("checkpoints_kept=1", "checkpoints_kept"),
        ("learning_rate=.nan", "learning_rate"),
        ("packing=[", "--set packing"),
    ],
)
def test_a_wrong_change_is_one_line(change: str, said: str) -> None:
    with pytest.raises(EmError) as caught:
        read_settings(FILE, [change])
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lora_rr: 16\n", "lora_r"),
        ("- 1\n", "not a table"),
        ("lora_r: 3\n", "base_model"),
        ("a: [\n", "plan.yaml"),
        ("", "not a table"),
    ],
)
def test_a_wrong_file_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "plan.yaml"
    lines = [] if text.startswith(("-", "a")) or not text else [f"{k}: {v}\n" for k, v in PLAN.items() if k not in text]
    if "base_model" in said:
        lines = []
    path.write_text("".join(lines) + text)
    with pytest.raises(EmError) as caught:
        read_settings(path)
    assert said in str(caught.value)
    assert "plan.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(EmError, match="no such file"):
        read_settings(tmp_path / "none.yaml")
