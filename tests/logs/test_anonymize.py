"""Nobody is to be known by a nick, and no text by an address, in a run that is made with pseudonyms."""

from __future__ import annotations

import re

import pytest

from simulator.logs.anonymize import RunNames, without_addresses
from simulator.logs.nicks import COMMON_WORDS, fold
from tests.worlds import shipped

KNOWN = ("pim", "Rolf[x]", "|QuaD-", "will", "ra", "ticketo", "a_b", "host")


def names(salt: str | None = "salt", **given: object) -> RunNames:
    world = shipped()
    personas = [persona.nick for persona in world.personas.values()]
    return RunNames(
        **{"lead": world.lead.nick, "shown_lead": world.lead.nick, "personas": personas, "known": KNOWN, **given},
        salt=salt,
    )


def test_the_salt_and_the_nick_alone_decide() -> None:
    one, other = names(), names()
    forwards = [one.nick(nick) for nick in KNOWN]
    assert forwards == [other.nick(nick) for nick in reversed(KNOWN)][::-1]
    assert one.nick("PIM") == one.nick("pim") and one.nick("rolf{X}") == one.nick("Rolf[x]")
    assert not {names("another").nick(nick) for nick in KNOWN} & set(forwards)


def test_pseudonyms_are_nobody_else() -> None:
    made = names(known=[f"nick{n}" for n in range(5_000)])
    given = [made.nick(f"nick{n}") for n in range(5_000)]
    taken = {fold(persona.nick) for persona in shipped().personas.values()}
    assert len(set(given)) == 5_000
    assert not set(given) & (taken | COMMON_WORDS) and all(re.fullmatch("[a-z]{8}", nick) for nick in given)


def test_a_pseudonym_gives_way_to_a_persona_and_to_a_nick_of_the_log() -> None:
    first = names().nick("pim")
    assert names(personas=[first]).nick("pim") != first
    assert names(known=[first, "pim"]).nick("pim") != first


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pim: hi", "{pim}: hi"),
        ("ask PIM, or rolf[x].", "ask {pim}, or {rolf[x]}."),
        ("(pim) pim's pimento apimb", "({pim}) {pim}'s pimento apimb"),
        ("so |quad- said", "so {|quad-} said"),
        ("[pim] <pim> pim|away", "[{pim}] <{pim}> {pim}|away"),
        ("will: you there? i will, Will you", "{will}: you there? i will, Will you"),
        ("@will hm", "@{will} hm"),
        ("ra, ok ra", "{ra}, ok ra"),
        ("ask ticketo for a ticketo", "ask {ticketo} for a ticketo"),
        ("a_b a-b", "{a_b} a-b"),
        ("[host] at [link]", "[host] at [link]"),
        ("nobody here", "nobody here"),
    ],
)
def test_people_are_named_as_in_the_run(text: str, shown: str) -> None:
    made = names()
    assert made.text(text) == re.sub(r"\{([^{}]+)\}", lambda found: made.nick(found[1]), shown)
    assert names(None).text(text) == text


def test_who_changes_nick_stays_one_person() -> None:
    made = names()
    made.begin([("pim|away", "pim")])
    assert made.text("pim|away: soup") == f"{made.nick('pim')}: soup"
    assert made.shown("pim|away", "pim") == made.nick("pim") + "_" and made.shown("PIM", "pim") == made.nick("pim")
    made.begin([])
    assert made.text("ask pim|away") == f"ask {made.nick('pim')}|away"


@pytest.mark.parametrize("salt", [None, "salt"])
def test_the_lead_has_her_own_nick(salt: str | None) -> None:
    lead = shipped().lead.nick
    made = names(salt, shown_lead="RealOne")
    assert made.nick("realone") == lead
    assert made.text("realone: ask REALONE") == f"{lead}: ask {lead}"
    assert made.nick(lead) != lead  # somebody else has it in this log


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("see https://a.example/b?c=d#e.", "see [link]."),
        ("(http://a.example/x)", "([link])"),
        ("http://en.example.org/wiki/Soup_(food) yes", "[link] yes"),
        ("ftp://x, www.soup.example or irc://b/c", "[link], [link] or [link]"),
        ("try soup.example.com/menu", "try [link]"),
        ("irc.freenode.net:6667", "[link]"),
        ("a.py and e.g. wait...what ok.so node.js", "a.py and e.g. wait...what ok.so node.js"),
        ("ann@soup.example.org, thanks", "[email], thanks"),
        ("ann.b+c@soup.co.uk", "[email]"),
        ("ann (at) soup (dot) org", "[email]"),
        ("ann at soup dot org", "[email]"),
        ("look at main.c", "look at main.c"),
        ("ann!~a@host-1.isp.example is here", "[host] is here"),
        ("root@laptop:~$ ls", "[host] ls"),
        ("@ann hi, 5@6", "@ann hi, [host]"),
        ("10.0.0.1 192.168.1.1:8080 10.0.0.0/8", "[address] [address] [address]"),
        ("999.1.1.1 is none, 2.6.12 neither, 1.2.3.4.5", "999.1.1.1 is none, 2.6.12 neither, 1.2.3.4.5"),
        ("::1 fe80::1%eth0 [2001:db8::7]:443", "[address] [address] [address]"),
        ("2001:db8:0:0:0:0:0:1/64", "[address]"),
        ("std::sort a::b :: 12:30:45 10:00", "std::sort a::b :: 12:30:45 10:00"),
        ("00:1a:2b:3c:4d:5e", "[address]"),
        ("+49 30 1234567", "[phone]"),
        ("call (030) 1234-567 or 555-010-1234", "call [phone] or [phone]"),
        ("030 1234567", "[phone]"),
        ("2007-05-26 01:30, bug 1234567, 1680x1050, chmod 0755 1024", None),
        ("100 200 300 400", None),
        ("just words: none of it, at all!", None),
    ],
)
def test_addresses(text: str, left: str | None) -> None:
    assert without_addresses(text) == (text if left is None else left)
    assert without_addresses(without_addresses(text)) == without_addresses(text)
