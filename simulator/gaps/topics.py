"""What people talk about here and the corpus does not: words, compared by their frequency, and nothing cleverer.

A word's weight is its log-odds ratio between both sides with an informative Dirichlet prior, in standard deviations
(B. Monroe, M. Colaresi, K. Quinn, "Fightin' Words", Political Analysis 16, 2008). The prior is
the distribution over both sides together, weighing the share `prior` of their words. A word counts once a message.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from simulator.corpus.talk import Talk
from simulator.gaps import clustered_intervals
from simulator.intervals import Figure
from simulator.line_checks.wording import own_words, words_of
from simulator.logs.anonymize import without_addresses
from simulator.world.phrases import folded
from simulator.world.policies.gaps import TopicRules
from simulator.world.scenario import Topic

STRETCH = 20
"""Messages of a session that are taken for talk about one thing."""
TOGETHER = 0.4
"""Terms belong to one topic if they share this much of the stretches in which they occur (Jaccard)."""
USUAL = 0.5
"""Share of a word's messages that hold it in a pair, from which on the pair is the term and not the word."""
SHORTEST = 3
"""Letters of a word that can be a topic."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word, or two in a row."""

    text: str
    z: float
    here: int
    """Messages of people."""
    there: int


@dataclass(frozen=True, slots=True)
class Missing:
    """A topic that people bring and the corpus lacks."""

    terms: tuple[Term, ...]
    """From the weightiest."""
    here: Figure
    """Share of people's messages with one of the terms at least."""
    there: Figure | None
    sessions: int
    """In which it came up."""
    lines: tuple[tuple[Talk, int], ...]
    """The messages with most of its terms, from the one with most."""
    group: str | None
    """The topic group of the world whose subjects share most words with it; None: none does, or two do alike."""

    @property
    def title(self) -> str:
        """The words that stand for the topic."""
        return ", ".join(term.text for term in self.terms)


def missing(
    here: Sequence[Talk],
    there: Sequence[Talk],
    rules: TopicRules,
    nicks: frozenset[str],
    groups: Mapping[str, Sequence[Topic]],
    lines: int,
) -> list[Missing]:
    """The topics, from the weightiest. `nicks`: in lower case; no word of them is a topic. `lines`: quoted for each."""
    stop = rules.stop | nicks
    mine, theirs = _Words(here, stop), _Words(there, stop)
    wanted = _weighed(mine, theirs, rules)
    found: list[Missing] = []
    while wanted and len(found) < rules.most:
        first = mine.where[wanted[0].text]
        cluster = [term for term in wanted if _alike(first, mine.where[term.text]) >= TOGETHER]
        wanted = [term for term in wanted if term not in cluster]
        shown = _shortened(cluster)[: rules.terms]
        named = {word for term in shown for word in term.text.split()}
        names = {term.text for term in cluster if named.issuperset(term.text.split())}
        share = clustered_intervals.share(here, partial(_with, names=names, stop=stop), "topic", *sorted(names))
        if share is None:
            continue
        places = _places(here, names, stop)[:lines]
        found.append(
            Missing(
                terms=tuple(shown),
                here=share,
                there=clustered_intervals.share(there, partial(_with, names=names, stop=stop), "topic", *sorted(names)),
                sessions=len({session for name in names for session, _ in mine.where[name]}),
                lines=tuple(places),
                group=_group({word for name in names for word in name.split()}, groups),
            )
        )
    return found


