"""Persona cards from the lines of people who agreed: what can be counted is filled in, the rest is for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from simulator import files
from simulator.drafts.habits import (
    OwnLine,
    TopicWords,
    example_lines,
    mean_words,
    share,
    usual_hours,
)
from simulator.errors import UsageError
from simulator.world.persona import Habits, Persona, Tie
from simulator.world.world import World
from simulator.world.yaml_text import block

FEWEST = 20
"""Lines that may be used from which on a card is drafted."""
EXAMPLES = 10
"""Most example lines of a card."""
OFTEN = 5
"""Lines of two people to each other from which on they are tied."""
SHORT, LONG = 0.75, 1.35
"""Words of somebody's line by those of the average one, up to and from which lines are called short and long."""
MOSTLY = 0.6
"""Share of the lines from which on something is called usual."""
SELDOM = 0.3
"""Share of the lines up to which it is called rare."""


@dataclass(frozen=True, slots=True)
class DraftedCard:
    """A card, and what it was drafted from."""

    persona: Persona
    lines: int
    """That could be used."""

    @property
    def file(self) -> str:
        """The file's name in `personas/`."""
        return f"{self.persona.nick.lower()}.yaml"

    def as_yaml(self) -> str:
        """The file, with what a person has to do in comments."""
        card = self.persona.model_dump(mode="json", exclude_defaults=True)
        return "\n".join(
            [
                f"# Drafted from {self.lines} lines of somebody who agreed that they are used.",
                "# EDIT: `about` says who this is, in two to four sentences; what a model is not told it invents.",
                "# Read every example line: take out what the person would not want repeated.",
                *block(card),
                "",
            ]
        )


def drafted(people: Mapping[str, Sequence[OwnLine]], world: World, fewest: int = FEWEST) -> list[DraftedCard]:
    """A card for everybody with enough lines, by nick. `people`: nick to lines, as `own_lines` finds them.

    Only these lines decide what stands on a card; relative figures are relative to the others with a card. Whoever has
    fewer than two lines that can be shown gets none.
    """
    names = [*people, world.lead.nick]
    shown = {nick: example_lines(lines, names, EXAMPLES) for nick, lines in people.items()}
    carded = {nick: people[nick] for nick in sorted(people) if len(people[nick]) >= fewest and len(shown[nick]) >= 2}
    average = _Average.of(list(carded.values()), TopicWords(world.topics, frozenset(world.gaps.topics.stop)))
    ties = _ties(carded)
    return [
        DraftedCard(_persona(nick, lines, shown[nick], average, ties.get(nick, ())), len(lines))
        for nick, lines in carded.items()
    ]


def write_cards(cards: Sequence[DraftedCard], folder: Path) -> list[Path]:
    """Writes the cards into a folder, all or none; returns their paths. Raises UsageError if one is there already."""
    paths = [folder / card.file for card in cards]
    for path in paths:
        if path.exists():
            raise UsageError("is there already", place=str(path), remedy="name another folder with --out")
    files.folder(folder)
    for path, card in zip(paths, cards, strict=True):
        files.write(path, card.as_yaml().encode(), option="--out")
    return paths


@dataclass(frozen=True, slots=True)
class _Average:
    """The average person with a card."""

    lines: Sequence[OwnLine]
    """Of all of them."""
    messages: float
    words: float
    addresses: float
    """Share of the lines."""
    topics: TopicWords

    @classmethod
    def of(cls, people: Sequence[Sequence[OwnLine]], topics: TopicWords) -> _Average:
        count = max(len(people), 1)
        return cls(
            lines=[line for lines in people for line in lines],
            messages=sum(map(len, people)) / count,
            words=sum(map(mean_words, people)) / count,
            addresses=sum(map(_addresses, people)) / count,
            topics=topics,
        )


def _addresses(lines: Sequence[OwnLine]) -> float:
    return share(lines, (line.to is not None for line in lines))


def _persona(
    nick: str, lines: Sequence[OwnLine], voice: Sequence[str], average: _Average, ties: Sequence[Tie]
) -> Persona:
    interests = average.topics.interests(lines, average.lines)
    hours = usual_hours(lines)
    wordiness = mean_words(lines) / average.words if average.words else 1.0
    addresses = _addresses(lines) / average.addresses if average.addresses else 1.0
    return Persona.model_validate(
        {
            "nick": nick,
            "about": _about(nick, lines, hours, wordiness, interests),
            "voice": list(voice),
            "interests": interests,
            "chattiness": round(min(max(len(lines) / average.messages, 0.1), 10), 2),
            "hours": hours,
            "habits": Habits(
                actions=round(share(lines, (line.action for line in lines)), 3),
                addresses=round(min(addresses, 5), 2),
                wordiness=round(min(max(wordiness, 0.2), 5), 2),
            ),
            "ties": ties,
        }
    )


def _about(
    nick: str, lines: Sequence[OwnLine], hours: tuple[int, int] | None, wordiness: float, interests: Mapping[str, float]
) -> str:
    """What can be said without knowing the person."""
    channel = Counter(line.channel for line in lines).most_common(1)[0][0]
    when = f", mostly there from {hours[0]} to {(hours[1] + 1) % 24} o'clock UTC" if hours else ""
    texts = [line.text for line in lines if not line.action]
    length = "short" if wordiness <= SHORT else "long" if wordiness >= LONG else "middling"
    said = [f"writes {length} lines"]
    if share(texts, (text == text.lower() for text in texts)) >= MOSTLY:
        said.append("in lower case")
    if share(texts, (text.rstrip().endswith((".", "!", "?")) for text in texts)) <= SELDOM:
        said.append("seldom ends them with a full stop")
    if share(texts, ("?" in text for text in texts)) >= SELDOM:
        said.append("asks a lot")
    liked = [group for group, weight in sorted(interests.items(), key=lambda pair: -pair[1]) if weight > 1]
    about = f"{nick} is a regular of {channel}{when}. {nick} {_listed(said)}."
    return about + (f" Favourite subjects: {', '.join(liked[:3])}." if liked else "")


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _ties(people: Mapping[str, Sequence[OwnLine]]) -> dict[str, tuple[Tie, ...]]:
    """On the card of the first of two by nick: one of the two cards is enough."""
    to = {nick: Counter(line.to for line in lines if line.to) for nick, lines in people.items()}
    found: dict[str, tuple[Tie, ...]] = {}
    for one, other in combinations(sorted(people), 2):
        there, back = to[one][other.lower()], to[other][one.lower()]
        if there and back and there + back >= OFTEN:
            history = f"They talk with each other: {there} lines of {one} to {other}, {back} back."
            found[one] = (*found.get(one, ()), Tie(to=other, kind="acquaintance", history=history))
    return found
