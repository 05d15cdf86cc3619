"""The filters on files that anybody hands over, one document after the other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from simulator import screen
from simulator.corpus.duplicates import NearDuplicates
from simulator.corpus.filters import Filters
from simulator.corpus.verdict import Reason, Verdict
from simulator.errors import UsageError

KINDS = (".txt", ".jsonl")


@dataclass(frozen=True, slots=True)
class _Text:
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class _Broken:
    """Something in a file that is no document."""

    id: str
    cause: str


def check(
    paths: Iterable[Path], filters: Filters, twins: NearDuplicates | None = None
) -> Iterator[tuple[str, Verdict]]:
    """(id, verdict) of every document, in the order of the files.

    `.txt` holds one document, `.jsonl` one a line: an object with `text` and perhaps `id`. Without `id` a document is
    called by its file's name, or `name:line`. What cannot be read as a document gets a verdict with the rule
    `malformed`. A document is a `near-duplicate` of a kept one before it; `twins` may know earlier ones. Memory does
    not grow, apart from `twins`.

    Raises UsageError for a file that cannot be read or is neither kind; before the first verdict where that is known.
    """
    files = [Path(path) for path in paths]
    for path in files:
        _usable(path)
    twins = NearDuplicates(filters.style) if twins is None else twins
    for path in files:
        for item in _documents(path, filters.style.numbers.max_document_bytes):
            yield item.id, _broken(item) if isinstance(item, _Broken) else _judged(item, filters, twins)


def _judged(item: _Text, filters: Filters, twins: NearDuplicates) -> Verdict:
    document = screen.read(item.text)
    verdict = filters.judge(document)
    twin = twins.twin(item.id, document, remember=verdict.keep)
    if twin is None:
        return verdict
    reason = Reason(rule="near-duplicate", message=None, evidence=f"{twin[1]:.0%} like {twin[0]}")
    return Verdict(keep=False, reasons=(*verdict.reasons, reason))


def _broken(item: _Broken) -> Verdict:
    return Verdict(keep=False, reasons=(Reason(rule="malformed", message=None, evidence=item.cause),))


def _usable(path: Path) -> None:
    if path.suffix.lower() not in KINDS:
        raise UsageError("is neither .txt nor .jsonl", place=str(path), remedy="give files in the plan's format")
    if not path.exists():
        raise UsageError("no such file", place=str(path), remedy="check the path")
    if not path.is_file():
        raise UsageError("is not a file", place=str(path), remedy="name the files in it")


def _documents(path: Path, most: int) -> Iterator[_Text | _Broken]:
    """`most`: bytes of the longest document."""
    try:
        with path.open("rb") as file:
            if path.suffix.lower() == ".txt":
                yield _whole_file(path, file.read(most + 1), most)
                return
            number = 0
            while line := file.readline(most + 1):
                number += 1
                if len(line) > most and not line.endswith(b"\n"):
                    while (rest := file.readline(most)) and not rest.endswith(b"\n"):
                        pass
                    yield _Broken(f"{path.name}:{number}", f"{path.name}:{number}: longer than {most} bytes")
                elif not line.isspace():
                    yield _record(f"{path.name}:{number}", line)
    except OSError as error:
        cause = error.strerror or str(error)
        raise UsageError(cause, place=str(path), remedy="make the file readable") from None


def _whole_file(path: Path, data: bytes, most: int) -> _Text | _Broken:
    if len(data) > most:
        return _Broken(path.name, f"{path.name}: longer than {most} bytes")
    try:
        return _Text(path.name, data.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return _Broken(path.name, f"{path.name}:{line}: not UTF-8")


def _record(place: str, line: bytes) -> _Text | _Broken:
    try:
        found = json.loads(line)
    except UnicodeDecodeError:
        return _Broken(place, f"{place}: not UTF-8")
    except (ValueError, RecursionError) as error:
        cause = error.msg if isinstance(error, json.JSONDecodeError) else "cannot be read"
        return _Broken(place, f"{place}: not JSON: {cause}")
    if not isinstance(found, dict):
        return _Broken(place, f"{place}: not an object with `text`")
    given = found.get("id")
    text = found.get("text")
    named = isinstance(given, str | int) and not isinstance(given, bool) and given != ""
    name = str(given).encode(errors="backslashreplace").decode() if named else place
    if not isinstance(text, str):
        return _Broken(name, f"{place}: no `text`, or it is not a string")
    try:
        text.encode()
    except UnicodeEncodeError:
        return _Broken(name, f"{place}: `text` holds half a surrogate pair")
    return _Text(name, text)
