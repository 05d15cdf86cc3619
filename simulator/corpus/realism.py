"""Do these sessions take turns as people in real channels do?

Lines that one person says in a row count as one turn: real people break a thought over several lines, and the lines of
a session are whole thoughts. Measured on windows of 15 and of 100 turns in a row that do not overlap, and averaged over
them (`w15.`, `w100.`):

    speakers, gini, entropy, entropy_norm, top_share   how many speak and how evenly; bits, and bits as a share of most
    aba                        the speaker is the one before the previous
    new, rank3                 has not spoken in the window yet; is the third most recent one
    direct, mention            the message begins with somebody's nick (`nick: `, `nick, `, `@nick`); or has it anywhere
    sd_…                       deviation between windows; only too little of it is a fault

Over all messages that address or mention somebody (`all.`): are they the next to speak (`answer_next`), the next but
for the writer (`answer_next_other`), among the next three or five (`answer_in3`, `answer_in5`). /me lines count, as
they did in the logs that the reference was measured on. It hardly sees whether an answer fits the question.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import log2
from statistics import fmean, median, pstdev
from typing import Any

from simulator.addressing import leading_nick
from simulator.corpus.counting import Spread
from simulator.document import Document, TranscriptLine
from simulator.world.realism_reference import Figure, Quarters, Reference

WINDOWS = (15, 100)
SPREADS = ("speakers", "top_share")
FEWEST_FOR_SPREAD = 8
"""Windows."""
FEWEST_ANSWERS = 20
"""Messages that could have been answered; with fewer there is no figure."""
FEW_WINDOWS = 20
"""With fewer windows of 15 the figures are loose: the stretches of the reference have 16."""
_REACHES = {"next": 1, "in3": 3, "in5": 5}
_AROUND = "@<>.,:;!?()\"'~*"
_ROUNDING = 1e-9
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_WORD = re.compile(r"\w")
_STOP = re.compile(r"[.!?]+(?:\s+|$)")
_CLOSED = re.compile(r"[.!?][\"')]*$")
_QUARTERS = (0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class StatisticRange:
    """One statistic against the reference."""

    statistic: str
    value: float | None
    """None: too little text to measure it."""
    p5: float
    """Of real channels; and so on."""
    p50: float
    p95: float
    inside: bool | None
    """None: not measured."""


@dataclass(frozen=True, slots=True)
class ReplyDistances:
    """Messages between one that addresses somebody and one of the addressed."""

    messages: int
    """That address somebody."""
    never: float | None
    """Share without any, in [0, 1]."""
    p25: int | None
    p50: int | None
    p75: int | None
    p95: int | None
    reference: tuple[float, ...]
    """The same four percentiles in real channels."""


@dataclass(frozen=True, slots=True)
class RealismFacts:
    """Turn-taking and form of messages against real channels."""

    sessions: int
    messages: int
    windows: dict[int, int]
    """Width in messages to how many there were."""
    turn_taking: tuple[StatisticRange, ...]
    inside: int
    outside: int
    not_measured: int
    allowed: int
    """Statistics that may be outside."""
    reply_distance: dict[str, ReplyDistances]
    """`back` to what is answered, and on to the `answer`."""
    form: tuple[StatisticRange, ...]


@dataclass(frozen=True, slots=True)
class StatisticRow:
    """One statistic against the reference."""

    name: str
    value: float | None
    """None: too little text to measure it."""
    reference: Figure
    inside: bool | None
    """None: not measured."""


@dataclass(frozen=True, slots=True)
class _Said:
    nick: str
    direct: str | None
    """Whom it addresses by name."""
    mention: str | None
    """Whom it names anywhere; the one it addresses, if it does."""
    line: TranscriptLine


class Realism:
    """The statistics of all sessions so far. Memory does not grow."""

    def __init__(self) -> None:
        self.sessions = self.messages = 0
        self.windows = dict.fromkeys(WINDOWS, 0)
        self._means: defaultdict[str, Spread] = defaultdict(Spread)
        self._answers: defaultdict[str, Spread] = defaultdict(Spread)
        self._distances: dict[str, Counter[int]] = {"back": Counter(), "answer": Counter()}
        """In messages, up to the longest session; 0 stands for never in this session."""

    def add(self, document: Document) -> None:
        """A session. One with a single message has no turns and is left out."""
        turns = join_turns(document.lines)
        if len(turns) < 2:
            return
        said = _read(turns)
        self.sessions += 1
        self.messages += len(said)
        for width in WINDOWS:
            for start in range(0, len(said) - width + 1, width):
                window = said[start : start + width]
                self.windows[width] += 1
                for name, value in _turns(window):
                    self._means[f"w{width}.{name}"].add(value)
                if width == WINDOWS[0]:
                    for name, value in _form(window):
                        self._means[name].add(value)
        for kind in ("direct", "mention"):
            self._follow(kind, [one.nick for one in said], [getattr(one, kind) for one in said])

    def figures(self) -> dict[str, float]:
        """Statistic to value, as far as there was enough to measure it."""
        found = {name: spread.mean for name, spread in self._means.items()}
        for width, windows in self.windows.items():
            if windows >= FEWEST_FOR_SPREAD:
                for name in SPREADS:
                    found[f"w{width}.sd_{name}"] = self._means[f"w{width}.{name}"].deviation
        answers = {name: hits.mean for name, hits in self._answers.items() if hits.count >= FEWEST_ANSWERS}
        return found | answers

    def rows(self, reference: Reference) -> list[StatisticRow]:
        """Every turn-taking statistic of the reference, in its order."""
        found = self.figures()
        given: dict[str, Mapping[Any, Figure]] = {
            "w15": reference.turn_taking.w15,
            "w100": reference.turn_taking.w100,
            "all": reference.turn_taking.all,
        }
        return [
            _row(f"{scope}.{name}", found.get(f"{scope}.{name}"), figure)
            for scope, figures in given.items()
            for name, figure in figures.items()
        ]

    def table(self, reference: Reference) -> RealismFacts:
        """Everything that was measured, against the reference."""
        found, rows = self.figures(), self.rows(reference)
        verdicts = Counter(row.inside for row in rows)
        return RealismFacts(
            self.sessions,
            self.messages,
            dict(self.windows),
            tuple(map(_range, rows)),
            inside=verdicts[True],
            outside=verdicts[False],
            not_measured=verdicts[None],
            allowed=reference.allow,
            reply_distance={
                "back": self._distance("back", reference.reply_distance.back),
                "answer": self._distance("answer", reference.reply_distance.answer),
            },
            form=tuple(_range(_row(name, found.get(name), figure)) for name, figure in reference.form.items()),
        )

    def _follow(self, kind: str, order: list[str], others: list[str | None]) -> None:
        """Who speaks after each message of somebody to, or about, somebody."""
        places: defaultdict[str, list[int]] = defaultdict(list)
        for place, nick in enumerate(order):
            places[nick].append(place)
        changes = _changes(order)
        for place, other in enumerate(others):
            if other is None:
                continue
            own = places[other]
            after = bisect_left(own, place)
            wait = own[after] - place if after < len(own) else 0
            for name, reach in _REACHES.items():
                if place + reach < len(order):
                    self._answers[f"all.answer_{name}_{kind}"].add(0 < wait <= reach)
            if (change := changes[place]) < len(order):
                self._answers[f"all.answer_next_other_{kind}"].add(order[change] == other)
            if kind == "direct":
                self._distances["answer"][wait] += 1
                self._distances["back"][place - own[after - 1] if after else 0] += 1

    def _distance(self, name: str, reference: Quarters) -> ReplyDistances:
        counts = Counter(self._distances[name])
        never, total = counts.pop(0, 0), self._distances[name].total()
        p25, p50, p75, p95 = _quarters(counts)
        return ReplyDistances(total, round(never / total, 4) if total else None, p25, p50, p75, p95, tuple(reference))


def join_turns(lines: Sequence[TranscriptLine]) -> list[TranscriptLine]:
    """The lines with what one person says in a row put together, as one thought that was broken over several lines.

    >>> a, b = TranscriptLine("a", "well"), TranscriptLine("b", "so")
    >>> [(turn.nick, turn.text) for turn in join_turns([a, a, b])]
    [('a', 'well well'), ('b', 'so')]
    """
    return [
        TranscriptLine(nick, " ".join(line.text for line in run), action=run[0].action)
        for nick, run in ((nick, list(those)) for nick, those in groupby(lines, key=lambda line: line.nick))
    ]


def roster(lines: Sequence[TranscriptLine]) -> dict[str, str]:
    """Nick in small letters to nick, of everybody who says something."""
    return {line.nick.lower(): line.nick for line in lines}


def inside(name: str, value: float, figure: Figure) -> bool:
    """Whether a statistic is in its range. Sessions of several channels differ more than stretches of one log do, so
    that a deviation between windows can only be too small."""
    least, _, most = figure
    return value >= least - _ROUNDING and (".sd_" in name or value <= most + _ROUNDING)


def _row(name: str, value: float | None, figure: Figure) -> StatisticRow:
    return StatisticRow(name, value, figure, None if value is None else inside(name, value, figure))


def _range(row: StatisticRow) -> StatisticRange:
    least, middle, most = row.reference
    value = None if row.value is None else round(row.value, 6)
    return StatisticRange(row.name, value, least, middle, most, row.inside)


def _read(lines: Sequence[TranscriptLine]) -> list[_Said]:
    known = roster(lines)
    return [_said(line, known) for line in lines]


def _said(line: TranscriptLine, known: Mapping[str, str]) -> _Said:
    direct = leading_nick(line.text, known)
    if direct is not None and direct != line.nick:
        return _Said(line.nick, direct, direct, line)
    for word in line.text.lower().split():
        name = word.strip(_AROUND)
        if len(name) > 2 and (other := known.get(name)) is not None and other != line.nick:
            return _Said(line.nick, None, other, line)
    return _Said(line.nick, None, None, line)


def _turns(window: Sequence[_Said]) -> Iterator[tuple[str, float]]:
    order = [said.nick for said in window]
    counts = sorted(Counter(order).values())
    messages, speakers = len(order), len(counts)
    bits = entropy(counts)
    ranks = Counter(_ranks(order))
    yield "speakers", speakers
    yield "gini", gini(counts)
    yield "entropy", bits
    yield "entropy_norm", bits / log2(speakers) if speakers > 1 else 0.0
    yield "top_share", counts[-1] / messages
    yield "aba", sum(a == c for a, c in zip(order, order[2:], strict=False)) / (messages - 2)
    yield "new", ranks[0] / (messages - 1)
    yield "rank3", ranks[3] / (messages - 1)
    yield "direct", sum(said.direct is not None for said in window) / messages
    yield "mention", sum(said.mention is not None for said in window) / messages


def _ranks(order: Sequence[str]) -> Iterator[int]:
    """Of every message but the first: 1 for the previous speaker, 2 for the one before, and so on; 0 for a new one."""
    recent = [order[0]]
    for nick in order[1:]:
        rank = recent.index(nick) + 1 if nick in recent else 0
        yield rank
        if rank:
            del recent[rank - 1]
        recent.insert(0, nick)


def gini(counts: Sequence[int]) -> float:
    """How unevenly something is shared out, from 0 (evenly). `counts` rise.

    >>> gini([5, 5, 5]), gini([0, 0, 9])
    (0.0, 0.6666666666666666)
    """
    places, total = len(counts), sum(counts)
    return sum((2 * place - places - 1) * count for place, count in enumerate(counts, 1)) / (places * total)


def entropy(counts: Sequence[int]) -> float:
    """Of what was counted so often each, in bits (C. Shannon, 1948); every count is at least 1.

    >>> entropy([2, 2]), entropy([5]) == 0
    (1.0, True)
    """
    total = sum(counts)
    shares = [count / total for count in counts]
    return -sum(share * log2(share) for share in shares)


def _changes(order: Sequence[str]) -> list[int]:
    """Of every message: the place of the next one by somebody else, or the number of messages if there is none."""
    found = [len(order)] * len(order)
    for place in range(len(order) - 2, -1, -1):
        found[place] = place + 1 if order[place + 1] != order[place] else found[place + 1]
    return found


def _form(window: Sequence[_Said]) -> Iterator[tuple[str, float]]:
    words = [sum(_WORD.search(word) is not None for word in said.line.text.split()) for said in window]
    yield "words_mean", fmean(words)
    yield "words_median", median(words)
    yield "words_sd", pstdev(words)
    yield "chars_median", median(len(said.line.text) for said in window)
    yield "short", sum(count <= 2 for count in words) / len(window)
    for name, holds in _LOOKS.items():
        yield name, sum(map(holds, window)) / len(window)


def _lower_start(said: _Said) -> bool:
    first = said.line.text.split(None, 1)[-1] if said.direct else said.line.text
    return "a" <= first[:1] <= "z"


_LOOKS = {
    "multi_sentence": lambda said: sum(map(bool, map(_WORD.search, _STOP.split(_URL.sub("url", said.line.text))))) > 1,
    "question": lambda said: "?" in _URL.sub(" ", said.line.text),
    "url": lambda said: _URL.search(said.line.text) is not None,
    "action": lambda said: said.line.action,
    "lower_start": _lower_start,
    "end_punct": lambda said: _CLOSED.search(said.line.text) is not None,
}


def _quarters(counts: Counter[int]) -> tuple[int | None, ...]:
    """The quartiles and the 95th percentile of counted numbers."""
    total, rows = counts.total(), sorted(counts.items())
    if not total:
        return (None,) * len(_QUARTERS)
    found = []
    for share in _QUARTERS:
        below = 0
        for number, count in rows:
            below += count
            if below >= share * total:
                found.append(number)
                break
    return tuple(found)
