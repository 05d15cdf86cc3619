"""A training in progress on disk: what it needs to go on exactly as it would have, and whether all of it is there.

Beside PEFT's adapter and the Trainer's `trainer_state.json` a checkpoint holds the optimizer, the schedule and the
random generators as safetensors and JSON, so that nothing is ever unpickled, and a seal, written last, with the size
and digest of every file. A checkpoint that was cut while it was written has no seal or does not fit it.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict

from simulator import files
from simulator.errors import ContentError
from simulator.train import adapter
from simulator.world.strict import StrictModel
from simulator.world.yaml_file import validate

if TYPE_CHECKING:
    from torch import Tensor

SEAL = "sealed.json"
TENSORS, NUMBERS = "optimizer.safetensors", "optimizer.json"
_FOLDER = re.compile(r"checkpoint-(\d+)")


def step_of(folder: Path) -> int:
    """The optimizer step of a checkpoint's folder; -1 if it is none."""
    found = _FOLDER.fullmatch(folder.name)
    return int(found[1]) if found else -1


def seal(folder: Path) -> None:
    """Says that the checkpoint is whole."""
    whole = {path.name: {"bytes": path.stat().st_size, "digest": adapter.file_digest(path)} for path in _files(folder)}
    files.write(folder / SEAL, json.dumps(whole, indent=1).encode())


def find_fault(folder: Path, *, digests: bool = True) -> str:
    """What is wrong with a checkpoint, in a few words; empty: nothing. Without `digests` only sizes are compared."""
    try:
        whole = json.loads((folder / SEAL).read_bytes())
    except FileNotFoundError:
        return "was cut while it was written"
    except (OSError, ValueError):
        return f"{SEAL} cannot be read"
    for name, expected in whole.items():
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        if (size := path.stat().st_size) != expected["bytes"]:
            return f"{name} has {size} of {expected['bytes']} bytes"
        if digests and adapter.file_digest(path) != expected["digest"]:
            return f"{name} was changed"
    return ""


def newest_checkpoint(folder: Path, *, digests: bool = True) -> tuple[Path | None, list[str]]:
    """The newest whole checkpoint in a folder, and a line for each newer one that is not whole (see `find_fault`)."""
    lines: list[str] = []
    for path in sorted(folder.glob("checkpoint-*"), key=step_of, reverse=True):
        if step_of(path) < 0:
            continue
        cause = find_fault(path, digests=digests)
        if not cause:
            return path, lines
        lines.append(f"{path.name} {cause}; going back to the one before")
    return None, lines


def was_evaluated(folder: Path) -> bool:
    """Whether the validation documents were read at a checkpoint's step: not if that was interrupted."""
    rows = json.loads((folder / "trainer_state.json").read_bytes())["log_history"]
    return any(row["step"] == step_of(folder) and "eval_loss" in row for row in rows)


def drop_after(folder: Path, step: int) -> None:
    """Removes the checkpoints of later steps, which training is about to write again."""
    for path in folder.glob("checkpoint-*"):
        if step_of(path) > step:
            shutil.rmtree(path)


def write_optimizer(folder: Path, optimizer: Any, scheduler: Any) -> None:
    """The state of both; the tensors of the optimizer apart from its numbers."""
    import torch
    from safetensors.torch import save_file

    state = optimizer.state_dict()
    tensors, numbers = {}, {}
    for index, entries in state["state"].items():
        for name, value in entries.items():
            if isinstance(value, torch.Tensor):
                tensors[f"{index}.{name}"] = value.detach().cpu().contiguous()
            else:
                numbers[f"{index}.{name}"] = value
    schedule = {key: value for key, value in scheduler.state_dict().items() if key != "lr_lambdas"}
    save_file(tensors, folder / TENSORS)
    plain = {"state": numbers, "groups": state["param_groups"], "schedule": schedule}
    (folder / NUMBERS).write_text(json.dumps(plain))


def read_optimizer(folder: Path, optimizer: Any, scheduler: Any) -> None:
    """Puts both into the state that was written."""
    from safetensors.torch import load_file

    plain = json.loads((folder / NUMBERS).read_bytes())
    state: dict[int, dict[str, Any]] = {}
    for key, value in [*load_file(folder / TENSORS).items(), *plain["state"].items()]:
        index, _, name = key.partition(".")
        state.setdefault(int(index), {})[name] = value
    groups = [
        {key: tuple(value) if key == "betas" else value for key, value in group.items()} for group in plain["groups"]
    ]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
    scheduler.load_state_dict({"lr_lambdas": [None] * len(groups), **plain["schedule"]})


def write_random_state(folder: Path, process: int) -> None:
    """The states of the generators that dropout draws from, of one process; nothing else in a training draws."""
    from safetensors.torch import save_file

    save_file(random_state(), folder / f"chance-{process}.safetensors")


def random_state() -> dict[str, Tensor]:
    """The states of the generators, by device."""
    import torch

    tensors = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        tensors["cuda"] = torch.cuda.get_rng_state()
    return tensors


def restore_random(tensors: Mapping[str, Tensor]) -> None:
    """Puts the generators into these states."""
    import torch

    torch.set_rng_state(tensors["cpu"])
    if "cuda" in tensors and torch.cuda.is_available():
        torch.cuda.set_rng_state(tensors["cuda"])


def read_random_state(folder: Path, process: int) -> None:
    """Puts the generators into the states that were written; leaves them alone if this process wrote none."""
    from safetensors.torch import load_file

    path = folder / f"chance-{process}.safetensors"
    if path.is_file():
        restore_random(load_file(path))


def _files(folder: Path) -> Iterator[Path]:
    yield from (path for path in sorted(folder.iterdir()) if path.is_file() and path.name != SEAL)


CHECKPOINTS = "checkpoints"
RECORD = "training.json"
"""What the training in a folder is; written when it begins, compared when it goes on."""


class TrainingRecord(StrictModel):
    """What a training was asked for."""

    model_config = ConfigDict(str_strip_whitespace=False)

    corpus: str
    """Digest of the training documents."""
    base: adapter.Base
    settings: dict[str, Any]
    """All of them, as JSON has them."""
    steps: int | None = None
    """Optimizer steps that are planned; None: not on record, as of versions that did not write it."""
    command: str = ""
    """What goes on with it, as a line for a shell; empty: it was not begun from the command line."""


@dataclass(frozen=True, slots=True)
class UnfinishedTraining:
    """A training that can go on."""

    step: int
    """Of the newest checkpoint that has all its bytes; 0: there is none, and it would begin anew."""
    steps: int | None
    """Of the whole training; None: not on record."""
    command: str
    """What goes on with it."""

    @property
    def progress(self) -> str:
        """`step 40 of 100`."""
        return f"step {self.step}" + ("" if self.steps is None else f" of {self.steps}")


def read_record(folder: Path) -> TrainingRecord:
    """What the training in a folder was asked for. Raises ContentError."""
    path = folder / RECORD
    return validate(TrainingRecord, adapter.json_object(path, remedy="begin anew with another --out"), str(path))


def find_unfinished(folder: Path) -> UnfinishedTraining | None:
    """The training in a folder; None if it has ended, or if none was begun there."""
    if (folder / adapter.CARD).exists() or not (folder / RECORD).is_file():
        return None
    try:
        asked = read_record(folder)
    except ContentError:
        return None
    newest, _ = newest_checkpoint(folder / CHECKPOINTS, digests=False)
    command = asked.command or f"em train CORPUS --out {folder} --resume"
    return UnfinishedTraining(step_of(newest) if newest else 0, asked.steps, command)
