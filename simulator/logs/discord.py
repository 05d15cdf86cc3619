"""The JSON of DiscordChatExporter, one message at a time: an export may be larger than the memory.

A reply becomes `Name: text`, a mention at the beginning likewise, and lines of one message are joined by a space: so
people address each other in IRC. `_text_`, what Discord makes of /me, is an action. A message of pictures alone is
empty. People keep the name under which they first speak; two with the same name are told apart.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from simulator.errors import UsageError
from simulator.logs.entry import ACTION, JOIN, MESSAGE, SYSTEM, LogEntry, Stamp
from simulator.logs.nicks import UniqueNicks

_LIST = re.compile(r'"messages"\s*:\s*\[')
_CHUNK = 1 << 16
_LONGEST = 1 << 22
"""Characters of one message, all its fields counted; more is no message."""
_REMEMBERED = 5_000
"""Messages whose author is known when they are answered."""


def entries(path: Path) -> Iterator[tuple[str, LogEntry | None]]:
    """(what stands there, what it is) for each message in order; None: not understood.

    Raises UsageError for a file that cannot be read as JSON or is no export.
    """
    reader = _Export()
    for record in records(path):
        if "messages" in record:
            reader.begin(record)
            continue
        try:
            yield str(record.get("content", ""))[:200], reader.entry(record)
        except (AttributeError, KeyError, TypeError, ValueError):
            yield json.dumps(record)[:200], None


class _Export:
    def __init__(self) -> None:
        self._names = UniqueNicks()
        self._authors: OrderedDict[str, str] = OrderedDict()
        self._channel = ""

    def begin(self, head: dict[str, Any]) -> None:
        channel = head.get("channel")
        name = channel.get("name") if isinstance(channel, dict) else None
        self._channel = f"#{name}" if name else ""

    def entry(self, record: dict[str, Any]) -> LogEntry:
        author = record["author"]
        nick = self._name(author)
        when = datetime.fromisoformat(record["timestamp"])
        seconds = when.hour * 3600 + when.minute * 60 + when.second
        ahead = when.utcoffset()
        stamp = Stamp(when.toordinal(), seconds, ahead=None if ahead is None else round(ahead.total_seconds()))
        kind, bot = record.get("type", "Default"), bool(author.get("isBot"))
        self._authors[str(record.get("id"))] = nick
        if len(self._authors) > _REMEMBERED:
            self._authors.popitem(last=False)
        if kind in ("GuildMemberJoin", "7"):
            return LogEntry(JOIN, nick, "", stamp, self._channel, bot)
        if kind not in ("Default", "Reply", "ThreadStarterMessage", "0", "19"):
            return LogEntry(SYSTEM, stamp=stamp)
        text = " ".join(row.strip() for row in record["content"].split("\n") if row.strip())
        if len(text) > 2 and text[0] == text[-1] == "_" and "_" not in text[1:-1].strip(" _")[:1]:
            return LogEntry(ACTION, nick, text[1:-1], stamp, self._channel, bot)
        mentioned = {shown: self._name(who) for who in record.get("mentions") or () for shown in _shown(who)}
        return LogEntry(MESSAGE, nick, self._addressed(record, text, mentioned), stamp, self._channel, bot)

    def _name(self, author: dict[str, Any]) -> str:
        return self._names.nick(str(author["id"]), author.get("nickname") or author["name"])

    def _addressed(self, record: dict[str, Any], text: str, mentioned: dict[str, str]) -> str:
        for shown in sorted(mentioned, key=len, reverse=True):
            if text.startswith(f"@{shown}"):
                text = f"{mentioned[shown]}: {text[len(shown) + 1 :].lstrip(' ,:')}"
            text = text.replace(f"@{shown}", mentioned[shown])
        if record.get("type") not in ("Reply", "19") or not text:
            return text
        reference = record.get("reference") or {}
        to = self._authors.get(str(reference.get("messageId"))) or next(iter(mentioned.values()), None)
        return text if to is None or text.startswith(f"{to}:") else f"{to}: {text}"


def _shown(who: dict[str, Any]) -> Iterator[str]:
    for field in ("nickname", "name"):
        if who.get(field):
            yield who[field]


def records(path: Path) -> Iterator[dict[str, Any]]:
    """The head of the export (with an empty list of messages), then each message."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            yield from _parts(file, path)
    except OSError as error:
        raise UsageError(error.strerror or str(error), place=str(path), remedy="name a readable file") from None


def _parts(file: Any, path: Path) -> Iterator[dict[str, Any]]:
    decoder, text, found = json.JSONDecoder(), "", None
    while found is None:
        chunk = file.read(_CHUNK)
        text += chunk
        found = _LIST.search(text)
        if found is None and (not chunk or len(text) > _LONGEST):
            raise UsageError("no list of messages", place=str(path), remedy="is this DiscordChatExporter's JSON?")
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
            cause, remedy = f"nested too deeply, after message {number}", "is this DiscordChatExporter's JSON?"
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
            record.pop("messages", None)
            yield record
