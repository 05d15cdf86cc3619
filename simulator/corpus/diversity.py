"""Does a set of sessions repeat itself?

Everything is counted in one pass, in time that grows with the text and in memory that is bounded. What is said is
compared without case, punctuation and the nick that it is addressed to; /me lines are not messages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rensa import RMinHash

from simulator.addressing import leading_nick
from simulator.corpus.counting import Distinct, Recurring, Spread, gram_numbers
from simulator.corpus.facts import INLINED, QuotaShare
from simulator.corpus.near_duplicates import NearDuplicates, SketchIndex, shingles, sketch, sketch_session
from simulator.corpus.phrase_budget import SHOWN, Opening, Phrase, Speaker
from simulator.corpus.realism import gini, roster
from simulator.corpus.stats import quota_share
from simulator.document import Document
from simulator.line_checks.wording import words_of
from simulator.world.realism_reference import SpeechHabits
from simulator.world.style import StylePolicy

GRAMS = (1, 2, 3)
BLOCK = 10_000
"""Words. The share of different words falls as a text grows; in blocks of one size it can be compared."""
REMEMBERED = 50_000
"""So many messages back a near-duplicate of a message is looked for."""
MESSAGE_PLACES = 64
SAMPLE = 300
"""Sessions whose nearest neighbour is looked for."""
NEIGHBOURS = 20_000
"""Among so many sessions at most: all, or an even half, quarter and so on of them."""


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """A session that is nearly the same as an earlier one."""

    id: str
    earlier: str
    similarity: float
    """Estimated share of common shingles, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class SessionRepeats:
    """Sessions with a near-duplicate among earlier ones."""

    count: int
    share: float | None
    examples: tuple[NearDuplicate, ...]


@dataclass(frozen=True, slots=True)
class RepeatedText:
    """A message that came again."""

    text: str
    times: int


@dataclass(frozen=True, slots=True)
class MessageRepeats:
    """Messages that nearly repeat an earlier one; shares of those that are long enough to be compared."""

    compared: int
    count: int
    share_of_lead: float | None
    share_of_people: float | None
    most_repeated: tuple[RepeatedText, ...]


@dataclass(frozen=True, slots=True)
class NearDuplicateShares:
    """Near-duplicates."""

    sessions: SessionRepeats
    messages: MessageRepeats


@dataclass(frozen=True, slots=True)
class DistinctBlocks:
    """Different n-grams among all, as the mean over blocks of one size."""

    words: int
    """To a block."""
    count: int
    """Blocks."""
    shares: dict[int, float | None] = field(metadata=INLINED)
    """By n, in [0, 1]; None: no whole block."""


@dataclass(frozen=True, slots=True)
class DistinctNgrams:
    """Different n-grams among all (distinct-n), in the whole text and in blocks."""

    whole: dict[int, float | None]
    """By n, in [0, 1]; None: nothing was said."""
    blocks: DistinctBlocks


@dataclass(frozen=True, slots=True)
class SelfSimilarity:
    """How like its nearest neighbour a session is, over a sample; shares of common shingles, in [0, 1]."""

    sample: int
    """Sessions."""
    mean: float | None
    most: float | None


@dataclass(frozen=True, slots=True)
class NickBalance:
    """Who talks how much."""

    lead_share: float | None
    """Of all messages."""
    people: int
    gini: float | None
    """Unevenness of what people said, in [0, 1]."""
    shares: dict[str, float | None]
    """Nick to its share of what people said, the most talkative first."""


@dataclass(frozen=True, slots=True)
class TopicCount:
    """How many sessions were about a topic."""

    topic: str
    sessions: int


@dataclass(frozen=True, slots=True)
class TopicBalance:
    """What sessions are about."""

    groups: dict[str, QuotaShare]
    different: int
    """Topics."""
    most_used: tuple[TopicCount, ...]


