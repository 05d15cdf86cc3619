"""One exchange with a model: what is asked, what comes back, and the shape that every door to a model has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class PromptFormat(StrEnum):
    """How a model is spoken to."""

    CHAT = "chat"
    """Messages with roles: instruction-tuned models."""
    COMPLETION = "completion"
    """One text to go on with: base models, models tuned on logs, the embedded one."""
    DOCUMENT = "document"
    """The training document as far as it has got, and nothing else: a lead who was trained on documents."""


class Purpose(StrEnum):
    """What a call is paid for."""

    PEOPLE = "people"
    LEAD = "lead"
    JUDGE = "judge"


class Billing(StrEnum):
    """What is known about the price of a call."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    LOCAL = "local"
    """A model on this machine: no money changes hands."""
    SCRIPTED = "scripted"
    """No model at all."""


@dataclass(frozen=True, slots=True)
class Message:
    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is asked. Exactly one of `text` (completion) and `messages` (chat) is given."""

    purpose: Purpose
    key: str
    """Names the call within its session, such as `12.0` (message 12, first try): asked for once, paid for once."""
    seed: int
    max_tokens: int
    temperature: float
    text: str | None = None
    messages: tuple[Message, ...] = ()
    stop: tuple[str, ...] = ()
    one_line: bool = True
    """A chat line of one to four sentences is wanted; servers that can, hold the model to that by a grammar."""
    speaker: str = ""
    """Nick of whoever the line is for: for the records, and for the scripted model."""
    cue: str = ""
    """Kind of the beat that asks for the line, or empty: for the scripted model."""
    topic: str = ""
    """Subject of the session: for the scripted model."""
    session: str = ""
    """Names the session, whose calls then stay where its cache is; empty: the call stands alone."""
    alternatives: int = 0
    """So many of the likeliest first tokens are wanted with their probabilities; 0: none."""

    def __post_init__(self) -> None:
        if (self.text is None) == (not self.messages):
            raise ValueError("a prompt has either text or messages")

    @property
    def retry(self) -> int:
        """Which try of the same line this is; 0: the first."""
        _, dot, number = self.key.rpartition(".")
        return int(number) if dot and number.isdecimal() else 0


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call as the server counted them; cached is part of prompt."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    text: str
    model: str
    usage: Usage = Usage()
    billing: Billing = Billing.UNKNOWN
    cost_usd: float | None = None
    """Dollars; None where the price is unknown or no money is involved (see `billing`)."""
    seconds: float = 0.0
    """Wall time of the successful attempt."""
    decoding: float | None = None
    """Seconds that the server took for the tokens of the text; None: it does not say (llama.cpp does)."""
    attempts: int = 1
    """How often the provider was asked until it answered; 1: at once."""
    cut: bool = False
    """The text ends because max_tokens was reached, or because a content filter ended it."""
    reasoned: bool = False
    """The model sent reasoning beside the text, or before it; none of it is in the text."""
    first: Mapping[str, float] | None = None
    """Probability of each of the likeliest first tokens; None: not asked for, or the server gives none."""
    failures: tuple[str, ...] = ()
    """What became of the attempts before, in order: retry.Trouble. On its way to the journal, which counts them."""

    def begins(self, text: str) -> float | None:
        """Probability that the answer begins with `text`, in [0, 1], read off the first token alone: what begins alike
        counts as one. None: the server gives no probabilities.

        >>> Reply("", "m", first={"ka": 0.5, "kai>": 0.2, "bo": 0.3}).begins("kai>")
        0.7
        """
        if self.first is None:
            return None
        return min(1.0, sum(p for token, p in self.first.items() if token and text.startswith(token)))


ALTERNATIVES = 20
"""First tokens that are asked for; servers seldom give more."""


class Model(Protocol):
    """A door to a model. Wrappers (journal, counting) keep this shape."""

    name: str
    """What the user called it, such as `embedded`, `scripted`, `anthropic/claude-…`."""
    dialect: PromptFormat

    @property
    def context(self) -> int | None:
        """Tokens that a prompt and its answer may have together; None: more than any session needs, as far as is known.

        May become known, or smaller, while calls are made."""
        ...

    async def reply(self, prompt: Prompt) -> Reply:
        """Answers, or raises ProviderError when retries are used up."""
        ...

    async def aclose(self) -> None:
        """Gives back connections and stops what was started. Safe to call twice."""
        ...


@dataclass(frozen=True, slots=True)
class Models:
    """Who is played by what. The same door may stand in several places."""

    people: Model
    lead: Model
    judge: Model | None = None
    others: Mapping[str, Model] = field(default_factory=dict)
    """Models that single cards ask for, by the name on the card."""

    def of(self, purpose: Purpose, named: str | None = None) -> Model:
        """The model for a purpose; `named` is what the speaker's card asks for, if anything."""
        if named is not None:
            return self.others[named]
        model = {Purpose.PEOPLE: self.people, Purpose.LEAD: self.lead, Purpose.JUDGE: self.judge}[purpose]
        if model is None:
            raise ValueError(f"no model for {purpose}")
        return model

    @property
    def scripted(self) -> bool:
        """True if any line of the session comes from the scripted fake."""
        return any(model.name == "scripted" for model in (self.people, self.lead, *self.others.values()))

    async def aclose(self) -> None:
        doors = (self.people, self.lead, self.judge, *self.others.values())
        for model in {id(door): door for door in doors if door is not None}.values():
            await model.aclose()
