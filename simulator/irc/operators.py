"""Commands to the lead at run time: `!nick engagement HIGH`, mute, unmute, leave, status, from those who may give them;
`optin` and `optout` from anybody.

The command word is `!` and the nick on the lead's card. A nick alone is nobody: an operator is known by the services
account that the server vouches for (IRCv3 account-tag), or by a mask `nick!user@host`, in which `*` and `?` stand for
anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from simulator.errors import UsageError
from simulator.irc.irc_events import IrcEvent
from simulator.logs.nicks import fold

COMMANDS = {
    "engagement": "engagement LOW|MEDIUM|HIGH",
    "mute": "mute [MINUTES]",
    "unmute": "unmute",
    "status": "status",
    "leave": "leave",
}
CONSENT = {"optin": True, "optout": False}
"""For everybody, in the channel: whether what they say there may become training data."""


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    """One of COMMANDS, or empty: none was understood."""
    value: str = ""


class Operators:
    """Who may give commands, and how they look."""

    def __init__(self, lead: str, allowed: Iterable[str]) -> None:
        """`lead`: the nick on the card. `allowed`: accounts, and masks.

        Raises UsageError for a mask that anybody fits.
        """
        self.word = f"!{lead.lower()}"
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

    def allows(self, heard: IrcEvent) -> bool:
        if heard.account is not None and fold(heard.account) in self._accounts:
            return True
        return any(mask.fullmatch(fold(heard.mask)) for mask in self._masks)

    def read(self, text: str) -> Command:
        """The command in a line for which `addressed` is true."""
        words = text.split()[1:]
        name, value = (words[0].lower() if words else "status"), " ".join(words[1:])
        fits = {
            "engagement": value.upper() in ("LOW", "MEDIUM", "HIGH"),
            "mute": not value or (value.isdecimal() and 0 < int(value) <= 10_000),
        }
        return Command(name, value) if name in COMMANDS and fits.get(name, not value) else Command("")
