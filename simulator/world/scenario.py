"""A situation, as scripted in `scenarios/`: who is needed, what happens, what the finished session must show."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    ValidationInfo,
    model_serializer,
    model_validator,
)

from simulator.world.persona import Persona, Role
from simulator.world.phrases import Patterns, fault_of
from simulator.world.strict import ChannelName, Hours, Length, Level, Name, Prose, StrictModel, was_checked

LEAD = "lead"
"""The slot that the lead fills in every scenario."""
PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9-]*(?:\.[A-Za-z]+)?)\}")
"""What is filled in when a script is cast: `{lead}`, `{lead.they}` (see `Pronouns`), a slot, `{topic}`, `{angle}` or a
name under `fill`."""
ANYONE = "anyone"
"""As a beat's `who`: the beat takes effect without a line of its own."""


class CastSlot(StrictModel):
    """A part to be filled by somebody of the cast."""

    role: Role | None = None
    """Regular or passerby; None: either."""
    tied_to: Name | None = None
    """Another slot whose person this one should know, if anybody fits."""
    needs: tuple[Name, ...] = ()
    """What the person's card has under `does`, one of these at least; empty: anybody will do."""
    unless: tuple[Name, ...] = ()
    """What the person's card has nothing of under `does`, since the part would be out of character."""
    hours: Hours | None = None
    """Part of the person's own day in which the part makes sense, such as the night; somebody for whom it is that time
    gets it, if there is one. None: any."""

    def suits(self, persona: Persona) -> bool:
        """True if the person can play this part."""
        fit = meets(persona, self.needs) and set(self.unless).isdisjoint(persona.does)
        return fit and self.role in (None, persona.role)


def meets(persona: Persona, needs: Collection[str]) -> bool:
    """True if the person does one of the things that are needed, or nothing is."""
    return not needs or not set(needs).isdisjoint(persona.does)


class FillVariant(StrictModel):
    """One of the wordings among which a fill is drawn; a plain text needs nothing."""

    text: Prose
    """The words that are put in."""
    needs: dict[Name, tuple[Name, ...]] = {}
    """Slot to what its person's card has under `does`, one of these at least, for this wording to be drawn."""

    @model_serializer(mode="wrap")
    def _as_written(self, inner: SerializerFunctionWrapHandler) -> Any:
        return inner(self) if self.needs else self.text

    def always_fits(self, slots: Mapping[str, CastSlot]) -> bool:
        """True if it fits whoever can play the parts."""
        return all(
            slots[name].needs and set(slots[name].needs) <= set(tags) for name, tags in self.needs.items() if tags
        )


def _variant(value: Any) -> Any:
    return {"text": value} if isinstance(value, str) else value


Variant = Annotated[FillVariant, BeforeValidator(_variant, json_schema_input_type=Prose | FillVariant)]
"""A fill's wording, or its text alone."""


class Beat(StrictModel):
    """Something that happens at a point of the session: a line somebody says, or a change in how the lead behaves."""

    id: Name
    """Name of the beat within its script; other beats refer to it."""
    who: Name = ANYONE
    """The slot that speaks, `lead`, or `anyone`: nobody in particular, only the effects below take place."""
    to: Name | None = None
    """The slot, or `lead`, that the line is addressed to by nick."""
    when: tuple[float, float] | None = None
    """Window in the session as shares of its messages, each in [0, 1]. Exactly one of `when` and `after` is given."""
    after: Name | None = None
    """The beat this one follows."""
    gap: tuple[Annotated[int, Field(ge=1, le=60)], Annotated[int, Field(ge=1, le=60)]] = (1, 2)
    """With `after`: how many messages later, from least to most (1 = the very next message)."""
    kind: Name = "say"
    """What the line does, such as `ask-homework` or `refuse`; statistics, filters and the scripted model know it."""
    note: tuple[Prose, ...] = ()
    """The private note to the speaker; one of the variants is drawn. `{slot}`, `{lead}`, `{topic}`, `{angle}` and the
    names under `fill` stand for what was drawn. Notes never reach training data."""
    opening: tuple[Annotated[str, Field(max_length=120)], ...] = ()
    """First words of the line, for models that only continue text (completion dialect); one variant is drawn."""
    pressure: Annotated[float, Field(gt=0, le=4)] | None = None
    """From this beat on, how much the lead talks relative to before (0.3 after "you talk too much", 1.6 after being
    asked to join in). The exact count of the session stays; only where the lead's messages fall changes."""
    silent: Annotated[int, Field(ge=1, le=40)] | None = None
    """The lead says nothing for this many messages after the beat: what was said was not for the lead."""
    rooms: tuple[Length, ...] = ("short", "long")
    """Lengths of session that have room for this beat."""

    @model_validator(mode="after")
    def _one_time(self) -> Beat:
        if (self.when is None) == (self.after is None):
            raise ValueError("give exactly one of `when` (shares of the session) and `after` (another beat)")
        if self.when is not None and not 0 <= self.when[0] <= self.when[1] <= 1:
            raise ValueError("when: must rise within [0, 1]")
        if self.gap[0] > self.gap[1]:
            raise ValueError("gap: must rise")
        if self.who == ANYONE and (self.note or self.opening or self.to):
            raise ValueError("who: a beat with a line needs a speaker")
        if self.who != ANYONE and not self.note:
            raise ValueError("note: a beat with a speaker needs a note")
        return self


