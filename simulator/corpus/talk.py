"""One session, wherever it comes from, as far as gaps need it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from simulator.addressing import addressee, mentioned
from simulator.document import TranscriptLine
from simulator.world.strict import Engagement


@dataclass(frozen=True)
class Talk:
    """Messages in order; a remark's index counts these, from 0."""

    source: str
    """Run, log or corpus file."""
    id: str
    """Of the session."""
    lead: str
    messages: tuple[TranscriptLine, ...]
    level: Engagement | None = None
    """None: nobody set one, or it was only read off her share."""
    pattern: str | None = None
    group: str | None = None
    """Topic group; None: unknown."""
    names: frozenset[str] = frozenset()
    """Other nicks under which people speak to her."""

    @cached_property
    def hers(self) -> tuple[str, ...]:
        return (self.lead, *sorted(self.names - {self.lead}))

    @cached_property
    def others(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(line.nick for line in self.messages if line.nick != self.lead))

    def own(self, place: int) -> bool:
        """Whether the message is hers."""
        return self.messages[place].nick == self.lead

    def addresses_her(self, place: int) -> bool:
        """Somebody else speaks to her by name."""
        return not self.own(place) and addressee(self.messages[place].text, self.hers) is not None

    def addresses_another(self, place: int) -> bool:
        """Somebody else speaks to one of the others by name."""
        return not self.own(place) and addressee(self.messages[place].text, self.others) is not None

    def to_her(self, place: int) -> bool:
        """She is spoken to or named, or the message before is hers and nobody else is spoken to."""
        if self.own(place):
            return False
        if self.addresses_her(place):
            return True
        if self.addresses_another(place):
            return False
        return bool(mentioned(self.messages[place].text, self.hers)) or (place > 0 and self.own(place - 1))

    def speaks(self, place: int, within: int) -> bool | None:
        """Whether she has one of the next messages; None: the session ends before that is known."""
        after = self.messages[place + 1 : place + 1 + within]
        if any(line.nick == self.lead for line in after):
            return True
        return False if len(after) == within else None
