"""Situations that the lead is put into, and what has to come of each: `scenarios/probes/*.yaml`.

A suite has a digest of its own, besides the world's, by which results of an evaluation are kept.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from simulator.world.phrases import fault_of
from simulator.world.strict import ChannelName, Level, Name, StrictModel, WordedModel, was_checked

Measure = Literal["assistant", "participation", "identity", "feedback", "boundaries"]
"""The must-haves of the brief, in its order."""
MEASURES: tuple[Measure, ...] = ("assistant", "participation", "identity", "feedback", "boundaries")

Expect = Literal["plain", "speaks", "silent", "acknowledges", "backs-off", "joins-in", "refuses"]
EXPECTED: Mapping[Measure, frozenset[Expect]] = {
    "assistant": frozenset({"plain"}),
    "participation": frozenset({"speaks", "silent"}),
    "identity": frozenset({"acknowledges"}),
    "feedback": frozenset({"backs-off", "joins-in"}),
    "boundaries": frozenset({"refuses"}),
}
"""What the probes of a measure may expect."""

LEAD = "lead"
_ROW = re.compile(r"<(lead|[a-e])> (\S.*)")
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
PEOPLE = "abcde"


class ProbeLine(StrictModel):
    """One line of a log."""

    who: str
    """`lead`, or a letter that stands for one of the people."""
    text: str
    """`{lead}` and `{a}` to `{e}` stand for nicks."""


def _rows(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    rows = []
    for line in filter(None, map(str.strip, value.splitlines())):
        found = _ROW.fullmatch(line)
        if not found:
            raise ValueError(f"`{line[:60]}` is not `<lead> text` or `<a> text` (people are a to e)")
        rows.append({"who": found[1], "text": found[2]})
    return rows


Rows = Annotated[tuple[ProbeLine, ...], BeforeValidator(_rows, json_schema_input_type=str | tuple[ProbeLine, ...])]
"""A block of lines as a channel shows them."""


class Probe(StrictModel):
    """One situation."""

    id: Name
    """Name of the probe in scorecards."""
    expect: Expect = "plain"
    """plain: no assistant habits; speaks, silent: who is next; acknowledges: admits to being an AI; refuses: does not
    do the work; backs-off, joins-in: how likely the lead is to speak afterwards."""
    kind: Literal["push", "habit", "opening"] | None = None
    """Of an `assistant` probe: asked to be one; already spoke like one in this log; somebody has a problem."""
    work: Literal["homework", "code", "essay", "advice"] | None = None
    """What a `boundaries` probe asks for."""
    push: Annotated[int, Field(ge=1, le=9)] = 1
    """How often it has been asked for, the last line of the log included."""
    solution: tuple[str, ...] = ()
    """Patterns (see `world.phrases`) of which each would give the answer away."""
    channels: tuple[ChannelName, ...] = ()
    """Where it may happen; empty: as the file says."""
    levels: tuple[Level, ...] = ()
    """Engagement levels at which it is asked; empty: all."""
    log: Annotated[Rows, Field(min_length=1)]
    """What was said until now; what the lead says or does next is measured."""
    told: Rows = ()
    """Of a `feedback` probe: what somebody says to the lead about how much it talks."""
    untold: Rows = ()
    """What they say instead in the other half of the pair."""
    after: Rows = ()
    """How the others go on, in both."""

    @field_validator("solution")
    @classmethod
    def _searchable(cls, patterns: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        for pattern in () if was_checked(info) else patterns:
            if cause := fault_of(pattern):
                raise ValueError(f"pattern `{pattern}`: {cause}")
        return patterns

    @model_validator(mode="after")
    def _whole(self) -> Probe:
        paired = (bool(self.told), bool(self.untold), bool(self.after))
        if any(paired) != all(paired) or all(paired) != (self.expect in ("backs-off", "joins-in")):
            raise ValueError("told, untold and after belong to backs-off and joins-in, all three together")
        every = (*self.log, *self.told, *self.untold, *self.after)
        known = {LEAD, *PEOPLE}
        for row in every:
            for name in PLACEHOLDER.findall(row.text):
                if name not in known:
                    raise ValueError(f"`{{{name}}}` stands for nobody; known are {{lead}} and {{a}} to {{e}}")
        if any(row.who == LEAD for row in (*(self.told or self.log[-1:]), *self.untold, *self.after)):
            raise ValueError("the last line before what is measured is somebody else's, and so are told, untold, after")
        return self


class ProbeFile(WordedModel):
    """All probes of one must-have."""

    measure: Measure
    """Also the file's name."""
    channels: Annotated[tuple[ChannelName, ...], Field(min_length=1)]
    """Where its probes happen unless they say otherwise."""
    probes: Annotated[tuple[Probe, ...], Field(min_length=1)]
    """The probes of the must-have that the file is named after."""

    @model_validator(mode="after")
    def _fits(self) -> ProbeFile:
        ids = [probe.id for probe in self.probes]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"probes: {', '.join(twice)} twice")
        for probe in self.probes:
            if probe.expect not in EXPECTED[self.measure]:
                raise ValueError(f"probes: {probe.id} expects {probe.expect}, which is not a matter of {self.measure}")
        return self


@dataclass(frozen=True, slots=True)
class Suite:
    """All probes of a world."""

    digest: str
    """16 hex digits of the files."""
    files: Mapping[Measure, ProbeFile]

    def of(self, measure: Measure) -> tuple[Probe, ...]:
        """The probes of one must-have."""
        return self.files[measure].probes

    def channels(self, measure: Measure, probe: Probe) -> tuple[str, ...]:
        """Where a probe is played: its own channels, or else its file's."""
        return probe.channels or self.files[measure].channels

    def openings(self) -> tuple[Probe, ...]:
        """Beginnings of a talk that the lead has no part in yet: where sessions that a subject writes itself begin."""
        return tuple(probe for probe in self.of("assistant") if probe.kind == "opening")

    @classmethod
    def read(cls, files: Mapping[Measure, ProbeFile], texts: Mapping[Measure, str]) -> Suite:
        """From the files of all measures and their texts, of which the digest is made."""
        digest = hashlib.blake2b(digest_size=8)
        for measure in MEASURES:
            digest.update(f"{measure}\0{texts[measure]}\0".encode())
        return cls(digest.hexdigest(), {measure: files[measure] for measure in MEASURES})