class Expect(StrictModel):
    """What a finished session must show, checked by a filter against the beats as they were placed."""

    kind: Literal["speaks", "silent", "shows", "lacks", "falls", "rises"]
    """speaks: `who` has a line within `within` messages after the beat. silent: has none. shows, lacks: those lines
    do (one at least) or do not show the `signal`. falls, rises: the lead's share of the messages after the beat is
    lower (higher) than up to it, in whole messages."""
    who: Name = LEAD
    """Slot of the person who has to show it, or `lead`."""
    after: Name
    """The beat."""
    within: Annotated[int, Field(ge=1, le=120)] = 4
    """How many messages after the beat are looked at."""
    signal: Name | None = None
    """With shows and lacks: a signal or rule named in `policies/style.yaml`, such as `refusal`."""

    @model_validator(mode="after")
    def _signal(self) -> Expect:
        if (self.kind in ("shows", "lacks")) != (self.signal is not None):
            raise ValueError("signal: goes with shows and lacks, and only with them")
        return self


class Scenario(StrictModel):
    """A parametric script. The file's name is the scenario's name."""

    name: Name
    """Name of the script: its file's name without `.yaml`."""
    pattern: Name
    """One of the patterns that `policies/quota.yaml` names."""
    core: bool = True
    """Shows a core behaviour; False: a natural conversation in which nothing particular happens to the lead."""
    heading: Name
    """The heading of the plan that it serves, such as `homework-refusal` or `natural-entry`."""
    premise: Prose
    """What is going on, in one or two sentences, for models that only continue text. Same placeholders as notes."""
    channels: Annotated[tuple[ChannelName, ...], Field(min_length=1)]
    """Channels in which it may be played."""
    levels: tuple[Level, ...] = ()
    """Engagement levels at which it may be played; empty: all."""
    lengths: Annotated[tuple[Length, ...], Field(min_length=1)] = ("short", "long")
    """Length classes in which it may be played."""
    topics: tuple[Name, ...] = ()
    """Topic groups that the script suits; empty: all."""
    slots: dict[Name, CastSlot] = {}
    """The parts, by name, and who may have them."""
    fill: dict[Name, Annotated[tuple[Variant, ...], Field(min_length=1)]] = {}
    """Names for notes and openings, each with its variants; one of those that fit the cast is drawn for a session."""
    beats: tuple[Beat, ...] = ()
    """What happens, in order."""
    solution: Patterns = ()
    """What would do the work that is asked for: patterns as in `policies/style.yaml`, for every fill of the script. No
    line of the lead may hold one of them."""
    expect: tuple[Expect, ...] = ()
    """What the finished session must show."""

    @model_validator(mode="after")
    def _hangs_together(self, info: ValidationInfo) -> Scenario:
        for pattern in () if was_checked(info) else self.solution:
            if cause := fault_of(pattern):
                raise ValueError(f"solution: pattern `{pattern}`: {cause}")
        ids = [beat.id for beat in self.beats]
        if len(ids) != len(set(ids)):
            raise ValueError("beats: two beats have the same id")
        if LEAD in self.slots or ANYONE in self.slots:
            raise ValueError(f"slots: `{LEAD}` and `{ANYONE}` are filled already")
        seen: set[str] = set()
        for beat in self.beats:
            for part in (beat.who, beat.to):
                if part is not None and part not in (LEAD, ANYONE) and part not in self.slots:
                    raise ValueError(f"beats.{beat.id}: no slot `{part}`; slots: {', '.join(self.slots) or 'none'}")
            if beat.after is not None and beat.after not in seen:
                raise ValueError(f"beats.{beat.id}: after `{beat.after}`: no earlier beat has that id")
            seen.add(beat.id)
        used = {part for beat in self.beats for part in (beat.who, beat.to)}
        for name, slot in self.slots.items():
            if name not in used:
                raise ValueError(f"slots.{name}: no beat uses it")
            if slot.tied_to is not None and slot.tied_to not in self.slots:
                raise ValueError(f"slots.{name}: tied_to `{slot.tied_to}`: no such slot")
        for name, variants in self.fill.items():
            if unknown := {slot for variant in variants for slot in variant.needs} - set(self.slots):
                raise ValueError(f"fill.{name}: needs: no slot `{min(unknown)}`")
            if not any(variant.always_fits(self.slots) for variant in variants):
                raise ValueError(f"fill.{name}: one variant has to fit whoever can play the parts: give it no needs")
        for expect in self.expect:
            if expect.after not in seen:
                raise ValueError(f"expect: after `{expect.after}`: no beat has that id")
            if expect.who != LEAD and expect.who not in self.slots:
                raise ValueError(f"expect: no slot `{expect.who}`")
        return self

    def beats_in(self, length: Length) -> tuple[Beat, ...]:
        """The beats that a session of this length class has room for."""
        kept: list[Beat] = []
        for beat in self.beats:
            if length in beat.rooms and (beat.after is None or beat.after in {b.id for b in kept}):
                kept.append(beat)
        return tuple(kept)

    def lead_lines(self, length: Length) -> int:
        """How many messages of the lead the script itself asks for: fewer are not enough to play it."""
        return sum(beat.who == LEAD for beat in self.beats_in(length))


Line = Annotated[str, StringConstraints(min_length=3, max_length=160)]


class Topic(StrictModel):
    """A concrete subject, such as `whether breakfast for dinner is a real meal`."""

    subject: Line
    """What the talk is about, as it would end the sentence `they talk about …`."""
    angles: Annotated[tuple[Line, ...], Field(min_length=2, max_length=4)]
    """Ways into the subject that differ; a session takes one."""


class TopicFile(StrictModel):
    """One group of topics."""

    group: Name
    """One of the groups that `policies/quota.yaml` names; also the file's name."""
    topics: Annotated[tuple[Topic, ...], Field(min_length=1)]
    """The topics of the group that the file is named after."""
