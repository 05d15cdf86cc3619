"""START HERE: sessions of a channel against a corpus, as figures, remarks, topics and a patch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulator.corpus.talk import Talk
from simulator.evaluate.language import Language
from simulator.gaps import measures, topics
from simulator.gaps.feedback_terms import FeedbackLine, FeedbackReaction, find_feedback, reaction
from simulator.gaps.measures import DENIES, Measure
from simulator.gaps.patch import Patch, proposed
from simulator.gaps.sources import QuotePseudonyms
from simulator.gaps.topics import Missing
from simulator.line_checks.wording import words_of
from simulator.world.policies.gaps import GapPolicy
from simulator.world.world import World


@dataclass(frozen=True, slots=True)
class HumanClaim:
    """A line in which the lead denies being an AI or claims a body, an age, meals, a family, a job or a past."""

    talk: Talk
    index: int
    """Of the message, from 0."""
    words: str
    """That show it."""


@dataclass(frozen=True, slots=True)
class GapReport:
    """Everything that is known."""

    here: tuple[int, int, int]
    """Sessions, messages, and messages of the lead's."""
    there: tuple[int, int, int]
    rows: tuple[Measure, ...]
    human_claims: tuple[HumanClaim, ...]
    """Every one, however few: a single one is a gap, whatever the corpus has."""
    complaints: tuple[FeedbackLine, ...]
    praise: tuple[FeedbackLine, ...]
    reaction: FeedbackReaction
    """To being told to talk less."""
    reaction_there: FeedbackReaction
    topics: tuple[Missing, ...]
    patch: Patch


def gaps(here: Sequence[Talk], there: Sequence[Talk], world: World, policy: GapPolicy, language: Language) -> GapReport:
    """How `here` differs from the brief and from the corpus `there`. The same sessions give the same result."""
    said, known = find_feedback(here, policy), find_feedback(there, policy)
    rows = measures.rows(here, there, (said, known), policy, world.engagement, language)
    unscripted = [line for line in said if not line.scripted]
    complaints = tuple(line for line in unscripted if not line.praise)
    missing = topics.missing(here, there, policy.topics, _nicks([*here, *there]), world.topics, policy.evidence)
    return GapReport(
        here=_size(here),
        there=_size(there),
        rows=tuple(rows),
        human_claims=tuple(_human_claims(here, language)),
        complaints=complaints,
        praise=tuple(line for line in unscripted if line.praise),
        reaction=reaction(said, policy),
        reaction_there=reaction(known, policy),
        topics=tuple(missing),
        patch=proposed(rows, complaints, missing, policy, world, QuotePseudonyms(here)),
    )


def _human_claims(talks: Sequence[Talk], language: Language) -> Iterator[HumanClaim]:
    for talk in talks:
        for index, line in enumerate(talk.messages):
            if line.nick == talk.lead and (words := language.found(DENIES, line.text)) is not None:
                yield HumanClaim(talk, index, words)


def _size(talks: Sequence[Talk]) -> tuple[int, int, int]:
    messages = [line.nick == talk.lead for talk in talks for line in talk.messages]
    return len(talks), len(messages), sum(messages)


def _nicks(talks: Sequence[Talk]) -> frozenset[str]:
    """Everybody's nick, and the words in it."""
    names = {nick for talk in talks for nick in (*talk.lead_names, *talk.others)}
    return frozenset(word for nick in names for word in (nick.casefold(), *words_of(nick)))
