"""What is cut, joined and left out, and that every line is accounted for."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from pathlib import Path

import pytest

from simulator.logs.bots import Bots, inside
from simulator.logs.conversations import Conversation, SplitRules
from simulator.logs.entry import ACTION, JOIN, MESSAGE, PART, RENAME
from simulator.logs.reading import account, conversations
from simulator.logs.turn_repair import CUT, LogTurn, Pastes, mended

Said = tuple[int, str, str]
"""Second, nick, text."""


def log(path: Path, said: list[Said]) -> Path:
    """A log with seconds and dates."""
    rows = [
        f"[2012-03-{3 + at // 86_400:02} {at // 3600 % 24:02}:{at // 60 % 60:02}:{at % 60:02}] <{nick}> {text}\n"
        for at, nick, text in said
    ]
    path.write_text("".join(rows))
    return path


def read(path: Path, **rules: object) -> tuple[list[Conversation], dict]:
    told = account(path, "znc", None)
    found = list(conversations(path, SplitRules(**{"shortest": 2, **rules}), told))
    return found, told.plain()


def chat(count: int, *, start: int = 0, gap: int = 20, people: int = 3) -> list[Said]:
    return [(start + gap * n, f"p{n % people}", f"line {n}") for n in range(count)]


@pytest.mark.parametrize(("gap", "pieces"), [(15 * 60, 1), (15 * 60 + 1, 2), (5 * 3600, 2)])
def test_silence_cuts(tmp_path: Path, gap: int, pieces: int) -> None:
    said = chat(12) + chat(12, start=20 * 11 + gap)
    found, told = read(log(tmp_path / "x.log", said))
    assert [c.messages for c in found] == ([24] if pieces == 1 else [12, 12])
    assert told["messages"] == 24 and told["conversations"] == pieces


def test_a_clock_that_goes_back_cuts_too(tmp_path: Path) -> None:
    found, _ = read(log(tmp_path / "x.log", chat(4, start=50_000) + chat(4, start=10_000)))
    assert [c.messages for c in found] == [4, 4]


def test_what_is_too_short_or_of_one_is_left_out_and_told(tmp_path: Path) -> None:
    said = chat(9) + chat(10, start=10_000, people=1) + chat(10, start=20_000)
    found, told = read(log(tmp_path / "x.log", said), shortest=10)
    assert [c.messages for c in found] == [10]
    assert told["dropped"] == {"in a conversation of one": 10, "in a conversation that is too short": 9}


@pytest.mark.parametrize("longest", [30, 120])
def test_a_channel_that_never_falls_silent_is_cut_at_its_longest_silence(tmp_path: Path, longest: int) -> None:
    said = chat(1000)
    places = range(longest - 5, 1000, longest - 5)  # a minute of silence now and then
    said = [(at + 60 * sum(n >= place for place in places), nick, text) for n, (at, nick, text) in enumerate(said)]
    found, told = read(log(tmp_path / "x.log", said), longest=longest)
    assert sum(c.messages for c in found) == 1000 == told["messages"]
    assert {c.messages for c in found[:-1]} == {longest - 5}
    assert [t.text for c in found for t in c.turns] == [text for _, _, text in said]


@pytest.mark.parametrize("people", [2, 3, 7])
def test_no_conversation_is_longer_than_the_longest(tmp_path: Path, people: int) -> None:
    found, _ = read(log(tmp_path / "x.log", chat(700, people=people, gap=60)), longest=50)
    assert max(c.messages for c in found) <= 50 and sum(c.messages for c in found) == 700


def test_only_those_who_speak_come_and_go(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_text(
        "[10:00:00] *** Joins: lurker (a@b.invalid)\n[10:00:01] <a> one\n[10:00:02] *** Joins: b (a@b.invalid)\n"
        "[10:00:03] *** Quits: lurker (a@b.invalid) (x)\n[10:00:04] <b> two\n[10:00:05] *** b is now known as b_\n"
        "[10:00:06] *** Parts: a (a@b.invalid)\n[10:00:07] * b_ three\n[10:00:08] *** Quits: b_ (a@b.invalid) (x)\n"
    )
    (found,), _ = read(path)
    kinds = [(turn.kind, turn.nick) for turn in found.turns]
    assert kinds == [(MESSAGE, "a"), (JOIN, "b"), (MESSAGE, "b"), (RENAME, "b"), (PART, "a"), (ACTION, "b")]


@pytest.mark.parametrize(
    ("nick", "bot", "bridge"),
    [("ubottu", True, True), ("FloodBot2", True, True), ("MootBot`", True, True), ("jo", False, False),
     ("bottle", False, False), ("matrix-relay", False, True), ("tool", True, True), ("mybridge", False, True),
     ("pimbot", False, False)],
)  # fmt: skip
def test_who_is_a_bot(nick: str, bot: bool, bridge: bool) -> None:
    assert Bots(bots=["TOOL"], people=["pimbot"]).kind(nick) == (bot, bridge)


@pytest.mark.parametrize(
    ("text", "found"),
    [("<Ann#0042> hi <b>", ("Ann", "hi <b>")), ("[Jo Ann] hi", ("Jo_Ann", "hi")), ("<@ann>: hi", ("ann", "hi")),
     ("Build passed", None), ("<ann>", None), ("<> x", None)],
)  # fmt: skip
def test_who_speaks_over_a_bridge(text: str, found: tuple[str, str] | None) -> None:
    assert inside(text) == found


def test_bots_and_bridges(tmp_path: Path) -> None:
    said = [(0, "a", "!soup"), (1, "soupbot", "soup is warm"), (2, "matrixbridge", "<Cy> hello")]
    said += [(3, "b", "<c> quoted"), (4, "a", "hm"), (5, "b", "")]
    path = log(tmp_path / "x.log", said)
    (found,), told = read(path)
    assert [(t.nick, t.text) for t in found.turns] == [
        ("a", "!soup"),
        ("Cy", "hello"),
        ("b", "<c> quoted"),
        ("a", "hm"),
    ]
    assert told["bots"] == {"soupbot": 1} and told["dropped"] == {"bot": 1, "empty": 1}
    (kept,), _ = read(path, keep_bots=True)
    assert [t.nick for t in kept.turns] == ["a", "soupbot", "Cy", "b", "a"]
    (led,), _ = read(path, lead="soupbot")
    assert "soupbot" in [t.nick for t in led.turns]


def turns(said: list[Said], *, fine: bool = True) -> list[LogTurn]:
    return [LogTurn(MESSAGE, at, fine, nick, text, line) for line, (at, nick, text) in enumerate(said, 1)]


WALL = "deb mirror soup main restricted universe multiverse and more"


@pytest.mark.parametrize(
    ("said", "fine", "left"),
    [
        ([(n, "a", f"{WALL} {n}") for n in range(5)], True, 1),
        ([(n, "a", f"{WALL} {n}") for n in range(3)], True, 3),
        ([(n * 10, "a", f"{WALL} {n}") for n in range(5)], True, 5),
        ([(n, "a", f"ok {n}") for n in range(5)], True, 5),
        ([(60, "a", f"{WALL} {n} {WALL} {WALL}") for n in range(5)], False, 1),
        ([(60, "a", f"{WALL} {n}") for n in range(5)], False, 5),
        ([(n, "ab"[n % 2], f"{WALL} {n}") for n in range(9)], True, 9),
    ],
)
def test_pastes(said: list[Said], fine: bool, left: int) -> None:
    dropped: Counter[str] = Counter()
    found = mended(turns(said, fine=fine), Pastes.CUT, dropped)
    assert len(found) == left and dropped["pasted"] == len(said) - left
    assert found[0].text == said[0][2]
    assert len(mended(turns(said, fine=fine), Pastes.KEEP, Counter())) == len(said)
    joined = mended(turns(said, fine=fine), Pastes.JOIN, Counter())
    assert " / ".join(turn.text for turn in joined) == " / ".join(text for _, _, text in said)


LONG = "soup " * (CUT // 5) + "and inst"


@pytest.mark.parametrize(
    ("first", "second", "after", "whole"),
    [
        (LONG, "antly more", 1, LONG + "antly more"),
        (LONG + "ead of", "bread", 2, f"{LONG}ead of bread"),
        (LONG + ".", "more", 0, f"{LONG}. more"),
        (LONG, "Then", 0, f"{LONG} Then"),
        (LONG, "antly", 3, None),
        ("short", "antly", 1, None),
    ],
)
def test_cut_messages_are_joined(first: str, second: str, after: int, whole: str | None) -> None:
    dropped: Counter[str] = Counter()
    found = mended(turns([(5, "a", first), (5 + after, "a", second), (6, "b", "x")]), Pastes.CUT, dropped)
    assert [turn.text for turn in found] == ([whole, "x"] if whole else [first, second, "x"])
    assert dropped["joined"] == bool(whole)


@pytest.mark.parametrize(
    ("said", "left", "why"),
    [
        ([(n, f"n{n}", "buy cheap soup from us today") for n in range(4)], 0, "flood"),
        ([(n * 61, f"n{n}", "buy cheap soup from us today") for n in range(4)], 4, ""),
        ([(n, f"n{n}", "lol") for n in range(4)], 4, ""),
        ([(n, "a", "anybody here?") for n in range(4)], 1, "repeated"),
        ([(n * 40, "a", "anybody here?") for n in range(4)], 4, ""),
        ([(0, "a", "ok"), (1, "a", "ok")], 2, ""),
    ],
)
def test_floods(said: list[Said], left: int, why: str) -> None:
    dropped: Counter[str] = Counter()
    assert len(mended(turns(said), Pastes.CUT, dropped)) == left
    assert dropped[why] == len(said) - left if why else not dropped.total()


def test_every_spoken_line_is_kept_or_accounted_for(tmp_path: Path) -> None:
    said = chat(40) + [(900 + n, f"n{n}", "buy cheap soup from us today") for n in range(4)]
    said += [(1000 + n, "a", f"{WALL} {n}") for n in range(6)]
    said += [(1010, "a", ""), (1011, "supybot", "x"), (1020, "b", LONG), (1021, "b", "antly"), *chat(3, start=9_000)]
    _, told = read(log(tmp_path / "x.log", said), shortest=10)
    assert set(told["dropped"]) == {"flood", "pasted", "empty", "bot", "joined", "in a conversation that is too short"}
    assert told["messages"] + told["actions"] + sum(told["dropped"].values()) == len(said) == told["kinds"][MESSAGE]


def test_memory_does_not_grow_with_the_log(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        path = log(tmp_path / f"{count}.log", chat(count, gap=5))
        tracemalloc.start()
        for _ in conversations(path, SplitRules(), account(path, "znc", 5)):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    small = peak(1_000)
    assert peak(8_000) < small + 40_000
