"""The training itself on a tiny model: exact accumulation, what is kept, and when it stops."""

from __future__ import annotations

import json
import math
import signal
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from simulator.errors import EmError, NotMet
from simulator.train import adapter, checkpoints
from simulator.train.callbacks import Evaluated, Stepped
from simulator.train.loss import surprises, weighted_sum
from simulator.train.packing import batch
from simulator.train.trainer import Sequences
from tests.train.jobs import job, run


def rows(out: Path, kind: str) -> list[dict]:
    return [row for row in map(json.loads, (out / "metrics.jsonl").read_text().splitlines()) if row["kind"] == kind]


def test_a_training_leaves_an_adapter_its_card_and_its_curves(tiny: Path, tmp_path: Path) -> None:
    made = job(tmp_path, tiny, documents=8, held_out=3, calibration_documents=1, lora_dropout=0.1)
    told: list[object] = []
    out = tmp_path / "out"
    done = run(made, out, tell=told.append)

    assert (done.steps, done.interrupted, done.stopped_early) == (made.plan.steps, False, False)
    assert [each.step for each in told if isinstance(each, Stepped)] == list(range(1, made.plan.steps + 1))
    evaluations = [each for each in told if isinstance(each, Evaluated)]
    assert [each.step for each in evaluations] == [0, 2, 4]
    assert evaluations[-1].measures["loss"] < evaluations[0].measures["loss"]
    assert {"loss_speaker", "loss_lead", "loss_people", "loss_all", "swap_rise", "coverage"} <= set(
        evaluations[0].measures
    )
    card = adapter.read(out)
    best = min((each for each in evaluations if each.step), key=lambda each: each.measures["loss"])
    assert (card.steps, card.documents) == (best.step, 8)
    assert card.validation_loss == pytest.approx(best.measures["loss"])
    assert card.corpus == made.corpus.digest
    assert json.loads((out / "best.json").read_text())["checkpoint"] == f"checkpoint-{best.step}"
    chosen = out / "checkpoints" / f"checkpoint-{best.step}"
    assert (out / adapter.WEIGHTS).read_bytes() == (chosen / adapter.WEIGHTS).read_bytes()
    assert not [path for path in out.rglob("*") if path.suffix in (".bin", ".pt", ".pth", ".pkl")]
    assert list((out / "tensorboard").iterdir())
    assert [row["step"] for row in rows(out, "train")] == list(range(1, made.plan.steps + 1))
    with pytest.raises(EmError, match="holds a finished adapter"):
        run(made, out)


def test_packing_changes_nothing_but_the_number_of_sequences(tiny: Path, tmp_path: Path) -> None:
    """Four documents in one sequence, and accumulated over four: the same losses and the same adapter to 1e-5."""
    outs = {}
    for packing in (True, False):
        made = job(tmp_path / str(packing), tiny, gradient_accumulation_steps=4, packing=packing, objective="mixture")
        assert made.plan.per_step == (1 if packing else 4)
        outs[packing] = tmp_path / str(packing) / "out"
        run(made, outs[packing])
    packed, apart = (
        [(row["loss"], row["grad_norm"]) for row in rows(outs[packing], "train")] for packing in (True, False)
    )
    assert packed == [pytest.approx(row, abs=1e-5) for row in apart]
    assert packed[0][0] != packed[1][0]
    first, second = (load_file(outs[packing] / adapter.WEIGHTS) for packing in (True, False))
    assert all(torch.allclose(first[name], second[name], atol=1e-5) for name in first)


def test_the_loss_is_the_weighted_mean_of_the_models_own(tiny: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    made = job(tmp_path, tiny)
    model = AutoModelForCausalLM.from_pretrained(tiny)
    several = batch(made.training[:3], made.objective)
    places = several["position_ids"][0].nonzero()[:, 0]
    with torch.no_grad():
        alone = [
            model(input_ids=torch.tensor([each.ids]), use_cache=False).logits[0, :-1].log_softmax(-1)
            for each in made.training[:3]
        ]
        own = [
            -logs[range(len(each) - 1), list(each.ids[1:])] for logs, each in zip(alone, made.training[:3], strict=True)
        ]
        found = surprises(model, several, places)
        total = weighted_sum(model, several)
    assert torch.allclose(found, torch.cat(own), atol=1e-5)
    weights = torch.cat([torch.tensor(made.objective.weights(each)[1:]) for each in made.training[:3]])
    assert float(total) == pytest.approx(float((weights * torch.cat(own)).sum()), rel=1e-5)


def test_a_process_with_nothing_to_do_adds_nothing(tiny: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    made = job(tmp_path, tiny)
    model = AutoModelForCausalLM.from_pretrained(tiny)
    empty = Sequences(made.training, [()], made.objective)[0]
    loss = weighted_sum(model, empty)
    loss.backward()
    assert loss.item() == 0
    assert all(each.grad is None or not each.grad.any() for each in model.parameters())


def test_it_stops_when_validation_gets_worse(tiny: Path, tmp_path: Path) -> None:
    """At a rate of 0.1 a tiny model only gets worse; the best checkpoint is what is kept."""
    made = job(
        tmp_path, tiny, documents=24, learning_rate=0.1, evaluations=12, patience=2, checkpoints_kept=2, warmup_ratio=0
    )
    out = tmp_path / "out"
    done = run(made, out)
    losses = {row["step"]: row["loss"] for row in rows(out, "validation")}
    assert done.stopped_early
    assert done.steps < made.plan.steps
    assert len(losses) - 1 - min(range(len(losses)), key=list(losses.values()).__getitem__) == 2
    assert adapter.read(out).steps == min((step for step in losses if step), key=losses.__getitem__)
    assert len(list((out / "checkpoints").iterdir())) == 2


@pytest.mark.parametrize("held_out", [0, 2])
def test_no_number_stops_it_in_one_line(tiny: Path, tmp_path: Path, held_out: int) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in tiny.iterdir():
        (broken / path.name).write_bytes(path.read_bytes())
    weights = load_file(broken / "model.safetensors")
    weights["model.norm.weight"][0] = math.nan
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    made = job(tmp_path, broken, held_out=held_out, validation_share=0)
    with pytest.raises(NotMet, match="became nan") as caught:
        run(made, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out" / adapter.CARD).exists()


def test_an_interrupt_finishes_the_step_and_saves(tiny: Path, tmp_path: Path) -> None:
    made = job(tmp_path, tiny, documents=12, evaluations=1)
    out = tmp_path / "out"

    def press(told: object) -> None:
        if isinstance(told, Stepped) and told.step == 2:
            signal.raise_signal(signal.SIGINT)

    done = run(made, out, tell=press)
    # The signal came after the second step was decided upon; the third is finished and saved.
    assert done.interrupted
    assert done.steps == 3
    newest, lines = checkpoints.newest_checkpoint(out / "checkpoints")
    assert (newest.name, lines) == ("checkpoint-3", [])
    assert not (out / adapter.CARD).exists()
    done = run(made, out, resume=True)
    assert (done.steps, done.interrupted) == (made.plan.steps, False)
    assert adapter.read(out).steps == made.plan.steps


def test_layers_that_the_base_lacks(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(EmError, match="no layer c_attn"):
        run(job(tmp_path, tiny, target_modules=["c_attn"]), tmp_path / "out")
