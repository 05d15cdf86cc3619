"""Commands in the channel: those of operators, and everybody's say over their own lines.

`!nick engagement LEVEL`, mute, unmute, lift, leave, status, from those who may give them; `optin`, `optout` from all.
The command word is `!` and the nick on the lead's card. A nick alone is nobody: an operator is known by the services
account that the server vouches for (IRCv3 account-tag), or by a mask `nick!user@host`, in which `*` and `?` stand for
anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from simulator.errors import UsageError
from simulator.irc.bot_config import BotContext
from simulator.irc.channel_state import ChannelState
from simulator.irc.feedback import FeedbackTracker
from simulator.irc.irc_events import IrcEvent
from simulator.irc.participation_window import ParticipationWindow
from simulator.irc.responder import Responder
from simulator.logs.conversations import command_words
from simulator.logs.nicks import fold
from simulator.world.policy import EngagementPolicy
from simulator.world.strict import Level

COMMANDS = {
    "engagement": "engagement LEVEL",
    "mute": "mute [MINUTES]",
    "unmute": "unmute",
    "lift": "lift",
    "status": "status",
    "leave": "leave",
}
CONSENT = {"optin": True, "optout": False}
"""For everybody, in the channel: whether what they say there may become training data."""


@dataclass(frozen=True, slots=True)
class Command:
    """What an operator wants."""

    name: str
    """One of COMMANDS, or empty: none was understood."""
    value: str = ""


class Operators:
    """Who may give commands, and how they look."""

    def __init__(self, lead: str, engagement: EngagementPolicy, allowed: Iterable[str]) -> None:
        """`lead`: the nick on the card. `engagement`: knows the levels. `allowed`: accounts, and masks.

        Raises UsageError for a mask that anybody fits.
        """
        (self.word,) = command_words(lead)
        self._engagement = engagement
        self._accounts: set[str] = set()
        self._masks: list[re.Pattern[str]] = []
        for entry in allowed:
            if not re.search(r"[!@*?]", entry):
                self._accounts.add(fold(entry))
                continue
            nick, _, rest = entry.partition("!")
            user, _, host = rest.partition("@")
            if not (nick and user and host) or not re.search(r"[^*?.]", host):
                remedy = "name an account, or a mask nick!user@host with a host of its own"
                raise UsageError(f"`{entry}` would let anybody in", place="--operator", remedy=remedy)
            shape = re.escape(fold(entry)).replace(r"\*", ".*").replace(r"\?", ".")
            self._masks.append(re.compile(shape))

    def addressed(self, text: str) -> bool:
        """True for a line that is a command, whoever wrote it: it is no part of the talk."""
        return text.lower().split(" ", 1)[0] == self.word

    def consent(self, text: str) -> bool | None:
        """What a line for which `addressed` is true says of its writer's own lines; None: it is another command."""
        words = text.lower().split()
        return CONSENT.get(words[1]) if len(words) == 2 else None

    def allows(self, incoming: IrcEvent) -> bool:
        """True if whoever wrote it may give commands."""
        if incoming.account is not None and fold(incoming.account) in self._accounts:
            return True
        return any(mask.fullmatch(fold(incoming.mask)) for mask in self._masks)

    def read(self, text: str) -> Command:
        """The command in a line for which `addressed` is true."""
        words = text.split()[1:]
        name, value = (words[0].lower() if words else "status"), " ".join(words[1:])
        fits = {
            "engagement": self._engagement.level(value) is not None,
            "mute": not value or (value.isdecimal() and 0 < int(value) <= 10_000),
        }
        return Command(name, value) if name in COMMANDS and fits.get(name, not value) else Command("")

    @property
    def usage(self) -> str:
        """Every command, for whoever gave one that is none."""
        shown = COMMANDS | {"engagement": f"engagement {'|'.join(self._engagement.levels)}"}
        return "; ".join(f"{self.word} {usage}" for usage in shown.values())


CONSENT_ANSWERS = {
    True: "noted: what you say here may be used to train language models; `{word} optout` takes that back",
    False: "noted: nothing that you say here will be used to train language models; `{word} optin` changes that",
}


class CommandHandler:
    """Carries commands out."""

    def __init__(
        self,
        around: BotContext,
        channel: ChannelState,
        share: ParticipationWindow,
        feedback: FeedbackTracker,
        responder: Responder,
        leave: Callable[[str], None],
    ) -> None:
        self._around, self._channel, self._share, self._feedback = around, channel, share, feedback
        self._responder, self._leave = responder, leave
        self._operators = Operators(around.world.lead.nick, around.world.engagement, around.config.operators)
        self._level = around.config.level

    def addressed(self, incoming: IrcEvent) -> bool:
        """It is a command, and so no part of the talk."""
        return incoming.kind == "said" and self._operators.addressed(incoming.text)

    def given(self, incoming: IrcEvent, unread: str | None) -> None:
        """`unread`: why a line of theirs would not be read; None: it would. Who may not command gets no answer: nothing
        to play with. A command that is history was dealt with when it was given, or is over."""
        if incoming.history:
            return
        yes = self._operators.consent(incoming.text)
        if yes is not None:
            if unread is None:
                self._consent(incoming, yes)
        elif self._operators.allows(incoming):
            self._carry_out(incoming)
        else:
            who = incoming.mask or incoming.nick
            self._around.observer.note(f"refused: `{incoming.text}` from {who}, who is no operator")

    def status(self) -> str:
        """Level, share, what the lead does, and a wish that it heeds, on one line."""
        band = self._around.world.engagement.bands[self._level]
        of = f"{self._share.own} of the last {self._share.messages} messages ({band.least:.0%} to {band.most:.0%})"
        state = "observing" if self._around.config.observe else "muted" if self._responder.muted else "listening"
        return ", ".join(filter(None, (self._level, of, state, self._feedback.describe())))

    def _consent(self, incoming: IrcEvent, yes: bool) -> None:
        if incoming.bridge and yes:  # anybody can take anybody's name in another place
            self._around.observer.note(f"not noted: {incoming.nick} agrees through {incoming.bridge}")
            return
        if (event := self._channel.agreed(incoming, yes)) is not None:
            self._around.observer.happened(event)
        if not incoming.bridge:
            self._around.link.notice(incoming.nick, CONSENT_ANSWERS[yes].replace("{word}", self._operators.word))

    def _carry_out(self, incoming: IrcEvent) -> None:
        command, link = self._operators.read(incoming.text), self._around.link
        self._around.observer.note(f"{incoming.nick}: {incoming.text}")
        match command.name:
            case "engagement":
                level = self._around.world.engagement.level(command.value)
                assert level is not None, "Operators.read has seen to it"
                self._set_level(level)
            case "mute":
                minutes = int(command.value) if command.value else float("inf")
                self._responder.muted_until = self._around.clock.now() + 60 * minutes
                self._responder.stop()
            case "unmute":
                self._responder.muted_until = 0.0
            case "lift":
                self._feedback.lift()
            case "leave":
                link.notice(incoming.nick, "leaving")
                self._leave(f"{incoming.nick} said so")
                return
            case "":
                link.notice(incoming.nick, self._operators.usage)
                return
        link.notice(incoming.nick, self.status())

    def _set_level(self, level: Level) -> None:
        if level != self._level:
            self._responder.stop()
            self._level = level
            self._channel.cut(level=level)
            self._share.forget()
