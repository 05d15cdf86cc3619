"""Every format gives the same talk."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from simulator.errors import UsageError
from simulator.logs.conversations import SplitRules
from simulator.logs.entry import ACTION, DAY, JOIN, MESSAGE, NOTICE, PART, RENAME, SYSTEM, TOPIC
from simulator.logs.formats.archives import ARCHIVE
from simulator.logs.formats.json_exports import DISCORD
from simulator.logs.formats.registry import LogSource, detect
from simulator.logs.formats.terminal_clients import IRSSI
from simulator.logs.reading import account, conversations
from tests.logs import samples

ALL = 24 * 60.0
"""Minutes of silence that a talk of two days must not be cut at."""


@pytest.mark.parametrize("name", samples.TEXTS)
def test_one_talk_in_every_format(tmp_path: Path, name: str) -> None:
    path = samples.write(tmp_path, name)
    assert detect(path) == name
    told = account(path, "auto", None)
    (found,) = conversations(path, SplitRules(silence=ALL, shortest=2), told)
    spoken = [turn for turn in found.turns if turn.spoken]
    assert [(turn.kind, turn.text) for turn in spoken] == [(kind, text) for kind, _, text in samples.TALK]
    assert [turn.nick for turn in spoken] == list(samples.PEOPLE)
    assert (told.messages, told.actions, told.not_understood, told.conversations) == (4, 1, 0, 1)
    assert told.kinds[JOIN] == told.kinds[PART] == told.kinds[RENAME] == 1
    assert told.lines == len(samples.TEXTS[name].splitlines()) == told.kinds.total() + told.not_understood
    # From 09:59 on the third to 00:02 on the fourth.
    assert round((spoken[-1].at - spoken[0].at) / 60) == 14 * 60 + 3
    assert told.dated


@pytest.mark.parametrize("name", samples.TEXTS)
def test_lines_may_end_as_on_windows(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(samples.TEXTS[name].replace("\n", "\r\n").encode())
    (found,) = conversations(path, SplitRules(silence=ALL, shortest=2), account(path, "auto", None))
    assert [turn.text for turn in found.turns if turn.spoken] == [text for _, _, text in samples.TALK]


@pytest.mark.parametrize(
    ("line", "kind", "nick", "text"),
    [
        ("[10:00] <|QuaD-> hm", MESSAGE, "|QuaD-", "hm"),
        ("[10:00] <a`b^> x > y <z>", MESSAGE, "a`b^", "x > y <z>"),
        ("[10:00] <jo>", MESSAGE, "jo", ""),
        ("[10:00] <jo> * Stopping mail [ ok ]", MESSAGE, "jo", "* Stopping mail [ ok ]"),
        ("[10:00] <jo> * al (u@h.invalid) has left #x", MESSAGE, "jo", "* al (u@h.invalid) has left #x"),
        ("[10:00]  * jo is tired of topic talk", ACTION, "jo", "is tired of topic talk"),
        ("[10:00] (jo/#x) hello", MESSAGE, "jo", "hello"),
        ("[10:00] -jo:#x- buy soup", NOTICE, "jo", ""),
        ("[1:05 pm] <jo> hi", MESSAGE, "jo", "hi"),
        ("[2012-03-03 10:00:00] <jo> hi", MESSAGE, "jo", "hi"),
        ("kitchen 2012-03-03 [10:00:00] <jo>\t hi", MESSAGE, "jo", " hi"),
        ("kitchen 2012-03-03 === jo is now known as al", RENAME, "jo", "al"),
        ("=== jo has a plan", ACTION, "jo", "has a plan"),
        ("=== jo entered the room.", JOIN, "jo", ""),
        ("=== jo left the room (quit: soup).", PART, "jo", ""),
        ("=== jo was kicked off #x by al (flood)", PART, "jo", ""),
        ("=== netjoined: a.invalid -> b.invalid", SYSTEM, "", ""),
        ("=== ..[topic/#x:jo] : Soup  day", TOPIC, "jo", "Soup  day"),
        ("=== jo changed the topic of #x to: soup", TOPIC, "jo", "soup"),
        ('<span class="irc-date">[6:49]</span> <span class="irc-black">&lt;jo&gt; a &amp; b</span><br />', MESSAGE,
         "jo", "a & b"),
        ("Session Start: Sat Mar 03 09:58:00 2012", DAY, "", ""),
    ],
)  # fmt: skip
def test_lines_with_brackets(line: str, kind: str, nick: str, text: str) -> None:
    entry = ARCHIVE.parse(line)
    assert entry is not None and (entry.kind, entry.nick, entry.text) == (kind, nick, text)


@pytest.mark.parametrize("line", ["hello", "[ab:cd] <x> y", "<x> y", "[10:00]", "\x00\x01", "[10:00] no sign at all"])
def test_lines_that_are_nothing(line: str) -> None:
    assert ARCHIVE.parse(line) is None and IRSSI.parse(line) is None


def test_no_format(tmp_path: Path) -> None:
    for name, text in (("prose", "Dear diary,\nnothing happened.\n"), ("empty", ""), ("bytes", "\x00\xff\x00" * 50)):
        (tmp_path / name).write_text(text)
        with pytest.raises(UsageError, match="no known log format"):
            detect(tmp_path / name)
    with pytest.raises(UsageError):
        detect(tmp_path / "missing")


def test_discord(tmp_path: Path) -> None:
    ann, bob = samples.message(1, "Ann Lee", "one\ntwo"), samples.message(2, "Bob", "_waves_")
    asked = samples.message(3, "Bob", "@Ann Lee why", mentions=[ann["author"]])
    reply = samples.message(4, "Ann Lee", "because", kind="Reply", reference={"messageId": "3"})
    picture = samples.message(5, "Bob", "", attachments=[{"url": "x"}])
    twin = samples.message(6, "Bob", "another Bob", author={"id": "77"})
    pinned = samples.message(7, "Bob", "Pinned a message.", kind="ChannelPinnedMessage")
    broken = {"id": "8", "type": "Default", "content": "no author"}
    path = samples.discord(tmp_path, [ann, bob, asked, reply, picture, twin, pinned, broken])
    assert detect(path) == DISCORD.name
    found = [entry for _, entry in LogSource(path, DISCORD.name).entries(Counter())]
    assert [(e.kind, e.nick, e.text) if e else None for e in found] == [
        (MESSAGE, "Ann_Lee", "one two"),
        (ACTION, "Bob", "waves"),
        (MESSAGE, "Bob", "Ann_Lee: why"),
        (MESSAGE, "Ann_Lee", "Bob: because"),
        (MESSAGE, "Bob", ""),
        (MESSAGE, "Bob2", "another Bob"),
        (SYSTEM, "", ""),
        None,
    ]


@pytest.mark.parametrize("cut", [10, 200, 400, -1, -3])
def test_a_discord_export_that_ends_early_is_told(tmp_path: Path, cut: int) -> None:
    whole = samples.discord(tmp_path, [samples.message(n, "Ann", f"line {n} ü") for n in range(3)]).read_bytes()
    path = tmp_path / "cut.json"
    path.write_bytes(whole[:cut] if cut != -1 else whole[:-2])
    with pytest.raises(UsageError):
        list(LogSource(path, DISCORD.name).entries(Counter()))


def test_a_large_discord_export_comes_in_pieces(tmp_path: Path) -> None:
    many = [samples.message(n, "Ann", "ü" * (n % 700)) for n in range(900)]
    path = samples.discord(tmp_path, many)
    found = [entry for _, entry in LogSource(path, DISCORD.name).entries(Counter())]
    assert [entry.text for entry in found] == [record["content"] for record in many]
