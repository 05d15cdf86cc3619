"""What was seen of a subject, before anything is judged: kept on disk, so that a second evaluation asks nothing."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict

from simulator.world.probe import Measure
from simulator.world.strict import Engagement, StrictModel


class _Seen(StrictModel):
    model_config = ConfigDict(str_strip_whitespace=False)


class Answer(_Seen):
    """A line of the lead's."""

    measure: Measure
    probe: str
    """Id of the probe; of a reference, of the document and message."""
    sample: int = 0
    told: bool = True
    """False: the other half of a `feedback` pair."""
    engagement: Engagement
    channel: str
    context: str
    """What was said before, as a document."""
    text: str


class Written(_Seen):
    """A session that the subject went on with by itself."""

    engagement: Engagement
    opening: int
    """Messages that it was given."""
    text: str
    """The document with everything that was readable."""
    broken: int
    """Lines after the opening that are neither a message nor an action."""


class Expected(_Seen):
    """P(the lead speaks next) at some places of a text."""

    source: Literal["probe", "feedback", "held-out"]
    name: str
    """Of the probe or document."""
    expect: str = ""
    """What its probe expects."""
    sample: int = 0
    told: bool = True
    engagement: Engagement
    """In the header."""
    own: bool = True
    """False: the text was written under another level."""
    p: tuple[float, ...]
    spoke: tuple[bool, ...] = ()
    """Of a held-out document: whether the lead did speak there."""


class Observations(_Seen):
    """Everything about one subject."""

    subject: str
    digest: str
    note: str
    answers: tuple[Answer, ...] = ()
    written: tuple[Written, ...] = ()
    expected: tuple[Expected, ...] | None = None
    """None: the subject cannot say."""
    surprises: tuple[tuple[float, int], ...] | None = None
    """For each document of real chat: nats and tokens of people's words. None: the subject cannot say."""
    reference: bool = False
    """Documents, not a model: nothing could be asked."""
