"""The adapters under data/adapters: which there are, which one is current, and what was current before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from simulator import clock, files
from simulator.errors import ContentError, EmError, ProviderError, StorageError, UsageError
from simulator.llm.gguf_file import default_weights, require_gguf
from simulator.llm.registry import EMBEDDED, GGUF
from simulator.train import adapter, adapter_export
from simulator.train.adapter import AdapterCard
from simulator.train.checkpoints import UnfinishedTraining, find_unfinished
from simulator.world.strict import StrictModel
from simulator.world.yaml_file import validate

POINTER = "current.json"
CURRENT = "current"
"""Stands for the current adapter wherever a name is wanted."""


class Move(StrictModel):
    """One promotion or roll-back."""

    at: str
    """ISO 8601, UTC."""
    what: Literal["promote", "rollback"]
    name: Annotated[str, Field(pattern=adapter.NAME)]
    """The adapter that was current afterwards."""


class Pointer(StrictModel):
    """What current.json holds."""

    promoted: tuple[Annotated[str, Field(pattern=adapter.NAME)], ...] = ()
    """A stack: the last is current, the one before is where a roll-back goes, and so on."""
    moves: tuple[Move, ...] = ()
    """Everything that was ever done, in order; nothing is taken away."""


@dataclass(frozen=True, slots=True)
class RegisteredAdapter:
    """One adapter of the registry, whole, unfinished or damaged."""

    name: str
    card: AdapterCard | None
    """None: unfinished, or damaged."""
    unfinished: UnfinishedTraining | None
    """The training that would make it, where that has not ended."""
    fault: str
    """What is damaged, in one line; empty: nothing."""
    current: bool


class AdapterRegistry:
    """A folder with one adapter a sub-folder, and the pointer file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def entries(self) -> list[RegisteredAdapter]:
        """Every adapter, by the time it was made; unfinished and damaged ones last."""
        current = self.pointer().promoted[-1:]
        found = []
        for path in sorted(self._folder.glob("*/")):
            if not re.fullmatch(adapter.NAME, path.name):
                continue
            card, fault, training = None, "", find_unfinished(path)
            try:
                card = None if training else adapter.read(path)
            except EmError as error:
                fault = str(error)
            found.append(RegisteredAdapter(path.name, card, training, fault, path.name in current))
        return sorted(found, key=lambda entry: (entry.card is None, entry.card.made if entry.card else "", entry.name))

    def find(self, name: str) -> Path:
        """The folder of an adapter, or of the current one.

        Raises UsageError where there is none of the name, and where its training has not ended.
        """
        if name == CURRENT:
            promoted = self.pointer().promoted
            if not promoted:
                raise UsageError("no adapter is current", place=str(self._folder), remedy="run `em adapters promote`")
            name = promoted[-1]
        path = self._folder / name
        if not re.fullmatch(adapter.NAME, name) or not path.is_dir():
            remedy = "`em adapters list` shows those there are; `em train` makes one"
            raise UsageError(f"no adapter `{name}`", place=str(self._folder), remedy=remedy)
        if training := find_unfinished(path):
            remedy = f"continue with `{training.command}`"
            raise UsageError(f"the training has not ended: {training.progress}", place=str(path), remedy=remedy)
        return path

    def pointer(self) -> Pointer:
        """Which is current, and what was. Raises ContentError if the file is damaged."""
        path = self._folder / POINTER
        if not path.exists():
            return Pointer()
        remedy = f"remove it, then promote the adapter that is to be current; {path.name} holds nothing else"
        return validate(Pointer, adapter.json_object(path, remedy=remedy), str(path))

    def promote(self, name: str) -> tuple[AdapterCard, AdapterCard | None]:
        """Makes a whole adapter current; it, and the one that was. Promoting the current one changes nothing.

        Raises UsageError if there is none of the name, ContentError if it is damaged.
        """
        with self._alone():
            folder = self.find(name)
            card, pointer = adapter.read(folder), self.pointer()
            adapter.read_shapes(folder)
            before = self._card(pointer.promoted[-1]) if pointer.promoted else None
            if pointer.promoted[-1:] != (folder.name,):
                self._move("promote", pointer, (*pointer.promoted, folder.name))
            return card, before

    def rollback(self) -> tuple[AdapterCard, str]:
        """Makes the one before the current one current again; it, and the name of the one that was left.

        Raises UsageError if none was current before, ContentError if that one is damaged.
        """
        with self._alone():
            pointer = self.pointer()
            if len(pointer.promoted) < 2:
                remedy = "promote another with `em adapters promote`"
                raise UsageError("no adapter was current before", place=str(self._folder), remedy=remedy)
            *_, to, left = pointer.promoted
            folder = self.find(to)
            card = adapter.read(folder)
            adapter.read_shapes(folder)
            self._move("rollback", pointer, pointer.promoted[:-1])
            return card, left

    def _move(self, what: Literal["promote", "rollback"], pointer: Pointer, promoted: tuple[str, ...]) -> None:
        move = Move(at=clock.now(), what=what, name=promoted[-1])
        moved = Pointer(promoted=promoted, moves=(*pointer.moves, move))
        data = moved.model_dump_json(indent=2).encode() + b"\n"
        files.write(self._folder / POINTER, data, lambda _: self.pointer() == pointer)

    def _card(self, name: str) -> AdapterCard | None:
        try:
            return adapter.read(self._folder / name)
        except ContentError:
            return None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time changes the pointer."""
        remedy = "try again when it is free"
        busy = StorageError("another process is changing it", place=str(self._folder), remedy=remedy)
        files.folder(self._folder, remedy)
        try:
            lock = files.locked(self._folder / ".lock", busy, timeout=10)
        except OSError as error:
            raise StorageError(error.strerror or str(error), place=str(self._folder), remedy=remedy) from None
        try:
            yield
        finally:
            lock.release()


_REMEDY = "name an adapter (`em adapters list`), `current`, a folder with one, or a GGUF file of one"


def find_adapter(named: str, adapters: Path) -> Path:
    """The folder or GGUF file that is meant: a name under `adapters`, `current`, or a path.

    Raises UsageError where there is none, ContentError for a damaged one.
    """
    path = Path(named).expanduser()
    if path.suffix == ".gguf":
        return require_gguf(path, _REMEDY)
    if not (path / adapter.CONFIG).is_file():
        path = AdapterRegistry(adapters).find(named)
    adapter.read(path)
    return path


def weights_digest(path: Path) -> str:
    """16 hex digits of an adapter's weights: a run that goes on must do so with the same ones. Raises StorageError."""
    weights = path / adapter.WEIGHTS if path.is_dir() else path
    try:
        return adapter.file_digest(weights)
    except OSError as error:
        raise StorageError(error.strerror or str(error), place=str(weights), remedy=_REMEDY) from None


def is_embedded(model: str) -> bool:
    """Whether a model's name stands for the embedded one: `embedded`, or `gguf:` with the path of its own file."""
    if not model.startswith(GGUF):
        return model == EMBEDDED
    try:
        return Path(model.removeprefix(GGUF)).expanduser().samefile(default_weights())
    except (OSError, ProviderError):  # no such file, or the package with it is not installed
        return False


def served_file(path: Path, model: str) -> Path:
    """The GGUF file that goes with `model` (`embedded` or `gguf:PATH`); made from a folder's weights if need be.

    Raises UsageError for an adapter of another base as far as its card tells; llama.cpp refuses other shapes itself.
    """
    if path.is_file():
        return path
    card = adapter.read(path)
    if is_embedded(model) is not (card.base.name == EMBEDDED):
        raise UsageError(
            f"the adapter {card.name} is for the base {card.base.name}, the lead is played by {model}",
            place="--lead-adapter",
            remedy="name its own base as the lead's model (--lead-model gguf:PATH, or embedded), or another adapter",
        )
    return adapter_export.make_gguf(path)
