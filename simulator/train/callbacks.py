"""What happens while a model trains: told to whoever looks, written to metrics.jsonl and TensorBoard, acted upon."""

from __future__ import annotations

import json
import math
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from torch import Tensor
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from simulator import clock, files
from simulator.train import checkpoints

METRICS = "metrics.jsonl"
BOARD = "tensorboard"


@dataclass(frozen=True, slots=True)
class Stepped:
    """An optimizer step is done."""

    step: int
    steps: int
    loss: float
    """Nats a weighted token, of this step's documents."""
    seconds_left: float
    """At the pace of this process so far, evaluations included."""
    tokens_per_second: float
    """Of all steps since this process began, evaluations left out."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The validation documents were read."""

    step: int
    measures: dict[str, float]
    """By name: `loss`, `loss_CLASS` and the calibration's."""
    best: bool


@dataclass(frozen=True, slots=True)
class Paced:
    """A step has been under way for a while."""

    step: int
    """The one under way, from 1."""
    steps: int
    sequence: int
    """Of the step's, done so far."""
    sequences: int
    tokens_per_second: float
    """Of this step so far."""


TrainingProgress = Stepped | Evaluated | Paced
QUIET = 30.0
"""Seconds after which a step under way is told of."""


class Stopped(Exception):
    """Somebody asked to stop; what was done since the last whole step is lost."""


class Interrupt:
    """Remembers that somebody asked to stop, for the end of the sequence that is under way; asked twice, stops at once.

    Several processes stop after a step, all after the same one.
    """

    def __init__(self, *, alone: bool = True) -> None:
        """`alone`: there is one process."""
        self.asked, self._alone = False, alone

    def check(self) -> None:
        """Raises Stopped where the work may be left in the middle."""
        if self.asked and self._alone:
            raise Stopped

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    @contextmanager
    def listening(self) -> Iterator[Interrupt]:
        """While this lasts, Ctrl-C and a polite kill are only remembered."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        signals = (signal.SIGINT, signal.SIGTERM)
        before = [signal.signal(each, self._ask) for each in signals]
        try:
            yield self
        finally:
            for each, handler in zip(signals, before, strict=True):
                signal.signal(each, handler)


class Watch(TrainerCallback):
    """Hears of every step and evaluation. In a training of several processes only the first one writes and tells."""

    def __init__(
        self,
        folder: Path,
        patience: int,
        tokens: list[int],
        interrupt: Interrupt,
        tell: Callable[[TrainingProgress], None],
    ) -> None:
        """`tokens`: of each optimizer step, in order. `patience`: see `Settings`."""
        self._folder, self._patience, self._tokens = folder, patience, tokens
        self._interrupt, self._tell = interrupt, tell
        self._board: Any = None
        self._began = self._spent = 0.0
        self._first = 0
        self._last_shown = 0.0
        self._sequence, self._step_began = 0, 0.0
        self.random_state: dict[str, Tensor] = {}
        """Of the generators, at the end of the last whole step."""
        self.stopped_early = False
        self.header_lost = False
        """Preference training took away what the header does."""

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Starts the clock, and the curves where the training goes on; only the first process writes."""
        self._began = self._last_shown = clock.tick()
        self._first = state.global_step
        if state.is_world_process_zero:
            from torch.utils.tensorboard import SummaryWriter

            _keep_rows(self._folder / METRICS, state.global_step)
            self._board = SummaryWriter(str(self._folder / BOARD), purge_step=state.global_step + 1)

    def evaluating(self, seconds: float) -> None:
        """Leaves so many seconds out of the pace."""
        self._spent += seconds

    def on_step_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """The first sequence of a step is next."""
        self._sequence, self._step_began = 0, clock.tick()

    def on_substep_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """A sequence is done and another one of the same step is next. Raises Stopped."""
        self._sequence += 1
        self._interrupt.check()
        now = clock.tick()
        if state.is_world_process_zero and now - self._last_shown >= QUIET:
            self._last_shown, step, sequences = now, state.global_step, args.gradient_accumulation_steps
            done = self._tokens[step] * self._sequence / sequences
            pace = done / max(now - self._step_began, 1e-9)
            self._tell(Paced(step + 1, state.max_steps, self._sequence, sequences, pace))

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """A step is done."""
        self.random_state = checkpoints.random_state()
        self._last_shown = clock.tick()
        if self._interrupt.asked:
            control.should_save = control.should_training_stop = True

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: Any,
    ) -> None:
        """Writes and tells the loss of a step, in nats a weighted token, and the pace in tokens a second."""
        if not state.is_world_process_zero or not logs or "loss" not in logs:
            return
        step, done = state.global_step, state.global_step - self._first
        spent = clock.tick() - self._began
        pace = sum(self._tokens[self._first : step]) / max(spent - self._spent, 1e-9)
        row = {"loss": logs["loss"], "grad_norm": logs.get("grad_norm"), "learning_rate": logs["learning_rate"]}
        self._write(step, "train", row | {"tokens": sum(self._tokens[:step]), "tokens_per_second": round(pace, 1)})
        self._tell(Stepped(step, state.max_steps, logs["loss"], spent / done * (state.max_steps - step), pace))

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, float] | None = None,
        **_: Any,
    ) -> None:
        """Writes and tells an evaluation; ends the training where `patience` of them brought nothing better."""
        measures = {key.removeprefix("eval_"): value for key, value in (metrics or {}).items() if key != "epoch"}
        losses = [row["eval_loss"] for row in state.log_history if "eval_loss" in row]
        best = losses.index(min(losses))
        if self._patience and len(losses) - 1 - best >= self._patience:
            self.stopped_early = True
            control.should_training_stop = control.should_save = True
        if state.is_world_process_zero:
            self._write(state.global_step, "validation", measures)
            self._tell(Evaluated(state.global_step, measures, best == len(losses) - 1))

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Closes the curves."""
        if self._board is not None:
            self._board.close()

    def _write(self, step: int, kind: str, measures: dict[str, Any]) -> None:
        row = {"step": step, "kind": kind, **measures}
        with (self._folder / METRICS).open("a", encoding="utf-8") as file:
            file.write(json.dumps({name: _short(value) for name, value in row.items()}) + "\n")
        for name, value in measures.items():
            if isinstance(value, int | float) and math.isfinite(value):
                self._board.add_scalar(f"{kind}/{name}", value, step)
        self._board.flush()


def _short(value: Any) -> Any:
    """Seven digits, as many as fp32 has."""
    return float(f"{value:.7g}") if isinstance(value, float) else value


def _keep_rows(path: Path, step: int) -> None:
    """Takes away the rows of steps after this one, and what a killed process left of a row."""
    if not path.exists():
        return
    kept = []
    for line in path.read_bytes().splitlines(keepends=True):
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if row["step"] <= step and (step or row["kind"] != "validation"):
            kept.append(line)
    files.write(path, b"".join(kept), _is_curve)


def _is_curve(path: Path) -> bool:
    """Whether every line is a row of measures; the last may have been cut by a kill."""
    *rows, _ = path.read_bytes().split(b"\n")
    try:
        return all({"step", "kind"} <= json.loads(row).keys() for row in rows)
    except (ValueError, AttributeError):
        return False
