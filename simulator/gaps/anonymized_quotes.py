"""Lines of people as evidence in a file that is passed on: nobody's nick, no address, nothing but text on one line."""

from __future__ import annotations

import re
from collections.abc import Iterable

from simulator.corpus.talk import Talk
from simulator.logs.anonymize import without_addresses

LONGEST = 200
"""Characters of a quotation."""
_LEFT, _RIGHT = r"(?<![\w\[\]\\`^{|}-])", r"(?![\w\[\]\\`^{|}-])"


class QuotePseudonyms:
    """People are `p1`, `p2` and so on, in the order in which they are quoted; the lead keeps its nick."""

    def __init__(self, talks: Iterable[Talk]) -> None:
        """`talks`: whose speakers are masked, also where others name them."""
        self._leads: set[str] = set()
        everybody: set[str] = set()
        for talk in talks:
            self._leads |= {nick.lower() for nick in talk.lead_names}
            everybody |= {nick.lower() for nick in talk.others}
        names = sorted(everybody - self._leads, key=lambda nick: (-len(nick), nick))
        # Somebody called `it` is masked as well: too much is hidden rather than too little.
        self._named = re.compile(_LEFT + "(?:" + "|".join(map(re.escape, names)) + ")" + _RIGHT, re.IGNORECASE)
        self._any = bool(names)
        self._masks: dict[str, str] = {}

    def line(self, talk: Talk, place: int) -> str:
        """`<p1> text`, safe in a comment."""
        said = talk.messages[place]
        nick = talk.lead if talk.by_lead(place) else self._mask(said.nick)
        text = self._named.sub(lambda found: self._mask(found[0]), said.text) if self._any else said.text
        line = f"<{nick}> {without_addresses(text)}"
        return printing(line if len(line) <= LONGEST else line[: LONGEST - 1] + "…")

    def _mask(self, nick: str) -> str:
        return self._masks.setdefault(nick.lower(), f"p{len(self._masks) + 1}")


def printing(text: str) -> str:
    """Characters that print, so that nothing ends the line, turns the writing or hides.

    >>> printing("a\\nb\\x1b[2J")
    'a\ufffdb\ufffd[2J'
    """
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
