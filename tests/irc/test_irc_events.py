"""What lines of a server say happened."""

from __future__ import annotations

import pytest

from simulator.irc.irc_events import EventReader, IrcEvent, OwnEvent
from simulator.irc.irc_message import parse_message

NOW = 1_767_600_000.0
ANN = ":ann!a@h"


def reader() -> EventReader:
    return EventReader("#tea", "own", lambda: NOW)


def events(*lines: str, made: EventReader | None = None) -> list[IrcEvent | OwnEvent]:
    made = made or reader()
    return [event for line in lines for event in made.read(parse_message(line))]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (":own!e@a.host JOIN #Tea", OwnEvent("entered", "a.host")),
        (":own!e@a.host JOIN :#tea", OwnEvent("entered", "a.host")),
        (":s 404 own #tea :Cannot send to channel (+m)", OwnEvent("undelivered", "Cannot send to channel (+m)")),
        ("@label=em1 :s 404 own #tea :no", OwnEvent("undelivered", "no", "em1")),
        (":s 417 own :Input line was too long", OwnEvent("undelivered", "Input line was too long")),
        (":s 477 own #tea :registered nicks only", OwnEvent("undelivered", "registered nicks only")),
        ("FAIL PRIVMSG CANNOT_SEND #tea :not you", OwnEvent("undelivered", "not you")),
        (":s 470 own #tea ##tea :Forwarding", OwnEvent("kept out", "the server sends us on to ##tea: Forwarding")),
        (":s 437 own own2 :unavailable", OwnEvent("nick refused", "unavailable")),
        (":s 433 own em :in use", OwnEvent("nick refused", "in use")),
        (":op!o@h KILL own :spam", OwnEvent("killed", "killed by op: spam")),
        ("ERROR :Closing Link: (K-lined)", OwnEvent("closing", "Closing Link: (K-lined)")),
        (":own!e@h PART #tea :services", OwnEvent("put out", "taken out of the channel (services)")),
        (":own!e@h NICK Guest1", OwnEvent("renamed", "Guest1")),
        (":s 396 own cloak.example :is now your host", OwnEvent("host", "cloak.example")),
        (":own!e@h CHGHOST e cloak.example", OwnEvent("host", "cloak.example")),
        (":s 302 own :own=+e@h ", OwnEvent("fence")),
        ("@label=em1 :own!e@h PRIVMSG #tea :hi", OwnEvent("echo", "hi", "em1")),
    ],
)  # fmt: skip
def test_what_happens_to_us(line: str, wanted: OwnEvent) -> None:
    assert events(line) == [wanted]


@pytest.mark.parametrize("code", ["403", "405", "471", "473", "474", "475", "476", "477", "489", "437"])
def test_a_refusal_while_joining_is_of_the_channel(code: str) -> None:
    made = reader()
    made.joining = True
    (found,) = events(f":s {code} own #tea :no", made=made)
    assert found == OwnEvent("busy" if code == "437" else "kept out", "no")


@pytest.mark.parametrize(
    "line",
    [
        f"{ANN} PRIVMSG @#tea :operators only",
        f"{ANN} PRIVMSG +#tea :voices only",
        f"{ANN} PRIVMSG #other :elsewhere",
        f"{ANN} PRIVMSG #tea",
        f"{ANN} PRIVMSG #tea :\x01VERSION\x01",
        f"{ANN} TAGMSG #tea",
        f"{ANN} JOIN #other",
        ":s 404 own #other :no",
        ":s 366 own #tea :end",
        "AUTHENTICATE :+",
    ],
)
def test_what_is_none_of_our_business(line: str) -> None:
    assert events(line) == []


def test_a_batch_of_history_is_history_and_so_is_what_is_in_it() -> None:
    found = events(
        ":s BATCH +a chathistory #tea", "@batch=a;time=2026-01-04T00:00:00Z :ann!a@h PRIVMSG #tea :yesterday",
        "@batch=a :s BATCH +b draft/multiline #tea", "@batch=b :ann!a@h PRIVMSG #tea :within",
        ":ann!a@h PRIVMSG #tea :live", ":s BATCH -b", ":s BATCH -a", "@batch=a :ann!a@h PRIVMSG #tea :late",
        ":s BATCH +c netsplit a.net b.net", "@batch=c :ann!a@h PRIVMSG #tea :not history",
    )  # fmt: skip
    assert [(event.text, event.history) for event in found] == [
        ("yesterday", True), ("within", True), ("live", False), ("late", False), ("not history", False),
    ]  # fmt: skip


def test_a_bouncers_playback_without_server_time() -> None:
    mark = ":***!znc@znc.in PRIVMSG #tea"
    found = events(
        f"{mark} :Buffer Playback...", f"{ANN} PRIVMSG #tea :[23:58:11] [sic] yes", f"{ANN} PRIVMSG #tea :[09:01] hm",
        ":own!e@h PRIVMSG #tea :[10:00:00] mine", f"{mark} :Playback Complete.", f"{ANN} PRIVMSG #tea :[23:58:11] live",
    )  # fmt: skip
    assert [(event.text, event.history) for event in found] == [
        ("[sic] yes", True), ("hm", True), ("[23:58:11] live", False),
    ]  # fmt: skip
