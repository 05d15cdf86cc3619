"""Documents that anybody hands over, one after the other: `.txt` files and `.jsonl` files in the brief's format."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from simulator.corpus.file_names import STATS
from simulator.errors import UsageError

KINDS = (".txt", ".jsonl")


@dataclass(frozen=True, slots=True)
class Text:
    """One document."""

    id: str
    text: str
    about: Mapping[str, Any] = field(default_factory=dict)
    """The other fields of its line, or of a .txt file what the export beside it says; nothing in it is checked."""


@dataclass(frozen=True, slots=True)
class Broken:
    """Something in a file that is no document."""

    id: str
    cause: str


def documents(paths: Iterable[Path], most: int) -> Iterator[Text | Broken]:
    """What the files hold, in order. `most`: bytes of the longest document.

    `.txt` holds one document, `.jsonl` one a line: an object with `text` and perhaps `id`. Without `id` a document is
    called by its file's name, or `name:line`. Memory does not grow.

    Raises UsageError for a file that cannot be read or is neither kind; before the first document where that is known.
    """
    files = [Path(path) for path in paths]
    for path in files:
        _usable(path)
    about = cache(_about_folder)
    for path in files:
        yield from _documents(path, most, about)


def _usable(path: Path) -> None:
    if path.is_dir():
        raise UsageError("is a folder", place=str(path), remedy="name the .jsonl or .txt files in it")
    if path.suffix.lower() not in KINDS:
        remedy = "give files in the brief's format, or the name of one run alone"
        raise UsageError("is neither .txt nor .jsonl", place=str(path), remedy=remedy)
    if not path.exists():
        raise UsageError("no such file", place=str(path), remedy="check the path")
    if not path.is_file():
        raise UsageError("is not a file", place=str(path), remedy="name a .jsonl or .txt file")


def _documents(path: Path, most: int, about: Callable[[Path], Mapping[str, Any]]) -> Iterator[Text | Broken]:
    try:
        with path.open("rb") as file:
            if path.suffix.lower() == ".txt":
                yield _whole_file(path, file.read(most + 1), most, about(path.parent))
                return
            number = 0
            while line := file.readline(most + 1):
                number += 1
                if len(line) > most and not line.endswith(b"\n"):
                    while (rest := file.readline(most)) and not rest.endswith(b"\n"):
                        pass
                    yield Broken(f"{path.name}:{number}", f"{path.name}:{number}: longer than {most} bytes")
                elif not line.isspace():
                    yield _record(f"{path.name}:{number}", line)
    except OSError as error:
        cause = error.strerror or str(error)
        raise UsageError(cause, place=str(path), remedy="make the file readable") from None


def _about_folder(folder: Path) -> Mapping[str, Any]:
    """What an export says of all documents in its folder, as a line of them would; nothing, where there is none."""
    try:
        found = json.loads((folder / STATS).read_bytes())
        models = found["run"]["models"]
        return {"scripted": found["scripted"], "people_model": models["people"], "lead_model": models["lead"]}
    except (OSError, ValueError, RecursionError, LookupError, TypeError):
        return {}


def _whole_file(path: Path, data: bytes, most: int, about: Mapping[str, Any]) -> Text | Broken:
    if len(data) > most:
        return Broken(path.name, f"{path.name}: longer than {most} bytes")
    try:
        # An editor may have ended the lines as Windows does, and begun the file with a byte order mark.
        return Text(path.name, data.decode("utf-8-sig").replace("\r\n", "\n"), about)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Broken(path.name, f"{path.name}:{line}: not UTF-8")


def _record(place: str, line: bytes) -> Text | Broken:
    try:
        found = json.loads(line)
    except UnicodeDecodeError:
        return Broken(place, f"{place}: not UTF-8")
    except (ValueError, RecursionError) as error:
        cause = error.msg if isinstance(error, json.JSONDecodeError) else "cannot be read"
        return Broken(place, f"{place}: not JSON: {cause}")
    if not isinstance(found, dict):
        return Broken(place, f"{place}: not an object with `text`")
    given, text = found.pop("id", None), found.pop("text", None)
    named = isinstance(given, str | int) and not isinstance(given, bool) and given != ""
    name = str(given).encode(errors="backslashreplace").decode() if named else place
    if not isinstance(text, str):
        return Broken(name, f"{place}: no `text`, or it is not a string")
    try:
        text.encode()
    except UnicodeEncodeError:
        return Broken(name, f"{place}: `text` holds half a surrogate pair")
    return Text(name, text, found)
