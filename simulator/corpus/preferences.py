"""Preference data: what a run throws away, as pairs of a line that stood and a line that did not.

The prompt is the training document up to the line and the lead's nick in brackets: header and transcript, nothing else,
also where the writer had seen a hint. So whose turn it is belongs to the prompt, and when to speak is never part of a
pair. The completion is the rest of the line, from the space after the nick to the newline.

    refused   a try that a line check or the guard sent back, against the line that stood in its place
    marked    a message of the lead's that a person marked bad, against the words that a person put there
    loser     two plays of a slot that a judge scored, as far as they are the same: the kept play's line against the
              spare one's

For KTO each line stands alone: the good lines are those of pairs, the bad ones all that were refused, marked or lost,
also where no line stood in their place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import ConfigDict

from simulator.control_tokens import neutralise
from simulator.corpus.facts import PreferenceFacts
from simulator.document import HeaderLayout, TranscriptLine, render_line
from simulator.events import Acted, Event, Passed, Said
from simulator.journal.journal import Journal
from simulator.journal.records import SessionRow
from simulator.plan.session_plan import Setting
from simulator.world.policies.preferences import PreferencePolicy
from simulator.world.strict import StrictModel

Side = Literal["refused", "marked", "loser"]
MARKED: Final = "marked"
LOSER: Final = "loser"


class Pair(StrictModel):
    """A row for DPO, as TRL and Axolotl read raw text."""

    model_config = ConfigDict(str_strip_whitespace=False)  # a completion begins with a space and ends in a newline

    prompt: str
    chosen: str
    rejected: str
    session: str
    message: int
    """Index of the line among the messages, from 0."""
    source: Side
    rule: str
    """That refused the line; `marked` and `loser` for the other sources."""
    judge_gap: float | None
    """Score of the chosen line's session less that of the rejected one's; None: the same session."""
    edit_distance: float
    """In words, as a share of the longer line."""
    chosen_words: int
    rejected_words: int


class Judgement(StrictModel):
    """A row for KTO."""

    model_config = ConfigDict(str_strip_whitespace=False)

    prompt: str
    completion: str
    label: bool
    """True: such a line is wanted."""
    session: str
    message: int
    """Index among the messages, from 0, of the line or of the place where it would have stood."""
    source: Side
    rule: str
    judge_gap: float | None
    words: int


@dataclass(frozen=True, slots=True)
class PreferenceRequest:
    """Which preference data is wanted."""

    groups: tuple[str, ...] = ()
    """Names of the policy's groups, `marked` and `loser`; empty: all."""
    balance: bool = False
    """Leave pairs out until neither side is the longer one more often than the policy allows."""
    actions: bool = True
    """/me lines are part of the prompts, as of the documents."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """All of a run, in its order."""

    pairs: tuple[Pair, ...]
    judgements: tuple[Judgement, ...]
    facts: PreferenceFacts


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the lead's that did not stand, with the one that did, if any."""

    prompt: str
    chosen: str | None
    rejected: str
    session: str
    message: int
    source: Side
    rule: str
    gap: float | None = None


def preferences(
    journal: Journal, policy: PreferencePolicy, layout: HeaderLayout, request: PreferenceRequest
) -> Preferences:
    """Everything that the run has of the wanted groups; every session is read once."""
    lines = _lines(journal, policy, layout, request.actions)
    found = [line for line in lines if _wanted(line, policy, request.groups)]
    pairs = [_pair(line, line.chosen) for line in found if line.chosen is not None]
    apart = [pair for pair in pairs if pair.edit_distance >= policy.least_distance]
    kept = balanced(apart, policy.most_longer) if request.balance else apart
    judgements = list(_judgements(found, kept))
    n = max(1, len(kept))
    facts = PreferenceFacts(
        pairs=len(kept),
        by_rule=dict(Counter(pair.rule for pair in kept).most_common()),
        alike=len(pairs) - len(apart),
        unbalanced=len(apart) - len(kept),
        chosen_words=round(sum(pair.chosen_words for pair in kept) / n, 2),
        rejected_words=round(sum(pair.rejected_words for pair in kept) / n, 2),
        chosen_longer=round(longer(kept), 4),
        good=sum(row.label for row in judgements),
        bad=sum(not row.label for row in judgements),
    )
    return Preferences(tuple(kept), tuple(judgements), facts)


def known_groups(policy: PreferencePolicy) -> tuple[str, ...]:
    """What `--pairs` takes."""
    return (*policy.groups, MARKED, LOSER)


def distance(one: str, other: str) -> float:
    """Levenshtein's distance of two lines in words, as a share of the longer one, in [0, 1].

    >>> distance("no, do your own homework", "no, do your homework"), distance("nope", "sure")
    (0.2, 1.0)
    """
    a, b = one.casefold().split(), other.casefold().split()
    row = list(range(len(b) + 1))
    for i, word in enumerate(a, 1):
        left, row[0] = row[0], i
        for j, against in enumerate(b, 1):
            left, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, left + (word != against))
    return row[-1] / max(len(a), len(b), 1)


def longer(pairs: Sequence[Pair]) -> float:
    """Share of the pairs in which the chosen line is the longer one; ties count half, and 0.5 without pairs."""
    if not pairs:
        return 0.5
    more = [pair.chosen_words - pair.rejected_words for pair in pairs]
    return sum((each > 0) + (each == 0) / 2 for each in more) / len(pairs)


