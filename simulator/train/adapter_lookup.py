"""What --lead-adapter names, and the file that the lead's server loads for it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from simulator.errors import ProviderError, StorageError, UsageError
from simulator.llm.llama_server import checked, default_weights
from simulator.llm.registry import EMBEDDED, GGUF
from simulator.train import adapter, llama
from simulator.train.adapter_registry import AdapterRegistry

_REMEDY = "name an adapter (`em adapters list`), `current`, a folder with one, or a GGUF file of one"


def found(named: str, adapters: Path) -> Path:
    """The folder or GGUF file that is meant: a name under `adapters`, `current`, or a path.

    Raises UsageError where there is none, ContentError for a damaged one.
    """
    path = Path(named).expanduser()
    if path.suffix == ".gguf":
        return checked(path, _REMEDY)
    if not (path / adapter.CONFIG).is_file():
        path = AdapterRegistry(adapters).find(named)
    adapter.read(path)
    return path


def digest(path: Path) -> str:
    """16 hex digits of an adapter's weights: a run that goes on must do so with the same ones. Raises StorageError."""
    weights = path / adapter.WEIGHTS if path.is_dir() else path
    try:
        with weights.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=8)).hexdigest()
    except OSError as error:
        raise StorageError(error.strerror or str(error), place=str(weights), remedy=_REMEDY) from None


def embedded(model: str) -> bool:
    """Whether a model's name stands for the embedded one: `embedded`, or `gguf:` with the path of its own file."""
    if not model.startswith(GGUF):
        return model == EMBEDDED
    try:
        return Path(model.removeprefix(GGUF)).expanduser().samefile(default_weights())
    except (OSError, ProviderError):  # no such file, or the package with it is not installed
        return False


def served(path: Path, model: str) -> Path:
    """The GGUF file that goes with `model` (`embedded` or `gguf:PATH`); made from a folder's weights if need be.

    Raises UsageError for an adapter of another base as far as its card tells; llama.cpp refuses other shapes itself.
    """
    if path.is_file():
        return path
    card = adapter.read(path)
    if embedded(model) is not (card.base.name == EMBEDDED):
        raise UsageError(
            f"the adapter {card.name} is for the base {card.base.name}, the lead is played by {model}",
            place="--lead-adapter",
            remedy="name its own base as the lead's model (--lead-model gguf:PATH, or embedded), or another adapter",
        )
    return llama.beside(path)
