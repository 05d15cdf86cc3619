"""What can happen in a channel. A session is a sequence of these and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

_HOW = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class _Event(BaseModel):
    model_config = _HOW

    index: int = Field(ge=0)
    """Position among all events of the session, from 0, without gaps."""
    at: float = Field(ge=0)
    """Simulated seconds after midnight of the session's day; never falls."""
    nick: str
    """Who did it, under the name of the persona card."""


class Refused(BaseModel):
    """A line that a member wrote and the line checks refused."""

    model_config = _HOW

    text: str
    rule: str
    evidence: str = ""


class Said(_Event):
    """A line in the channel: `<nick> text`. These alone are counted as messages."""

    kind: Literal["said"] = "said"
    text: str = Field(min_length=1)
    reasons: Mapping[str, float] = {}
    """Why this speaker: each weight of the scheduler by name, as a factor (1 = no influence)."""
    cue: str = ""
    """The kind of the beat that asked for the line, or empty."""
    shows: tuple[str, ...] = ()
    """Signals that the script waits for, found in the line by its meaning where no pattern finds them."""
    refused: tuple[Refused, ...] = ()
    """Tries before this one, in order."""


class Acted(_Event):
    """`* nick text`, what a client sends for /me. Not a message: left out of training documents by default."""

    kind: Literal["acted"] = "acted"
    text: str = Field(min_length=1)
    reasons: Mapping[str, float] = {}
    refused: tuple[Refused, ...] = ()


class Joined(_Event):
    """Somebody came into the channel."""

    kind: Literal["joined"] = "joined"


class Parted(_Event):
    """Somebody left the channel."""

    kind: Literal["parted"] = "parted"


class Renamed(_Event):
    """`nick` is shown as `to` from here on; speaking always happens under the card's name."""

    kind: Literal["renamed"] = "renamed"
    to: str


class TopicSet(_Event):
    """Somebody set the channel's topic to `text`."""

    kind: Literal["topic"] = "topic"
    text: str


class Passed(_Event):
    """Somebody could have spoken and did not: the lead staying silent on purpose, or a member who found no fit line."""

    kind: Literal["passed"] = "passed"
    why: str
    """A word or two for statistics (`budget`, `asked to be quiet`), or the rule that the last try broke."""
    refused: tuple[Refused, ...] = ()


class Agreed(_Event):
    """Somebody in a real channel says whether what they say there may become training data."""

    kind: Literal["agreed"] = "agreed"
    yes: bool
    """False: it may not, or no longer."""


Event = Annotated[Said | Acted | Joined | Parted | Renamed | TopicSet | Passed | Agreed, Field(discriminator="kind")]

EVENT: TypeAdapter[Event] = TypeAdapter(Event, config=ConfigDict(defer_build=True))
"""Reads and writes any event as JSON: `EVENT.validate_json(text)`, `EVENT.dump_json(event)`."""
