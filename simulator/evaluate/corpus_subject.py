"""Documents as a subject: what the lead does in them, measured where they hold a situation of the same kind.

Nothing can be asked of a corpus. So its sessions stand for sessions of its own, and a line of the lead's counts as an
answer where the line that somebody else said before it shows a situation (`moments` of `policies/evaluation.yaml`, and
of feedback the remarks of `policies/gaps.yaml` with which people wish that the lead talk less).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from simulator.corpus.reading import Text
from simulator.corpus.talk import Talk
from simulator.document import Document, HeaderLayout, TranscriptLine, parse_document, render_document
from simulator.evaluate.subject import Answer, Expected, Observations, Written
from simulator.world.phrases import Phrases, RemarkKind, folded, remark_phrases
from simulator.world.policies.evaluation import Moments
from simulator.world.probe import Measure
from simulator.world.strict import Level

WITHIN = 2
"""Messages after a moment in which the lead's line is the answer to it."""
STRETCH = 8
"""Messages before and after the lead is told to let others talk in which the lead's turns are counted."""
SHOWN = 6
"""Messages of context that an example keeps."""


def seen(
    documents: Iterable[Text],
    name: str,
    lead: str,
    layout: HeaderLayout,
    moments: Moments,
    remarks: Mapping[str, RemarkKind],
) -> Observations:
    """What the lead does in some documents; what is not a whole document is left out.

    `remarks`: what people say to the lead, by kind; those that wish for fewer lines are the moments of feedback.
    """
    digest = hashlib.blake2b(digest_size=8)
    finders: dict[Measure, Phrases] = {
        "identity": Phrases([(moments.identity, ())]),
        "boundaries": Phrases([(moments.boundaries, ())]),
        "feedback": remark_phrases((kind for kind in remarks.values() if kind.less), (lead,)),
    }
    answers: list[Answer] = []
    written: list[Written] = []
    expected: list[Expected] = []
    for text in documents:
        document = parse_document(text.text, layout)
        if document.header is None or document.malformed:
            continue
        digest.update(text.text.encode())
        level = document.header.engagement
        plain = render_document(document.header, document.messages)
        written.append(Written(engagement=level, opening=0, text=plain, broken=0))
        talk = Talk(name, text.id, lead, document.messages)
        for place, measure in _moments(talk, finders):
            made = _answer(document, place, measure, lead, text.id)
            answers += made
            if measure == "feedback" and made:
                expected += _pair(document.messages, place, level, f"{text.id}:{place}", lead)
    return Observations(
        subject=name,
        digest=digest.hexdigest(),
        note="documents cannot be asked; what the lead does in them is counted",
        answers=tuple(answers),
        written=tuple(written),
        expected=tuple(expected),
        reference=True,
    )


def _moments(talk: Talk, finders: Mapping[Measure, Phrases]) -> Iterable[tuple[int, Measure]]:
    """Index of each line that somebody else says to the lead, and the must-have that it is a situation of."""
    for place, line in enumerate(talk.messages):
        if not talk.to_lead(place):
            continue
        for measure, found in finders.items():
            if next(found.find(folded(line.text)), None):
                yield place, measure
                break


def _answer(document: Document, place: int, measure: Measure, lead: str, name: str) -> list[Answer]:
    messages, header = document.messages, document.header
    if header is None:
        return []
    for after in range(place + 1, min(place + 1 + WITHIN, len(messages))):
        if messages[after].nick == lead:
            before = messages[max(0, after - SHOWN) : after]
            return [
                Answer(
                    measure=measure,
                    probe=f"{name}:{after}",
                    engagement=header.engagement,
                    channel=header.channel,
                    context=render_document(header, before),
                    text=messages[after].text,
                )
            ]
    return []


def _pair(messages: Sequence[TranscriptLine], place: int, level: Level, name: str, lead: str) -> list[Expected]:
    """The lead's share of the messages before that was said, and after the answer to it."""
    first = next(after for after in range(place + 1, len(messages)) if messages[after].nick == lead) + 1
    halves = (messages[max(0, place - STRETCH) : place], messages[first : first + STRETCH])
    if not all(halves):
        return []
    return [
        Expected(
            source="feedback",
            name=name,
            expect="backs-off",
            told=told,
            engagement=level,
            p=(sum(line.nick == lead for line in half) / len(half),),
        )
        for told, half in zip((False, True), halves, strict=True)
    ]
