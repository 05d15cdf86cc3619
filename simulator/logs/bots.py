"""Programs in the channel, and bridges, which pass on what people say elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from simulator.errors import UsageError
from simulator.logs.nicks import fold, legal

_KNOWN = """
alis bugzilla camelia candide chanserv dpkg eggdrop evalbot freenode-connect fsbot geordi gerrit-wm github gitlab
huggle infobot jenkins kompewter lambdabot limnoria meetingology memoserv mootbot nickserv phrik playbot rustbot
services shbot sopel stash-bot supybot synopsebot travis-ci ubot2 ubottu ubotu ubotu-ng ubotwo wikibugs wikimedia-bot
zuul
"""
_BOT = re.compile(rf"(?:{'|'.join(map(re.escape, _KNOWN.split()))}|.*bot[-_`^|]*\d*[-_`^|]*|.*[-_]bot[-_].*)")
_BRIDGE = re.compile(r".*(?:bridge|relay|discord|matrix|telegram|slack|xmpp|tg[-_]|teleirc|gateway).*")
_INSIDE = (
    re.compile(r"(?:[\[(][^<>\[\]()]{1,20}[\])] *)?<([^<>]{1,40})>[:,]? (.*)$", re.DOTALL),
    re.compile(r"\[([^<>\[\]]{1,40})\][:,]? (.*)$", re.DOTALL),
)
"""`[discord] <Ann> text` and `<Ann> text`; `[Ann] text`."""
_PLACES = {"NICK": r"(?P<nick>\S.{0,39}?)", "TEXT": r"(?P<text>.*)", "ANY": r".*?"}
_TAIL = re.compile(r"#\d{4}$")


class Bots:
    """Which nicks are programs: a list of well-known ones, everything that ends in `bot`, and those that are named."""

    def __init__(self, bots: Iterable[str] = (), bridges: Iterable[str] = (), people: Iterable[str] = ()) -> None:
        """`bridges`: NICK, or NICK=PATTERN, see `bridge`. `people`: never a program, whatever the name looks like.

        Raises UsageError for a pattern without NICK and TEXT.
        """
        self._bots = frozenset(map(fold, bots))
        self._bridges = dict(map(bridge, bridges))
        self._people = frozenset(map(fold, people))
        self._seen: dict[str, tuple[bool, bool]] = {}

    def kind(self, nick: str) -> tuple[bool, bool]:
        """(is a program, may be a bridge)."""
        found = self._seen.get(nick)
        if found is None:
            name = fold(nick)
            if name in self._people:
                found = False, False
            else:
                bridge = name in self._bridges or bool(_BRIDGE.fullmatch(name))
                bot = name in self._bots or bool(_BOT.fullmatch(name))
                found = bot, bridge or bot
            if len(self._seen) > 100_000:
                self._seen.clear()
            self._seen[nick] = found
        return found

    def inside(self, nick: str, text: str) -> tuple[str, str] | None:
        """(nick, text) of the person for whom a bridge speaks, or None: the line is the program's own."""
        pattern = self._bridges.get(fold(nick))
        if pattern is None:
            return inside(text)
        found = pattern.fullmatch(text)
        return (legal(found["nick"]), found["text"].strip()) if found and found["text"].strip() else None


def bridge(given: str) -> tuple[str, re.Pattern[str] | None]:
    """The nick of a bridge, folded, and how it says who speaks: `relay=(ANY) NICK: TEXT`; None: in one of the usual
    ways.

    Raises UsageError for a pattern without NICK and TEXT.

    >>> bridge("Relay=NICK said TEXT")[1].fullmatch("ann said hi")["nick"]
    'ann'
    """
    nick, separator, pattern = given.partition("=")
    if not separator:
        return fold(nick), None
    if "NICK" not in pattern or "TEXT" not in pattern:
        raise UsageError(
            "a pattern needs NICK and TEXT", place=f"--bridge {given}", remedy="for example 'relay=<NICK> TEXT'"
        )
    parts = re.split(r"(NICK|TEXT|ANY)", pattern)
    return fold(nick), re.compile("".join(_PLACES.get(part, re.escape(part)) for part in parts), re.DOTALL)


def inside(text: str) -> tuple[str, str] | None:
    """(nick, text) of the person that a bridge speaks for, or None: the line is the program's own.

    >>> inside("<Ann Lee#1234> hello there"), inside("reconnected")
    (('Ann_Lee', 'hello there'), None)
    """
    found = next(filter(None, (pattern.match(text) for pattern in _INSIDE)), None)
    if not found or not found[2].strip():
        return None
    name = _TAIL.sub("", found[1].strip().lstrip("@+%"))
    return (legal(name), found[2].strip()) if name else None


_PROTOCOL = re.compile(r"^\[[^\]<>]{1,40}\] (?=<[^<>]{1,40}> )")
"""What a relay with several sides puts before the nick: `[discord] <ann> hello`."""


@dataclass(frozen=True, slots=True)
class Bridge:
    """One program by its nick, and how its lines look where they look like no other's."""

    nick: str
    shape: re.Pattern[str] | None = None
    """With the groups `nick` and `text`; None: `<NICK> TEXT`, `[NICK] TEXT` or `[anything] <NICK> TEXT`."""

    def speaker(self, text: str) -> tuple[str, str] | None:
        """(nick, text) of whoever spoke; None: the line is the program's own."""
        if self.shape is None:
            return inside(_PROTOCOL.sub("", text))
        found = self.shape.fullmatch(text)
        return (legal(found["nick"]), found["text"].strip()) if found and found["text"].strip() else None


def parse_bridge(given: str) -> Bridge:
    """Reads `NICK` or `NICK=PATTERN`; in the pattern NICK and TEXT stand for themselves, `*` for anything.

    Raises UsageError for a pattern without both.

    >>> parse_bridge("tunnel=(NICK@*) TEXT").speaker("(ann@home) hello there")
    ('ann', 'hello there')
    """
    nick, equals, pattern = given.partition("=")
    if not equals:
        return Bridge(nick)
    parts = re.split(r"(NICK|TEXT|\*)", pattern)
    if not nick or parts.count("NICK") != 1 or parts.count("TEXT") != 1:
        remedy = "such as 'relay=[*] <NICK> TEXT': the pattern holds NICK and TEXT once each"
        raise UsageError(f"`{given}` does not say how the lines look", place="--bridge", remedy=remedy)
    meant = {"NICK": r"(?P<nick>\S.*?)", "TEXT": "(?P<text>.*)", "*": ".*?"}
    return Bridge(nick, re.compile("".join(meant.get(part, re.escape(part)) for part in parts)))
