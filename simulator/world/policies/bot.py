"""How the lead behaves in a real channel: `policies/bot.yaml`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from simulator.world.phrases import RemarkKind
from simulator.world.strict import Prose, StrictModel, WordedModel

Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0)]


class Rate(StrictModel):
    """At most so many lines in so many seconds, the last ones."""

    lines: Count
    """Lines at most …"""
    seconds: Seconds
    """… within so many seconds."""


class Backoff(StrictModel):
    """How long to wait before the connection is tried again."""

    first: Seconds
    """Seconds before the first try."""
    factor: Annotated[float, Field(gt=1)]
    """Each wait is so many times the one before."""
    most: Seconds
    """Seconds; a fifth more or less is drawn, so that a thousand clients do not come back at once."""


class Rejoin(StrictModel):
    """What a kick means: come back later, or stay out."""

    after_seconds: Seconds
    """Seconds after a kick before the lead comes back."""
    kicks: Count
    """So many within the time, and the lead stays out."""
    within_seconds: Seconds
    """Kicks within so many seconds count together."""


class Wish(StrictModel):
    """What the lead does about a wish of how much it talks."""

    pressure: Annotated[float, Field(gt=0)]
    """Factor on how much of the lead's share is spent meanwhile; the band holds all the same."""
    messages: Count
    """How long it is heeded."""
    note: Prose
    """What a model that reads notes is told for the line that takes it."""


class Feedback(StrictModel):
    """Wishes that people speak out, for the lead to heed."""

    less: Wish
    """Spoken out by the remarks of `policies/gaps.yaml` that are marked `less`."""
    more: Wish
    """Spoken out by `invited`."""
    invited: RemarkKind
    """Remarks that invite the lead to talk more."""
    words: Count
    """Most words of the line that takes it."""


class BotPolicy(WordedModel):
    """Numbers of the real channel; those of the lines are in style.yaml, of the lead's share in engagement.yaml."""

    window: Annotated[int, Field(ge=20)]
    """Messages, the lead's and others', over which the lead's share is held to the band of the level."""
    lull_seconds: Seconds
    """Silence after which the lead decides once whether to say something unasked."""
    silence_minutes: Seconds
    """Silence that ends a session of the journal."""
    longest: Annotated[int, Field(ge=20)]
    """Messages after which a session of the journal ends and another one begins."""
    carried: Annotated[int, Field(ge=0)]
    """Messages of a session that was cut for its length or its header, with which the next one's prompts begin."""
    waiting_seconds: Seconds
    """Silence after the lead's line in which somebody is answered who addressed the lead while it was typed."""
    feedback: Feedback
    """What people say about how much the lead talks."""
    late_seconds: Seconds
    """A line whose server time is older is history that a server plays back: it is not answered."""
    line_characters: Count
    """Characters of a line at most; longer ones are split."""
    flood: Rate
    """Of one nick's lines; what is more is not read at all."""
    says: Rate
    """Of the lead's in the channel."""
    answers: Rate
    """Of the lead's after one and the same nick's lines."""
    nicks_in_line: Count
    """People present whom one line of the lead's may name."""
    least_typing_seconds: Annotated[float, Field(ge=0)]
    """Seconds that typing takes at least."""
    outgoing: Rate
    """Flood control towards the server: a burst of `lines`, then `lines` in `seconds`."""
    reconnect: Backoff
    """Waits between tries to connect again."""
    rejoin: Rejoin
    """What happens after a kick."""
