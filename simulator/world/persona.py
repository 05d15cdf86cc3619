"""A person of the channel, as written on a card in `personas/`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from simulator import clock
from simulator.world.strict import Hours, Name, Nick, Prose, Share, StrictModel, was_checked


class Role(StrEnum):
    """Part of a person in the channel."""

    LEAD = "lead"
    """The character who is being trained. Exactly one card has this role."""
    REGULAR = "regular"
    """Here most days."""
    PASSERBY = "passerby"
    """Comes in, says something, leaves."""


class Tie(StrictModel):
    """What one person is to another. Ties are read in both directions."""

    to: Nick
    """Nick of the other one."""
    kind: Annotated[str, Field(pattern=r"^(friend|family|couple|colleague|rival|mentor|neighbour|ex|acquaintance)$")]
    """What they are to each other."""
    history: Prose
    """What happened between them, in one sentence."""


class Habits(StrictModel):
    """How the person uses the program."""

    actions: Share = 0.02
    """Share of the person's lines that are /me lines."""
    addresses: Annotated[float, Field(ge=0, le=5)] = 1.0
    """How often the person begins a line with somebody's nick, relative to the channel (1)."""
    wordiness: Annotated[float, Field(ge=0.2, le=5)] = 1.0
    """How much longer the person's lines are than the average person's (1)."""
    away: Nick | None = None
    """The nick shown while away; None: never changes nick."""


Word = Annotated[str, Field(min_length=1, max_length=20)]


class Pronouns(StrictModel):
    """How scripts speak of the lead, always with the verb in the third person singular: `{lead.they} says`.

    In a script `{lead.they}` stands for `they`, and so on; `{lead.They}` begins a sentence.
    """

    they: Word
    """Subject, such as `she`."""
    them: Word
    """Object, such as `her`."""
    their: Word
    """Before a noun, such as `her`."""
    theirs: Word
    """Alone, such as `hers`."""
    themself: Word
    """Reflexive, such as `herself`."""


LEAD_WORDS = frozenset(f"lead.{form}" for name in Pronouns.model_fields for form in (name, name.capitalize()))
"""The placeholders of `Persona.called`."""


class Facts(StrictModel):
    """What is known of a person for certain: a line that says something else is refused."""

    name: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    """The name behind the nick, if the channel knows it."""
    age: Annotated[int, Field(ge=14, le=110)] | None = None
    """In years."""
    job: Annotated[str, Field(min_length=1, max_length=120)] | None = None
    """What the person does or did for a living, in a few words; "retired" is one of them."""
    place: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    """Town or region where the person lives."""


def _known(zone: str, info: ValidationInfo) -> str:
    if not was_checked(info) and not clock.is_zone(zone):
        raise ValueError(f"no time zone is called `{zone}`; names are such as `Europe/Lisbon`")
    return zone


TimeZone = Annotated[str, AfterValidator(_known)]
"""A name of the IANA database."""


class Persona(StrictModel):
    """One synthetic user, or the lead."""

    nick: Nick
    """Name in the channel; the file is named after it."""
    role: Role = Role.REGULAR
    """`lead` for the character to be trained (exactly one card), `regular`, or `passerby`."""
    pronouns: Pronouns | None = None
    """What scripts call the lead by besides the nick; None: the nick. Nobody else's is used."""
    about: Prose
    """Who this is, in two to four sentences in the third person. A model reads it; it never reaches training data."""
    voice: Annotated[tuple[Prose, ...], Field(min_length=2, max_length=40)]
    """Lines the person could have typed. They are what tells this person from all the others."""
    voice_for: dict[Name, tuple[Annotated[int, Field(ge=0)], ...]] = {}
    """Pattern to the example lines (by number, from 0) that are shown in sessions of it and in no other; lines that
    stand under no pattern are shown in all."""
    facts: Facts | None = None
    """The same as data; None: nothing is checked. The lead has none."""
    does: tuple[Name, ...] = ()
    """What the person does, has or is like, that a part may ask for, such as `studies`, `rents` or `quiet`."""
    interests: dict[Name, Annotated[float, Field(gt=0, le=5)]] = {}
    """Topic group to weight; 1 is the average person's interest, groups left out have 1."""
    chattiness: Annotated[float, Field(gt=0, le=10)] = 1.0
    """Messages relative to the average member (1). Real channels have few loud people and many quiet ones."""
    words_per_minute: Annotated[int, Field(ge=5, le=160)] = 45
    """Typing speed; decides simulated time only."""
    timezone: TimeZone | None = None
    """Where the person lives, by the IANA database of time zones, such as `Europe/Lisbon`; None: UTC, as sessions."""
    hours: Hours | None = None
    """First and last hour of the person's own day when the person is usually there (may wrap midnight); None: any
    time."""
    habits: Habits = Habits()
    """How the person uses the program."""
    ties: tuple[Tie, ...] = ()
    """Whom the person knows, and how. One of the two cards is enough."""
    model: str | None = None
    """The litellm name of the model that plays this person; None: the run's."""

    def typing_seconds(self, text: str) -> float:
        """Seconds that it takes the person to type the text."""
        return len(text.split()) / self.words_per_minute * 60

    def hour(self, seconds: float) -> int:
        """The hour, 0 to 23, where the person lives. `seconds`: after midnight UTC."""
        return clock.hour_of_day(seconds, self.timezone)

    def called(self) -> dict[str, str]:
        """What the placeholders `{lead.they}` and so on stand for in scripts if this is the lead's card."""
        nick = self.nick
        words = {"they": nick, "them": nick, "their": f"{nick}'s", "theirs": f"{nick}'s", "themself": nick}
        if self.pronouns is not None:
            words = self.pronouns.model_dump()
        capital = {name.capitalize(): word[:1].upper() + word[1:] for name, word in words.items()}
        return {f"lead.{name}": word for name, word in {**words, **capital}.items()}

    @model_validator(mode="after")
    def _no_tie_to_self(self) -> Persona:
        if any(number >= len(self.voice) for numbers in self.voice_for.values() for number in numbers):
            raise ValueError(f"voice_for: there are lines 0 to {len(self.voice) - 1}")
        if any(tie.to == self.nick for tie in self.ties):
            raise ValueError("ties: nobody has a tie to themselves")
        return self
