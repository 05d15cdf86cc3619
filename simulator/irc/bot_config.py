"""How the lead is to behave while she is in a channel, and what she needs of the connection to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from simulator.events import Event
from simulator.irc.connection import Delivery
from simulator.irc.irc_events import IrcEvent
from simulator.plan.session_plan import Origin
from simulator.world.strict import Engagement

STOP = "stop"
"""A file of this name in the run's folder ends a stay, like the operators' `leave`."""


class Sender(Protocol):
    """What she needs of a connection; `connection.ChannelConnection` is the real one."""

    nick: str
    inside: bool

    async def hear(self) -> IrcEvent: ...
    async def say(self, text: str, *, action: bool = False) -> Delivery: ...
    def notice(self, nick: str, text: str) -> bool: ...


@dataclass(slots=True)
class BotConfig:
    """How she is to behave while she is there."""

    channel: str
    level: Engagement
    origin: Origin
    """Whose channel it is."""
    operators: Iterable[str] = ()
    """Accounts and masks; see `operators.Operators`."""
    bots: Iterable[str] = ()
    """Programs, besides those that are known by name."""
    observe: bool = False
    """Decide and record, and say nothing."""
    stop: Path | None = None
    """The file whose appearance ends the stay."""
    note: Callable[[str], None] = field(default=lambda text: None)
    """Told what is worth a line to whoever runs the program."""
    happened: Callable[[Event, str], None] = field(default=lambda event, lead: None)
    """Told every event that is on record, with the lead's nick on the card."""
