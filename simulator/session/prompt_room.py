"""Prompt room: how much of the log a model is shown, by its window and by what it refused so far."""

from __future__ import annotations

from simulator.llm.model import Model, Prompt
from simulator.llm.provider_errors import ContextExceeded
from simulator.session.prompts import CHARACTERS_A_TOKEN

TAIL = 200
"""Tokens kept free for what follows the transcript in a prompt."""
_NARROWER = 0.75
"""Share of a refused prompt that is tried where the server does not say how long it may be."""
_MARGIN = 0.97


class PromptRoom:
    """Of one session; learns from refusals."""

    def __init__(self, answer: int) -> None:
        """`answer`: tokens that an answer may have."""
        self._answer = answer
        self._windows: dict[str, int] = {}
        self._characters: dict[str, float] = {}
        """Characters a token of each model, where it makes shorter ones than CHARACTERS_A_TOKEN."""

    def tokens(self, model: Model) -> int | None:
        """Tokens of CHARACTERS_A_TOKEN that a prompt may have; None: any number."""
        windows = [each for each in (model.context, self._windows.get(model.name)) if each is not None]
        if not windows:
            return None
        return int((min(windows) - self._answer - TAIL) * self._shorter(model))

    def narrow(self, model: Model, prompt: Prompt, refusal: ContextExceeded) -> bool:
        """Makes room smaller, since the prompt was refused as too long; False: there is none left."""
        most, before = prompt.characters / CHARACTERS_A_TOKEN, self.tokens(model)
        refused = most if before is None else min(before, most)
        if refusal.window is not None:
            self._windows[model.name] = refusal.window
        if refusal.requested:
            known = self._characters.get(model.name, CHARACTERS_A_TOKEN)
            self._characters[model.name] = min(known, _MARGIN * prompt.characters / refusal.requested)
        after = self.tokens(model)
        if after is None or after >= refused:
            fits = int(_NARROWER * refused)
            self._windows[model.name] = int(fits / self._shorter(model)) + self._answer + TAIL
        return (self.tokens(model) or 0) > 0

    def _shorter(self, model: Model) -> float:
        """Length of the model's tokens as a share of CHARACTERS_A_TOKEN, in (0, 1]."""
        return self._characters.get(model.name, CHARACTERS_A_TOKEN) / CHARACTERS_A_TOKEN
