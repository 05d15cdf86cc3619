"""What the filters say about a session."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Reason(BaseModel):
    """One rule that a session breaks."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    rule: str
    message: int | None
    """Index among the messages of the document, from 0; None: the session as a whole."""
    evidence: str
    """The words that show it, or the count and the limit."""


class Verdict(BaseModel):
    """Whether a session may be training data, and every reason why not."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    keep: bool
    reasons: tuple[Reason, ...] = ()
