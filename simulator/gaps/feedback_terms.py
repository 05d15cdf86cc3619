"""Feedback to the lead: what people say to or of the lead right after one of its lines (complaints, corrections,
praise)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simulator import intervals
from simulator.corpus.talk import Talk
from simulator.gaps.clustered_intervals import SEED
from simulator.intervals import Figure
from simulator.world.phrases import Phrases, folded
from simulator.world.policies.gaps import GapPolicy


@dataclass(frozen=True, slots=True)
class FeedbackLine:
    """One line about the lead, with the line of the lead's that caused it."""

    kind: str
    praise: bool
    talk: Talk
    index: int
    """Of the message, from 0."""
    cause: int
    """Of the lead's last message before it."""
    words: str
    """What was found."""
    scripted: bool
    """The session's pattern has such remarks in its scripts: it says nothing about the lead."""

    @property
    def nick(self) -> str:
        """Who said it."""
        return self.talk.messages[self.index].nick

    @property
    def text(self) -> str:
        """The whole line."""
        return self.talk.messages[self.index].text

    @property
    def lead_line(self) -> str:
        """The lead's line that it follows."""
        return self.talk.messages[self.cause].text


@dataclass(frozen=True, slots=True)
class FeedbackReaction:
    """The lead's share of the messages before and after somebody asked for fewer of them."""

    remarks: int
    before: Figure | None
    after: Figure | None
    change: Figure | None
    """After less before, over the remarks that have messages on both sides."""


def find_feedback(talks: Sequence[Talk], policy: GapPolicy) -> list[FeedbackLine]:
    """Every remark, in order."""
    phrases = {names: policy.phrases(names) for names in dict.fromkeys(talk.lead_names for talk in talks)}
    return [remark for talk in talks for remark in _in(talk, policy, phrases[talk.lead_names])]


def _in(talk: Talk, policy: GapPolicy, phrases: Phrases) -> list[FeedbackLine]:
    kinds, found, last = list(policy.remarks), [], None
    for place, line in enumerate(talk.messages):
        if talk.by_lead(place):
            last = place
            continue
        if last is None or place - last > policy.within or not talk.to_lead(place):
            continue
        hit = next(phrases.find(folded(line.text)), None)
        if hit is None:
            continue
        kind, words = kinds[hit.group], line.text[hit.start : hit.end]
        found.append(
            FeedbackLine(
                kind, policy.remarks[kind].praise, talk, place, last, words, policy.scripts(kind, talk.pattern)
            )
        )
    return found


def reaction(found: Sequence[FeedbackLine], policy: GapPolicy) -> FeedbackReaction:
    """What the lead does after being told off: `stretch` messages before the feedback, and as many after it.

    The direct answer, if it is among the next `within` messages, counts for neither: taking a hint takes a line.
    """
    pairs: list[tuple[float, float]] = []
    for remark in found:
        if not policy.remarks[remark.kind].less:
            continue
        lines, lead = remark.talk.messages, remark.talk.lead
        nexts = range(remark.index + 1, min(remark.index + 1 + policy.within, len(lines)))
        first = next((place + 1 for place in nexts if lines[place].nick == lead), remark.index + 1)
        halves = (
            lines[max(0, remark.index - policy.stretch) : remark.index],
            lines[first : first + policy.stretch],
        )
        if all(halves):
            before, after = (sum(line.nick == lead for line in half) / len(half) for half in halves)
            pairs.append((before, after))
    return FeedbackReaction(
        len(pairs),
        intervals.mean([before for before, _ in pairs], SEED, "before"),
        intervals.mean([after for _, after in pairs], SEED, "after"),
        intervals.difference(pairs, SEED, "reaction"),
    )
