"""The plan that is shown before a model is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.errors import EmError
from simulator.train import settings, training, training_estimate
from simulator.train.training_estimate import measure_speed
from tests.train.jobs import PROOF, job


def test_the_plan_counts_what_will_be_trained(tiny: Path, tmp_path: Path) -> None:
    made = job(tmp_path, tiny, documents=9, held_out=2, objective="lead+turns")
    look = made.estimate
    assert (look.documents, look.held_out) == (9, 2)
    assert look.tokens == sum(map(len, made.training)) == sum(kind.tokens for kind in look.kinds.values())
    assert look.in_loss == look.kinds["speaker"].tokens + look.kinds["lead"].tokens
    assert look.steps == look.unpacked_steps == made.plan.steps == 5
    assert look.longest == max(map(len, made.training)) <= look.longest_sequence <= 2048
    assert 0 <= look.padding < 1
    assert 0 < look.room < 1
    assert look.seconds > 0


@pytest.mark.parametrize(
    ("accumulation", "said"), [(16, "gradient_accumulation_steps=1 makes 9"), (1, "export a larger run")]
)
def test_few_steps_come_with_what_changes_it(tiny: Path, tmp_path: Path, accumulation: int, said: str) -> None:
    made = job(tmp_path, tiny, documents=9, gradient_accumulation_steps=accumulation)
    assert made.estimate.few_steps
    assert said in made.estimate.more_steps(made.settings)


def test_documents_longer_than_a_sequence(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(EmError, match="too_long=cut") as caught:
        job(tmp_path, tiny, sequence_len=200, too_long="refuse")
    assert caught.value.exit_code == 2
    with pytest.raises(EmError, match="all 8 documents are longer"):
        job(tmp_path, tiny, sequence_len=200, too_long="skip")
    made = job(tmp_path, tiny, sequence_len=200, too_long="cut")
    assert len(made.training) > 8
    assert max(map(len, made.training)) <= 200


def test_a_base_that_reads_less(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(EmError, match="--set sequence_len=2048"):
        job(tmp_path, tiny, sequence_len=4096)


def test_an_unknown_objective(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(EmError, match="lead\\+turns"):
        job(tmp_path, tiny, objective="some")


def test_the_probe_measures_something() -> None:
    assert measure_speed("fp32") > 1e6


@pytest.mark.parametrize(
    ("changes", "speeds", "precision"),
    [
        ({"precision": "bf16"}, {"bf16": 1e9, "fp32": 1e11}, "fp32"),
        ({"precision": "bf16"}, {"bf16": 3e11, "fp32": 1e11}, "bf16"),
        ({"precision": "bf16"}, {"bf16": 0.5e11, "fp32": 1e11}, "bf16"),
        ({"precision": "bf16", "quantize": "nf4"}, {"bf16": 1e9, "fp32": 1e11}, "bf16"),
        ({"precision": "fp32"}, {"fp32": 1e11}, "fp32"),
    ],
)
def test_fp32_is_taken_where_bf16_is_far_slower_and_that_is_said(
    changes: dict[str, str], speeds: dict[str, float], precision: str
) -> None:
    given = settings.change_settings(settings.read_settings(PROOF), changes)
    usable, notes = training._usable_precision(given, speeds)
    assert usable.precision == precision
    assert bool(notes) is (usable != given) and all("100 times slower" in note for note in notes)


@pytest.mark.parametrize("precision", ["bf16", "fp32"])
def test_the_speed_of_this_machine_is_measured(precision: str) -> None:
    assert training_estimate.measure_speed(precision) > 1e6
