"""Who is who within one conversation: nick changes followed, so that one person has one nick."""

from __future__ import annotations

import re

from simulator.logs.nicks import fold

_SHARED = re.compile(
    r"(?:ubuntu|guest|root|user|unknown|anonymous|anon|nobody|nick|me|webchat|mib_\w+|irc|kiwi|unaffiliated)[-_`^|]*\d*[-_`^|]*"
)
"""Nicks that clients give to everybody who names no other, folded."""


class NickHistory:
    """Whoever changes nick keeps the nick under which the conversation met them first.

    Known for one conversation only (`forget`): who wears a nick a year later may be somebody else, and each
    conversation is a document of its own. Two exceptions: a nick that clients hand out (`ubuntu`, `guest42`) is
    nobody's own, so who leaves it is known by the new one; and those in `always` are followed through the whole log.
    """

    def __init__(self, always: frozenset[str] = frozenset()) -> None:
        """`always`: nicks, folded."""
        self._always, self._who = set(always), dict[str, str]()

    def follow(self, person: str) -> None:
        """From here on this person is followed through the whole log."""
        self._always.add(fold(person))

    def person(self, nick: str) -> str:
        """The nick of whoever is shown as `nick`; in the spelling that was met first."""
        shown = fold(nick)
        if shown not in self._who:
            # Who is followed and wears another nick now is not the one who takes the nick that was left.
            taken = shown in self._always and any(fold(person) == shown for person in self._who.values())
            self._who[shown] = f"{nick}_" if taken else nick
        return self._who[shown]

    def rename(self, old: str, new: str) -> tuple[str, str] | None:
        """`old` is now shown as `new`. Returns (one, other) if two that seemed different are one person, `other`."""
        person, shown = self.person(old), fold(new)
        if shown == fold(old):
            return None
        del self._who[fold(old)]
        known = self._who.get(shown)
        if known is not None and known != person and not _SHARED.fullmatch(shown):
            if fold(person) in self._always:  # the one who is followed keeps the nick
                known, person = person, known
            self._who[shown] = known
            return None if _SHARED.fullmatch(fold(person)) else (person, known)
        self._who[shown] = new if _SHARED.fullmatch(fold(person)) else person
        return None

    def forget(self) -> None:
        """A conversation is over."""
        self._who = {shown: person for shown, person in self._who.items() if fold(person) in self._always}
