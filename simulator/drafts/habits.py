"""How somebody writes, measured on the lines that may be used, and on nothing that anybody else said.

Whoever did not agree leaves no trace: a figure that is relative is relative to the others who agreed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from simulator.addressing import addressee, mentioned, without_address
from simulator.corpus.consent import Consent, ConsentFilter, asked
from simulator.events import Acted, Said, TopicSet
from simulator.journal.journal import Journal
from simulator.line_checks.wording import own_words, runs, words_of
from simulator.logs.anonymize import without_addresses
from simulator.logs.timeline import DAY
from simulator.world.scenario import Topic

QUOTE = 5
"""Words in a row by which a line is known to repeat another one."""
MOST_OF = 0.9
"""Share of somebody's lines that fall into the usual hours."""
ALWAYS = 18
"""Hours from which on somebody is there at any time."""
LONGEST_WORD = 4
"""Letters from which on a word can stand for a topic group."""
FEWEST_HITS = 5
"""Lines of somebody's about a topic group from which on an interest is told."""
CLEAR = 0.3
"""An interest is told from this distance to the average, 1, on."""
_SHORTEST, _LONGEST = 6, 240
"""Characters of an example line."""
LEAST_INTEREST, MOST_INTEREST = 0.2, 3.0


@dataclass(frozen=True, slots=True)
class OwnLine:
    """A line of somebody who agreed, without addresses, links and the like."""

    text: str
    action: bool
    """A /me line."""
    hour: int
    """Of the day, UTC, 0 to 23."""
    to: str | None
    """Whom of those who agreed it addresses; None: nobody."""
    channel: str


def own_lines(journal: Journal, short: tuple[int, int]) -> dict[str, list[OwnLine]]:
    """What may be used of each who agreed in a run of a real channel, by nick; nobody else is in it.

    `short`: fewest and most messages of a short session. A line that names somebody who did not agree or addresses
    somebody unknown is left out, as in an export; so is one that has QUOTE words in a row of somebody else's that may
    not be used, whenever these were said.
    """
    answers = asked(journal)
    consent = Consent(answers.yes, answers.no, answers.since)
    cut = ConsentFilter(consent, answers.people, short)
    found: dict[str, list[OwnLine]] = {}
    spelt: dict[str, str] = {}
    for row in journal.sessions():
        session = row.recorded
        for event in cut.lines(session, journal.events(session.id)):
            if event.nick == session.setting.lead:
                continue
            nick = spelt.setdefault(event.nick.lower(), event.nick)
            to = addressee(event.text, [name for name in answers.yes if name != nick.lower()])
            hour = int(event.at % DAY // 3600)
            text = without_addresses(event.text)
            line = OwnLine(text, isinstance(event, Acted), hour, to, session.setting.channel)
            found.setdefault(nick, []).append(line)
    quoted = _quoted(journal, consent, found)
    return {
        nick: [line for number, line in enumerate(lines) if (nick, number) not in quoted]
        for nick, lines in found.items()
    }


def _quoted(journal: Journal, consent: Consent, people: Mapping[str, Sequence[OwnLine]]) -> set[tuple[str, int]]:
    """Which lines, by nick and number, hold words of somebody else's line that may not be used, anywhere in the run."""
    places: dict[tuple[str, ...], set[tuple[str, int]]] = {}
    for nick, lines in people.items():
        for number, line in enumerate(lines):
            for run in runs(words_of(line.text), QUOTE):
                places.setdefault(run, set()).add((nick, number))
    found: set[tuple[str, int]] = set()
    for row in journal.sessions():
        session = row.recorded
        for event in journal.events(session.id):
            if not isinstance(event, Said | Acted | TopicSet) or event.nick == session.setting.lead:
                continue
            if consent.allows(event.nick, (session.number, event.index)) and not isinstance(event, TopicSet):
                continue
            for run in runs(words_of(without_addresses(event.text)), QUOTE):
                found |= {place for place in places.get(run, ()) if place[0].lower() != event.nick.lower()}
    return found


def usual_hours(lines: Iterable[OwnLine]) -> tuple[int, int] | None:
    """First and last hour of the shortest stretch of the day with most of the lines; None: at any time.

    >>> night = [OwnLine("hi", False, hour, None, "#x") for hour in (22, 23, 0, 1)]
    >>> usual_hours(night)
    (22, 1)
    """
    counts = Counter(line.hour for line in lines)
    for length in range(1, ALWAYS):
        for first in range(24):
            if sum(counts[(first + hour) % 24] for hour in range(length)) >= MOST_OF * counts.total():
                return first, (first + length - 1) % 24
    return None


def mean_words(lines: Sequence[OwnLine]) -> float:
    """Words of a line, on average, without the nick that it may begin with; 0 of none."""
    return sum(len(own_words(line.text)) for line in lines) / len(lines) if lines else 0.0


def share(lines: Sequence[OwnLine | str], held: Iterable[bool]) -> float:
    """Of the lines, in [0, 1]; 0 of none."""
    return sum(held) / len(lines) if lines else 0.0


class TopicWords:
    """Words that stand for one topic group of a world and no other."""

    def __init__(self, topics: Mapping[str, Sequence[Topic]], stop: frozenset[str]) -> None:
        """`stop`: words that are no topic."""
        groups: dict[str, set[str]] = {}
        for group, members in topics.items():
            for topic in members:
                for word in own_words(" ".join((topic.subject, *topic.angles))):
                    if len(word) >= LONGEST_WORD and word not in stop:
                        groups.setdefault(word, set()).add(group)
        self._group = {word: next(iter(there)) for word, there in groups.items() if len(there) == 1}

    def groups(self, text: str) -> frozenset[str]:
        """The groups that a line has a word of."""
        return frozenset(self._group[word] for word in own_words(text) if word in self._group)

    def interests(self, lines: Sequence[OwnLine], everybody: Sequence[OwnLine]) -> dict[str, float]:
        """Group to how much more often than `everybody` somebody speaks of it (1: as often), where that is clear."""
        own = Counter(group for line in lines for group in self.groups(line.text))
        every = Counter(group for line in everybody for group in self.groups(line.text))
        found = {}
        for group in sorted(every):
            weight = own[group] / len(lines) / (every[group] / len(everybody))
            if max(own[group], every[group] * len(lines) / len(everybody)) >= FEWEST_HITS and abs(weight - 1) >= CLEAR:
                found[group] = round(min(max(weight, LEAST_INTEREST), MOST_INTEREST), 1)
        return found


def example_lines(lines: Sequence[OwnLine], names: Iterable[str], most: int) -> list[str]:
    """Up to so many of somebody's lines, from short to long, as they were typed: none with a name in it, none twice,
    none in which something was taken out."""
    nicks = list(names)
    found: dict[str, str] = {}
    for line in lines:
        text = without_address(line.text).strip()
        if line.action or not _SHORTEST <= len(text) <= _LONGEST or len(text.split()) < 2:
            continue
        if "[" in text or mentioned(text, nicks):
            continue
        found.setdefault(text.casefold(), text)
    ordered = sorted(found.values(), key=lambda text: (len(text), text))
    if len(ordered) <= most:
        return ordered
    return [ordered[place * (len(ordered) - 1) // (most - 1)] for place in range(most)]
