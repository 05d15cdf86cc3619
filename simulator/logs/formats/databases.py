"""Databases and tables: The Lounge's and Quassel's SQLite, a dump of Quassel's PostgreSQL, CSV of
DiscordChatExporter."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from simulator.errors import UsageError
from simulator.logs.entry import ACTION, JOIN, MESSAGE, NOTICE, PART, RENAME, SYSTEM, TOPIC, LogEntry, Stamp
from simulator.logs.formats.record import Parsed, RecordFormat, moment, one_line
from simulator.logs.nicks import UniqueNicks

_MAGIC = "SQLite format 3\0"
_LOUNGE = {
    "message": MESSAGE, "action": ACTION, "notice": NOTICE, "join": JOIN, "part": PART, "quit": PART, "kick": PART,
    "nick": RENAME, "topic": TOPIC,
}  # fmt: skip
_QUASSEL = {1: MESSAGE, 2: NOTICE, 4: ACTION, 8: RENAME, 32: JOIN, 64: PART, 128: PART, 256: PART, 16384: TOPIC}
"""Quassel's types of message; everything else (modes, server, day changes, netsplits) is the client's own."""


def _connected(path: Path) -> sqlite3.Connection:
    """Read-only: nothing of a user's is touched. Raises UsageError."""
    try:
        return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error as error:
        raise UsageError(str(error), place=str(path), remedy="name a database that can be read") from None


def _tables(path: Path) -> frozenset[str]:
    try:
        with closing(_connected(path)) as database:
            return frozenset(row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))
    except sqlite3.Error:
        return frozenset()


def _has(*tables: str) -> Callable[[Path, str], bool]:
    return lambda path, start: start.startswith(_MAGIC) and _tables(path).issuperset(tables)


def _rows(path: Path, query: str, *values: object) -> Iterator[tuple[object, ...]]:
    try:
        with closing(_connected(path)) as database:
            database.text_factory = lambda raw: raw.decode("utf-8", "replace")
            yield from database.execute(query, values)
    except sqlite3.Error as error:
        raise UsageError(str(error), place=str(path), remedy="is the database whole? close the program first") from None


def _lounge_channels(path: Path) -> list[str]:
    query = (
        "SELECT network || char(9) || channel FROM messages WHERE channel LIKE '#%'"
        " GROUP BY network, channel ORDER BY min(id)"
    )
    return [str(row[0]) for row in _rows(path, query)]


def _lounge(path: Path, channel: str) -> Iterator[Parsed]:
    network, _, name = channel.partition("\t")
    query = "SELECT time, type, msg FROM messages WHERE network = ? AND channel = ? ORDER BY time, id"
    for time, kind, raw in _rows(path, query, network, name):
        text = str(raw)
        try:
            yield text[:200], _lounge_entry(int(str(time)), str(kind), json.loads(text), name)
        except (AttributeError, KeyError, TypeError, ValueError):
            yield text[:200], None


def _lounge_entry(time: int, kind: str, message: dict[str, object], channel: str) -> LogEntry:
    stamp, shown = moment(time), _LOUNGE.get(kind)
    if shown is None:
        return LogEntry(SYSTEM, stamp=stamp)
    who = message["target"] if kind == "kick" else message["from"]
    nick = str(who["nick"]) if isinstance(who, dict) else ""
    text = str(message.get("new_nick") if kind == "nick" else message.get("text") or "")
    return LogEntry(shown, nick, "" if shown in (JOIN, PART) else one_line(text), stamp, channel)


class _Line(NamedTuple):
    """A row of Quassel's backlog."""

    time: object
    type: int
    sender: str
    message: str


def _quassel_entry(line: _Line, channel: str) -> LogEntry:
    stamp, kind = moment(line.time), _QUASSEL.get(line.type, SYSTEM)
    nick = line.sender.partition("!")[0]
    if kind == SYSTEM:
        return LogEntry(SYSTEM, stamp=stamp)
    if line.type == 256:  # the message begins with who was kicked
        nick = line.message.split(" ", 1)[0]
    text = line.message
    if kind == TOPIC and (found := re.search(r'"(.*)"\s*$', text, re.DOTALL)):
        text = found[1]
    return LogEntry(kind, nick, "" if kind in (JOIN, PART) else one_line(text), stamp, channel)


_BUFFERS = (
    "SELECT buffer.bufferid || char(9) || buffer.buffername FROM buffer JOIN backlog"
    " ON backlog.bufferid = buffer.bufferid"
    " WHERE buffer.buffername LIKE '#%' GROUP BY buffer.bufferid ORDER BY min(backlog.messageid)"
)


def _quassel_channels(path: Path) -> list[str]:
    return [str(row[0]) for row in _rows(path, _BUFFERS)]


