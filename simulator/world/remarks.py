"""What people say to the lead, or of the lead, about how it talks: the kinds that `policies/gaps.yaml` knows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, model_validator

from simulator.world.phrases import Patterns, Phrases, fault_of
from simulator.world.strict import Prose, StrictModel


class RemarkKind(StrictModel):
    """Something that people say to the lead or of the lead. `{lead}` in a pattern stands for any nick of the lead's."""

    about: Prose
    """What such a remark says."""
    praise: bool = False
    """Not a complaint."""
    less: bool = False
    """A wish that the lead talk less: its turns before and after are compared, and in a channel it is heeded."""
    patterns: Annotated[Patterns, Field(min_length=1)]
    """Regular expressions (RE2, lower case); one match is enough."""
    unless: Patterns = ()
    """Patterns that undo a match."""

    @model_validator(mode="after")
    def _usable(self) -> RemarkKind:
        for pattern in (one for some in self.named(("x",)) for one in some):
            if cause := fault_of(pattern):
                raise ValueError(f"pattern `{pattern}`: {cause}")
        return self

    def named(self, nicks: Iterable[str]) -> tuple[Patterns, Patterns]:
        """Patterns and exceptions with the lead's nicks in them."""
        among = "(" + "|".join(map(re.escape, nicks)) + ")"
        patterns, unless = (
            tuple(pattern.replace("{lead}", among) for pattern in each) for each in (self.patterns, self.unless)
        )
        return patterns, unless


def phrases(kinds: Iterable[RemarkKind], nicks: Iterable[str]) -> Phrases:
    """A group for each kind, in order. `nicks`: all of the lead's."""
    nicks = tuple(nicks)
    return Phrases([kind.named(nicks) for kind in kinds])
