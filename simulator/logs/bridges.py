"""Bridges: programs in the channel that pass on what people say elsewhere, and who it was that spoke."""

from __future__ import annotations

import re
from dataclasses import dataclass

from simulator.errors import UsageError
from simulator.logs.bots import inside
from simulator.logs.nicks import legal

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
