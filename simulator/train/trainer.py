"""transformers' Trainer with the three things that are ours: weighted tokens, our evaluation, sealed checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import Trainer

from simulator import clock
from simulator.errors import NotMet
from simulator.train import checkpoints, loss
from simulator.train.callbacks import Watch
from simulator.train.encoding import Encoded
from simulator.train.objective import Objective
from simulator.train.packing import Group, batch
from simulator.train.training import TrainingJob

Measure = Callable[[Any, Callable[[Tensor], Tensor]], dict[str, float]]
"""From a model, and what adds up a tensor over all processes, to measures by name, `loss` among them."""


class Sequences(torch.utils.data.Dataset[dict[str, Tensor]]):
    """The schedule's sequences as tensors, made when they are wanted."""

    def __init__(self, documents: Sequence[Encoded], groups: Sequence[Group], objective: Objective) -> None:
        self._documents, self._groups, self._objective = documents, groups, objective
        self._shortest = min(range(len(documents)), key=lambda place: len(documents[place]))

    def __len__(self) -> int:
        return len(self._groups)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        if group := self._groups[index]:
            return batch([self._documents[place] for place in group], self._objective)
        # All processes take part in every forward pass, also one that has nothing to learn there.
        filler = batch([self._documents[self._shortest]], self._objective)
        return filler | {"weights": torch.zeros_like(filler["weights"])}


class SealedTrainer(Trainer):
    """transformers' Trainer with our evaluation, and checkpoints that are sealed and hold no pickles.

    Raises NotMet as soon as a validation loss is no number; the checkpoints before it stay.
    """

    def __init__(self, *, measure: Measure | None, watch: Watch, **given: Any) -> None:
        """`given`: to the Trainer."""
        self._measure, self._watch = measure, watch
        super().__init__(callbacks=[watch], **given)

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Reads the validation documents; the measures are logged as eval_NAME."""
        began = clock.tick()
        model = self.model
        assert model is not None
        model.eval()
        with torch.inference_mode(), self.compute_loss_context_manager():
            measures = self._measures()
        model.train()
        if not measures["loss"] < float("inf"):
            raise NotMet(
                f"the validation loss became {measures['loss']} at step {self.state.global_step}",
                place="training",
                remedy="lower learning_rate, or set precision=fp32; earlier checkpoints stay",
            )
        named = {f"eval_{name}": value for name, value in measures.items()}
        self.log(named)
        self._watch.evaluating(clock.tick() - began)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, named)
        return named

    def _measures(self) -> dict[str, float]:
        """By name, `loss` among them."""
        assert self._measure is not None
        return self._measure(self.model_wrapped if self.is_fsdp_enabled else self.model, self._added)

    def _evaluate(self, trial: Any, ignore_keys_for_eval: Any, skip_scheduler: bool = False) -> dict[str, float]:
        found = super()._evaluate(trial, ignore_keys_for_eval, skip_scheduler)
        if skip_scheduler and self.state.global_step:  # made up for after an interruption, see `argument_values`
            self._determine_best_metric(found, trial)
        return found

    def save_interrupted(self) -> None:
        """A checkpoint of the last whole step, as it would have been written then; nothing if there is one already."""
        folder = self._step_folder()
        if not self._watch.random_state or not checkpoints.find_fault(folder):
            return
        checkpoints.restore_random(self._watch.random_state)
        self._save_checkpoint(self.model, None)

    def _added(self, values: Tensor) -> Tensor:
        total: Tensor = self.accelerator.reduce(values.to(self.args.device), reduction="sum")
        return total

    def _step_folder(self) -> Path:
        """Where the checkpoint of the last whole step stands, or would stand."""
        assert self.args.output_dir is not None  # `argument_values` names one
        return Path(self.args.output_dir) / f"checkpoint-{self.state.global_step}"

    # What the Trainer would pickle is kept as safetensors and JSON; a sharded model keeps its own way.

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)
        self.accelerator.wait_for_everyone()
        folder = self._step_folder()
        if self.args.should_save:
            self._save_extra(folder)
            checkpoints.seal(folder)
        self.accelerator.wait_for_everyone()

    def _save_extra(self, folder: Path) -> None:
        """Takes out of a new checkpoint what is not to be sealed."""
        for name in ("training_args.bin", "README.md"):
            (folder / name).unlink(missing_ok=True)

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        if self.is_fsdp_enabled:
            super()._save_optimizer_and_scheduler(output_dir)
        elif self.args.should_save:
            checkpoints.write_optimizer(Path(output_dir), self.optimizer, self.lr_scheduler)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is None:
            return
        if self.is_fsdp_enabled:
            super()._load_optimizer_and_scheduler(checkpoint)
        else:
            checkpoints.read_optimizer(Path(checkpoint), self.optimizer, self.lr_scheduler)

    def _save_rng_state(self, output_dir: str) -> None:
        Path(output_dir).mkdir(parents=True, exist_ok=True)
        checkpoints.write_random_state(Path(output_dir), self.args.process_index)

    def _load_rng_state(self, checkpoint: str | None) -> None:
        if checkpoint is not None:
            checkpoints.read_random_state(Path(checkpoint), self.args.process_index)


class LeadTrainer(SealedTrainer):
    """Trains the adapter of a PEFT model on weighted tokens.

    The loss of an optimizer step is sum(weight * surprise) / sum(weight) over all of its sequences on all processes,
    so that it is the same however the step is cut into sequences.

    Raises NotMet as soon as a loss is no number; the checkpoints before it stay.
    """

    loss_is_scaled_for_ga = True

    def __init__(self, **given: Any) -> None:
        super().__init__(data_collator=_only, **given)

    def get_batch_samples(
        self, epoch_iterator: Any, num_batches: int, device: torch.device
    ) -> tuple[list[Any], Tensor | None]:
        """The sequences of a step, and the sum of their weights over all processes."""
        found, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
        if not found:
            return found, None
        total = torch.stack([each["weights"].sum() for each in found]).sum().to(device)
        return found, self.accelerator.gather(total).sum()

    def compute_loss(
        self, model: Any, inputs: dict[str, Tensor], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Tensor:
        """This sequence's part of the step's loss, times the processes, over which gradients are averaged."""
        part = loss.weighted_sum(model, inputs) / num_items_in_batch.clamp(min=1e-9)
        if not torch.isfinite(part):
            raise NotMet(
                f"the loss became {part.item()} at step {self.state.global_step + 1}",
                place="training",
                remedy="lower learning_rate, or set precision=fp32; earlier checkpoints stay",
            )
        of_all: Tensor = part * self.accelerator.num_processes
        return of_all


def _only(rows: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The one sequence of a batch, which is a batch already."""
    (row,) = rows
    return row


