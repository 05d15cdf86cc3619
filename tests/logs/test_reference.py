"""The importer on real logs, which lie beside the checkout where there is one and are not part of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from simulator.logs.conversations import SplitRules
from simulator.logs.entry import ACTION, MESSAGE, NOTICE, PART, RENAME, SYSTEM, TOPIC
from simulator.logs.formats.archives import ARCHIVE
from simulator.logs.reading import account, conversations
from simulator.logs.text_decoding import plain

LOGS = Path(__file__).resolve().parents[3] / "shared" / "reference" / "irc"

pytestmark = pytest.mark.skipif(not LOGS.is_dir(), reason="no ../shared/reference/irc beside this checkout")

EXCERPTS = ("irssi", "weechat", "znc", "hexchat", "energymech", "eggdrop", "mirc", "discord_chat_exporter")
CHATS = {"message": "msg", "action": "action"}


@pytest.mark.parametrize("name", EXCERPTS)
def test_one_excerpt_in_eight_formats(name: str) -> None:
    (path,) = (LOGS / "formats").glob(f"{name}.*")
    told = account(path, "auto", None)
    (found,) = conversations(path, SplitRules(silence=60, shortest=2), told)
    got = [(turn.nick, CHATS[turn.kind], turn.text) for turn in found.turns if turn.spoken]
    rows = map(json.loads, (LOGS / "formats" / "expected.jsonl").read_text().splitlines())
    wanted = [(row["nick"], row["kind"], row["text"]) for row in rows]
    if name.startswith("discord"):  # a reply does not say whether a colon or a comma followed the nick
        got, wanted = ([(*row[:2], re.sub(r"^(\w+)[:,] ", r"\1: ", row[2])) for row in rows] for rows in (got, wanted))
    assert got == wanted
    assert told.not_understood == 0


EDGES = {
    "nick with special characters": {MESSAGE},
    "/me action printed like a system line (before 2007-10)": {ACTION},
    "/me action": {ACTION},
    "nick change with special characters": {RENAME},
    "netsplit / netjoin": {SYSTEM, "join"},
    "message that quotes a log line": {MESSAGE},
    "message text that looks like log syntax": {MESSAGE},
    "12-hour clock without am/pm wraps from 12 to 01": {MESSAGE},
    "very long message": {MESSAGE},
    "empty message": {MESSAGE},
    "topic or kick": {TOPIC, PART, ACTION},
    "message relayed by a bot in another shape": {MESSAGE},
    "notice, not a message": {NOTICE},
    "non-Latin script": {MESSAGE},
    "backspace in text": {MESSAGE},
    "control character that str.splitlines() takes for a line end": {MESSAGE},
}


def test_edge_cases() -> None:
    text = (LOGS / "edge_cases.tsv").read_bytes().decode()
    rows = [
        dict(zip(("why", "file", "line", "raw"), row.split("\t", 3), strict=True))
        for row in text.split("\n")[1:]
        if row
    ]
    assert {row["why"] for row in rows} == set(EDGES)
    for row in rows:
        entry = ARCHIVE.parse(row["raw"])
        assert entry is not None and entry.kind in EDGES[row["why"]], row
        if (
            row["why"].startswith(("message", "very", "non-Latin", "backspace", "control"))
            and "(" not in row["raw"][:9]
        ):
            raw = row["raw"].split("> ", 1)[1]
            assert plain(entry.text).isprintable() or not raw.isascii(), row
            assert entry.text == raw
        if row["why"] == "empty message":
            assert plain(entry.text) == ""
        if "was kicked" in row["raw"]:
            assert entry.kind == PART


@pytest.mark.parametrize(
    "pattern", ["ubuntu/*.raw.txt", "linux_channel_two/*.raw.txt", "new_domains/*.ascii.txt", "duraspace/*.log"]
)
def test_every_line_of_every_sample_is_understood(pattern: str) -> None:
    for path in sorted(LOGS.glob(pattern)):
        told = account(path, "auto", None)
        found = list(conversations(path, SplitRules(), told))
        assert told.not_understood == 0, (path.name, told.unknown[:3])
        assert told.lines == path.read_bytes().count(b"\n") == told.kinds.total()
        spoken = told.kinds[MESSAGE] + told.kinds[ACTION]
        assert told.messages + told.actions + told.dropped.total() == spoken, path.name
        assert sum(c.messages for c in found) == told.messages
        assert all(10 <= c.messages <= 120 for c in found)
