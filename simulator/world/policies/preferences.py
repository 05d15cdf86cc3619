"""Which refused, marked and lost lines become preference data: `policies/preferences.yaml`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from simulator.world.strict import Name, Share, StrictModel

GUARD = "guard-"
"""Before the name of a category of the guard, in records."""


class PreferenceTraining(StrictModel):
    """Where preference training differs from `policies/training.yaml`."""

    learning_rate: Annotated[float, Field(gt=0, le=0.1)] = 5e-6
    """At its highest."""
    pairs_per_step: Annotated[int, Field(ge=1)] = 16
    """Rows of an optimizer step, over all processes together."""
    beta: Annotated[float, Field(gt=0)] = 0.1
    """Weight of the distance from the adapter that it starts from (arXiv:2305.18290, eq. 7)."""
    kept_rise: Share = 0.5
    """Share of the rise of P(lead next) from the lowest level to the highest, before the first step, that has to be
    left."""
    least_rise: Share = 0.02
    """Of P(lead next) from the lowest level to the highest before the first step; below it, the header has no hold and
    is not watched."""


class PreferencePolicy(StrictModel):
    """What makes a pair, and which pairs are left out."""

    groups: Annotated[dict[Name, tuple[Name, ...]], Field(min_length=1)]
    """Rules of the line checks and categories of the guard, by the name that `--pairs` takes."""
    least_distance: Share
    """Edit distance in words, as a share of the longer line; pairs that are more alike are left out."""
    least_gap: Share
    """Between the judge's scores of two plays of a slot."""
    most_longer: Annotated[float, Field(ge=0.5, le=1)]
    """Where lengths are balanced: share of the pairs in which the same side is the longer one, at most."""

    training: PreferenceTraining = PreferenceTraining()
    """How it is trained on."""

    @model_validator(mode="after")
    def _each_once(self) -> PreferencePolicy:
        rules = [rule for group in self.groups.values() for rule in group]
        if twice := {rule for rule in rules if rules.count(rule) > 1}:
            raise ValueError(f"groups: {', '.join(sorted(twice))} stands in two")
        return self

    def group(self, rule: str) -> str | None:
        """Of a rule as it is recorded; None: it makes no pair."""
        plain = rule.removeprefix(GUARD)
        return next((name for name, rules in self.groups.items() if plain in rules), None)