@dataclass(frozen=True, slots=True)
class DiversityFacts:
    """Whether sessions repeat each other; shares in [0, 1], None for what cannot be told."""

    sessions: int
    messages: int
    words: int
    near_duplicates: NearDuplicateShares
    distinct: DistinctNgrams
    self_similarity: SelfSimilarity
    openings: dict[str, dict[int, tuple[Opening, ...]]]
    """Speaker (`lead` or `people`) to number of first words to the most frequent ones."""
    phrases: dict[str, tuple[Phrase, ...]]
    """Speaker to what recurs most."""
    nicks: NickBalance
    topics: TopicBalance | None


class SessionDiversity:
    """Which sessions repeat earlier ones, and who talks in them: what can be told without counting words."""

    def __init__(self, style: StylePolicy, lead: str) -> None:
        """`lead`: the nick."""
        self._lead, self._shingle = lead, style.numbers.near_duplicate_shingle
        self.sessions = 0
        self._near = NearDuplicates(style)
        self._repeats, self._examples = 0, list[tuple[str, str, float]]()
        self._sketches: list[RMinHash] = []
        """Of every `_every`-th session."""
        self._every = 1
        self._nicks: Counter[str] = Counter()

    def add(self, id: str, document: Document) -> None:
        """One more session."""
        self.sessions += 1
        self._nicks.update(line.nick for line in document.messages)
        self._compare(id, document)

    @property
    def messages(self) -> int:
        """Of all sessions."""
        return self._nicks.total()

    def repeats(self) -> SessionRepeats:
        """Near-duplicates of earlier sessions."""
        examples = [NearDuplicate(id, earlier, round(likeness, 3)) for id, earlier, likeness in self._examples]
        return SessionRepeats(self._repeats, _share(self._repeats, self.sessions), tuple(examples))

    def self_similarity(self) -> SelfSimilarity:
        """How like its nearest neighbour a session is, as the share of common shingles, over an even sample.

        Among more sessions a nearer one is found: figures of sets of one size can be compared.
        """
        sketches = self._sketches
        if len(sketches) < 2:
            return SelfSimilarity(0, None, None)
        step = max(len(sketches) / SAMPLE, 1.0)
        places = [int(number * step) for number in range(min(SAMPLE, len(sketches)))]
        nearest = [
            max(sketches[place].jaccard(other) for number, other in enumerate(sketches) if number != place)
            for place in places
        ]
        return SelfSimilarity(len(places), round(sum(nearest) / len(nearest), 4), round(max(nearest), 4))

    def balance(self) -> NickBalance:
        """Who talks how much."""
        people = {nick: count for nick, count in self._nicks.items() if nick != self._lead}
        everybody, total = self._nicks.total(), sum(people.values())
        rows = sorted(people.items(), key=lambda row: (-row[1], row[0]))
        return NickBalance(
            _share(self._nicks[self._lead], everybody),
            len(people),
            round(gini(sorted(people.values())), 4) if people else None,
            {nick: _share(count, total) for nick, count in rows},
        )

    def _compare(self, id: str, document: Document) -> None:
        own = sketch_session(document, self._shingle)
        if own is None:
            return
        found = self._near.find_sketch(id, own)
        if found is not None:
            self._repeats += 1
            if len(self._examples) < SHOWN:
                self._examples.append((id, *found))
        if self.sessions % self._every == 0:
            self._sketches.append(own)
            if len(self._sketches) > NEIGHBOURS:
                self._sketches, self._every = self._sketches[1::2], self._every * 2


