"""The training itself: base in, adapter out, with everything kept that is needed to go on after a kill."""

from __future__ import annotations

import json
import logging
import os
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import TrainingArguments

from simulator import clock, files
from simulator.errors import NotMet, UsageError
from simulator.train import adapter, adapter_registry, base_model, checkpoints, training_estimate
from simulator.train.callbacks import BOARD, METRICS, Interrupt, Stopped, TrainingProgress, Watch
from simulator.train.checkpoints import CHECKPOINTS, RECORD, TrainingRecord
from simulator.train.trainer import LeadTrainer, SealedTrainer, Sequences, argument_values
from simulator.train.training import TrainingJob, first_process
from simulator.train.training_estimate import Shape
from simulator.train.validation import Validation

BEST = "best.json"
LAST = 10
"""Steps over which the card's training loss is a mean."""


@dataclass(frozen=True, slots=True)
class Trained:
    """How a training ended."""

    folder: Path
    steps: int
    """That were taken, of all that were planned."""
    best: int
    """Step of the checkpoint that became the adapter; 0: none was written."""
    loss: float | None
    """Its validation loss."""
    interrupted: bool
    """True: saved on the way, and not finished."""
    stopped_early: bool
    """True: validation did not get better any more."""
    header_lost: bool
    """True: preference training took away what the header does; the adapter is the best checkpoint before that."""
    seconds: float
    tokens_per_second: float
    """Of this process's steps, evaluations and checkpoints included."""


def train_adapter(
    job: TrainingJob,
    out: Path,
    *,
    resume: bool,
    tell: Callable[[TrainingProgress], None],
    say: Callable[[str], None],
    again: str = "",
) -> Trained:
    """Trains, and leaves in `out` the best adapter with its card, the checkpoints and the curves.

    With `resume` it goes on from the newest whole checkpoint, to the same losses as without the stop; what is not
    whole is told by `say` and written again. `again`: the command that goes on with it, for `find_unfinished`.

    Raises UsageError where the folder holds another training, where the memory does not suffice, and for several GPUs
    without a launcher; NotMet where a loss is no number.
    """
    if torch.cuda.device_count() > 1 and job.processes == 1:
        raise UsageError(
            f"{torch.cuda.device_count()} GPUs and one process",
            place="training",
            remedy="start with `accelerate launch -m simulator train …`, or set CUDA_VISIBLE_DEVICES=0",
        )
    _quiet()
    folder = out / CHECKPOINTS
    if job.settings.base_model == base_model.EMBEDDED:
        base_model.dequantised(job.base.parent)
    start = _begin(job, out, resume, say, again)
    interrupt = Interrupt(alone=job.processes == 1)
    began, stopped = clock.tick(), False
    with interrupt.listening():
        try:
            trainer, watch = _trainer(job, out, start, interrupt, tell)
            try:
                trainer.train(resume_from_checkpoint=str(start) if start else None)
            except Stopped:
                stopped = True
                trainer.save_interrupted()
        except (torch.OutOfMemoryError, MemoryError) as error:
            raise _too_big(job) from error
        except RuntimeError as error:
            if "memory" not in str(error):
                raise
            raise _too_big(job) from error
    seconds = clock.tick() - began
    state = trainer.state
    done = state.global_step
    first = checkpoints.step_of(start) if start else 0
    finished = (done >= job.plan.steps or watch.stopped_early or watch.header_lost) and not stopped
    if watch.header_lost and not (state.best_metric or 0.0) < float("inf"):
        raise NotMet(
            "the header lost its hold before the first checkpoint", place="training", remedy="lower learning_rate"
        )
    best = state.best_global_step or done
    if finished and first_process():
        _finish(job, out, folder / f"checkpoint-{best}", state.log_history, best)
    return Trained(
        folder=out,
        steps=done,
        best=best,
        loss=state.best_metric,
        interrupted=not finished,
        stopped_early=watch.stopped_early,
        header_lost=watch.header_lost,
        seconds=seconds,
        tokens_per_second=sum(step_tokens(job)[first:done]) / seconds,
    )


