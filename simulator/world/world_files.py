"""The files of a world: where they are, what they are called, and what is in them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from simulator.errors import ContentError

PARTS = ("personas", "scenarios", "policies")
FOLDER = "policies/prompts"
SUFFIX = ".j2"
"""Of prompt templates; see `prompt_templates`."""
NAMES = "policies/names.yaml"
MAX_BYTES = 1_000_000
"""No card, script or policy that a person wrote is longer."""


def shipped() -> Path:
    """The world that comes with the program: inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "_content"
    return inside if inside.is_dir() else package.parent


def read_text(path: Path, root: Path) -> str:
    """The text of a content file. Raises ContentError for whatever is not a readable UTF-8 file inside `root`."""
    place = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
    if not path.resolve().is_relative_to(root.resolve()):
        raise ContentError("leads out of the world's folder", place=place, remedy="put the file itself there")
    try:
        if not path.is_file():
            raise ContentError("is not a regular file", place=place, remedy="put a YAML file there")
        if (size := path.stat().st_size) > MAX_BYTES:
            raise ContentError(f"is {size / 1e6:.0f} MB", place=place, remedy="content files have at most 1 MB")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ContentError(f"is not UTF-8 (byte {error.start})", place=place, remedy="save the file as UTF-8") from None
    except OSError as error:
        raise ContentError(error.strerror or str(error), place=place, remedy="make the file readable") from None


def content_files(root: Path, *folders: str) -> Iterator[Path]:
    """The YAML files of some folders, each folder's in the order of their names."""
    for folder in folders:
        yield from sorted(path for path in (root / folder).rglob("*") if path.suffix in (".yaml", ".yml"))


def templates(root: Path) -> list[Path]:
    """The prompt templates of a world, by name."""
    return sorted((root / FOLDER).rglob(f"*{SUFFIX}"))


@cache
def shipped_templates() -> dict[str, str]:
    """Source by name."""
    root = shipped()
    return {path.stem: read_text(path, root) for path in templates(root)}


@cache
def shipped_names() -> str:
    """The text of the shipped `policies/names.yaml`: a world without one calls things as the shipped world does."""
    root = shipped()
    return read_text(root / NAMES, root)


def digest(texts: Mapping[str, str]) -> str:
    """Over file names and their texts: 16 hex digits."""
    made = hashlib.blake2b(digest_size=8)
    for name, text in sorted(texts.items()):
        made.update(f"{name}\0{text}\0".encode())
    return made.hexdigest()


def name_of(path: Path, root: Path) -> str:
    """A file's name below the world's folder, such as `personas/ana.yaml`."""
    return path.relative_to(root).as_posix()