class Diversity:
    """All sessions so far."""

    def __init__(self, style: StylePolicy, lead: str, habits: SpeechHabits) -> None:
        """`lead`: the nick."""
        numbers = style.numbers
        self._lead, self._habits = lead, habits
        self._fewest, self._words = numbers.repeat_words, 0
        self._sessions = SessionDiversity(style, lead)
        self._messages = SketchIndex(MESSAGE_PLACES, numbers.repeat_similarity, last=REMEMBERED)
        """Named by their texts."""
        self._repeated = Recurring()
        self._speakers = {"lead": Speaker(), "people": Speaker()}
        self._distinct = {length: Distinct() for length in GRAMS}
        self._block: dict[int, list[int]] = {length: [] for length in GRAMS}
        self._blocks = {length: Spread() for length in GRAMS}
        self._groups: Counter[str] = Counter()
        self._topics: Counter[str] = Counter()

    def add(self, id: str, document: Document, *, group: str | None = None, topic: str | None = None) -> None:
        """A session, and what it is about where that is known."""
        self._sessions.add(id, document)
        known = roster(document.lines)
        for line in document.messages:
            text = line.text
            if leading_nick(text, known) is not None:
                _, _, text = text.partition(" ")
            said = words_of(text)
            self._words += len(said)
            self._count(said)
            self._speakers["lead" if line.nick == self._lead else "people"].add(said, self._again(said, text))
        if group is not None:
            self._groups[group] += 1
        if topic is not None:
            self._topics[topic] += 1

    def table(self, targets: Mapping[str, float], *, finished: bool = True) -> DiversityFacts:
        """Everything that was counted.

        `targets`: topic group to the share of sessions that it should have. `finished`: no more sessions are to come.
        """
        speakers = self._speakers
        whole = {n: _rounded(counted.share) for n, counted in self._distinct.items()}
        return DiversityFacts(
            self._sessions.sessions,
            self._sessions.messages,
            self._words,
            NearDuplicateShares(self._sessions.repeats(), self._message_repeats()),
            DistinctNgrams(whole, self._distinct_blocks()),
            self._sessions.self_similarity(),
            openings={who: one.openings(self._habits) for who, one in speakers.items()},
            phrases={who: one.recurring(self._habits) for who, one in speakers.items()},
            nicks=self._sessions.balance(),
            topics=self._subjects(targets, finished),
        )

    def _message_repeats(self) -> MessageRepeats:
        lead, people = self._speakers["lead"], self._speakers["people"]
        return MessageRepeats(
            lead.compared + people.compared,
            lead.repeats + people.repeats,
            _share(lead.repeats, lead.compared),
            _share(people.repeats, people.compared),
            tuple(RepeatedText(text, times) for text, times in self._repeated.commonest(SHOWN // 4)),
        )

    def _distinct_blocks(self) -> DistinctBlocks:
        shares = {n: _rounded(spread.mean) if spread.count else None for n, spread in self._blocks.items()}
        return DistinctBlocks(BLOCK, self._blocks[GRAMS[0]].count, shares)

    def _count(self, said: Sequence[str]) -> None:
        for length, numbers in enumerate(gram_numbers(said, GRAMS[-1]), 1):
            self._distinct[length].add(numbers)
            self._block[length] += numbers
        if len(self._block[1]) >= BLOCK:
            for length, spread in self._blocks.items():
                if grams := self._block[length]:
                    spread.add(len(set(grams)) / len(grams))
                    self._block[length] = []

    def _again(self, said: Sequence[str], text: str) -> bool | None:
        """Whether nearly the same was said before in any session; None: too short to tell."""
        own = sketch(shingles(said, 2), MESSAGE_PLACES) if len(said) >= self._fewest else None
        if own is None:
            return None
        found = self._messages.nearest(own)
        if found is not None:
            self._repeated.add([found[0]])
            return True
        self._messages.add(text, own)
        return False

    def _subjects(self, targets: Mapping[str, float], finished: bool) -> TopicBalance | None:
        if not self._groups and not self._topics:
            return None
        groups = self._groups.total()
        return TopicBalance(
            {
                name: quota_share(self._groups[name], groups, targets.get(name, 0.0), finished=finished)
                for name in [*targets, *sorted(set(self._groups) - set(targets))]
            },
            len(self._topics),
            tuple(TopicCount(name, count) for name, count in self._topics.most_common(SHOWN // 4)),
        )


def _share(count: int, total: int) -> float | None:
    return round(count / total, 4) if total else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
