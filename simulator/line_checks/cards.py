"""Does a line contradict what is known of its speaker, or claim what is somebody else's? Facts of the cards, as data.

Only plain claims are looked at: "I'm 61", "as a retired surgeon", "I live in Oslo", and "I" with what another member
does for a living.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from simulator.line_checks.wording import words_of
from simulator.world.persona import Facts

AGAINST_CARD = "against-card"
"""Name of the rule."""
_AGE = re.compile(r"\b(?:i'?m|i am) (?:only |just |nearly )?(\d\d)(?= years?\b|[-,.!?;]| and\b|$)", re.IGNORECASE)
_TRADE = re.compile(r"\b(?:i'?m|i am|as) an? ((?:[a-z-]+ ){0,2}[a-z-]+)", re.IGNORECASE)
_PLACE = re.compile(r"\b(?:i (?:live|work|grew up)|i'?m|i am|here) (?:\w+ )?in ([\w' -]{3,30})", re.IGNORECASE)
_SENTENCES = re.compile(r"[.!?;,]+\s+")
_CLAIM = re.compile(
    r"(?:(?:so|and|but|well|today|yes|no) )?i(?:'ve|'m)? (?:\w+ly |still |only |just )?(\w+)", re.IGNORECASE
)
_ENDINGS = re.compile(r"(?:ings?|ers?|ors?|ed|e?s)$")
_STEM = 4
"""Fewest letters of a word's stem that tells one trade from another."""
_GENERAL = frozenset(
    ["work", "keep", "sell", "sold", "watch", "train", "retir", "form", "school", "high", "station", "shop", "hous"]
)
"""Stems that go with many trades."""
_SHARED = 2
"""So many of another's words of work in one sentence are a claim of it."""


@dataclass(frozen=True)
class CardFacts:
    """What is known of everybody in the channel, by nick, and the words for trades."""

    of: Mapping[str, Facts]
    trades: frozenset[str]

    def contradicted(self, nick: str, text: str) -> str | None:
        """What of the line is against the speaker's facts, with what is right; None: nothing, or nothing is known."""
        own = self.of.get(nick)
        if own is None:
            return None
        if own.age is not None and (age := _AGE.search(text)) and abs(int(age[1]) - own.age) > 1:
            return f"`{age[0]}` of somebody of {own.age}"
        if own.place is not None and (place := _PLACE.search(text)):
            claimed = place[1].casefold()
            if any(claimed.startswith(other) for other in self._places if other != own.place.casefold()):
                return f"`{place[0]}` of somebody in {own.place}"
        work = self._work.get(nick, frozenset())
        for trade in _TRADE.finditer(text):
            named = {_stem(word) for word in self.trades & set(words_of(trade[1]))}
            if work and named and work.isdisjoint(named):
                return f"`{trade[0]}` of somebody whose work is: {own.job}"
        return self._claimed(nick, text, work)

    def _claimed(self, nick: str, text: str, own: frozenset[str]) -> str | None:
        """A sentence in which "I" does what only another member does."""
        for sentence in _SENTENCES.split(text):
            claim = _CLAIM.match(sentence)
            if claim is None:
                continue
            done, stems = _stem(claim[1].casefold()), _stems(sentence)
            for other, work in self._work.items():
                if other != nick and done in work and len(stems & work) >= _SHARED and stems.isdisjoint(own):
                    return f"`{sentence}` is about {other}'s work"
        return None

    @cached_property
    def _work(self) -> dict[str, frozenset[str]]:
        return {nick: _stems(facts.job) for nick, facts in self.of.items() if facts.job}

    @cached_property
    def _places(self) -> frozenset[str]:
        return frozenset(facts.place.casefold() for facts in self.of.values() if facts.place)


def _stem(word: str) -> str:
    return _ENDINGS.sub("", word)


def _stems(text: str) -> frozenset[str]:
    stems = map(_stem, words_of(text))
    return frozenset(stem for stem in stems if len(stem) >= _STEM and stem not in _GENERAL)
