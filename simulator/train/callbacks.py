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

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from simulator import clock, files

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


Told = Stepped | Evaluated


class Interrupt:
    """Remembers that somebody asked to stop, so that the step can be finished and saved; asked twice, stops at once."""

    def __init__(self) -> None:
        self.asked = False

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
        tell: Callable[[Told], None],
    ) -> None:
        """`tokens`: of each optimizer step, in order. `patience`: see `Settings`."""
        self._folder, self._patience, self._tokens = folder, patience, tokens
        self._interrupt, self._tell = interrupt, tell
        self._board: Any = None
        self._began = self._spent = 0.0
        self._first = 0
        self.stopped_early = False

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        self._began, self._first = clock.tick(), state.global_step
        if state.is_world_process_zero:
            from torch.utils.tensorboard import SummaryWriter

            _keep_rows(self._folder / METRICS, state.global_step)
            self._board = SummaryWriter(str(self._folder / BOARD), purge_step=state.global_step + 1)

    def evaluating(self, seconds: float) -> None:
        """Leaves so many seconds out of the pace."""
        self._spent += seconds

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
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
