"""Transport: one way to send a prompt to an address and to get the reply; what retries, routing and limits build on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from simulator.llm.model import Billing, Prompt, Reply
from simulator.llm.progress import Phase
from simulator.llm.server_traits import JsonObject, ServerTraits

SILENCE = 120.0
"""Seconds without a sign from the server after which a call is given up; however long an answer takes in all."""
FIRST_SIGN = 5
"""Times SILENCE that may pass before the first sign: a long prompt is read, or others are answered first."""

Note = Callable[[Phase, int | None, float | None], None]
"""Takes what the server is doing with the call: phase, tokens, share of the prompt that was read."""


@dataclass(frozen=True, slots=True)
class TransportOptions:
    """What a transport knows about its model beforehand."""

    model: str
    """The server's own name for it, or litellm's."""
    name: str
    """What the user called it."""
    key: str | None = None
    """None: none is sent; litellm reads the provider's variable."""
    billing: Billing = Billing.UNKNOWN
    """KNOWN: there is a price for the model."""
    silence: float = SILENCE
    """Seconds without a sign from the server after which a call is given up."""
    params: JsonObject = field(default_factory=dict)
    """What the user wants in every request; `extra_body` stands for its fields."""
    base: str = ""
    """The provider's own address, for calls that name no other; empty: they all do, or litellm knows it."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One attempt at one call."""

    prompt: Prompt
    settings: JsonObject
    """The request, text and all, as the server at `base` takes it."""
    base: str | None
    """Address; None: the provider's own."""
    note: Note


class Transport(Protocol):
    """Sends one request and reads one answer. Raises whatever goes wrong as it is: nothing is retried here."""

    async def settings(self, prompt: Prompt, traits: ServerTraits) -> JsonObject:
        """The request for a prompt, as the server with those traits takes it."""
        ...

    async def send(self, exchange: Exchange) -> Reply:
        """The reply, without the attempts before it."""
        ...

    async def window(self, base: str | None) -> int | None:
        """Tokens that prompt and answer may have together; None: unknown. Raises nothing."""
        ...

    @property
    def secrets(self) -> tuple[str | None, ...]:
        """What must never be seen in a message."""
        ...

    async def aclose(self) -> None:
        """Gives back connections and stops what was started. Safe to call twice."""
        ...
