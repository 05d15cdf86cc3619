"""TRL's trainers of preferences with our evaluation, our checkpoints, and an eye on the header.

Preference data says nothing about who speaks when, and could take away what the documents taught: P(lead next) on the
held-out documents under each header is measured at every evaluation. Where its rise from the lowest level to the
highest has fallen below a share of what it was before the first step, the training stops, and no such checkpoint
becomes the adapter. An adapter in which the header never took hold has nothing to lose: a rise below `least_rise` is
chance, and is not watched.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset  # type: ignore[import-untyped]  # the library has no types
from trl.trainer.dpo_config import DPOConfig
from trl.trainer.dpo_trainer import DPOTrainer
from trl.trainer.kto_config import KTOConfig
from trl.trainer.kto_trainer import KTOTrainer

from simulator.train.preference_data import EncodedRow, PreferenceData, batch_rows
from simulator.train.trainer import SealedTrainer, argument_values
from simulator.train.training import TrainingJob

KEPT = "kept_loss"
"""The loss by which the best checkpoint is chosen: infinite where the header was lost."""


class _PreferenceTrainer(SealedTrainer):
    """What both methods share; comes before TRL's trainer in the order of classes."""

    def __init__(self, *, preference: PreferenceData, **given: Any) -> None:
        self._preference = preference
        super().__init__(**given)

    def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
        """The rows are token ids already, without the end-of-text token that TRL would put after each line."""
        return dataset

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """The adapter's card is ours."""

    def _save_extra(self, folder: Path) -> None:
        """TRL's copy of the adapter that it started from is made again when a training goes on."""
        super()._save_extra(folder)
        reference = folder / "ref"
        if reference.is_dir():
            for path in reference.iterdir():
                path.unlink()
            reference.rmdir()

    def _measures(self) -> dict[str, float]:
        measures = super()._measures()
        measures["document_loss"] = measures["loss"]
        if self._preference.validation:
            measures["loss"] = self._row_loss()
        numbers = self._preference.numbers
        first = next((row["eval_swap_rise"] for row in self.state.log_history if "eval_swap_rise" in row), None)
        rise = measures.get("swap_rise")
        lost = False
        if first is not None and rise is not None and first >= numbers.least_rise:
            lost = rise < numbers.kept_rise * first
        if lost:
            self._watch.header_lost = True
            self.control.should_training_stop = self.control.should_save = True
        measures[KEPT] = math.inf if lost else measures["loss"]
        return measures

    def _row_loss(self) -> float:
        """Mean over the held-out rows; the loss of a batch is that of its rows."""
        sums = torch.zeros(2, dtype=torch.float64)
        for inputs in self.get_eval_dataloader():
            ready = self._prepare_inputs(inputs)
            assert self.model is not None
            loss = self.compute_loss(self.model, ready)
            assert isinstance(loss, torch.Tensor)
            rows = len(ready["label"]) if "label" in ready else len(ready["input_ids"]) // 2  # a pair is two sequences
            sums += torch.tensor([rows * loss.item(), rows], dtype=torch.float64)
        total, counted = self._added(sums).tolist()
        return float(total / counted)


class DpoTrainer(_PreferenceTrainer, DPOTrainer):
    """Pairs (arXiv:2305.18290)."""


class KtoTrainer(_PreferenceTrainer, KTOTrainer):
    """Single lines (arXiv:2402.01306)."""


def preference_trainer(
    job: TrainingJob, data: PreferenceData, folder: Path, start: Path | None, **given: Any
) -> SealedTrainer:
    """The trainer of the method. `folder`: for the checkpoints. `start`: the one to go on from. `given`: to it."""
    values = argument_values(folder, job, start=start)
    values |= {"metric_for_best_model": KEPT, "max_length": job.settings.sequence_len, "beta": data.numbers.beta}
    tokenizer = job.encoder.tokenizer
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    rows = [data.training[place] for group in job.plan.sequences for place in group]
    given |= {"preference": data, "processing_class": tokenizer}
    # The Trainer evaluates only with a data set for it; without rows held out, the documents alone are measured.
    held = data.validation or rows[:1]
    if data.method == "dpo":
        return DpoTrainer(args=DPOConfig(**values), train_dataset=_dataset(rows), eval_dataset=_dataset(held), **given)
    per_process = job.plan.per_step // job.processes
    batch = batch_rows(data.method, per_process)
    values |= {"per_device_train_batch_size": batch, "per_device_eval_batch_size": batch}
    values["gradient_accumulation_steps"] = per_process // batch
    trained, measured = _dataset(rows, batch), _dataset(held, batch)
    return KtoTrainer(args=KTOConfig(**values), train_dataset=trained, eval_dataset=measured, **given)


def _dataset(rows: Sequence[EncodedRow], batch: int = 0) -> Dataset:
    """`batch`: of KTO's, in which every row is given the line of the row before it, for the estimate of distance."""
    columns = [row.columns for row in rows]
    if batch:
        for first in range(0, len(columns), batch):
            part = columns[first : first + batch]
            for place, row in enumerate(part):
                row["KL_completion_ids"] = part[place - 1]["completion_ids"]
    return Dataset.from_list(columns)
