"""START HERE: sessions of a channel against a corpus, as figures, remarks, topics and a patch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.corpus.talk import Talk
from simulator.evaluate.language import Language
from simulator.gaps import measures, topics
from simulator.gaps.anonymized_quotes import QuotePseudonyms
from simulator.gaps.feedback_terms import Feedback, Reaction, reaction, remarks
from simulator.gaps.measures import Row
from simulator.gaps.patch import Patch, proposed
from simulator.gaps.topics import Missing
from simulator.line_checks.wording import words_of
from simulator.world.policies.gaps import GapPolicy
from simulator.world.world import World


@dataclass(frozen=True, slots=True)
class Gaps:
    """Everything that is known."""

    here: tuple[int, int, int]
    """Sessions, messages, and messages of hers."""
    there: tuple[int, int, int]
    rows: tuple[Row, ...]
    complaints: tuple[Feedback, ...]
    praise: tuple[Feedback, ...]
    reaction: Reaction
    """To being told to talk less."""
    reaction_there: Reaction
    topics: tuple[Missing, ...]
    patch: Patch


def gaps(here: Sequence[Talk], there: Sequence[Talk], world: World, policy: GapPolicy, language: Language) -> Gaps:
    """How `here` differs from the plan and from the corpus `there`. The same sessions give the same result."""
    said, known = remarks(here, policy), remarks(there, policy)
    rows = measures.rows(here, there, (said, known), policy, world.engagement, language)
    hers = [remark for remark in said if not remark.scripted]
    complaints = tuple(remark for remark in hers if not remark.praise)
    missing = topics.missing(here, there, policy.topics, _nicks([*here, *there]), world.topics, policy.evidence)
    return Gaps(
        here=_size(here),
        there=_size(there),
        rows=tuple(rows),
        complaints=complaints,
        praise=tuple(remark for remark in hers if remark.praise),
        reaction=reaction(said, policy),
        reaction_there=reaction(known, policy),
        topics=tuple(missing),
        patch=proposed(rows, complaints, missing, policy, world, QuotePseudonyms(here)),
    )


def _size(talks: Sequence[Talk]) -> tuple[int, int, int]:
    messages = [line.nick == talk.lead for talk in talks for line in talk.messages]
    return len(talks), len(messages), sum(messages)


def _nicks(talks: Sequence[Talk]) -> frozenset[str]:
    """Everybody's nick, and the words in it."""
    names = {nick for talk in talks for nick in (*talk.hers, *talk.others)}
    return frozenset(word for nick in names for word in (nick.casefold(), *words_of(nick)))
