"""What a world calls things, and which language is written in it: `policies/names.yaml`."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from simulator.document import CHANNEL, LEVEL
from simulator.world.strict import ChannelName, Language, Name, StrictModel

_SAID = re.compile(r"<\S+> |\* \S+ ")


class NamesPolicy(StrictModel):
    """What a fork for another community changes first: everything else speaks of it by these names."""

    language: Language = "en"
    """The language that is written in this world, as a code of ISO 639-1: every file that holds words says the same."""
    header: Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=200)]
    """The first lines of every training document; `{level}` and `{channel}` stand for the session's, once each."""
    output: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$")]
    """How the names of files begin that a training reads: `NAME_training.jsonl`; and of the folder `NAME_data` in which
    `em_data_generator.py` works."""
    channels: Annotated[dict[Name, ChannelName], Field(min_length=1)]
    """Role of a channel to its name: scripts, probes and quotas say `{home}` for the one that has the role `home`."""

    @field_validator("header")
    @classmethod
    def _readable(cls, header: str) -> str:
        for held in (LEVEL, CHANNEL):
            if header.count(held) != 1:
                raise ValueError(f"must hold {held} once")
        rows = header.split("\n")
        if rows.pop() or not all(map(str.strip, rows)):
            raise ValueError("must be whole lines: write it as a block with `header: |`")
        if any(_SAID.match(row) for row in rows):
            raise ValueError("no line may look like a message or an action")
        return header

    @field_validator("channels")
    @classmethod
    def _each_once(cls, channels: dict[str, str]) -> dict[str, str]:
        names = [name.lower() for name in channels.values()]
        if twice := [role for role, name in channels.items() if names.count(name.lower()) > 1]:
            raise ValueError(f"{' and '.join(twice)} are the same channel")
        if taken := [role for role in channels if role in RESERVED]:
            raise ValueError(f"no role can be called `{taken[0]}`: scripts call something else so")
        return channels


RESERVED = frozenset({"lead", "topic", "angle"})
"""What else a script can name in braces, whatever its parts are called."""
