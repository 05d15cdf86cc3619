"""What a session is: its setting, and of a planned one the script and the place in the run that it fills.

A session in a real channel, or one read from logs, was planned by nobody: it has a setting and what was counted.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from simulator.plan.quota import Cell
from simulator.world.persona import Persona
from simulator.world.scenario import Expect
from simulator.world.strict import ChannelName, Length, Level, Name, Nick, StrictModel

VOICE_OF_A_PART, VOICE_OF_OTHERS = 3, 1
"""Example lines that a prompt shows of those who have a part in the script, the lead among them, and of the others.
Cards are most of a prompt: three lines for everybody made it a quarter longer."""

Count = Annotated[int, Field(ge=0)]


class LaterTopic(StrictModel):
    """What a talk is about from some point on."""

    topic: str
    angle: str
    """What of the topic in particular."""
    group: Name
    """Topic group."""


class PlacedBeat(StrictModel):
    """A beat of the scenario with its place, people and words filled in."""

    id: Name
    at: Count
    """Message index, from 0, that the beat takes; a beat without a line takes effect before that message."""
    nick: Nick | None
    """Who speaks; None: a beat without a line."""
    to: Nick | None = None
    """Whom the line addresses; None: nobody."""
    kind: Name
    note: str = ""
    """What the speaker is told in private; empty: nothing."""
    opening: str = ""
    """The words that the line begins with; empty: any."""
    pressure: float | None = None
    """Factor on how much of the lead's budget is spent from here on; None: no change."""
    silent: int | None = None
    """Messages from here on that are not the lead's; None: no such rule."""
    subject: LaterTopic | None = None
    """What the talk comes to with this line; None: it stays where it is."""


class PresenceChange(StrictModel):
    """Somebody comes, goes, or changes nick, before message `at`."""

    at: Count
    nick: Nick
    kind: Literal["join", "part", "away", "back"]


class Setting(StrictModel):
    """What a channel is during a session, planned or real: all that its state, its prompts and its document need."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,60}$")]
    """Names the session within its run."""
    channel: ChannelName
    engagement: Level
    lead: Nick
    cast: tuple[Nick, ...] = ()
    """Everybody else, in the order of their cards in the prompt; of a real channel those who spoke, when it is over."""
    topic: str | None = None
    """What the talk is about; None: nobody said."""
    angle: str | None = None
    """What of the topic in particular; None: anything."""
    group: Name | None = None
    """Topic group; None: of none."""
    begins: Annotated[float, Field(ge=0)] = 0.0
    """Time of day of the first event, in seconds after midnight."""

    @model_validator(mode="after")
    def _holds_together(self) -> Setting:
        if self.lead in self.cast or len(set(self.cast)) != len(self.cast):
            raise ValueError("cast: nobody twice, and not the lead")
        return self

    @property
    def members(self) -> tuple[Nick, ...]:
        """The cast, and the lead last."""
        return (*self.cast, self.lead)


class Script(StrictModel):
    """What is laid down of a session before anybody speaks; by default everything is left open."""

    seed: int
    """Of every draw in the session. The same script, setting, world and models give the same session."""
    premise: str = ""
    """The scenario's premise, filled in."""
    parts: dict[Name, Nick] = {}
    """Who fills the slots of the scenario."""
    fill: dict[Name, str] = {}
    """What was drawn for the scenario's own names, such as the subject of the essay; it is no secret."""
    mood: dict[Nick, float] = {}
    """Factor on each one's chattiness in this session; 1 for who is not named."""
    avoid: tuple[str, ...] = ()
    """What the lead has said too often in the run so far: openings of two words, and phrases. In lower case."""
    voices: dict[Nick, tuple[Count, ...]] = {}
    """Which example lines of each card a prompt shows, by number; the first ones of who is not named."""
    beats: tuple[PlacedBeat, ...] = ()
    presence: tuple[PresenceChange, ...] = ()
    """Who comes and goes, in the order in which it happens."""
    expect: tuple[Expect, ...] = ()
    """What the finished session must show."""
    solution: tuple[str, ...] = ()
    """Patterns of what would do the work that somebody asks for; none of them may stand in a line of the lead."""

    @model_validator(mode="after")
    def _holds_together(self) -> Script:
        lines = [beat.at for beat in self.beats if beat.nick is not None]
        if len(lines) != len(set(lines)):
            raise ValueError("beats: two lines at the same message")
        return self

    def subject_at(self, message: int) -> LaterTopic | None:
        """What the talk has come to by a message, that one included; None: it is still where the session began."""
        return next((b.subject for b in reversed(self.beats) if b.subject is not None and b.at <= message), None)

    @property
    def late(self) -> frozenset[str]:
        """Who of the cast is not there when the session begins."""
        return frozenset(change.nick for change in self.presence if change.kind == "join")

    def secrets(self) -> tuple[str, ...]:
        """What no document may contain: the private notes and the premise."""
        return (self.premise, *(beat.note for beat in self.beats if beat.note))

    def asked(self, beat: PlacedBeat | None = None) -> str:
        """What somebody asks for or tells of, such as `a page of integrals`: what was drawn for the note of a beat, or
        else for the first note that names anything drawn; empty: nothing was."""
        for note in (beat.note if beat else "", *(each.note for each in self.beats)):
            named = [text for text in self.fill.values() if text in note]
            if named:
                return named[-1]
        return ""

    def example_lines(self, persona: Persona, lead: str) -> tuple[str, ...]:
        """The example lines of a card that a prompt shows. `lead`: the lead's nick."""
        if persona.nick in self.voices:
            return tuple(persona.voice[number] for number in self.voices[persona.nick] if number < len(persona.voice))
        parts = {lead, *self.parts.values(), *(beat.nick for beat in self.beats)}
        return persona.voice[: VOICE_OF_A_PART if persona.nick in parts else VOICE_OF_OTHERS]


