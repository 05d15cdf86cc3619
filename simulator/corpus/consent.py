"""Whose lines of a real channel may become training data, and what is left of its sessions without the others'.

A session is cut where somebody speaks who did not agree: an answer to a line that is not there would teach to answer
nothing. What lies between two cuts is a document of its own if it is as long as the shortest session of the plan and
both the lead and somebody else speak in it. It never begins with the lead's line, which may answer what was cut away.
A line that names somebody who did not agree, begins by addressing somebody unknown, or repeats what they said, is cut
like a line of theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from simulator.events import Acted, Agreed, Event, Renamed, Said
from simulator.journal.journal import Journal
from simulator.plan.session_plan import RecordedSession, Setting

Moment = tuple[int, int]
"""A place in a run: number of the session, and of the event in it."""
REPEATED = 12
"""Characters from which on a line of somebody's is looked for in other people's lines."""
_VOCATIVE = re.compile(r"@?([^\s:,@]+):(?=\s|$)|@([^\s:,@]+)")
_WORDS = re.compile(r"[\w\[\]\\`^{|}-]+")


@dataclass(frozen=True, slots=True)
class Consent:
    """Nicks in lower case."""

    agreed: frozenset[str] | None
    """Who may be exported; None: everybody who did not say no."""
    refused: frozenset[str]
    """Who said no in the channel, under every nick they wore. That outweighs every list."""
    since: Mapping[str, Moment] = field(default_factory=dict)
    """From when on those count who agreed in the channel; who is not in it counts for the whole run."""

    def allows(self, nick: str, at: Moment | None = None) -> bool:
        """Whether somebody's line may be exported. `at`: when it was said; None: at any time."""
        nick = nick.lower()
        if nick in self.refused or not (self.agreed is None or nick in self.agreed):
            return False
        return self.agreed is None or at is None or at >= self.since.get(nick, at)

    @property
    def whole(self) -> bool:
        """Nothing has to be left out."""
        return self.agreed is None and not self.refused


@dataclass(frozen=True, slots=True)
class ConsentAnswers:
    """What people of a run said about their own lines."""

    yes: frozenset[str]
    no: frozenset[str]
    people: frozenset[str]
    """Everybody who is heard of, under every nick."""
    since: Mapping[str, Moment]
    """When each of `yes` agreed, the last time."""


def asked(journal: Journal) -> ConsentAnswers:
    """Reads the `optin` and `optout` of a run; the last word of each counts."""
    word: dict[str, bool] = {}
    since: dict[str, Moment] = {}
    former: dict[str, set[str]] = {}
    people: set[str] = set()
    for row in journal.sessions():
        for event in journal.events(row.session.id):
            nick = event.nick.lower()
            if nick == row.session.setting.lead.lower():
                continue
            people.add(nick)
            if isinstance(event, Agreed):
                if event.yes and not word.get(nick):
                    since[nick] = row.session.number, event.index
                word[nick] = event.yes
            elif isinstance(event, Renamed):
                former.setdefault(nick, set()).add(event.to.lower())
                people.add(event.to.lower())
    no = {nick for nick, yes in word.items() if not yes}
    no |= {other for nick in no for other in former.get(nick, ()) if not word.get(other)}
    yes = frozenset(nick for nick, said in word.items() if said)
    return ConsentAnswers(yes, frozenset(no), frozenset(people), {nick: since[nick] for nick in yes})


class ConsentFilter:
    """Cuts the sessions of a run."""

    def __init__(self, consent: Consent, people: Iterable[str], short: tuple[int, int]) -> None:
        """`people`: everybody who is heard of in the run. `short`: fewest and most messages of a short session."""
        self._consent, (self._fewest, self._longest) = consent, short
        self._others = frozenset(nick.lower() for nick in people if not consent.allows(nick))

    def parts(self, session: RecordedSession, events: Iterable[Event]) -> Iterator[tuple[RecordedSession, list[Event]]]:
        """The stretches of a session that may be exported, each as a session of its own; the topic is left out, since
        anybody may have set it."""
        lead = session.setting.lead
        stretch: list[Event] = []
        number = 0
        for event, clean in (*self._spoken(session, list(events)), (None, False)):
            if event is not None and clean:
                if stretch or event.nick != lead:
                    stretch.append(event)
                continue
            if made := self._part(session, stretch, number + 1):
                number += 1
                yield made
            stretch = []

    def lines(self, session: RecordedSession, events: Iterable[Event]) -> Iterator[Said | Acted]:
        """What may be exported of a session, line by line; the lead's lines among it."""
        return (event for event, clean in self._spoken(session, list(events)) if clean)

    def _spoken(self, session: RecordedSession, events: list[Event]) -> Iterator[tuple[Said | Acted, bool]]:
        """Every line, and whether it may be exported."""
        lead = session.setting.lead
        theirs = [
            event.text.lower()
            for event in events
            if isinstance(event, Said | Acted)
            and not self._may(event.nick, lead, (session.number, event.index))
            and len(event.text) >= REPEATED
        ]
        present = {event.nick.lower() for event in events} | {lead.lower()}
        for event in events:
            if isinstance(event, Said | Acted):
                yield event, self._clean(event, session, present, theirs)

    def _part(
        self, session: RecordedSession, stretch: list[Event], number: int
    ) -> tuple[RecordedSession, list[Event]] | None:
        setting, lead = session.setting, session.setting.lead
        said = [event.nick for event in stretch if isinstance(event, Said)]
        if len(said) < self._fewest or lead not in said:
            return None
        kept = [event.model_copy(update={"index": place}) for place, event in enumerate(stretch)]
        part = RecordedSession(
            setting=Setting(
                id=f"{setting.id}-{number}",
                channel=setting.channel,
                engagement=setting.engagement,
                lead=lead,
                cast=tuple(dict.fromkeys(event.nick for event in stretch if event.nick != lead)),
                begins=kept[0].at,
            ),
            origin=session.origin,
            number=session.number,
            seed=session.seed,
            length="short" if len(said) <= self._longest else "long",
            messages=len(said),
            lead_messages=said.count(lead),
        )
        return part, kept

    def _may(self, nick: str, lead: str, at: Moment) -> bool:
        return nick == lead or self._consent.allows(nick, at)

    def _clean(self, event: Said | Acted, session: RecordedSession, present: set[str], theirs: list[str]) -> bool:
        lead = session.setting.lead
        if not self._may(event.nick, lead, (session.number, event.index)):
            return False
        text = event.text.lower()
        if self._others.intersection(_WORDS.findall(text)) or any(line in text for line in theirs):
            return False
        spoken_to = _VOCATIVE.match(text)
        name = (spoken_to[1] or spoken_to[2]) if spoken_to else None
        return name is None or name == lead.lower() or (name in present and self._consent.allows(name))
