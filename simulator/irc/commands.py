"""What is done about a command in the channel: those of operators, and everybody's say over their own lines."""

from __future__ import annotations

from collections.abc import Callable

from simulator.irc.bot_config import BotConfig, Sender
from simulator.irc.channel_state import ChannelState
from simulator.irc.irc_events import IrcEvent
from simulator.irc.operators import COMMANDS, Operators
from simulator.irc.participation_window import ParticipationWindow
from simulator.irc.responder import Responder
from simulator.irc.timing import Clock
from simulator.world.strict import Engagement
from simulator.world.world import World

NOTED = {
    True: "noted: what you say here may be used to train language models; `{word} optout` takes that back",
    False: "noted: nothing that you say here will be used to train language models; `{word} optin` changes that",
}


class CommandHandler:
    """Carries commands out."""

    def __init__(
        self,
        link: Sender,
        world: World,
        stay: BotConfig,
        hours: Clock,
        floor: ChannelState,
        share: ParticipationWindow,
        pen: Responder,
        leave: Callable[[str], None],
    ) -> None:
        self._link, self._world, self._stay, self._hours = link, world, stay, hours
        self._floor, self._share, self._pen, self._leave = floor, share, pen, leave
        self._operators = Operators(world.lead.nick, stay.operators)
        self._level = stay.level

    def addressed(self, heard: IrcEvent) -> bool:
        """It is a command, and so no part of the talk."""
        return heard.kind == "said" and self._operators.addressed(heard.text)

    def given(self, heard: IrcEvent, deaf: str | None) -> None:
        """`deaf`: why a line of theirs would not be read; None: it would. Who may not command gets no answer: nothing
        to play with."""
        yes = self._operators.consent(heard.text)
        if yes is not None:
            if deaf is None:
                self._consent(heard, yes)
        elif self._operators.allows(heard):
            self._carry_out(heard)
        else:
            self._stay.note(f"refused: `{heard.text}` from {heard.mask or heard.nick}, who is no operator")

    def status(self) -> str:
        """Level, share, and what she does, on one line."""
        band = self._world.engagement.bands[self._level]
        share = f"{self._share.hers} of the last {self._share.messages} messages ({band.least:.0%} to {band.most:.0%})"
        state = "observing" if self._stay.observe else "muted" if self._pen.muted else "listening"
        return f"{self._level.value}, {share}, {state}"

    def _consent(self, heard: IrcEvent, yes: bool) -> None:
        event = self._floor.agreed(heard, yes)
        self._stay.happened(event, self._world.lead.nick)
        self._link.notice(heard.nick, NOTED[yes].replace("{word}", self._operators.word))

    def _carry_out(self, heard: IrcEvent) -> None:
        command = self._operators.read(heard.text)
        self._stay.note(f"{heard.nick}: {heard.text}")
        match command.name:
            case "engagement":
                self._set_level(Engagement(command.value.upper()))
            case "mute":
                until = self._hours.now() + 60 * int(command.value) if command.value else float("inf")
                self._pen.muted_until = until
                self._pen.stop()
            case "unmute":
                self._pen.muted_until = 0.0
            case "leave":
                self._link.notice(heard.nick, "leaving")
                self._leave(f"{heard.nick} said so")
                return
            case "":
                word = self._operators.word
                self._link.notice(heard.nick, "; ".join(f"{word} {usage}" for usage in COMMANDS.values()))
                return
        self._link.notice(heard.nick, self.status())

    def _set_level(self, level: Engagement) -> None:
        if level is not self._level:
            self._pen.stop()
            self._level = level
            self._floor.cut(level=level)
            self._share.forget()
