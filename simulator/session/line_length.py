"""How long the next line is to be: drawn, so that a channel holds short and long lines as people write them."""

from __future__ import annotations

import random
from collections.abc import Mapping

from simulator.world.persona import Persona
from simulator.world.policy import LineLength

RANKS = {length: rank for rank, length in enumerate(LineLength)}
MIDDLE = (len(LineLength) - 1) / 2


SENTENCES = {LineLength.FEW_WORDS: 1, LineLength.SENTENCE: 1, LineLength.TWO_OR_THREE: 3, LineLength.MORE: 4}
"""Most of a line: a model that only continues text is held to it, since it cannot be told."""


def draw_length(
    weights: Mapping[LineLength, float],
    persona: Persona,
    draw: random.Random,
    *,
    least: LineLength = LineLength.FEW_WORDS,
) -> LineLength:
    """The class of the next line. `weights`: how often the average person writes each; `least`: the shortest that
    will do, such as for a line that has a note to carry out.

    A wordy person's longer classes weigh more: by the card's `wordiness` to the power of the distance from the middle.
    """
    fit = [length for length in LineLength if RANKS[length] >= RANKS[least]]
    wordiness = persona.habits.wordiness
    return draw.choices(fit, [weights[length] * wordiness ** (RANKS[length] - MIDDLE) for length in fit])[0]
