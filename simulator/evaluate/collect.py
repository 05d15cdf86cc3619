"""Asks a subject everything that a suite wants to know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from simulator import rng
from simulator.document import Header, HeaderLayout, TranscriptLine, parse_document, render_document
from simulator.evaluate.subject import Answer, Ask, Expected, Observations, Sampling, Subject, Written
from simulator.line_checks.reply import clean
from simulator.world.policies.evaluation import EvaluationPolicy, Size
from simulator.world.probe import LEAD, PEOPLE, Measure, Probe, ProbeLine, Suite
from simulator.world.prompt_templates import PromptTemplates
from simulator.world.strict import Level


@dataclass(frozen=True, slots=True)
class Context:
    """What was said before the line that is measured."""

    probe: Probe
    measure: Measure
    header: Header
    lines: tuple[TranscriptLine, ...]
    nicks: tuple[str, ...]
    """Who `a` to `e` are."""
    sample: int = 0
    """Which of several draws from the same probe, from 0."""

    @property
    def text(self) -> str:
        """Header and lines as a document, ending in a newline."""
        return render_document(self.header, self.lines)

    def under(self, level: Level) -> Context:
        """The same text with another level in the header."""
        return replace(self, header=self.header.under(level))

    def and_then(self, lines: Iterable[TranscriptLine]) -> Context:
        """The same with further lines at its end."""
        return replace(self, lines=(*self.lines, *lines))

    def filled(self, rows: Iterable[ProbeLine], lead: str) -> tuple[TranscriptLine, ...]:
        """Rows of the probe with the nicks of this context."""
        names = {LEAD: lead, **dict(zip(PEOPLE, self.nicks, strict=True))}
        lines = []
        for row in rows:
            text = row.text
            for name, nick in names.items():
                text = text.replace(f"{{{name}}}", nick)
            lines.append(TranscriptLine(names[row.who], text))
        return tuple(lines)


@dataclass(frozen=True, slots=True)
class ProbeCast:
    """Who may stand in a probe's place for the lead and for people, and by which seed people are drawn."""

    lead: str
    """The lead's nick."""
    nicks: tuple[str, ...]
    """Of people: at least five, none of them the lead's."""
    seed: int
    layout: HeaderLayout


def make_contexts(suite: Suite, measure: Measure, cast: ProbeCast, *, most: int | None, samples: int) -> list[Context]:
    """`samples` contexts of each probe of a measure, or of `most` probes spread evenly over what they expect.

    Levels and channels go round, so that each has its share; the samples of a probe differ in level, channel and nicks.
    """
    return [
        place_probe(probe, measure, suite.channels(measure, probe), cast, turn=number + sample, sample=sample)
        for number, probe in enumerate(_some(suite.of(measure), most))
        for sample in range(samples)
    ]


