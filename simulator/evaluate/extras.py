"""What is nice to have: reported, never a reason to fail."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from simulator import intervals
from simulator.document import parse_document
from simulator.evaluate.figure_checks import FigureCheck, reported
from simulator.evaluate.judged_subject import JudgedSubject
from simulator.line_checks.repeats import Repeats
from simulator.line_checks.wording import own_words
from simulator.world.style import StylePolicy

BEFORE = 8
"""Messages that a line may take up a word of."""
LONG_WORD = 5
"""Letters of a word that counts as taken up; shorter ones are in every line."""


def report(case: JudgedSubject, style: StylePolicy) -> list[FigureCheck]:
    """Flow, lurking and sameness in the sessions that the subject wrote."""
    documents = [parse_document(session.text) for session in case.seen.written]
    spoken = repeats = taken = counted = runs = 0
    for session, document in zip(case.seen.written, documents, strict=True):
        said = Repeats(style.numbers)
        for place, line in enumerate(document.messages):
            again = said.before(line) is not None
            if place < session.opening or line.nick != case.lead:
                continue
            spoken += 1
            repeats += again
            own = _content(line.text)
            before = {w for other in document.messages[max(0, place - BEFORE) : place] for w in _content(other.text)}
            if own and before:
                counted += 1
                taken += not own.isdisjoint(before)
        runs += sum(a.nick == b.nick == case.lead for a, b in pairwise(document.messages[session.opening :]))
    broken = sum(session.broken for session in case.seen.written)
    lines = broken + sum(len(d.messages) - s.opening for s, d in zip(case.seen.written, documents, strict=True))
    return [
        reported("lead's lines that repeat an earlier one", intervals.share(repeats, spoken)),
        reported("lead's lines that take up a word of the talk", intervals.share(taken, counted)),
        reported("lead's lines right after its own", intervals.share(runs, spoken)),
        reported("lines that are no chat line", intervals.share(broken, lines)),
        reported(
            "answers that are empty", intervals.share(sum(not line.text for line in case.answers), len(case.answers))
        ),
        _same_everywhere(case),
        *_ability(case),
    ]


def _ability(case: JudgedSubject) -> list[FigureCheck]:
    """Nats a token of people's words in real chat: what the adapter must not lose. The base's figure stands beside."""
    name = "real chat, nats a token"
    found = case.seen.surprises
    if found is None:
        return []
    figure = intervals.ratio([(nats, float(tokens)) for nats, tokens in found], case.seed, "ability")
    check = reported(name, figure, "number")
    if case.base is None or not case.base.seen.surprises or figure is None:
        return [check]
    pairs = zip(found, case.base.seen.surprises, strict=True)
    more = [(own - before, float(tokens)) for (own, tokens), (before, _) in pairs]
    rise = intervals.ratio(more, case.seed, "ability", "rise")
    return [check, reported("real chat, nats a token more than the base", rise, "number")]


def _same_everywhere(case: JudgedSubject) -> FigureCheck:
    """Can a classifier tell from the lead's words which channel it was in? 0.5 with its interval: it cannot.

    Naive Bayes over single words (add-one smoothing), each answer told by all the others; only probes that happen in
    either of the two commonest channels count, so that the topic does not give the channel away.
    """
    name = "channel told by the lead's words, accuracy"
    counts = Counter(line.channel for line in case.answers if line.text)
    if len(counts) < 2:
        return reported(name, None, note="the answers are all in one channel")
    channels = [channel for channel, _ in counts.most_common(2)]
    least = min(counts[channel] for channel in channels)
    rows: list[tuple[int, frozenset[str]]] = []
    for number, channel in enumerate(channels):
        texts = [line.text for line in case.answers if line.channel == channel and line.text]
        rows += [(number, frozenset(own_words(text))) for text in texts[:least]]
    right = sum(_told(rows, place) for place in range(len(rows)))
    return reported(
        name, intervals.share(right, len(rows)), note=f"{channels[0]} or {channels[1]}; 50 % is what it should be"
    )


def _told(rows: Sequence[tuple[int, frozenset[str]]], left_out: int) -> bool:
    own, words = rows[left_out]
    totals, seen = [0, 0], [Counter[str](), Counter[str]()]
    for place, (label, said) in enumerate(rows):
        if place != left_out:
            totals[label] += 1
            seen[label].update(said)
    scores = [
        math.fsum(math.log((seen[label][word] + 1) / (totals[label] + 2)) for word in words) for label in range(2)
    ]
    return scores[own] > scores[1 - own]


def _content(text: str) -> set[str]:
    return {word for word in own_words(text) if len(word) >= LONG_WORD}
