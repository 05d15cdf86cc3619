"""Questions that a model is asked about a line of the lead's before it is said: `policies/guard.yaml`."""

from __future__ import annotations

import string
from collections.abc import Mapping
from operator import itemgetter
from typing import Annotated

from pydantic import Field, model_validator

from simulator.world.strict import Name, Prose, StrictModel, WordedModel

NO_FAULT = "none"
"""As an example's category: nothing is wrong with the line."""
LETTERS = string.ascii_uppercase
"""Answers, one a category; the last one means no fault."""


class Category(StrictModel):
    """One kind of fault."""

    name: Name
    """Name of the fault in records and reports."""
    question: Prose
    """Goes on after "The line"; `{lead}` stands for the lead's nick."""
    hint: Prose
    """What the writer of such a line is told, as a whole sentence."""


class GuardExample(StrictModel):
    """A line with its right answer, which the guard is shown."""

    before: Prose
    """What was said before it, ` | ` between lines; `{lead}` stands for the lead's nick."""
    line: Prose
    """The lead's line."""
    category: Name
    """What is wrong with it, or NO_FAULT."""


class GuardPolicy(WordedModel):
    """What the guard is told and asked."""

    instruction: Prose
    """`{lead}` stands for the lead's nick."""
    lines: Annotated[int, Field(ge=1, le=40)]
    """Messages of the channel that are shown before the line."""
    max_tokens: Annotated[int, Field(ge=1, le=4096)]
    """Upper bound of one answer."""
    threshold: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Probability that the line has a fault, from which on it is refused; a letter alone counts as 1."""
    categories: Annotated[tuple[Category, ...], Field(min_length=1, max_length=len(LETTERS) - 1)]
    """What a line of the lead may not be."""
    examples: tuple[GuardExample, ...] = ()
    """Lines with the right answer, shown to the guard."""

    @model_validator(mode="after")
    def _holds_together(self) -> GuardPolicy:
        names = [category.name for category in self.categories]
        if len(set(names)) != len(names) or NO_FAULT in names:
            raise ValueError(f"categories: no name twice, and none called `{NO_FAULT}`")
        for number, example in enumerate(self.examples):
            if example.category not in (*names, NO_FAULT):
                raise ValueError(f"examples.{number}: no category `{example.category}`")
        return self

    def letter(self, category: str) -> str:
        """The answer that means this category, or no fault."""
        if category == NO_FAULT:
            return LETTERS[-1]
        return LETTERS[[each.name for each in self.categories].index(category)]

    @property
    def letters(self) -> tuple[str, ...]:
        """The answers that mean something: one a category, then the one for no fault."""
        return (*LETTERS[: len(self.categories)], LETTERS[-1])

    def fault(self, shares: Mapping[str, float]) -> Category | None:
        """The likeliest category, if faults have together at least the threshold. `shares`: by letter, in [0, 1]."""
        faults = [(shares.get(self.letter(category.name), 0.0), category) for category in self.categories]
        total = sum(share for share, _ in faults)
        return max(faults, key=itemgetter(0))[1] if total >= self.threshold else None
