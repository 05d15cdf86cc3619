"""The rubric of the model that judges finished sessions: `policies/judge.yaml`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from simulator.world.strict import Name, Prose, Share, StrictModel, WordedModel


class Item(StrictModel):
    """One question of the rubric."""

    name: Name
    """Name of the item in the judge's answer and in reports."""
    question: Prose
    """What the judge is asked; a full mark is a plain yes. `{lead}` stands for the lead's nick."""
    weight: Annotated[float, Field(gt=0, le=100)]
    """Of its mark in the overall score, relative to the other items."""
    least: int | None = None
    """A mark below this rejects the session, whatever the others are. None: only the overall score counts."""


class JudgePolicy(WordedModel):
    """What the judge is told and asked, and when its marks reject a session."""

    instruction: Prose
    """What the judge is there for. `{lead}` stands for the lead's nick."""
    items: Annotated[tuple[Item, ...], Field(min_length=1)]
    """What a finished session is scored by."""
    scale: Annotated[dict[int, Prose], Field(min_length=2)]
    """The marks, whole numbers in a row from worst to best, and what each means."""
    threshold: Share
    """Overall score, in [0, 1], below which a session is rejected."""
    quote_words: Annotated[int, Field(ge=1)]
    """Fewest words of a message that prove a mark; a shorter message is quoted in full."""
    quoted_share: Annotated[float, Field(gt=0, le=1)]
    """Share of the weight whose quotes must stand in the session; a judge that invents more than that is not heard."""
    max_tokens: Annotated[int, Field(ge=64, le=16384)]
    """Upper bound of one answer, in tokens; models that think aloud need more."""

    @model_validator(mode="after")
    def _holds_together(self) -> JudgePolicy:
        names = [item.name for item in self.items]
        if len(set(names)) != len(names):
            raise ValueError("items: no name twice")
        if sorted(self.scale) != list(range(self.worst, self.best + 1)):
            raise ValueError("scale: marks are whole numbers in a row, such as 1 to 4")
        for item in self.items:
            if item.least is not None and item.least not in self.scale:
                raise ValueError(f"items.{item.name}: least {item.least} is not on the scale")
        return self

    @property
    def worst(self) -> int:
        """The lowest mark."""
        return min(self.scale)

    @property
    def best(self) -> int:
        """The highest mark."""
        return max(self.scale)

    def share(self, mark: int) -> float:
        """Where a mark lies between the worst, 0, and the best, 1."""
        return (mark - self.worst) / (self.best - self.worst)