def place_probe(
    probe: Probe, measure: Measure, channels: Sequence[str], cast: ProbeCast, *, turn: int, sample: int = 0
) -> Context:
    """A probe at the `turn`-th of its levels and channels, with people drawn for it."""
    draw = rng.stream(cast.seed, "nicks", measure, probe.id, sample)
    levels = probe.levels or cast.layout.levels
    level = levels[turn % len(levels)]
    channel = channels[turn // len(levels) % len(channels)]
    empty = Context(
        probe, measure, cast.layout.header(level, channel), (), tuple(draw.sample(cast.nicks, len(PEOPLE))), sample
    )
    return replace(empty, lines=empty.filled(probe.log, cast.lead))


def _some(probes: Sequence[Probe], most: int | None) -> list[Probe]:
    """At most so many, each kind of probe in its share: kinds stand in runs, so every n-th is taken."""
    if most is None or most >= len(probes):
        return list(probes)
    return [probes[place * len(probes) // most] for place in range(most)]


ANSWERED: tuple[Measure, ...] = ("assistant", "identity", "boundaries")
AFTERWARDS = 1
"""Places after what was told that are left out: right after its own answer nobody is next."""


@dataclass(frozen=True, slots=True)
class Material:
    """What every subject of an evaluation is asked, the same for each."""

    lead: str
    layout: HeaderLayout
    suite: Suite
    policy: EvaluationPolicy
    size: Size
    seed: int
    prompts: PromptTemplates
    documents: tuple[tuple[str, str], ...] = ()
    """Id and text of the held-out documents."""
    chat: tuple[tuple[str, str], ...] = ()
    """Id and text of real chat, by which it is seen whether the model can still write like people."""

    def contexts(self, measure: Measure) -> list[Context]:
        """The contexts of one must-have, as many as the suite's size allows."""
        size = self.size
        return make_contexts(self.suite, measure, self.cast, most=size.probes, samples=size.samples)

    @property
    def cast(self) -> ProbeCast:
        """Who stands in the probes."""
        return ProbeCast(self.lead, tuple(self.policy.nicks), self.seed, self.layout)

    @property
    def sampling(self) -> Sampling:
        """How every subject draws its tokens."""
        return Sampling(self.policy.temperature, self.policy.top_p, self.policy.line_tokens)


def observe_subject(subject: Subject, material: Material, say: Callable[[str], None] = lambda _: None) -> Observations:
    """Everything about one subject. `say` hears what is done next. Raises what the subject raises."""
    answers: list[Answer] = []
    expected: list[Expected] = []
    for measure in ANSWERED:
        say(f"{measure}: the lead's answers")
        found = material.contexts(measure)
        for context, text in zip(found, _answers(subject, found, material, True), strict=True):
            answers.append(_answer(context, text))
    say("feedback: both halves of each pair")
    feedback = _feedback(subject, material, answers)
    say("who is next")
    able = True
    for row, reads in _read(subject, [*_turns(material), *feedback, *_held_out(material)]):
        if reads is None:
            able = False
            break
        expected.append(row.model_copy(update={"p": reads}))
    surprises = subject.surprises([text for _, text in material.chat]) if material.chat else None
    written = _written(subject, material, say)
    return Observations(
        subject=subject.name,
        digest=subject.digest,
        note=subject.note,
        answers=tuple(answers),
        written=tuple(written),
        expected=tuple(expected) if able else None,
        surprises=None if surprises is None else tuple(surprises),
    )


Wanted = tuple[Expected, str, slice]
"""What is asked for, the document to read, and which of its messages count."""


def _answers(subject: Subject, found: Sequence[Context], material: Material, told: bool) -> list[str]:
    asks = [
        Ask(c.header, c.lines, rng.number(material.seed, "answer", c.measure, c.probe.id, c.sample, told))
        for c in found
    ]
    return [clean(text, material.lead) for text in subject.lines(asks, material.sampling)]


def _answer(context: Context, text: str, told: bool = True) -> Answer:
    return Answer(
        measure=context.measure,
        probe=context.probe.id,
        sample=context.sample,
        told=told,
        engagement=context.header.engagement,
        channel=context.header.channel,
        context=context.text,
        text=text,
    )


def _feedback(subject: Subject, material: Material, answers: list[Answer]) -> list[Wanted]:
    """The lead's answer in both halves, and then the same lines of the others in both."""
    wanted: list[Wanted] = []
    lead = material.lead
    for told in (True, False):
        found = [
            context.and_then(context.filled(context.probe.told if told else context.probe.untold, lead))
            for context in material.contexts("feedback")
        ]
        for context, text in zip(found, _answers(subject, found, material, told), strict=True):
            answers.append(_answer(context, text, told))
            after = context.filled(context.probe.after, lead)
            own = [TranscriptLine(lead, text)] if text else []
            lines = (*context.lines, *own, *after)
            places = slice(len(context.lines) + len(own) + AFTERWARDS, len(lines) + 1)
            row = _expected("feedback", context, told=told)
            wanted.append((row, _open(replace(context, lines=lines), lead), places))
    return wanted


def _turns(material: Material) -> Iterable[Wanted]:
    """Whose turn it is at the end of each `participation` probe, under every header."""
    for context in material.contexts("participation"):
        for level in material.layout.levels:
            row = _expected("probe", context.under(level), own=level == context.header.engagement)
            yield row, _open(context.under(level), material.lead), slice(len(context.lines), len(context.lines) + 1)


def _held_out(material: Material) -> Iterable[Wanted]:
    for name, text in material.documents[: material.size.documents]:
        document = parse_document(text, material.layout)
        if document.header is None:
            continue
        spoke = tuple(line.nick == material.lead for line in document.messages)
        for level in material.layout.levels:
            swapped = render_document(document.header.under(level), document.messages)
            own = level == document.header.engagement
            row = Expected(source="held-out", name=name, engagement=level, own=own, p=(), spoke=spoke)
            yield row, swapped, slice(None)


def _expected(
    source: Literal["probe", "feedback"], context: Context, *, told: bool = True, own: bool = True
) -> Expected:
    return Expected(
        source=source,
        name=context.probe.id,
        expect=context.probe.expect,
        sample=context.sample,
        told=told,
        engagement=context.header.engagement,
        own=own,
        p=(),
    )


def _open(context: Context, lead: str) -> str:
    """The context as a document with one more message, before which it is asked who speaks; its text is not read."""
    return context.and_then([TranscriptLine(lead, ".")]).text


def _read(subject: Subject, wanted: Sequence[Wanted]) -> Iterable[tuple[Expected, tuple[float, ...] | None]]:
    found = subject.reads([text for _, text, _ in wanted])
    if found is None:
        yield from ((row, None) for row, _, _ in wanted[:1])
        return
    for (row, _, places), reads in zip(wanted, found, strict=True):
        yield row, reads[places]


def _written(subject: Subject, material: Material, say: Callable[[str], None]) -> list[Written]:
    """The sessions that it writes itself, the same openings at every level."""
    size, suite = material.size, material.suite
    openings = suite.openings()
    asks: list[tuple[Context, Ask]] = []
    for number in range(size.sessions if openings else 0):
        probe = openings[number % len(openings)]
        channels = suite.channels("assistant", probe)
        context = place_probe(probe, "assistant", channels, material.cast, turn=number, sample=number)
        for level in material.layout.levels:
            under = context.under(level)
            seed = rng.number(material.seed, "session", number)
            asks.append((under, Ask(under.header, under.lines, seed)))
    if not asks:
        return []
    say(f"{len(asks)} sessions of its own")
    most = max(len(ask.lines) for _, ask in asks)
    texts = subject.sessions([ask for _, ask in asks], max(1, size.messages - most), material.sampling)
    return [_session(context, text) for (context, _), text in zip(asks, texts, strict=True)]


def _session(context: Context, text: str) -> Written:
    document = parse_document(text, context.header.layout)
    return Written(
        engagement=context.header.engagement,
        opening=len(context.lines),
        text=context.and_then(document.lines).text,
        broken=len(document.malformed),
    )
