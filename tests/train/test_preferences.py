"""Preference training by TRL on top of an adapter: the good line gains, a stop changes nothing, the header is kept."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("trl")

from torch import Tensor

from simulator.errors import ContentError, NotMet, UsageError
from simulator.train import adapter, adapter_registry, settings, training
from simulator.train.callbacks import Evaluated, Stepped
from simulator.train.encoding import TokenClass
from simulator.train.packing import make_row_schedule
from simulator.train.preference_data import batch_rows
from simulator.train.training import TrainingJob
from simulator.train.validation import Validation
from tests.builders import LEAD
from tests.train import models
from tests.train.jobs import PROOF, QUICK, job, run
from tests.worlds import shipped

CHANGES = {
    "packing": False, "micro_batch_size": 1, "gradient_accumulation_steps": 4, "learning_rate": 0.02, "evaluations": 2,
    "calibration_documents": 2,
}  # fmt: skip
GOOD, BAD = " rain again, and not a bus in sight\n", " how can I help you with the cat today, friend?\n"


def rows(text: str) -> tuple[dict[str, object], list[dict[str, object]]]:
    """A pair, and the same as single lines, at the lead's first line of a document."""
    prompt = text[: text.index(f"<{LEAD}> ")] + f"<{LEAD}>"
    pair = {"prompt": prompt, "chosen": GOOD, "rejected": BAD, "rule": "assistant-language"}
    single = [{"prompt": prompt, "completion": line, "label": line == GOOD} for line in (GOOD, BAD)]
    return pair, single


