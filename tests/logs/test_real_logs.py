"""Logs that the real programs wrote of one talk (`write_real_logs`): who said what, and that nothing else was said."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulator.logs.conversations import SplitRules
from simulator.logs.entry import ACTION, MESSAGE
from simulator.logs.reading import account, conversations
from simulator.logs.text_decoding import plain
from tests.logs.real_talk import STEPS

FOLDER = Path(__file__).with_name("real")
OWNERS = {"irssiown": "irssi2", "weeown": "wee2"}
"""Two of the programs speak themselves, and change their nick."""
Line = tuple[str, str, str]
"""Kind, person, text."""
REPLACED = "caf\ufffd in latin-1"
"""What programs write that take a letter which is no UTF-8 for broken."""


@dataclass(frozen=True)
class Written:
    """What one program could write of the talk."""

    format: str
    late: int = 0
    """Lines that were said before it was in the channel."""
    renames: bool = True
    """False: its log does not tell nick changes, and shows the nick of the moment."""
    replaces: bool = False
    """It writes REPLACED."""


LOGS = {
    "irssi": Written("irssi"),
    "weechat": Written("weechat"),
    "weechat-de": Written("weechat"),
    "weechat-ru": Written("weechat"),
    "hexchat": Written("hexchat", replaces=True),
    "hexchat-de": Written("hexchat", replaces=True),
    "hexchat-fr": Written("hexchat", replaces=True),
    "limnoria": Written("limnoria", replaces=True),
    "znc": Written("znc", late=7),
    "ii": Written("ii", renames=False),
}


def said(written: Written) -> Counter[Line]:
    """What the steps say."""
    made: list[Line] = []
    people = {"pim": ["pim"], "rolf": ["Rolf[x]"], "owner": list(OWNERS)}
    for who, what in STEPS:
        line = what if isinstance(what, str) else what.decode("latin-1")
        text = line if who == "owner" else line.partition(" :")[2]
        if line.startswith(("NICK ", "/nick ")):
            if not written.renames:
                people[who] = list(OWNERS.values()) if who == "owner" else [line[5:]]
        elif who == "owner" or line.startswith("PRIVMSG"):
            kind = ACTION if text.startswith(("/me ", "\x01")) else MESSAGE
            text = plain(text.removeprefix("/me ").removeprefix("\x01ACTION "))
            made += [(kind, nick, REPLACED if written.replaces and "latin-1" in text else text) for nick in people[who]]
    first = made[written.late :]
    if written.late:  # met under the other nick
        first = [(kind, nick.replace("Rolf[x]", "rolf|away"), text) for kind, nick, text in first]
    return Counter(first)


@pytest.mark.parametrize("name", LOGS)
def test_every_line_is_whose_it_was(name: str) -> None:
    path = FOLDER / f"{name}.log"
    told = account(path, "auto", None)
    found = conversations(path, SplitRules(silence=1e6, shortest=2), told)
    got = Counter((turn.kind, turn.nick, turn.text) for each in found for turn in each.turns if turn.spoken)
    wanted = said(LOGS[name])
    assert told.format == LOGS[name].format and told.not_understood == 0
    assert (list(got - wanted), list(wanted - got)) == ([], [])  # wrong, lost


@pytest.mark.parametrize("name", [name for name in LOGS if LOGS[name].renames])
def test_only_who_was_there_is_somebody(name: str) -> None:
    path = FOLDER / f"{name}.log"
    told = account(path, "auto", None)
    list(conversations(path, SplitRules(silence=1e6, shortest=2), told))
    assert set(told.speakers) == {nick for _, nick, _ in said(LOGS[name])} and "You" not in told.speakers
