"""What formats of records have in common: one message each, with a time in UTC and people who have a number or
address."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from io import TextIOBase
from pathlib import Path
from typing import Any, TextIO

from simulator.errors import UsageError
from simulator.logs.entry import LogEntry, Stamp
from simulator.logs.grammar import of_epoch
from simulator.logs.nicks import UniqueNicks

Parsed = tuple[str, LogEntry | None]
"""(what stands there, what it is); None: not understood."""
_CHUNK = 1 << 16
_LONGEST = 1 << 22
"""Characters of one message, all its fields counted; more is no message."""
_REMEMBERED = 5_000
"""Messages whose author is known when they are answered."""


@dataclass(frozen=True, slots=True)
class RecordFormat:
    """How the files of one program are known and read."""

    name: str
    """Of `--format`."""
    program: str
    """As people call it."""
    known: Callable[[Path, str], bool]
    """Whether a file is one, by its beginning."""
    entries: Callable[[Path, str], Iterable[Parsed]]
    """Everything in one channel of a file, in order."""
    channels: Callable[[Path], Iterable[str]] = lambda path: ("",)
    """The channels in a file; one empty name: it holds one channel only."""


class Authors:
    """Nicks of people who have a number or address, and who wrote which message."""

    def __init__(self) -> None:
        self._names = UniqueNicks()
        self._wrote: OrderedDict[str, str] = OrderedDict()

    def nick(self, ident: object, name: str) -> str:
        """The nick of a person: made from the name under which they are first met."""
        return self._names.nick(str(ident), name)

    def wrote(self, message: object, nick: str) -> None:
        """Remembers who wrote a message, for answers to it."""
        self._wrote[str(message)] = nick
        if len(self._wrote) > _REMEMBERED:
            self._wrote.popitem(last=False)

    def answer(self, text: str, to: object, otherwise: str | None = None) -> str:
        """A text that answers a message: people in IRC say the nick first."""
        nick = self._wrote.get(str(to)) or otherwise
        return text if nick is None or not text or text.startswith(f"{nick}:") else f"{nick}: {text}"


def one_line(text: str) -> str:
    """Lines of one message joined by a space."""
    return " ".join(row.strip() for row in text.split("\n") if row.strip())


def addressed(text: str, mention: str, nick: str) -> str:
    """The text with a mention replaced by a nick; at the beginning it becomes `nick: `."""
    if text.startswith(mention):
        text = f"{nick}: {text[len(mention) :].lstrip(' ,:')}"
    return text.replace(mention, nick)


def moment(value: object) -> Stamp:
    """An ISO date and time, or a number or numeral of seconds or milliseconds since 1970. Raises ValueError,
    TypeError."""
    if isinstance(value, str) and not re.fullmatch(r"\d{9,17}(?:\.\d+)?", value):
        when = datetime.fromisoformat(value)
        ahead = when.utcoffset()
        seconds = when.hour * 3600 + when.minute * 60 + when.second
        return Stamp(when.toordinal(), seconds, True, None if ahead is None else round(ahead.total_seconds()))
    number = float(str(value))
    while number > 100_000_000_000:  # milli- and microseconds
        number /= 1000
    return of_epoch(number)


def each(records: Iterable[dict[str, Any]], read: Callable[[dict[str, Any]], LogEntry]) -> Iterator[Parsed]:
    """Every record read; one that lacks what every message has is not understood."""
    for record in records:
        try:
            yield str(record.get("content") or record.get("text") or record.get("message") or "")[:200], read(record)
        except (AttributeError, KeyError, TypeError, ValueError):
            yield json.dumps(record)[:200], None


def items(path: Path, key: str) -> Iterator[dict[str, Any]]:
    """What stands before the list `key` of a JSON object (as one value, with an empty list), then the list's
    objects, one at a time: an export may be larger than the memory. An empty key: the file is a list.

    Raises UsageError for a file that cannot be read, or is not JSON, or has no such list.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            yield from _items(file, path, key)
    except OSError as error:
        raise UsageError(error.strerror or str(error), place=str(path), remedy="name a readable file") from None


def _items(file: TextIO | TextIOBase, path: Path, key: str) -> Iterator[dict[str, Any]]:
    decoder, text, found = json.JSONDecoder(), "", None
    pattern = re.compile(rf'"{key}"\s*:\s*\[') if key else re.compile(r"\s*\[")
    while found is None:
        chunk = file.read(_CHUNK)
        text += chunk
        found = pattern.search(text) if key else pattern.match(text)
        if found is None and (not chunk or len(text) > _LONGEST):
            raise UsageError("no list of messages", place=str(path), remedy="export the channel as JSON again")
    if key:
        try:
            yield json.loads(text[: found.end()] + "]}")
        except (ValueError, RecursionError) as error:
            raise UsageError(f"is not JSON: {error}", place=str(path), remedy="export the channel again") from None
    text, at, number = text[found.end() :], 0, 0
    while True:
        while at < len(text) and text[at] in " \r\n\t,":
            at += 1
        if text[at : at + 1] == "]":
            return
        try:
            record, at = decoder.raw_decode(text, at)
        except RecursionError:
            cause, remedy = f"nested too deeply, after message {number}", "is this a chat's export?"
            raise UsageError(cause, place=str(path), remedy=remedy) from None
        except ValueError as error:
            chunk = file.read(_CHUNK)
            text, at = text[at:] + chunk, 0
            if not chunk or len(text) > _LONGEST:
                cause = "ends in the middle" if not chunk else f"is not JSON: {error}"
                raise UsageError(
                    f"{cause}, after message {number}", place=str(path), remedy="export the channel again"
                ) from None
            continue
        number += 1
        if isinstance(record, dict):
            if key:
                record.pop(key, None)
            yield record


def beside(path: Path, *names: str) -> Any:
    """The JSON of the first of some files that exists; None: there is none, or it is broken."""
    for name in names:
        file = path.parent / name
        try:
            return json.loads(file.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError):
            continue
    return None
