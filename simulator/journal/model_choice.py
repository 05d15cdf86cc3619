"""Model choice of a run: who plays the people and the lead, who judges, and how each is spoken to."""

from __future__ import annotations

from typing import Any

from pydantic import JsonValue, field_validator, model_validator

from simulator.llm.model import PromptFormat, Purpose
from simulator.world.strict import StrictModel

DEFAULT = "embedded"
"""Who plays the people where nobody is named."""
IMPORTED = "imported"
"""In place of a model: people wrote the lines, in a real channel."""
HAND = "hand"
"""In place of a model: a person wrote the lines, on sheets."""
SCRIPTED = "scripted"
SMALL_MODELS = frozenset({DEFAULT, SCRIPTED})
"""Models whose lines read as a very small model's, and no better when they are played again."""
NOBODY = "none"
"""As a judge or a guard: nobody, also where there would be one by default."""


class ModelChoice(StrictModel):
    """Names of models as a user gives them, from the command line to the run's card. Never a key."""

    people: str = DEFAULT
    """`embedded`, `scripted`, `gguf:PATH` or a litellm name; IMPORTED in a run of a real channel."""
    lead: str | None = None
    """None: whoever plays the people."""
    judge: str | None = None
    """Who judges finished sessions. None or NOBODY: nobody, but see `with_defaults`."""
    guard: str | None = None
    """Who is asked about each line of the lead's. None or NOBODY: nobody, but see `with_defaults`."""
    api_base: tuple[str, ...] = ()
    """Addresses of servers that speak OpenAI's protocol."""
    dialect: PromptFormat | None = None
    """None: by the model."""
    lead_dialect: PromptFormat | None = None
    """None: as `dialect` says."""
    params: dict[Purpose, dict[str, JsonValue]] = {}
    """By role, what goes into every request besides what the program sends, such as `reasoning_effort`."""
    lead_adapter: str | None = None
    """Path of the LoRA with which the lead is played: a folder, or a GGUF file."""
    lead_adapter_digest: str | None = None
    """Of the adapter's weights, when it was named."""
    people_played_by: str | None = None
    """In a test channel with simulated users, whose run counts as imported: their model."""
    channel: str | None = None
    """Address of the real channel that the run was recorded in."""

    @model_validator(mode="before")
    @classmethod
    def _older_card(cls, given: Any) -> Any:
        """Cards of older runs name everything, with None where nothing was said, and may list several models."""
        if not isinstance(given, dict):
            return given
        said = {name: value for name, value in given.items() if value is not None}
        if isinstance(said.get("people"), list):
            said["people"] = ", ".join(said["people"])
        return said

    @field_validator("people")
    @classmethod
    def _named(cls, people: str) -> str:
        if not people:
            raise ValueError("a model's name is needed")
        return people

    @property
    def leads(self) -> str:
        """Who plays the lead, by name."""
        return self.lead or self.people

    @property
    def hosted(self) -> bool:
        """True if a provider's models play all lines: none embedded, scripted, or at an address given here."""
        apart = (DEFAULT, SCRIPTED, IMPORTED, HAND)
        players = (self.people, self.leads)
        return not self.api_base and not any(name in apart or name.startswith("gguf:") for name in players)

    @property
    def small(self) -> bool:
        """True if the embedded model or the scripted fake plays: no better one can be had by playing again."""
        return not SMALL_MODELS.isdisjoint((self.people, self.leads))

    @property
    def judges(self) -> str | None:
        """Who judges finished sessions, by name; None: nobody."""
        return None if self.judge == NOBODY else self.judge

    @property
    def guards(self) -> str | None:
        """Who is asked about the lead's lines, by name; None: nobody."""
        return None if self.guard == NOBODY else self.guard

    def with_defaults(self) -> ModelChoice:
        """The same with a judge and a guard where providers' models play and nothing was said about these.

        A lead with an adapter or a dialect of its own is spoken to in a way that no question fits: nobody guards it.
        """
        if not self.hosted:
            return self
        trained = self.lead_adapter or self.lead_dialect is not None or self.dialect is not None
        guard = self.guard or (NOBODY if trained else self.leads)
        return self.model_copy(update={"judge": self.judge or self.people, "guard": guard})

    def in_real_channel(self) -> ModelChoice:
        """The same for a channel whose sessions nobody scores: the guard's default, and no judge."""
        return self.with_defaults().model_copy(update={"judge": None})

    @property
    def scripted(self) -> bool:
        """True if lines come from the scripted fake, in full or in part."""
        return SCRIPTED in (self.people, self.leads)

    def over(self, other: ModelChoice) -> ModelChoice:
        """`other`, with everything that was named here in its place."""
        return other.model_copy(update={name: getattr(self, name) for name in self.model_fields_set})