def _quassel(path: Path, channel: str) -> Iterator[Parsed]:
    number, _, name = channel.partition("\t")
    query = (
        "SELECT backlog.time, backlog.type, sender.sender, backlog.message FROM backlog JOIN sender"
        " ON sender.senderid = backlog.senderid WHERE backlog.bufferid = ? ORDER BY backlog.messageid"
    )
    for time, kind, sender, message in _rows(path, query, int(number)):
        text = str(message or "")
        yield text[:200], _quassel_entry(_Line(_utc(time), int(str(kind)), str(sender), text), name)


def _utc(time: object) -> object:
    """PostgreSQL writes times without a zone, in UTC."""
    text = str(time)
    return time if text.replace(".", "").isdigit() else text.replace(" ", "T").partition("+")[0] + "+00:00"


_COPY = re.compile(r'COPY (?:\w+\.)?"?(\w+)"? \(([^)]*)\) FROM stdin;')
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}


def _copied(path: Path, *tables: str) -> Iterator[tuple[str, dict[str, str]]]:
    """(table, row) of some tables of a dump."""
    try:
        with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
            table, columns = "", list[str]()
            for line in file:
                line = line.rstrip("\n")
                if found := _COPY.match(line):
                    table, columns = found[1], [name.strip(' "') for name in found[2].split(",")]
                elif line == "\\.":
                    table = ""
                elif table in tables:
                    fields = [_ESCAPE.sub(lambda x: _ESCAPES.get(x[1], x[1]), field) for field in line.split("\t")]
                    yield table, dict(zip(columns, fields, strict=False))
    except OSError as error:
        raise UsageError(error.strerror or str(error), place=str(path), remedy="name a readable file") from None


def _dump_channels(path: Path) -> list[str]:
    return [
        f"{row['bufferid']}\t{row['buffername']}"
        for _, row in _copied(path, "buffer")
        if row.get("buffername", "").startswith("#")
    ]


def _dump(path: Path, channel: str) -> Iterator[Parsed]:
    """The dump is read twice: who is meant by a number stands behind the messages."""
    number, _, name = channel.partition("\t")
    senders = {row["senderid"]: row["sender"] for _, row in _copied(path, "sender")}
    for _, row in _copied(path, "backlog"):
        if row.get("bufferid") != number:
            continue
        text = row.get("message", "")
        try:
            sender = senders.get(row["senderid"], "")
            yield text[:200], _quassel_entry(_Line(_utc(row["time"]), int(row["type"]), sender, text), name)
        except (KeyError, ValueError, TypeError):
            yield text[:200], None


_CSV_DATES = ("%d-%b-%y %I:%M %p", "%m/%d/%Y %I:%M %p", "%d/%m/%Y %H:%M", "%d.%m.%Y %H:%M", "%Y-%m-%d %H:%M")


def _csv(path: Path, channel: str) -> Iterator[Parsed]:
    names = UniqueNicks()
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            for row in csv.DictReader(file):
                text = one_line(row.get("Content") or "")
                try:
                    author = re.sub(r"#(?:\d{4}|0)$", "", row["Author"])
                    nick = names.nick(row.get("AuthorID") or author, author)
                    yield text[:200], LogEntry(MESSAGE, nick, text, _csv_date(row["Date"]))
                except (KeyError, TypeError, ValueError):
                    yield str(row)[:200], None
    except (OSError, csv.Error) as error:
        raise UsageError(str(error), place=str(path), remedy="name a readable file") from None


def _csv_date(text: str) -> Stamp:
    """Raises ValueError."""
    try:
        return moment(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        pass
    for known in _CSV_DATES:
        try:
            when = datetime.strptime(text, known)
        except ValueError:
            continue
        return Stamp(when.toordinal(), when.hour * 3600 + when.minute * 60, False)
    raise ValueError(text)


def _csv_known(path: Path, start: str) -> bool:
    head = start.lstrip("\ufeff").split("\n", 1)[0].replace('"', "").strip()
    if head.startswith("ID,Timestamp,Contents"):
        raise UsageError(
            "Discord's data package holds only what one person said", place=str(path), remedy="export the channel, for "
            "instance with DiscordChatExporter"
        )  # fmt: skip
    return head.startswith("AuthorID,Author,Date,Content")


FORMATS = (
    RecordFormat("thelounge-sqlite", "The Lounge's SQLite", _has("messages", "options"), _lounge, _lounge_channels),
    RecordFormat(
        "quassel-sqlite", "Quassel's SQLite", _has("backlog", "sender", "buffer"), _quassel, _quassel_channels
    ),
    RecordFormat(
        "quassel-dump",
        "a dump of Quassel's PostgreSQL",
        lambda path, start: (
            "PostgreSQL database dump" in start and any(True for _ in _copied(path, "backlog", "buffer"))
        ),
        _dump,
        _dump_channels,
    ),
    RecordFormat("discord-csv", "DiscordChatExporter's CSV", _csv_known, _csv),
)
