"""The rules of the house as numbers: `policies/engagement.yaml`, `turns.yaml` and `quota.yaml`."""

from __future__ import annotations

import math
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from simulator.world.strict import ChannelName, Length, Level, Name, Prose, Share, StrictModel, WordedModel

if TYPE_CHECKING:
    import random

Factor = Annotated[float, Field(ge=0, le=100)]
"""A weight relative to the average; 1 changes nothing."""


class Band(StrictModel):
    """The lead's share of the messages at one level, both ends included."""

    least: Share
    """Smallest share of the messages that is the lead's."""
    most: Share
    """Largest share."""

    @model_validator(mode="after")
    def _rises(self) -> Band:
        if not 0 < self.least < self.most:
            raise ValueError("must be 0 < least < most")
        return self

    def counts(self, messages: int) -> range:
        """The whole numbers of messages that lie in the band of a session of that many; may be empty.

        >>> Band(least=0.15, most=0.20).counts(14)
        range(3, 3)
        >>> Band(least=0.25, most=0.35).counts(20)
        range(5, 8)
        """
        return range(math.ceil(self.least * messages - 1e-9), math.floor(self.most * messages + 1e-9) + 1)


Claim = Literal["addressed", "mentioned", "answered", "question"]
"""What calls for the lead to speak."""


