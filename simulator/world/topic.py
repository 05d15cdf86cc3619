"""What channels talk about: `scenarios/topics/GROUP.yaml`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from simulator.world.strict import Name, StrictModel

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
