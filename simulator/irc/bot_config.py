"""How the lead is to behave while it is in a channel, and everything around it that it needs there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from simulator.events import Event
from simulator.irc.connection import Delivery
from simulator.irc.irc_events import IrcEvent
from simulator.irc.timing import Clock
from simulator.logs.bots import Bridge
from simulator.plan.session_plan import Origin
from simulator.world.policies.bot import BotPolicy
from simulator.world.strict import Level
from simulator.world.world import World

STOP = "stop"
"""A file of this name in the run's folder ends a stay, like the operators' `leave`."""


class ChannelLink(Protocol):
    """What the lead needs of a connection; `connection.ChannelConnection` is the real one."""

    @property
    def nick(self) -> str:
        """The lead's nick on the server."""
        ...

    @property
    def inside(self) -> bool:
        """The server has let the lead into the channel."""
        ...

    async def hear(self) -> IrcEvent:
        """The next thing that happened. Raises ProviderError when the connection is gone for good."""
        ...

    async def say(self, text: str, *, action: bool = False) -> Delivery:
        """Says a line in the channel; what became of it."""
        ...

    def notice(self, nick: str, text: str) -> bool:
        """Tells one nick something; False: that cannot be."""
        ...


class SilentLink:
    """A link through which nothing whatever is said."""

    def __init__(self, inner: ChannelLink) -> None:
        self._inner = inner

    @property
    def nick(self) -> str:
        """As the link has it."""
        return self._inner.nick

    @property
    def inside(self) -> bool:
        """As the link has it."""
        return self._inner.inside

    async def hear(self) -> IrcEvent:
        """As the link hears."""
        return await self._inner.hear()

    async def say(self, text: str, *, action: bool = False) -> Delivery:
        """Nothing."""
        return Delivery(False, "observing")

    def notice(self, nick: str, text: str) -> bool:
        """Nothing."""
        return False


@dataclass(frozen=True, slots=True)
class BotConfig:
    """How the lead is to behave while it is there."""

    channel: str
    """Of the header, on which the lead was trained."""
    level: Level
    origin: Origin
    """Whose channel it is."""
    operators: tuple[str, ...] = ()
    """Accounts and masks; see `commands.Operators`."""
    bots: tuple[str, ...] = ()
    """Programs, besides those that are known by name."""
    bridges: tuple[Bridge, ...] = ()
    """Programs that pass on what people say elsewhere, besides those that are known by name."""
    observe: bool = False
    """Decide and record, and say nothing."""
    stop: Path | None = None
    """The file whose appearance ends the stay."""


class BotObserver(Protocol):
    """Who is told what the bot does; the command line prints it."""

    def note(self, text: str) -> None:
        """Something is worth a line to whoever runs the program."""
        ...

    def happened(self, event: Event) -> None:
        """An event is on record."""
        ...


@dataclass(frozen=True, slots=True)
class BotContext:
    """What everything in a stay shares."""

    link: ChannelLink
    world: World
    policy: BotPolicy
    config: BotConfig
    clock: Clock
    observer: BotObserver
