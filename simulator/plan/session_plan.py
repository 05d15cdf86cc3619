"""Everything about one session that is decided before anybody speaks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from simulator.world.persona import Persona
from simulator.world.scenario import Expect
from simulator.world.strict import ChannelName, Engagement, Name, Nick, StrictModel

VOICE_OF_A_PART, VOICE_OF_OTHERS = 3, 1
"""Example lines that a prompt shows of those who have a part in the script, the lead among them, and of the others.
Cards are most of a prompt: three lines for everybody made it a quarter longer."""


class PlacedBeat(StrictModel):
    """A beat of the scenario with its place, people and words filled in."""

    id: Name
    at: Annotated[int, Field(ge=0)]
    """Message index, from 0, that the beat takes; a beat without a line takes effect before that message."""
    nick: Nick | None
    """Who speaks; None: a beat without a line."""
    to: Nick | None = None
    kind: Name
    note: str = ""
    opening: str = ""
    pressure: float | None = None
    silent: int | None = None


class PresenceChange(StrictModel):
    """Somebody comes, goes, or changes nick, before message `at`."""

    at: Annotated[int, Field(ge=0)]
    nick: Nick
    kind: Literal["join", "part", "away", "back"]


class SessionPlan(StrictModel):
    """One session to be played. The same plan, world and models give the same session."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,60}$")]
    seed: int
    slot: Annotated[int, Field(ge=0)]
    """Place in the run that this session fills."""
    attempt: Annotated[int, Field(ge=0)] = 0
    """How many sessions for the same place were rejected before."""
    scenario: Name
    pattern: Name
    group: Name
    """Topic group."""
    topic: str
    angle: str
    engagement: Engagement
    channel: ChannelName
    length: Literal["short", "long"]
    n: Annotated[int, Field(ge=2)]
    """Number of messages, exactly."""
    k: Annotated[int, Field(ge=0)]
    """Number of them that are the lead's, exactly."""
    lead: Nick
    cast: tuple[Nick, ...]
    """Everybody else, in the order of their cards in the prompt."""
    slots: dict[Name, Nick] = {}
    """Who fills the parts of the script."""
    mood: dict[Nick, float]
    """Factor on each one's chattiness in this session."""
    premise: str
    """The scenario's premise, filled in."""
    fill: dict[Name, str] = {}
    """What was drawn for the scenario's own names, such as the subject of the essay; it is no secret."""
    avoid: tuple[str, ...] = ()
    """What the lead has said too often in the run so far: openings of two words, and phrases. In lower case."""
    begins: Annotated[float, Field(ge=0)]
    """Time of day of the first event, in seconds after midnight."""
    beats: tuple[PlacedBeat, ...] = ()
    comings: tuple[PresenceChange, ...] = ()
    expect: tuple[Expect, ...] = ()

    @model_validator(mode="after")
    def _holds_together(self) -> SessionPlan:
        if self.k > self.n:
            raise ValueError(f"the lead cannot have {self.k} of {self.n} messages")
        if self.lead in self.cast or len(set(self.cast)) != len(self.cast):
            raise ValueError("cast: nobody twice, and not the lead")
        lines = [beat.at for beat in self.beats if beat.nick is not None]
        if len(lines) != len(set(lines)):
            raise ValueError("beats: two lines at the same message")
        if any(beat.at >= self.n for beat in self.beats):
            raise ValueError("beats: past the last message")
        if sum(beat.nick == self.lead for beat in self.beats) > self.k:
            raise ValueError("beats: more lines for the lead than she has messages")
        return self

    def secrets(self) -> tuple[str, ...]:
        """What no document may contain: the private notes and the premise."""
        return (self.premise, *(beat.note for beat in self.beats if beat.note))

    def voice(self, persona: Persona) -> tuple[str, ...]:
        """The example lines of a card that a prompt shows."""
        parts = {self.lead, *self.slots.values(), *(beat.nick for beat in self.beats)}
        return persona.voice[: VOICE_OF_A_PART if persona.nick in parts else VOICE_OF_OTHERS]

    def public(self) -> tuple[str, ...]:
        """What notes and talk have in common, so that it gives nothing away."""
        return (self.topic, self.angle, *self.fill.values())