class EngagementPolicy(WordedModel):
    """How much the lead talks, and what makes the lead talk."""

    bands: Annotated[dict[Level, Band], Field(min_length=2)]
    """Share of the messages that is the lead's, by engagement level. The names here are the levels of this world, from
    the one at which the lead takes part least to the one at which it does most."""
    pull: dict[Claim, Factor]
    """How much likelier than average the lead takes a turn when spoken to by name (in a real channel; a session that is
    played goes by `answers` in turns.yaml), when the lead's nick came up, when the last line followed one of the
    lead's, or when somebody asked the room. What is left out has 1."""
    unprompted: dict[Level, Factor]
    """The same where nothing called for the lead, by level: a lead who seldom speaks waits to be spoken to."""
    called: dict[Level, Factor]
    """How often people turn to the lead by name, as a factor on the share that the lead still owes, by level."""
    interest: Annotated[float, Field(ge=0, le=2)] = 0.5
    """Exponent on the lead's interest in the topic."""
    every_other: Factor
    """Factor where the lead had every other one of the last four messages and is not asked by name."""
    purposes: Annotated[tuple[Prose, ...], Field(min_length=1)]
    """What a line of the lead's is for where nothing called for it; one is told in private."""

    @model_validator(mode="after")
    def _every_level(self) -> EngagementPolicy:
        for name, given in (("unprompted", self.unprompted), ("called", self.called)):
            if missing := [level for level in self.levels if level not in given]:
                raise ValueError(f"{name}: missing {', '.join(missing)}")
            if unknown := [level for level in given if level not in self.bands]:
                raise ValueError(f"{name}: no level `{unknown[0]}` among {', '.join(self.levels)}")
        for (less, low), (more, high) in pairwise(self.bands.items()):
            if not (low.least < high.least and low.most < high.most):
                raise ValueError(f"bands: must rise from each level to the next ({less}, {more})")
        if len({level.casefold() for level in self.levels}) < len(self.levels):
            raise ValueError("bands: two levels differ in capitals alone")
        return self

    @property
    def levels(self) -> tuple[Level, ...]:
        """From the one at which the lead takes part least to the one at which it does most."""
        return tuple(self.bands)

    @property
    def middle(self) -> Level:
        """The level in the middle; of an even number the higher one."""
        return self.levels[len(self.levels) // 2]

    def level(self, word: str) -> Level | None:
        """The level that somebody typed, in whatever capitals; None: there is no such level."""
        return next((level for level in self.levels if level.casefold() == word.casefold()), None)

    def pull_of(self, claim: Claim | None, level: Level) -> float:
        """The factor for what calls for the lead; None: nothing does."""
        return self.unprompted[level] if claim is None else self.pull.get(claim, 1.0)


class CastPolicy(StrictModel):
    """Who is there."""

    people: dict[Length, tuple[Annotated[int, Field(ge=2)], Annotated[int, Field(le=60)]]]
    """How many besides the lead, from least to most, drawn evenly; for both lengths."""
    passersby: Share
    """Share of the cast that only passes through, where the cards allow."""
    mood: Annotated[float, Field(ge=0, le=2)]
    """Sigma of the log-normal factor on each one's chattiness in one session: nobody is equally talkative every day."""
    late: Share
    """Share of the regulars who come in after the session began."""
    leave: Share
    """Chance that somebody who may go leaves before the end."""
    away: Share
    """Chance that somebody with an away nick uses it once."""

    @model_validator(mode="after")
    def _both_lengths(self) -> CastPolicy:
        if len(self.people) != 2 or any(least > most for least, most in self.people.values()):
            raise ValueError("people: give [least, most] for short and for long")
        return self


class BringUpPolicy(StrictModel):
    """How a line comes to a topic: the first of a session, where the script does not begin with a line of its own."""

    note: Annotated[tuple[Prose, ...], Field(min_length=1)]
    """To the speaker; `{topic}` and `{angle}` are filled in."""
    opening: Annotated[tuple[Prose, ...], Field(min_length=1)]
    """First words, for models that only continue text: once the topic stands in the log, they stay with it."""


class LaterTopicsPolicy(BringUpPolicy):
    """How a talk moves on: the same for the lines that bring up another topic."""

    topics: dict[Length, tuple[Annotated[int, Field(ge=1, le=6)], Annotated[int, Field(ge=1, le=6)]]]
    """How many topics a session has in all, from least to most, drawn evenly; for both lengths."""
    fits: Factor
    """Exponent on the interest of the one who brings a topic up: nobody without interest in it does."""

    @model_validator(mode="after")
    def _both_lengths(self) -> LaterTopicsPolicy:
        if len(self.topics) != 2 or any(least > most for least, most in self.topics.values()):
            raise ValueError("topics: give [least, most] for short and for long")
        return self


class LineLength(StrEnum):
    """How long one line is, as a person would say it; the shortest first."""

    FEW_WORDS = "few-words"
    SENTENCE = "sentence"
    TWO_OR_THREE = "two-or-three"
    MORE = "more"


class AnswerPolicy(StrictModel):
    """Whether, and when, somebody who was spoken to by name answers."""

    chance: Annotated[tuple[Share, ...], Field(min_length=3)]
    """Chance that the turn goes to the one who was addressed, by how many messages ago that was (0: by the last one);
    after the last number it is forgotten. Where several are waited for, the likeliest answers first."""
    lead: Share
    """The same for the lead, at every message from the address on, as long as there is budget."""


class TurnPolicy(WordedModel):
    """Who speaks next, when, and how a line is asked for. Calibrated on real channels; see the file for sources."""

    cast: CastPolicy
    """How many people a session has, and of which kind."""
    bring_up: BringUpPolicy
    """How the first line of a session comes to its topic."""
    later_topics: LaterTopicsPolicy
    """How a long talk moves on to other topics."""
    chattiness: Annotated[float, Field(ge=0, le=3)]
    """Exponent on chattiness."""
    recency: Annotated[tuple[Factor, ...], Field(min_length=3)]
    """Weight by how recently one spoke, the last speaker left out: the one before the last, and so on; the last number
    holds for everybody further back."""
    again: tuple[Share, ...]
    """Chance that the last speaker goes on with another line, after one line, after two, and so on; never after more
    than there are numbers, and never while waiting for an answer."""
    top_share: dict[Literal["short", "long"], Share]
    """Share of a session's messages that nobody but the lead goes beyond; the script's own lines aside."""
    farewell: Annotated[int, Field(ge=0, le=20)]
    """Somebody who speaks at most so many messages before leaving says the last words then."""
    silent_so_far: Factor
    """Weight of somebody who is present and has said nothing yet."""
    answers: AnswerPolicy
    """How readily people answer whoever addressed them."""
    calling: Annotated[tuple[Prose, ...], Field(min_length=1)]
    """First words of a line that turns to the lead, for models that only continue text; `{lead}` is filled in."""
    mentioned: Factor
    """Weight of one whose nick the last message contains elsewhere."""
    tie: Factor
    """Weight of one who knows the last speaker."""
    interest: Annotated[float, Field(ge=0, le=2)]
    """Exponent on the interest in the topic."""
    address_rate: Share
    """Share of lines that begin with somebody's nick, for the average person."""
    address_recency: tuple[Factor, Factor]
    """Weight as the one addressed, of the last and of the last but one to speak; nobody further back is addressed."""
    address_asker: Factor
    """Factor on `address_rate` for a line to somebody who waits for the speaker's answer; then nobody else is named."""
    line_length: dict[LineLength, Factor]
    """How often the average person writes a line of each length, relative to each other."""
    gap_seconds: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0, le=3)]]
    """Median and sigma of the log-normal pause before a line, typing time not counted."""
    retries: Annotated[int, Field(ge=0, le=5)]
    """How often a line that fails the line checks is asked for again before the member passes."""
    temperature: Annotated[float, Field(ge=0, le=2)]
    """Sampling temperature of every line; 0 takes the likeliest word."""
    max_tokens: Annotated[int, Field(ge=16, le=512)]
    """Upper bound of one line, in tokens."""

    def pause(self, draw: random.Random) -> float:
        """Seconds before a line, typing time not counted: the next draw of `gap_seconds`."""
        median, sigma = self.gap_seconds
        return draw.lognormvariate(0.0, sigma) * median

    @model_validator(mode="after")
    def _every_class(self) -> TurnPolicy:
        if missing := [length.value for length in LineLength if length not in self.line_length]:
            raise ValueError(f"line_length: missing {', '.join(missing)}")
        if len(self.top_share) != 2:
            raise ValueError("top_share: give a share for short and for long")
        return self