class Slot(StrictModel):
    """The place in a run that a session fills: which script, how long, and how many messages the lead has, exactly.

    Together with the setting it names the cell of the quotas that the session counts for.
    """

    number: Count
    """From 0."""
    attempt: Count = 0
    """How many sessions for the same place were rejected before."""
    scenario: Name
    pattern: Name
    length: Length
    messages: Annotated[int, Field(ge=2)]
    """Messages of the session, exactly."""
    lead_messages: Count
    """How many of them are the lead's, exactly."""

    @model_validator(mode="after")
    def _holds_together(self) -> Slot:
        if self.lead_messages > self.messages:
            raise ValueError(f"the lead cannot have {self.lead_messages} of {self.messages} messages")
        return self


class SessionPlan(StrictModel):
    """One session to be played."""

    setting: Setting
    script: Script
    slot: Slot

    @model_validator(mode="after")
    def _holds_together(self) -> SessionPlan:
        if self.setting.group is None:
            raise ValueError("group: a planned session has a topic group")
        if any(beat.at >= self.slot.messages for beat in self.script.beats):
            raise ValueError("beats: past the last message")
        if sum(beat.nick == self.setting.lead for beat in self.script.beats) > self.slot.lead_messages:
            raise ValueError("beats: more lines for the lead than the lead has messages")
        return self

    @property
    def id(self) -> str:
        """Of the setting."""
        return self.setting.id

    @property
    def number(self) -> int:
        """Place in the run, from 0."""
        return self.slot.number

    @property
    def attempt(self) -> int:
        """How many sessions for the same place were rejected before."""
        return self.slot.attempt

    @property
    def messages(self) -> int:
        """Messages that are planned."""
        return self.slot.messages

    @property
    def lead_messages(self) -> int:
        """Messages of the lead's that are planned."""
        return self.slot.lead_messages

    @property
    def scenario(self) -> str:
        """Name of the script."""
        return self.slot.scenario

    @property
    def cell(self) -> Cell:
        """What the session counts for in the quotas."""
        setting, slot = self.setting, self.slot
        return Cell(setting.engagement, setting.channel, slot.length, slot.pattern, setting.group or "")

    @property
    def topic(self) -> str:
        """What the talk is about, for statistics."""
        return self.setting.topic or self.cell.group

    def avoiding(self, phrases: tuple[str, ...]) -> SessionPlan:
        """The same plan with `phrases` as what the lead is not to say."""
        return self.model_copy(update={"script": self.script.model_copy(update={"avoid": phrases})})


class Origin(StrEnum):
    """Where a session comes from that nobody planned."""

    IMPORTED = "imported"
    """From logs of a real channel."""
    JOINED = "joined"
    """The lead took part in somebody's channel."""
    STAGED = "staged"
    """The lead took part in a channel of our own with simulated users."""


class RecordedSession(StrictModel):
    """One session that happened: its setting, where it comes from, and what was counted."""

    setting: Setting
    origin: Origin
    number: Count
    """Place in its run, from 0."""
    seed: int = 0
    """Of the draws for the lead's lines; 0 where nothing was drawn."""
    length: Length = "short"
    """Class of length (`QuotaPolicy.length_of`); short until the session is over."""
    messages: Count = 0
    """That were said; 0 until the session is over."""
    lead_messages: Count = 0
    """Of them the lead's; 0 until the session is over."""

    @model_validator(mode="after")
    def _holds_together(self) -> RecordedSession:
        if self.lead_messages > self.messages:
            raise ValueError(f"the lead cannot have {self.lead_messages} of {self.messages} messages")
        return self

    @property
    def id(self) -> str:
        """Of the setting."""
        return self.setting.id

    @property
    def attempt(self) -> int:
        """0: what happened happened once."""
        return 0

    @property
    def scenario(self) -> str:
        """Where it comes from, in the place of a script."""
        return self.origin.value

    @property
    def script(self) -> Script:
        """Everything is left open."""
        return Script(seed=self.seed)

    @property
    def cell(self) -> Cell:
        """What it is counted under in statistics; pattern and topic group say where it comes from."""
        setting, origin = self.setting, self.origin.value
        return Cell(setting.engagement, setting.channel, self.length, origin, setting.group or origin)

    @property
    def topic(self) -> str:
        """What the talk is about, for statistics."""
        return self.setting.topic or self.cell.group


AnySession = SessionPlan | RecordedSession
"""What a journal holds."""


def first_request(script: Script) -> int:
    """Message index of the first beat that has a line: what is asked is asked there or later; 0 without beats."""
    return min((beat.at for beat in script.beats if beat.nick is not None), default=0)
