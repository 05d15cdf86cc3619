"""Clients of one model for tests: each with the transport that a test wants, and pauses that take no time."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.llm.client import ModelClient, Pace
from simulator.llm.litellm_transport import LitellmTransport
from simulator.llm.model import Billing, PromptFormat
from simulator.llm.openai_transport import OpenAITransport
from simulator.llm.progress import Listener, log_progress
from simulator.llm.server_traits import JsonObject
from simulator.llm.transport import TransportOptions

KEY = "sk-fake-4242424242"
UNPACED = Pace()


class Pauses:
    """Takes note of every pause and makes none."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def straight(
    bases: Sequence[str],
    *,
    name: str = "the-model",
    silence: float = 20,
    pauses: Pauses | None = None,
    pace: Pace = UNPACED,
    dialect: PromptFormat = PromptFormat.CHAT,
    params: JsonObject | None = None,
    progress: Listener = log_progress,
) -> ModelClient:
    """Speaks OpenAI's protocol itself."""
    options = TransportOptions("it", name, KEY, silence=silence, params=params or {})
    client = ModelClient(name, dialect, OpenAITransport(options), bases, pace=pace, progress=progress)
    client.sleep = pauses or Pauses()
    return client


def translated(
    bases: Sequence[str],
    *,
    model: str = "openai/it",
    name: str = "the-model",
    key: str | None = KEY,
    silence: float = 20,
    billing: Billing = Billing.UNKNOWN,
    pauses: Pauses | None = None,
    pace: Pace = UNPACED,
    dialect: PromptFormat = PromptFormat.CHAT,
    params: JsonObject | None = None,
) -> ModelClient:
    """Has litellm translate."""
    options = TransportOptions(model, name, key, billing, silence, params or {})
    client = ModelClient(name, dialect, LitellmTransport(options), bases, pace=pace)
    client.sleep = pauses or Pauses()
    return client
