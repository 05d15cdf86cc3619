"""Who may tell her what, which lines are read, which of hers may leave."""

from __future__ import annotations

import pytest

from simulator.errors import UsageError
from simulator.irc.commands import Command, Operators
from simulator.irc.irc_events import IrcEvent
from simulator.irc.message_filters import REMEMBERED, InputFilter, Meters, OutputFilter
from simulator.line_checks import LineChecker
from tests.irc.channel import LEAD, POLICY
from tests.worlds import shipped

WORD = f"!{LEAD.lower()}"


def guard() -> OutputFilter:
    return OutputFilter(POLICY, LineChecker(shipped().style, LEAD), LEAD, politics_allowed=False)


@pytest.mark.parametrize("mask", ["*!*@*", "boss!*@*", "*", "boss@host", "boss!~b@*.*", "!@", "a!b@"])
def test_a_mask_that_anybody_fits_is_refused(mask: str) -> None:
    with pytest.raises(UsageError, match="let anybody in"):
        Operators(LEAD, shipped().engagement, [mask])


@pytest.mark.parametrize(
    ("text", "command"),
    [
        (f"{WORD} engagement high", Command("engagement", "high")),
        (f"{WORD.upper()} MUTE 5", Command("mute", "5")),
        (f"{WORD} mute", Command("mute")),
        (f"{WORD}", Command("status")),
        (f"{WORD} leave", Command("leave")),
        (f"{WORD} engagement", Command("")),
        (f"{WORD} engagement HIGH now", Command("")),
        (f"{WORD} mute -1", Command("")),
        (f"{WORD} mute 999999999", Command("")),
        (f"{WORD} leave now please", Command("")),
        (f"{WORD} eval 1", Command("")),
    ],
)
def test_commands(text: str, command: Command) -> None:
    operators = Operators(LEAD, shipped().engagement, ["boss"])
    assert operators.addressed(text) and operators.read(text) == command


@pytest.mark.parametrize("text", [f"{LEAD}: leave", f"{WORD}x leave", f"say {WORD} leave", f"{WORD[1:]} leave", ""])
def test_talk_is_no_command(text: str) -> None:
    assert not Operators(LEAD, shipped().engagement, []).addressed(text)


@pytest.mark.parametrize(
    ("nick", "mask", "allowed"),
    [
        ("B[o]ss", "b{O}SS!~x@Host.Example", True),
        ("any", "any!~x@sub.trusted.example", True),
        ("any", "any!~x@trusted.example", False),
        ("any", "any!~x@sub.trustedxexample", False),
        ("Boss", "Boss!~x@elsewhere", False),
    ],
)
def test_masks(nick: str, mask: str, allowed: bool) -> None:
    operators = Operators(LEAD, shipped().engagement, ["b[o]ss!*@host.example", "*!*@*.trusted.example", "Boss"])
    assert operators.allows(IrcEvent("said", 0.0, nick, WORD, mask)) is allowed
    assert operators.allows(IrcEvent("said", 0.0, nick, WORD, mask, account="BOSS"))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("I would not put that past him, to be fair", None),
        ("ann: bert said so himself, more or less", None),
        ("ann, bert and cleo are all wrong about this one", "mass highlight"),
        ("it is on https://a.example, look there yourself", "link"),
        ("it is on www.a.example, look there yourself", "link"),
        ("it is at a.example/x, look there yourself", "link"),
        ("javascript:alert is what they sent to me just now", "link"),
        ("... and then it rained for the whole day", None),
        ("-5 degrees is no reason to stay at home", None),
        (".op me, said the man who was kicked out", "order to a program"),
        ("!seen ann is what I would have typed", "order to a program"),
        ("<ann> I never said anything of the kind", "leak"),
        ("x" * 700, "wall"),
    ],
)
def test_what_may_leave(text: str, fault: str | None) -> None:
    assert guard().fault(text, to="ann", present=["ann", "bert", "cleo"], now=0.0) == fault


def test_rates() -> None:
    line, held = "I would not put that past him, to be fair", guard()

    def may(to: str, now: float) -> str | None:
        return held.fault(line, to=to, present=[], now=now)

    for at in range(POLICY.answers.lines):
        assert may("ann", at) is None
        held.sent("ann", at)
    assert may("ANN", 10) == "rate to one nick" and may("bert", 10) is None
    for at in range(POLICY.answers.lines, POLICY.says.lines):
        held.sent(f"nick{at}", at)
    assert may("bert", 10) == "rate"
    assert may("bert", POLICY.says.seconds) is None


def test_a_flood_of_one_is_not_the_others_fault() -> None:
    ears = InputFilter(POLICY)

    def read(nick: str, at: float) -> bool:
        return ears.reason_unread(IrcEvent("said", at, nick, "hello")) is None

    assert [read("ann", 0.0) for _ in range(20)].count(True) == POLICY.flood.lines
    assert read("bert", 0.0) and not read("Ann", 1.0) and read("ann", POLICY.flood.seconds)


def test_who_changes_nicks_for_ever_fills_no_memory() -> None:
    meters = Meters(POLICY.flood)
    first = meters.of("first")
    for number in range(2 * REMEMBERED):
        meters.of(f"nick{number}")
    assert meters.of("first") is not first
