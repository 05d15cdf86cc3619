"""The shapes that a corpus is written in. Each takes the sessions one by one and keeps none of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from pydantic import BaseModel

from simulator.corpus.example import Example
from simulator.corpus.file_names import Names
from simulator.corpus.staging import Shards
from simulator.document import TranscriptLine, render_line
from simulator.errors import UsageError

_SHARD = re.compile(r"-\d{5}-of-\d{5}(?=\.parquet$)")


@dataclass(frozen=True, slots=True)
class SessionExport:
    """One session on its way into the files."""

    example: Example
    header: str
    """The first lines of the document, each ending in a newline."""
    lines: tuple[TranscriptLine, ...]
    lead: str
    held_out: bool


class Format(Protocol):
    """A set of files in one folder."""

    def add(self, document: SessionExport) -> None:
        """Writes one session."""

    def close(self) -> None:
        """Ends the files."""


class _Lines:
    """JSON lines, in one file for training and one for validation; no file for no line."""

    def __init__(self, folder: Path, names: Names, ending: str) -> None:
        self._folder, self._names, self._ending = folder, names, ending
        self._files: dict[bool, IO[str]] = {}

    def write(self, row: str, *, held_out: bool) -> None:
        if held_out not in self._files:
            path = self._folder / self._names.split(held_out, self._ending)
            self._files[held_out] = path.open("w", encoding="utf-8", newline="\n")
        self._files[held_out].write(row + "\n")

    def close(self) -> None:
        _close_all(self._files.values())


class _Rows:
    """One JSON document a line."""

    def __init__(self, lines: _Lines, row: Callable[[SessionExport], str | None]) -> None:
        self._lines, self._row = lines, row

    def add(self, document: SessionExport) -> None:
        if (row := self._row(document)) is not None:
            self._lines.write(row, held_out=document.held_out)

    def close(self) -> None:
        self._lines.close()


class _Texts:
    """One file a session, numbered in the order of the run, training and validation alike."""

    def __init__(self, folder: Path, names: Names) -> None:
        self._folder, self._names, self._count = folder, names, 0

    def add(self, document: SessionExport) -> None:
        self._count += 1
        path = self._folder / self._names.conversation_file(self._count)
        path.write_text(document.example.text, encoding="utf-8", newline="\n")

    def close(self) -> None:
        pass


class _Parquet:
    """The columns of the JSON documents, for tools that read tables."""

    def __init__(self, folder: Path, names: Names, shard_bytes: int) -> None:
        stems = {held_out: names.split(held_out, "") for held_out in (False, True)}
        self._shards = {held_out: Shards(folder, stem, shard_bytes) for held_out, stem in stems.items()}

    def add(self, document: SessionExport) -> None:
        self._shards[document.held_out].add(document.example.model_dump(mode="json"))

    def close(self) -> None:
        _close_all(self._shards.values())


class _NoDocuments:
    """What holds no documents is written from the journal, after them."""

    def add(self, document: SessionExport) -> None:
        pass

    def close(self) -> None:
        pass


def write_rows(folder: Path, names: Names, ending: str, rows: Iterable[tuple[bool, BaseModel]]) -> None:
    """JSON lines, in one file for training and one for validation (True); no file for no row."""
    with closing(_Lines(folder, names, ending)) as lines:
        for held_out, row in rows:
            lines.write(row.model_dump_json(), held_out=held_out)


def _close_all(files: Iterable[Any]) -> None:
    """Closes every file even if one fails, as the last write may on a full disk."""
    fault: Exception | None = None
    for file in files:
        try:
            file.close()
        except OSError as error:
            fault = fault or error
    if fault is not None:
        raise fault


# Conversations by turns


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """What trainers of chat models know as a message."""

    role: str
    """system, user or assistant."""
    content: str


def turns(document: SessionExport) -> tuple[ChatTurn, ...]:
    """The session as trainers of chat models want it; empty if the lead says nothing.

    The header is the system message. The lead's lines are the assistant's, without the nick, and a /me stays one; two
    of them in a row are one turn of two lines. Everything in between is one user turn, as it stands in the channel. A
    session that the lead opens begins with an empty user turn (nobody has spoken), since templates want the user first.
    What comes after the lead's last line is left out: nothing answers it. Its silences are lost in this shape, so the
    share of the messages that the header stands for can only be learnt from the documents.
    """
    said: list[ChatTurn] = []
    for line in document.lines:
        if line.nick == document.lead:
            role, shown = "assistant", f"/me {line.text}" if line.action else line.text
        else:
            role, shown = "user", render_line(line)
        if not said and role == "assistant":
            said.append(ChatTurn("user", ""))
        if said and said[-1].role == role:
            said[-1] = ChatTurn(role, f"{said[-1].content}\n{shown}")
        else:
            said.append(ChatTurn(role, shown))
    if said and said[-1].role == "user":
        said.pop()
    return (ChatTurn("system", document.header.rstrip("\n")), *said) if said else ()


def _jsonl(document: SessionExport) -> str:
    return document.example.model_dump_json()


def _chatml(document: SessionExport) -> str | None:
    return _by_turns(document, "messages", lambda turn: {"role": turn.role, "content": turn.content})


def _sharegpt(document: SessionExport) -> str | None:
    names = {"system": "system", "user": "human", "assistant": "gpt"}
    return _by_turns(document, "conversations", lambda turn: {"from": names[turn.role], "value": turn.content})


def _by_turns(document: SessionExport, field: str, shape: Callable[[ChatTurn], dict[str, str]]) -> str | None:
    shaped = [shape(turn) for turn in turns(document)]
    if not shaped:
        return None
    # A field of that name gives way: trainers look for the conversation under `messages`, where documents count them.
    about = document.example.model_dump(mode="json", exclude={"text", field})
    return json.dumps({field: shaped, **about}, ensure_ascii=False)


_ROLES = {
    "chatml": ("messages", {"role_tag": "role", "content_tag": "content", "user_tag": "user",
                            "assistant_tag": "assistant", "system_tag": "system"}),
    "sharegpt": ("conversations", {"role_tag": "from", "content_tag": "value", "user_tag": "human",
                                   "assistant_tag": "gpt", "system_tag": "system"}),
}  # fmt: skip


def llama_factory(formats: Iterable[str], lead: str, names: Names) -> dict[str, dict[str, object]]:
    """What LLaMA-Factory has to know of the formats with roles, by the name of the data set; empty without such."""
    return {
        f"{lead.lower()}_{name}": {
            "file_name": names.split(False, FORMATS[name].ending or ""),
            "formatting": "sharegpt",
            "columns": {"messages": _ROLES[name][0]},
            "tags": _ROLES[name][1],
        }
        for name in formats
        if name in _ROLES
    }


# By name


@dataclass(frozen=True, slots=True)
class FormatSpec:
    """A format by name."""

    open: Callable[[Path, Names, int], Format]
    """For a folder; the number is the bytes to a parquet file."""
    ending: str | None
    """Of its training and validation file; None: files of other names."""
    sharded: bool = False
    """Whether its files are numbered: `NAME-00000-of-00001.ENDING`."""

    def pattern(self, held_out: bool, names: Names) -> str:
        """What the names of its training or validation files look like, with `*` for the numbers."""
        return names.split(held_out, ("-*" if self.sharded else "") + (self.ending or ""))


def _rows(ending: str, row: Callable[[SessionExport], str | None]) -> FormatSpec:
    return FormatSpec(lambda folder, names, _: _Rows(_Lines(folder, names, ending), row), ending)


PREFERENCES = {"dpo": ".dpo.jsonl", "kto": ".kto.jsonl"}
"""Formats of pairs and single lines instead of documents, and the endings of their files; see `preferences.py`."""

FORMATS: dict[str, FormatSpec] = {
    "jsonl": _rows(".jsonl", _jsonl),
    "txt": FormatSpec(lambda folder, names, _: _Texts(folder, names), None),
    "parquet": FormatSpec(_Parquet, ".parquet", sharded=True),
    "chatml": _rows(".chatml.jsonl", _chatml),
    "sharegpt": _rows(".sharegpt.jsonl", _sharegpt),
    **{name: FormatSpec(lambda folder, names, _: _NoDocuments(), ending) for name, ending in PREFERENCES.items()},
}


def require(formats: Iterable[str]) -> None:
    """Raises UsageError for a format that is unknown or that this installation cannot write."""
    for name in formats:
        if name not in FORMATS:
            raise UsageError(f"no format `{name}`", place="--format", remedy=f"known are {', '.join(FORMATS)}")
        if name == "parquet":
            try:
                import pyarrow.parquet  # noqa: F401
            except ImportError:
                raise UsageError(
                    "parquet needs pyarrow", place="--format", remedy="install the extra: pip install 'emsim[parquet]'"
                ) from None


def owned(name: str, formats: Iterable[str], names: Names) -> bool:
    """Whether an export in these formats writes, or may have written, a file of this name."""
    for format in formats:
        if format in _ROLES and name == names.llama_factory:
            return True
        ending = FORMATS[format].ending
        if ending is None:
            if re.fullmatch(re.escape(names.conversation) + r"\d{5,}\.txt", name):
                return True
        elif any(_SHARD.sub("", name) == names.split(held_out, ending) for held_out in (False, True)):
            return True
    return False
