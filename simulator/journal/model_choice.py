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
SCRIPTED = "scripted"


class ModelChoice(StrictModel):
    """Names of models as a user gives them, from the command line to the run's card. Never a key."""

    people: str = DEFAULT
    """`embedded`, `scripted`, `gguf:PATH` or a litellm name; IMPORTED in a run of a real channel."""
    lead: str | None = None
    """None: whoever plays the people."""
    judge: str | None = None
    """None: nobody judges."""
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
    def scripted(self) -> bool:
        """True if lines come from the scripted fake, in full or in part."""
        return SCRIPTED in (self.people, self.leads)

    def over(self, other: ModelChoice) -> ModelChoice:
        """`other`, with everything that was named here in its place."""
        return other.model_copy(update={name: getattr(self, name) for name in self.model_fields_set})
