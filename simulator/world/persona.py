"""A person of the channel, as written on a card in `personas/`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from simulator.world.strict import Name, Nick, Prose, Share, StrictModel


class Role(StrEnum):
    LEAD = "lead"
    """The character who is being trained. Exactly one card has this role."""
    REGULAR = "regular"
    """Here most days."""
    PASSERBY = "passerby"
    """Comes in, says something, leaves."""


class Tie(StrictModel):
    """What one person is to another. Ties are read in both directions."""

    to: Nick
    kind: Annotated[str, Field(pattern=r"^(friend|family|couple|colleague|rival|mentor|neighbour|ex|acquaintance)$")]
    history: Prose
    """What happened between them, in one sentence."""


class Habits(StrictModel):
    """How the person uses the program."""

    actions: Share = 0.02
    """Share of the person's lines that are /me lines."""
    addresses: Annotated[float, Field(ge=0, le=5)] = 1.0
    """How often the person begins a line with somebody's nick, relative to the channel (1)."""
    away: Nick | None = None
    """The nick shown while away; None: never changes nick."""


class Persona(StrictModel):
    """One synthetic user, or the lead."""

    nick: Nick
    role: Role = Role.REGULAR
    about: Prose
    """Who this is, in two to four sentences in the third person. A model reads it; it never reaches training data."""
    voice: Annotated[tuple[Prose, ...], Field(min_length=2, max_length=12)]
    """Lines the person could have typed. They are what tells this person from all the others."""
    interests: dict[Name, Annotated[float, Field(gt=0, le=5)]] = {}
    """Topic group to weight; 1 is the average person's interest, groups left out have 1."""
    chattiness: Annotated[float, Field(gt=0, le=10)] = 1.0
    """Messages relative to the average member (1). Real channels have few loud people and many quiet ones."""
    words_per_minute: Annotated[int, Field(ge=5, le=160)] = 45
    """Typing speed; decides simulated time only."""
    hours: tuple[Annotated[int, Field(ge=0, le=23)], Annotated[int, Field(ge=0, le=23)]] | None = None
    """First and last hour of the day when the person is usually there (may wrap midnight); None: any time."""
    habits: Habits = Habits()
    ties: tuple[Tie, ...] = ()
    model: str | None = None
    """The litellm name of the model that plays this person; None: the run's."""

    @model_validator(mode="after")
    def _no_tie_to_self(self) -> Persona:
        if any(tie.to == self.nick for tie in self.ties):
            raise ValueError("ties: nobody has a tie to themselves")
        return self
