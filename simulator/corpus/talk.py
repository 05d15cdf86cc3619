"""One session, wherever it comes from, as far as gaps need it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from simulator.addressing import addressee, mentioned
from simulator.document import TranscriptLine
from simulator.world.strict import Level


@dataclass(frozen=True)
class Talk:
    """Messages in order; an index counts these, from 0."""

    source: str
    """Run, log or corpus file."""
    id: str
    """Of the session."""
    lead: str
    messages: tuple[TranscriptLine, ...]
    level: Level | None = None
    """None: nobody set one, or it was only read off the lead's share."""
    pattern: str | None = None
    group: str | None = None
    """Topic group; None: unknown."""
    names: frozenset[str] = frozenset()
    """Other nicks under which people speak to the lead."""

    @cached_property
    def lead_names(self) -> tuple[str, ...]:
        """Every nick of the lead's, the usual one first."""
        return (self.lead, *sorted(self.names - {self.lead}))

    @cached_property
    def others(self) -> tuple[str, ...]:
        """Everybody else who says something, in the order of their first lines."""
        return tuple(dict.fromkeys(line.nick for line in self.messages if line.nick != self.lead))

    def by_lead(self, place: int) -> bool:
        """Whether the message is the lead's."""
        return self.messages[place].nick == self.lead

    def addresses_lead(self, place: int) -> bool:
        """Somebody else speaks to the lead by name."""
        return not self.by_lead(place) and addressee(self.messages[place].text, self.lead_names) is not None

    def addresses_other(self, place: int) -> bool:
        """Somebody else speaks to one of the others by name."""
        return not self.by_lead(place) and addressee(self.messages[place].text, self.others) is not None

    def to_lead(self, place: int) -> bool:
        """The lead is spoken to or named, or wrote the message before and nobody else is spoken to."""
        if self.by_lead(place):
            return False
        if self.addresses_lead(place):
            return True
        if self.addresses_other(place):
            return False
        return bool(mentioned(self.messages[place].text, self.lead_names)) or (place > 0 and self.by_lead(place - 1))

    def speaks(self, place: int, within: int) -> bool | None:
        """Whether the lead has one of the next messages; None: the session ends before that is known."""
        after = self.messages[place + 1 : place + 1 + within]
        if any(line.nick == self.lead for line in after):
            return True
        return False if len(after) == within else None