def balanced(pairs: Sequence[Pair], most: float) -> list[Pair]:
    """The pairs without as many of those with the greatest difference as it takes; their order stays.

    Neither side is the longer one in more than `most` of them.
    """
    sign = 1 if longer(pairs) > 0.5 else -1
    more = [sign * (pair.chosen_words - pair.rejected_words) for pair in pairs]
    wins, left = sum((each > 0) + (each == 0) / 2 for each in more), len(pairs)
    gone: set[int] = set()
    for place in sorted(range(len(pairs)), key=more.__getitem__, reverse=True):
        if wins <= most * left or more[place] <= 0:
            break
        gone.add(place)
        wins, left = wins - 1, left - 1
    return [pair for place, pair in enumerate(pairs) if place not in gone]


def _wanted(line: _Line, policy: PreferencePolicy, groups: tuple[str, ...]) -> bool:
    name = policy.group(line.rule) if line.source == "refused" else line.source
    return name is not None and (not groups or name in groups)


def _lines(journal: Journal, policy: PreferencePolicy, layout: HeaderLayout, actions: bool) -> Iterator[_Line]:
    bad: dict[str, set[int]] = {}
    whole: set[str] = set()
    for mark in journal.marks():
        if not mark.good and mark.line is None:
            whole.add(mark.session)
        elif not mark.good and mark.line is not None:
            bad.setdefault(mark.session, set()).add(mark.line)
    spare = {row.session.number: row for row in journal.sessions("spare")}
    for row in journal.sessions("kept"):
        name = row.session.id
        if name not in whole:
            said = journal.events(name)
            stood = journal.edited(name, said)
            setting = row.session.setting
            header = layout.header(setting.engagement, setting.channel).text
            yield from _of_session(setting, header, said, stood, bad.get(name, set()), actions)
            loser = spare.get(row.session.number)
            gap = _gap(row, loser)
            if loser is not None and gap is not None and gap >= policy.least_gap:
                yield from _of_loser(setting, header, stood, journal.events(loser.session.id), gap, actions)


def _gap(kept: SessionRow, loser: SessionRow | None) -> float | None:
    if loser is None or kept.score is None or loser.score is None:
        return None
    return round(kept.score - loser.score, 4)


def _of_session(
    setting: Setting, header: str, said: Sequence[Event], stood: Sequence[Event], bad: set[int], actions: bool
) -> Iterator[_Line]:
    text, message = header, 0
    for original, event in zip(said, stood, strict=True):
        if isinstance(event, Said | Passed | Acted) and event.nick == setting.lead:
            prompt = f"{text}<{setting.lead}>"
            fine = isinstance(event, Said) and message not in bad
            chosen = event.text if fine and isinstance(event, Said) and event == original else None
            for refused in event.refused:
                if refused.text.strip() and not isinstance(event, Acted):
                    yield _Line(prompt, chosen, refused.text, setting.id, message, "refused", refused.rule)
            if isinstance(event, Said) and isinstance(original, Said) and message in bad:
                edited = event.text if event.text != original.text else None
                yield _Line(prompt, edited, original.text, setting.id, message, MARKED, MARKED)
        text += _shown(event, actions)
        message += isinstance(event, Said)


def _of_loser(
    setting: Setting, header: str, kept: Sequence[Event], lost: Sequence[Event], gap: float, actions: bool
) -> Iterator[_Line]:
    """The first line in which two plays differ, if the lead says it in both."""
    text, message = header, 0
    mine, theirs = ([e for e in events if isinstance(e, Said | Acted)] for events in (kept, lost))
    for one, other in zip(mine, theirs, strict=False):
        if (type(one), one.nick, one.text) != (type(other), other.nick, other.text):
            if isinstance(one, Said) and isinstance(other, Said) and one.nick == other.nick == setting.lead:
                prompt = f"{text}<{setting.lead}>"
                yield _Line(prompt, one.text, other.text, setting.id, message, LOSER, LOSER, gap)
            return
        text += _shown(one, actions)
        message += isinstance(one, Said)


def _pair(line: _Line, chosen: str) -> Pair:
    return Pair(
        prompt=line.prompt,
        chosen=_completion(chosen),
        rejected=_completion(line.rejected),
        session=line.session,
        message=line.message,
        source=line.source,
        rule=line.rule,
        judge_gap=line.gap,
        edit_distance=round(distance(chosen, line.rejected), 4),
        chosen_words=len(chosen.split()),
        rejected_words=len(line.rejected.split()),
    )


def _judgements(lines: Iterable[_Line], pairs: Iterable[Pair]) -> Iterator[Judgement]:
    """Every line once: the good ones of the pairs, and all bad ones that are not too like a good one."""
    seen: set[tuple[str, str]] = set()
    good = {(pair.prompt, pair.rejected): pair for pair in pairs}
    for line in lines:
        rejected = _completion(line.rejected)
        pair = good.get((line.prompt, rejected))
        if pair is None and line.chosen is not None:
            continue  # left out as a pair
        for completion, label in [*([(pair.chosen, True)] if pair else []), (rejected, False)]:
            if (line.prompt, completion) not in seen:
                seen.add((line.prompt, completion))
                yield Judgement(
                    prompt=line.prompt, completion=completion, label=label, session=line.session, message=line.message,
                    source=line.source, rule=line.rule, judge_gap=line.gap, words=len(completion.split()),
                )  # fmt: skip


def _shown(event: Event, actions: bool) -> str:
    if isinstance(event, Said) or (actions and isinstance(event, Acted)):
        return neutralise(render_line(TranscriptLine(event.nick, event.text, action=isinstance(event, Acted)))) + "\n"
    return ""


def _completion(text: str) -> str:
    return f" {neutralise(text)}\n"