@pytest.fixture(scope="module")
def start(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter that was trained on documents."""
    folder = tmp_path_factory.mktemp("sft")
    run(job(folder, tiny), folder / "out")
    return folder / "out"


def prepared(folder: Path, tiny: Path, method: str, start: Path | None, **changes: object) -> TrainingJob:
    texts = models.texts(14)
    corpus = models.export(folder / "corpus", texts[:12], texts[12:])
    for name, part in (("em_character_training", texts[:12]), ("validation", texts[12:])):
        pairs, singles = zip(*map(rows, part), strict=True)
        for ending, made in (("dpo", pairs), ("kto", [row for two in singles for row in two])):
            path = corpus / f"{name}.{ending}.jsonl"
            path.write_text("".join(json.dumps(row) + "\n" for row in made))
    plain = settings.read_settings(PROOF, base_model=str(tiny))
    wanted = settings.change_settings(plain, QUICK | CHANGES | changes)
    request = training.TrainingRequest(corpus, wanted, folder, method=method, start=start)
    return training.prepare_training(request, shipped())


def losses(out: Path) -> dict[tuple[str, int], float]:
    found = map(json.loads, (out / "metrics.jsonl").read_text().splitlines())
    return {(row["kind"], row["step"]): row["loss"] for row in found}


@pytest.mark.parametrize("method", ["dpo", "kto"])
def test_a_line_is_encoded_as_in_its_document_and_no_end_of_text_follows_it(
    tmp_path: Path, tiny: Path, start: Path, method: str
) -> None:
    made = prepared(tmp_path, tiny, method, start)
    assert made.preference is not None
    row = made.preference.training[0]
    pair, _ = rows(models.texts(14)[0])
    whole = made.encoder.encode(f"{pair['prompt']}{GOOD}")
    assert (*row.prompt, *row.wanted) == whole.ids[:-1]
    assert {whole.classes[place] for place in range(len(row.prompt), len(whole) - 1)} == {TokenClass.LEAD}
    assert made.encoder.tokenizer.eos_token_id not in (*row.prompt, *row.wanted, *row.unwanted)
    assert made.encoder.tokenizer.decode(row.wanted) == GOOD


@pytest.mark.parametrize("method", ["dpo", "kto"])
def test_what_people_prefer_becomes_likelier(tmp_path: Path, tiny: Path, start: Path, method: str) -> None:
    told: list[object] = []
    done = run(prepared(tmp_path, tiny, method, start), tmp_path / "out", tell=told.append)
    assert (done.interrupted, done.header_lost) == (False, False) and done.steps >= 3
    first, *_, last = [each.measures["loss"] for each in told if isinstance(each, Evaluated)]
    assert last < first, "on rows that were held out"
    assert all(math.isfinite(each.loss) for each in told if isinstance(each, Stepped))
    measures = next(each.measures for each in told if isinstance(each, Evaluated))
    assert {"document_loss", "swap_LOW", "swap_MEDIUM", "swap_HIGH", "swap_rise"} <= measures.keys()
    card = adapter.read(tmp_path / "out")
    assert card.objective == method and card.settings["preference"]["method"] == method
    assert card.settings["start"] == adapter_registry.weights_digest(start)
    assert not list((tmp_path / "out").rglob("ref")) and not list((tmp_path / "out").rglob("*.bin"))


def test_after_a_stop_it_goes_on_to_the_same_losses(tmp_path: Path, tiny: Path, start: Path) -> None:
    class Enough(Exception):
        pass

    def stop(told: object) -> None:
        if isinstance(told, Stepped) and told.step == 2:
            raise Enough

    whole, halved = tmp_path / "whole", tmp_path / "halved"
    run(prepared(whole, tiny, "dpo", start, evaluations=3), whole / "out")
    with pytest.raises(Enough):
        run(prepared(halved, tiny, "dpo", start, evaluations=3), halved / "out", tell=stop)
    run(prepared(halved, tiny, "dpo", start, evaluations=3), halved / "out", resume=True)
    assert losses(halved / "out") == pytest.approx(losses(whole / "out"))


@pytest.mark.parametrize(
    ("rows", "a_step", "epochs", "processes", "steps", "per_step"),
    [(10, 4, 1, 1, 3, 4), (5, 2, 2, 1, 5, 2), (10, 4, 1, 3, 2, 6), (3, 16, 1, 1, 1, 16), (12, 6, 1, 2, 2, 6)],
)
def test_a_step_has_as_many_rows_as_were_asked_for(
    rows: int, a_step: int, epochs: int, processes: int, steps: int, per_step: int
) -> None:
    plain = settings.read_settings(PROOF)
    wanted = settings.change_settings(plain, CHANGES | {"gradient_accumulation_steps": a_step, "num_epochs": epochs})
    made = make_row_schedule(rows, wanted, processes)
    assert (made.steps, made.per_step) == (steps, per_step)
    assert sorted(made.sequences) == sorted([(place,) for place in range(rows)] * epochs)


@pytest.mark.parametrize(("per_process", "at_once"), [(16, 4), (6, 3), (4, 4), (2, 2), (14, 2), (5, 5), (7, 7)])
def test_the_rows_that_kto_compares_divide_a_step(per_process: int, at_once: int) -> None:
    assert batch_rows("kto", per_process) == at_once and per_process % at_once == 0
    assert batch_rows("dpo", per_process) == 1


def test_kto_takes_the_steps_of_its_plan_also_over_several_epochs(tmp_path: Path, tiny: Path, start: Path) -> None:
    """24 rows: six a step are 4 steps an epoch, where four at once do not divide them."""
    made = prepared(tmp_path, tiny, "kto", start, gradient_accumulation_steps=6, num_epochs=2, evaluations=1)
    assert (made.plan.steps, made.estimate.steps, made.estimate.documents) == (8, 8, 24)
    done = run(made, tmp_path / "out")
    assert done.steps == 8 and not done.interrupted
    assert adapter.read(tmp_path / "out").documents == 12, "those of the corpus"


def test_every_row_held_out_counts_the_same(tmp_path: Path, tiny: Path) -> None:
    """Nine pairs are read eight at once: in whatever order they stand, the mean is that of the pairs."""
    found = []
    for name, turned in (("one", 0), ("other", 4)):
        made = prepared(tmp_path / name, tiny, "dpo", None, evaluations=1)
        assert made.preference is not None
        nine = made.preference.training[:9]
        held = nine[turned:] + nine[:turned]
        made = replace(made, preference=replace(made.preference, validation=held))
        told: list[object] = []
        run(made, tmp_path / name / "out", tell=told.append)
        found.append([each.measures["loss"] for each in told if isinstance(each, Evaluated)][-1])
    assert found[0] == pytest.approx(found[1], rel=1e-4)


def test_the_plan_is_of_the_rows_and_not_of_the_documents(tmp_path: Path, tiny: Path, start: Path) -> None:
    plans = {method: prepared(tmp_path / method, tiny, method, start).estimate for method in ("dpo", "kto")}
    for name, look in plans.items():
        made = prepared(tmp_path / name / "again", tiny, name, start)
        assert made.preference is not None
        assert look.tokens == sum(row.tokens for row in made.preference.training)
        assert look.in_loss == sum(len(row.wanted) + len(row.unwanted) for row in made.preference.training)
        assert look.documents == len(made.preference.training) and look.longest == max(
            map(len, made.preference.training)
        )
    assert plans["dpo"].tokens == plans["kto"].tokens, "a pair is two rows"
    assert plans["dpo"].tokens_per_second > plans["kto"].tokens_per_second, "which reads each line once more"


def test_documents_are_learnt_on_top_of_an_adapter(tmp_path: Path, tiny: Path, start: Path) -> None:
    first = job(tmp_path, tiny)
    done = run(replace(first, start=start), tmp_path / "out")
    card = adapter.read(tmp_path / "out")
    assert not done.interrupted and card.objective == first.settings.objective
    assert card.settings["start"] == adapter_registry.weights_digest(start)
    assert losses(tmp_path / "out")["validation", 0] < losses(start)["validation", 0], "it begins where that one ended"

    class Enough(Exception):
        pass

    def stop(told: object) -> None:
        if isinstance(told, Stepped):
            raise Enough

    with pytest.raises(Enough):
        run(replace(first, start=start), tmp_path / "half", tell=stop)
    with pytest.raises(UsageError, match="another start"):
        run(first, tmp_path / "half", resume=True)


def test_without_rows_held_out_the_documents_alone_are_measured(tmp_path: Path, tiny: Path) -> None:
    made = prepared(tmp_path, tiny, "dpo", None, evaluations=1)
    assert made.preference is not None
    made = replace(made, preference=replace(made.preference, validation=()))
    texts: list[object] = []
    assert not run(made, tmp_path / "out", tell=texts.append).interrupted
    measures = [each.measures for each in texts if isinstance(each, Evaluated)]
    assert measures and all(each["loss"] == each["document_loss"] for each in measures)


def rising_by(monkeypatch: pytest.MonkeyPatch, *rises: float) -> None:
    """Evaluation by evaluation, how much likelier the header makes the lead."""
    told, before = iter(rises), Validation.__call__

    def measured(self: Validation, model: object, added: Callable[[Tensor], Tensor]) -> dict[str, float]:
        return before(self, model, added) | {"swap_rise": next(told)}

    monkeypatch.setattr(Validation, "__call__", measured)


def test_it_stops_when_the_header_loses_its_hold(
    tmp_path: Path, tiny: Path, start: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rising_by(monkeypatch, 0.4, 0.3, 0.1, 0.1)
    done = run(prepared(tmp_path, tiny, "dpo", start), tmp_path / "out")
    assert done.header_lost and not done.interrupted
    assert done.best < done.steps and adapter.read(tmp_path / "out").steps == done.best


def test_what_the_header_never_did_cannot_be_lost(
    tmp_path: Path, tiny: Path, start: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rise by chance that is gone at the next evaluation stops nothing."""
    rising_by(monkeypatch, 0.001, -0.001, -0.002, 0.0)
    made = prepared(tmp_path, tiny, "dpo", start)
    done = run(made, tmp_path / "out")
    assert not done.header_lost and done.steps == made.plan.steps


def test_what_cannot_be_done_is_one_line(tmp_path: Path, tiny: Path, start: Path) -> None:
    with pytest.raises(UsageError, match="KTO goes on from an adapter"):
        prepared(tmp_path / "a", tiny, "kto", None)
    with pytest.raises(UsageError, match="KTO compares a row with others"):
        prepared(tmp_path / "d", tiny, "kto", start, gradient_accumulation_steps=1)
    with pytest.raises(NotMet, match="longer than 40 tokens"):
        prepared(tmp_path / "b", tiny, "dpo", start, sequence_len=40, too_long="cut")
    made = prepared(tmp_path / "c", tiny, "dpo", None)
    assert made.start is None, "DPO may begin with a fresh adapter"
    path = tmp_path / "c" / "corpus" / "em_character_training.dpo.jsonl"
    path.write_text('{"prompt": 1}\n')
    request = training.TrainingRequest(path.parent, made.settings, tmp_path, method="dpo")
    with pytest.raises(ContentError, match=r"dpo\.jsonl:1: no row"):
        training.prepare_training(request, shipped())
    path.unlink()
    with pytest.raises(UsageError, match="em export NAME"):
        training.prepare_training(request, shipped())
