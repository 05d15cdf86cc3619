"""Wishes that the lead talk less or more, and how long they are heeded: a fold over what was said.

In a session a script lowers or raises the lead's pressure (`Beat.pressure`); in a channel people do, in their words.
The message after the wish may still be the lead's as if nothing had been said, as an acknowledgement; then it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from simulator.addressing import addressee, mentioned
from simulator.world.phrases import RemarkKind, folded, remark_phrases
from simulator.world.policies.bot import Feedback, Wish

LESS, MORE = "less", "more"


@dataclass(frozen=True, slots=True)
class HeededWish:
    """A wish that somebody spoke out."""

    which: str
    """LESS or MORE."""
    wish: Wish
    nick: str
    """Whose it is."""


class FeedbackTracker:
    """The wish that holds now, if one does."""

    def __init__(self, lead: str, feedback: Feedback, remarks: Mapping[str, RemarkKind]) -> None:
        """`remarks`: kinds of remark; those marked `less` are wishes that the lead talk less."""
        self._lead = lead
        self._wishes = {LESS: feedback.less, MORE: feedback.more}
        less = [kind for kind in remarks.values() if kind.less]
        self._phrases = remark_phrases([*less, feedback.invited], (lead,))
        self._of_group = [*(LESS for _ in less), MORE]
        self._heeded: HeededWish | None = None
        self._since = 0
        self._lead_spoke_last = False

    def said(self, nick: str, text: str, people: Iterable[str]) -> HeededWish | None:
        """Somebody said a line; the wish in it, if it is about the lead. `people`: everybody who might be spoken to."""
        self._since += 1
        found = None if nick == self._lead else self._found(nick, text, people)
        self._lead_spoke_last = nick == self._lead
        if found is not None:
            opposed = self._holding is not None and self._holding.which != found.which
            self._heeded, self._since = (None if opposed else found), 0
        return found

    @property
    def factor(self) -> float:
        """On how much of its share the lead spends; 1: nobody wished anything lately."""
        return self._holding.wish.pressure if self._holding is not None and self._since else 1.0

    @property
    def just_now(self) -> HeededWish | None:
        """The last line was a wish: the lead's next one acknowledges it."""
        return self._holding if self._since == 0 else None

    @property
    def less(self) -> bool:
        """The lead is to talk less."""
        return self.factor < 1

    def lift(self) -> bool:
        """Forgets the wish that holds; False: none did."""
        held, self._heeded = self._holding is not None, None
        return held

    def describe(self) -> str:
        """The wish that holds, whose it is and how long it is heeded still; empty: none does."""
        if (heeded := self._holding) is None:
            return ""
        left = max(1, heeded.wish.messages - self._since)
        return f"asked by {heeded.nick} to talk {heeded.which}, for {left} more message{'s' if left > 1 else ''}"

    @property
    def _holding(self) -> HeededWish | None:
        heeded = self._heeded
        return heeded if heeded is not None and self._since <= heeded.wish.messages else None

    def _found(self, nick: str, text: str, people: Iterable[str]) -> HeededWish | None:
        to = addressee(text, [self._lead, *(other for other in people if other not in (nick, self._lead))])
        if to not in (None, self._lead):
            return None
        if to is None and not self._lead_spoke_last and not mentioned(text, [self._lead]):
            return None
        hits = {self._of_group[hit.group] for hit in self._phrases.find(folded(text))}
        if len(hits) != 1:  # both at once is neither
            return None
        which = hits.pop()
        return HeededWish(which, self._wishes[which], nick)
