"""One exchange with a model: what is asked, what comes back, and the interface that every model has."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
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
    GUARD = "guard"
    """A question about a line of the lead's, before it is said."""
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
    """One message of a chat prompt."""

    role: str
    """`system`, `user` or `assistant`."""
    content: str


_CALL_ID = re.compile(r"(?:(\d+)(?:-(\d+))?(?:-([a-z]\w*))?|([a-z][\w.]*?))(?:\.(\d+))?")


@dataclass(frozen=True, slots=True)
class CallId:
    """Names a call within its session: asked for once, paid for once.

    >>> str(CallId(12, 1, attempt=2)), str(CallId(part="judge"))
    ('12-1.2', 'judge.0')
    """

    message: int | None = None
    """Messages in the channel when it was asked; None: after the session."""
    turn: int = 0
    """Turns since the last message that brought none."""
    part: str = ""
    """What is asked besides the line itself, such as `judge` or `next3`; empty: the line."""
    attempt: int = 0
    """Which try of the same question this is; 0: the first."""

    @classmethod
    def parse(cls, text: str) -> CallId:
        """Reads the form of `str`, and the shorter ones of older journals. Raises ValueError for any other text.

        >>> CallId.parse("12-1.2"), CallId.parse("12.2").turn, CallId.parse("3-0-next5").part
        (CallId(message=12, turn=1, part='', attempt=2), 0, 'next5')
        """
        found = _CALL_ID.fullmatch(text)
        if found is None:
            raise ValueError(f"no call is named `{text}`")
        message, turn, beside, alone, attempt = found.groups()
        return cls(
            int(message) if message is not None else None, int(turn or 0), beside or alone or "", int(attempt or 0)
        )

    @property
    def question(self) -> str:
        """The name without the attempt."""
        place = [] if self.message is None else [str(self.message), str(self.turn)]
        return "-".join([*place, self.part] if self.part else place)

    @property
    def order(self) -> tuple[float, int, bool, int, str, int]:
        """Sorts the calls of a session as they are asked; what decides who speaks comes before the line."""
        message = float("inf") if self.message is None else self.message
        return (message, self.turn, not self.part, len(self.part), self.part, self.attempt)

    def __str__(self) -> str:
        return f"{self.question}.{self.attempt}"


@dataclass(frozen=True, slots=True)
class ScriptedContext:
    """What the scripted model goes by, which reads no prompt; no language model is shown it."""

    cue: str = ""
    """Kind of the beat that asks for the line; empty: none does."""
    topic: str = ""
    """What the talk is about by now."""
    length: str = ""
    """How long the line is to be, a value of `LineLength`; empty: any."""
    asked: str = ""
    """What the script lets somebody ask for or tell of, such as `a page of integrals`; empty: nothing with a name."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is asked. Exactly one of `text` (completion) and `messages` (chat) is given."""

    purpose: Purpose
    call_id: CallId
    seed: int
    max_tokens: int
    temperature: float
    text: str | None = None
    messages: tuple[Message, ...] = ()
    stop: tuple[str, ...] = ()
    one_line: bool = True
    """A chat line of one sentence or more is wanted; servers that can, hold the model to that by a grammar."""
    sentences: int = 4
    """Most that such a line may have."""
    speaker: str = ""
    """Nick of whoever the line is for, for the records; empty: nobody's."""
    scripted: ScriptedContext = ScriptedContext()
    session: str = ""
    """Names the session, whose calls then stay where its cache is; empty: the call stands alone."""
    top_p: float | None = None
    """Drawn from the likeliest tokens that make up this share, by the temperature and nothing else: a server's own
    habits (top-k, min-p, penalties) are off. None: what suits the server."""
    choices: tuple[str, ...] = ()
    """The answer is one of these words, as `choices.chosen` reads it; empty: it is any text."""
    scored: str = ""
    """Words whose likelihood after `text` is wanted; nothing is written. Empty: an answer is."""

    def __post_init__(self) -> None:
        if (self.text is None) == (not self.messages):
            raise ValueError("a prompt has either text or messages")
        if self.scored and self.text is None:
            raise ValueError("the likelihood of words is asked after a text")

    @property
    def characters(self) -> int:
        """Length of the text, or of all messages together."""
        return len(self.text or "") + sum(len(message.content) for message in self.messages)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call as the server counted them; cached is part of prompt."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.prompt + other.prompt, self.cached + other.cached, self.completion + other.completion)


@dataclass(frozen=True, slots=True)
class Likelihood:
    """How likely some words are after a text."""

    p: float
    """In [0, 1]."""
    exact: bool
    """False: only the likeliest tokens were seen, and `p` is a lower bound."""


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
    likelihood: Likelihood | None = None
    """Of `Prompt.scored`; None: not asked for, or the server gives no log-probabilities."""
    failures: tuple[str, ...] = ()
    """What became of the attempts before, in order: retry.FailureKind. On its way to the journal, which counts them."""


class Model(Protocol):
    """Whoever answers prompts; see `ModelWrapper` for what is put around one."""

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


class ModelWrapper:
    """A model around another one, with its name, format and context; subclasses do something about `reply`.

    It owns nothing: closing it leaves the inner model to whoever opened that.
    """

    def __init__(self, inner: Model) -> None:
        self.inner = inner
        self.name, self.dialect = inner.name, inner.dialect

    @property
    def context(self) -> int | None:
        """The inner model's, which may become known while calls are made."""
        return self.inner.context

    async def reply(self, prompt: Prompt) -> Reply:
        """The inner model's answer."""
        return await self.inner.reply(prompt)

    async def aclose(self) -> None:
        """Nothing to give back."""


@dataclass(frozen=True, slots=True)
class Models:
    """Who is played by what. The same model may stand in several places."""

    people: Model
    lead: Model
    judge: Model | None = None
    others: Mapping[str, Model] = field(default_factory=dict)
    """Models that single cards ask for, by the name on the card."""
    guard: Model | None = None

    def of(self, purpose: Purpose, named: str | None = None) -> Model:
        """The model for a purpose; `named` is what the speaker's card asks for, if anything."""
        if named is not None:
            return self.others[named]
        model = {
            Purpose.PEOPLE: self.people,
            Purpose.LEAD: self.lead,
            Purpose.GUARD: self.guard,
            Purpose.JUDGE: self.judge,
        }[purpose]
        if model is None:
            raise ValueError(f"no model for {purpose}")
        return model

    @property
    def scripted(self) -> bool:
        """True if any line of the session comes from the scripted fake."""
        return any(model.name == "scripted" for model in (self.people, self.lead, *self.others.values()))

    def map(self, wrap: Callable[[Model], Model]) -> Models:
        """The same cast with `wrap` of every model in its place."""
        others = {name: wrap(model) for name, model in self.others.items()}
        judge, guard = (wrap(model) if model is not None else None for model in (self.judge, self.guard))
        return Models(wrap(self.people), wrap(self.lead), judge, others, guard)

    async def aclose(self) -> None:
        """Closes each model once."""
        models = (self.people, self.lead, self.judge, self.guard, *self.others.values())
        for model in {id(model): model for model in models if model is not None}.values():
            await model.aclose()