def step_tokens(job: TrainingJob) -> list[int]:
    """Tokens of each optimizer step, over all processes."""
    rows = None if job.preference is None else job.preference.training
    lengths = [len(document) for document in job.training] if rows is None else [row.tokens for row in rows]
    each = job.plan.per_step
    groups = job.plan.sequences
    return [
        sum(lengths[place] for group in groups[first : first + each] for place in group)
        for first in range(0, len(groups), each)
    ]


def _begin(job: TrainingJob, out: Path, resume: bool, say: Callable[[str], None], again: str) -> Path | None:
    """The checkpoint to go on from; None: from the beginning."""
    asked = TrainingRecord(
        corpus=job.corpus.digest,
        base=adapter.describe_base(job.settings.base_model, job.base),
        settings=_settings(job),
        steps=job.plan.steps,
        command=again,
    )
    there = out / RECORD
    if (out / adapter.CARD).exists():
        raise UsageError("holds a finished adapter", place=str(out), remedy="name another --out, or remove it")
    if there.exists() and not resume and first_process():
        raise UsageError("holds a training", place=str(out), remedy="continue with --resume, or name another --out")
    if not resume:
        if first_process():
            _refuse_foreign(out)
            files.folder(out)
            files.write(there, asked.model_dump_json(indent=2).encode(), option="--out")
            files.folder(out / CHECKPOINTS)
        return None
    if not there.exists():
        raise UsageError("holds no training to continue", place=str(out), remedy="start one without --resume")
    before, now = checkpoints.read_record(out).model_dump(), asked.model_dump()
    for what in ("corpus", "base", "settings"):
        if before[what] != now[what]:
            raise UsageError(
                f"was begun with another {_difference(before[what], now[what], what)}",
                place=str(out),
                remedy="give the same corpus, base and settings, or begin anew with another --out",
            )
    start, lines = checkpoints.newest_checkpoint(out / CHECKPOINTS)
    if first_process():
        for line in lines:
            say(line)
        if start is None:
            say("there is no whole checkpoint: training begins anew")
        checkpoints.drop_after(out / CHECKPOINTS, checkpoints.step_of(start) if start else 0)
    return start


def _settings(job: TrainingJob) -> dict[str, Any]:
    """All that were in force, as JSON has them."""
    made = job.settings.model_dump(mode="json")
    if job.start is not None:
        made["start"] = adapter_registry.weights_digest(job.start)
    if job.preference is not None:
        made["preference"] = job.preference.record
    return made


def _refuse_foreign(out: Path) -> None:
    """A training begins where nothing has a name of its own files; what has one later, it has written itself."""
    for name in (CHECKPOINTS, METRICS, BOARD, BEST, adapter.WEIGHTS, adapter.CONFIG):
        if os.path.lexists(out / name):
            cause = "is there already and is of no training that can go on"
            raise UsageError(cause, place=str(out / name), remedy="name another --out, or move it away")


def _difference(before: Any, now: Any, what: str) -> str:
    if isinstance(before, dict) and isinstance(now, dict):
        key = next(key for key in {**before, **now} if before.get(key) != now.get(key))
        return f"{key} ({before.get(key)!r}, now {now.get(key)!r})"
    return f"{what} ({before}, now {now})"


def _trainer(
    job: TrainingJob, out: Path, start: Path | None, interrupt: Interrupt, tell: Callable[[TrainingProgress], None]
) -> tuple[SealedTrainer, Watch]:
    settings = job.settings
    given = TrainingArguments(**argument_values(out / CHECKPOINTS, job, start=start))
    watch = Watch(out, settings.patience, step_tokens(job), interrupt, tell)
    measure = (
        Validation(job, between=interrupt.check, process=given.process_index, processes=given.world_size)
        if job.validation
        else None
    )
    model = _adapted(job, str(given.device))
    trainer: SealedTrainer
    if job.preference is not None:
        from simulator.train.preference_trainer import preference_trainer

        trainer = preference_trainer(
            job, job.preference, out / CHECKPOINTS, start, model=model, measure=measure, watch=watch
        )
    else:
        trainer = LeadTrainer(
            model=model,
            args=given,
            train_dataset=Sequences(job.training, job.plan.sequences, job.objective),
            eval_dataset=list(job.validation) or None,
            measure=measure,
            watch=watch,
        )
    trainer.remove_callback(transformers.PrinterCallback)
    return trainer, watch