class LengthClass(StrictModel):
    """Share of a length class in the data set, and its messages."""

    share: Share
    """Share of the sessions."""
    messages: tuple[Annotated[int, Field(ge=2)], Annotated[int, Field(ge=2)]]
    """Fewest and most messages, both included."""


class QuotaPolicy(StrictModel):
    """What the whole data set must be made of: shares that each add up to 1."""

    engagement: dict[Level, Share]
    """Share of the sessions by engagement level; the shares add up to 1."""
    channels: dict[ChannelName, Share]
    """Share of the sessions by channel; the shares add up to 1."""
    lengths: dict[Length, LengthClass]
    """Length classes: messages from and to, and share of the sessions."""
    patterns: dict[Name, Share]
    """Share of the sessions by pattern, which is the folder of the script; the shares add up to 1."""
    topics: dict[Name, Share]
    """Share of the sessions by topic group; the shares add up to 1."""
    confined: dict[Name, ChannelName] = {}
    """Topic groups that may appear in one channel only."""
    lean: dict[ChannelName, dict[Level, Factor]] = {}
    """Channels in which some levels are likelier; the totals stay as they are."""
    target_mb: Annotated[float, Field(gt=0)] = 15.0
    """Size of the full data set in megabytes (10^6 bytes) of training text."""
    validation_share: Share = 0.05
    """Share of the exported sessions that is held back for validation."""

    @model_validator(mode="after")
    def _adds_up(self) -> QuotaPolicy:
        if len(self.lengths) != 2:
            raise ValueError("lengths: give a share, 0 or more, for short and long")
        sums = {
            "engagement": sum(self.engagement.values()),
            "channels": sum(self.channels.values()),
            "lengths": sum(c.share for c in self.lengths.values()),
            "patterns": sum(self.patterns.values()),
            "topics": sum(self.topics.values()),
        }
        for name, total in sums.items():
            if abs(total - 1) > 1e-6:
                raise ValueError(f"{name}: shares must add up to 1 (they make {total:g})")
        for group, channel in self.confined.items():
            if group not in self.topics or channel not in self.channels:
                raise ValueError(f"confined: `{group}: {channel}` names no topic group or no channel of this file")
        return self

    def length_of(self, messages: int) -> Length:
        """The class of a session that was not planned: short up to the longest short one, else long."""
        return "short" if messages <= self.lengths["short"].messages[1] else "long"

    def only(self, length: Length | None) -> QuotaPolicy:
        """The same quotas for a data set of one length class; None: these, of both classes."""
        if length is None:
            return self
        lengths = {
            name: c.model_copy(update={"share": 1.0 if name == length else 0.0}) for name, c in self.lengths.items()
        }
        return self.model_copy(update={"lengths": lengths})
