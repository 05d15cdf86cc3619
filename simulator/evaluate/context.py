"""A probe in a channel: placeholders are people, the header names a level, and the rest is what a model reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from simulator import rng
from simulator.document import Header, TranscriptLine, render_document
from simulator.world.probe import LEAD, PEOPLE, Measure, Probe, ProbeLine, Suite
from simulator.world.strict import Engagement


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

    def under(self, level: Engagement) -> Context:
        """The same text with another level in the header."""
        return replace(self, header=Header(level.value, self.header.channel))

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


def contexts(suite: Suite, measure: Measure, cast: ProbeCast, *, most: int | None, samples: int) -> list[Context]:
    """`samples` contexts of each probe of a measure, or of `most` probes spread evenly over what they expect.

    Levels and channels go round, so that each has its share; the samples of a probe differ in level, channel and nicks.
    """
    return [
        placed(probe, measure, suite.channels(measure, probe), cast, turn=number + sample, sample=sample)
        for number, probe in enumerate(_some(suite.of(measure), most))
        for sample in range(samples)
    ]


def placed(
    probe: Probe, measure: Measure, channels: Sequence[str], cast: ProbeCast, *, turn: int, sample: int = 0
) -> Context:
    """A probe at the `turn`-th of its levels and channels, with people drawn for it."""
    draw = rng.stream(cast.seed, "nicks", measure, probe.id, sample)
    level = probe.levels[turn % len(probe.levels)]
    channel = channels[turn // len(probe.levels) % len(channels)]
    empty = Context(
        probe, measure, Header(level.value, channel), (), tuple(draw.sample(cast.nicks, len(PEOPLE))), sample
    )
    return replace(empty, lines=empty.filled(probe.log, cast.lead))


def _some(probes: Sequence[Probe], most: int | None) -> list[Probe]:
    """At most so many, each kind of probe in its share: kinds stand in runs, so every n-th is taken."""
    if most is None or most >= len(probes):
        return list(probes)
    return [probes[place * len(probes) // most] for place in range(most)]
