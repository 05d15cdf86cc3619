"""What the loss sees: a weight for each class of token."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

from simulator.errors import UsageError
from simulator.train.encoding import Encoded, TokenClass


@dataclass(frozen=True, slots=True)
class Objective:
    """Weight of predicting a token, by its class; each at least 0, and not all 0. Only their ratio matters.

    All tokens of `<nick>` weigh the same, also the `<` that nearly always follows a newline: their sum is then exactly
    -log P(who speaks), the number that `calibration` reports, and an action or the end of the document in that place is
    still a mistake. A token that is certain anyway adds nothing to the loss, only to the sum of weights it is divided
    by.
    """

    header: float
    speaker: float
    lead: float
    people: float

    def __post_init__(self) -> None:
        weights = asdict(self)
        for name, weight in weights.items():
            if not math.isfinite(weight) or weight < 0:
                raise UsageError(f"must be a number >= 0 (got {weight})", place=f"objective {name}", remedy=_REMEDY)
        if not any(weights.values()):
            raise UsageError("every weight is 0: there is nothing to learn", place="objective", remedy=_REMEDY)

    def weights(self, encoded: Encoded) -> list[float]:
        """Weight of predicting each token from those before it, aligned with `encoded.ids`.

        The first token of a document has 0: nothing comes before it.
        """
        by = {kind: float(getattr(self, kind.value)) for kind in TokenClass}
        return [0.0, *(by[kind] for kind in encoded.classes[1:])]


_REMEDY = "take a preset: all, lead, lead+turns or mixture"

PRESETS: Mapping[str, Objective] = MappingProxyType(
    {
        # The completion training of the brief: every token counts the same.
        "all": Objective(header=1, speaker=1, lead=1, people=1),
        # What the lead says, not when: the nick alone, without everybody else's turns, would teach that the lead
        # always speaks next.
        "lead": Objective(header=0, speaker=0, lead=1, people=0),
        # What the lead says, and at every message who says it: that somebody else speaks is the lead's silence.
        "lead+turns": Objective(header=0, speaker=1, lead=1, people=0),
        # The same, and a tenth of everybody else's words, so that the adapter goes on reading the channel as it is.
        # Of the tokens of short documents .70 are other people's words, .14 the lead's and .14 speakers (SmolLM2): at a
        # tenth the others' words are a fifth of what is learned, and the decisions the largest part. The header is
        # given, never written; learning it would be learning the quota.
        "mixture": Objective(header=0, speaker=1, lead=1, people=0.1),
    }
)
"""Objectives by name."""