def argument_values(folder: Path, job: TrainingJob, *, start: Path | None) -> dict[str, Any]:
    """What the Trainer has to know, by the names of TrainingArguments. `folder`: for the checkpoints. `start`: the one
    to go on from."""
    settings, plan = job.settings, job.plan
    interval = -(-plan.steps // settings.evaluations)
    due = start is None or (checkpoints.step_of(start) % interval == 0 and not checkpoints.was_evaluated(start))
    cuda = torch.cuda.is_available()
    return {
        "output_dir": str(folder),
        "num_train_epochs": 1,  # the schedule holds all epochs, each in an order of its own
        "per_device_train_batch_size": 1,
        "gradient_accumulation_steps": plan.per_step // job.processes,
        "train_sampling_strategy": "sequential",
        "learning_rate": settings.learning_rate,
        "weight_decay": settings.weight_decay,
        "max_grad_norm": settings.max_grad_norm,
        "lr_scheduler_type": settings.lr_scheduler,
        "warmup_steps": round(settings.warmup_ratio * plan.steps),
        "optim": "adamw_torch",
        "bf16": settings.precision == "bf16",
        "use_cpu": not cuda,
        "gradient_checkpointing": settings.gradient_checkpointing,
        "gradient_checkpointing_kwargs": {"use_reentrant": False},
        "eval_strategy": "steps" if job.validation else "no",
        "eval_steps": interval,
        "eval_on_start": bool(job.validation) and due,
        "save_strategy": "steps",
        "save_steps": interval,
        "save_total_limit": settings.checkpoints_kept,
        "metric_for_best_model": "loss" if job.validation else None,
        "greater_is_better": False,
        "logging_strategy": "steps",
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "seed": settings.seed,
        "data_seed": settings.seed,
        "report_to": "none",
        "disable_tqdm": True,
        "remove_unused_columns": False,
        "label_names": ["labels"],
        "dataloader_pin_memory": cuda,
        "ddp_find_unused_parameters": False,
    }