class _Words:
    """How often each term occurs, who used it, and in which stretches: (session, number of the stretch)."""

    def __init__(self, talks: Sequence[Talk], stop: frozenset[str]) -> None:
        self.counts: Counter[str] = Counter()
        self.people: dict[str, set[str]] = defaultdict(set)
        self.where: dict[str, set[tuple[int, int]]] = defaultdict(set)
        for number, talk in enumerate(talks):
            for place, line in enumerate(talk.messages):
                if line.nick == talk.lead:
                    continue
                found = _terms(line.text, stop)
                self.counts.update(found)
                for term in found:
                    self.people[term].add(line.nick)
                    self.where[term].add((number, place // STRETCH))
        self.total = self.counts.total()


def _terms(text: str, stop: frozenset[str]) -> set[str]:
    """Words and pairs of neighbours, without links, and those with a stop word, a number or less than three letters."""
    words = own_words(without_addresses(text))
    fine = [len(word) >= SHORTEST and word not in stop and any(map(str.isalpha, word)) for word in words]
    single = {word for word, good in zip(words, fine, strict=True) if good}
    pairs = zip(pairwise(words), pairwise(fine), strict=True)
    return single | {f"{one} {other}" for (one, other), good in pairs if all(good)}


def _weighed(mine: _Words, theirs: _Words, rules: TopicRules) -> list[Term]:
    together = mine.total + theirs.total
    terms: list[Term] = []
    for text, here in mine.counts.items():
        if here < rules.fewest or len(mine.people[text]) < rules.people:
            continue
        if len({session for session, _ in mine.where[text]}) < rules.sessions:
            continue
        there = theirs.counts[text]
        if here * max(theirs.total, 1) < rules.times * there * mine.total:
            continue
        z = _z(here, mine.total, there, theirs.total, rules.prior * (here + there), rules.prior * together)
        if z >= rules.z:
            terms.append(Term(text, round(z, 2), here, there))
    return sorted(terms, key=lambda term: (-term.z, term.text))


def _z(here: int, n: int, there: int, m: int, prior: float, weight: float) -> float:
    """Log-odds ratio in standard deviations."""
    one = math.log((here + prior) / (n + weight - here - prior))
    other = math.log((there + prior) / (m + weight - there - prior))
    return (one - other) / math.sqrt(1 / (here + prior) + 1 / (there + prior))


def _alike(one: set[tuple[int, int]], other: set[tuple[int, int]]) -> float:
    return len(one & other) / len(one | other)


def _shortened(terms: Sequence[Term]) -> list[Term]:
    """Without pairs that are only some of a word's uses, and without words that are mostly used in a pair."""
    words = {term.text: term.here for term in terms if " " not in term.text}
    pairs = [
        term
        for term in terms
        if " " in term.text and term.here >= USUAL * max(words.get(word, 0) for word in term.text.split())
    ]
    within = {word for pair in pairs for word in pair.text.split()}
    return [term for term in terms if term in pairs or (" " not in term.text and term.text not in within)]


def _with(talk: Talk, names: set[str], stop: frozenset[str]) -> tuple[float, float]:
    texts = [line.text for line in talk.messages if line.nick != talk.lead]
    return sum(_holds(text, names, stop) > 0 for text in texts), len(texts)


def _holds(text: str, names: set[str], stop: frozenset[str]) -> int:
    """How many of the terms a message has. Most have none, which is seen at once."""
    low = folded(text).casefold()
    if not any(name.partition(" ")[0] in low for name in names):
        return 0
    return len(names & _terms(text, stop))


def _places(talks: Sequence[Talk], names: set[str], stop: frozenset[str]) -> list[tuple[Talk, int]]:
    rows = [
        (-held, number, place)
        for number, talk in enumerate(talks)
        for place, line in enumerate(talk.messages)
        if line.nick != talk.lead and (held := _holds(line.text, names, stop))
    ]
    return [(talks[number], place) for _, number, place in sorted(rows)]


def _group(terms: set[str], groups: Mapping[str, Sequence[Topic]]) -> str | None:
    """A word that several groups know counts for each of them the less."""
    known = {
        name: {word for topic in topics for text in (topic.subject, *topic.angles) for word in words_of(text)}
        for name, topics in groups.items()
    }
    in_how_many = Counter(word for words in known.values() for word in words)
    scores = sorted((sum(1 / in_how_many[word] for word in terms & words), name) for name, words in known.items())
    if not scores or scores[-1][0] == 0 or (len(scores) > 1 and scores[-1][0] == scores[-2][0]):
        return None
    return scores[-1][1]