def _adapted(job: TrainingJob, device: str) -> PeftModel:
    """The base with a fresh adapter, by the seed alone, or with the one that the training goes on from."""
    settings = job.settings
    base = base_model.model(job.base, settings.precision, settings.quantize, device=device)
    if job.start is not None:
        adapter.check_base(job.start, adapter.read(job.start), job.base)
        torch.manual_seed(settings.seed)
        return PeftModel.from_pretrained(base, str(job.start), is_trainable=True)
    targets = settings.target_modules
    known = {name.rpartition(".")[2] for name, module in base.named_modules() if isinstance(module, torch.nn.Linear)}
    if isinstance(targets, tuple) and (unknown := set(targets) - known):
        raise UsageError(
            f"the base has no layer {', '.join(sorted(unknown))}",
            place="target_modules",
            remedy=f"it has {', '.join(sorted(known - {'lm_head'}))}; or `all-linear`",
        )
    torch.manual_seed(settings.seed)
    made = get_peft_model(
        base,
        LoraConfig(
            task_type="CAUSAL_LM",
            r=settings.lora_r,
            lora_alpha=settings.lora_alpha,
            lora_dropout=settings.lora_dropout,
            target_modules=targets if isinstance(targets, str) else list(targets),
        ),
    )
    # Not the folder of this machine; which base it is, the card says by its digest.
    made.peft_config["default"].base_model_name_or_path = settings.base_model
    return made


def _finish(job: TrainingJob, out: Path, chosen: Path, history: list[dict[str, Any]], best: int) -> None:
    """Makes the chosen checkpoint the adapter of the folder; its card is written last."""
    for name in (adapter.WEIGHTS, adapter.CONFIG):
        made = chosen / name
        with files.whole(out / name, partial(_same, made)) as staged:
            shutil.copyfile(made, staged)
    losses = [row["loss"] for row in history if "loss" in row and row["step"] <= best][-LAST:]
    measures: dict[str, Any] = next(
        (row for row in reversed(history) if row["step"] == best and "eval_loss" in row), {}
    )
    best_data = json.dumps({"checkpoint": chosen.name, **measures}, indent=2).encode()
    files.write(out / BEST, best_data, lambda path: path.read_bytes() == best_data)
    adapter.write(
        out,
        adapter.AdapterCard(
            name=out.resolve().name,
            made=clock.now(),
            corpus=job.corpus.digest,
            documents=len(job.training),
            world=job.corpus.worlds,
            base=adapter.describe_base(job.settings.base_model, job.base),
            objective=job.settings.objective if job.preference is None else job.preference.method,
            settings=_settings(job),
            steps=best,
            train_loss=sum(losses) / len(losses) if losses else None,
            validation_loss=measures.get("eval_loss"),
            calibration={
                key.removeprefix("eval_"): value
                for key, value in measures.items()
                if key.startswith("eval_") and not key.startswith("eval_loss")
            },
            versions=adapter.package_versions(),
            commit=adapter.source_commit(),
        ),
    )


def _same(one: Path, other: Path) -> bool:
    return files.digest(one) == files.digest(other)


def _too_big(job: TrainingJob) -> UsageError:
    estimate = job.estimate
    gib = estimate.memory.total / training_estimate.GIB
    return UsageError(
        f"out of memory (estimated {gib:.1f} GiB for {estimate.longest_sequence} tokens)",
        place="training",
        remedy=training_estimate.suggest_settings(
            Shape.of(job.config), job.settings, estimate.longest_sequence, training_estimate.available_memory()
        ),
    )


def _quiet() -> None:
    """What the libraries say of themselves is not what a training has to say."""
    transformers.utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # the library has no types here
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # nor here
    logging.getLogger("accelerate").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module=r"(torch|peft|accelerate|transformers)\b")
