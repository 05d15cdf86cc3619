"""A training that was begun and has not ended: what it is, how far it is, and the command that goes on with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ConfigDict

from simulator.errors import ContentError
from simulator.train import adapter, checkpoints
from simulator.world.strict import StrictModel
from simulator.world.yaml_file import validate

CHECKPOINTS = "checkpoints"
ASKED = "training.json"
"""What the training in a folder is; written when it begins, compared when it goes on."""


class Asked(StrictModel):
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
class Unfinished:
    """A training that can go on."""

    step: int
    """Of the newest checkpoint that has all its bytes; 0: there is none, and it would begin anew."""
    steps: int | None
    """Of the whole training; None: not on record."""
    command: str
    """What goes on with it."""

    @property
    def told(self) -> str:
        """`step 40 of 100`."""
        return f"step {self.step}" + ("" if self.steps is None else f" of {self.steps}")


def read(folder: Path) -> Asked:
    """What the training in a folder was asked for. Raises ContentError."""
    path = folder / ASKED
    return validate(Asked, adapter.json_object(path, remedy="begin anew with another --out"), str(path))


def unfinished(folder: Path) -> Unfinished | None:
    """The training in a folder; None if it has ended, or if none was begun there."""
    if (folder / adapter.CARD).exists() or not (folder / ASKED).is_file():
        return None
    try:
        asked = read(folder)
    except ContentError:
        return None
    newest, _ = checkpoints.newest(folder / CHECKPOINTS, digests=False)
    command = asked.command or f"em train CORPUS --out {folder} --resume"
    return Unfinished(checkpoints.step_of(newest) if newest else 0, asked.steps, command)
