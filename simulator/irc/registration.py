"""The handshake with a server: password, capabilities, SASL, a nick. Lines in, lines out; no socket, no clock."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulator.errors import EmError
from simulator.irc.irc_message import IrcMessage

WANTED = (
    "server-time", "account-tag", "message-tags", "batch", "chghost", "echo-message", "labeled-response",
)  # fmt: skip
"""Capabilities that are asked for where they are offered."""
BOUNCERS = ("znc.in/", "soju.im/", "bouncer-networks")
"""How capabilities begin by which a bouncer is known. It answers for the server what concerns the connection, and
echoes a line before any server has seen it."""
CHUNK = 400
"""Bytes of a part of a SASL answer; a part that is full is followed by another one (IRCv3 SASL 3.1)."""


class RegistrationError(EmError):
    """The server does not let the client in; `cause` and `remedy` say why and what to do."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who the client is, and how it proves that."""

    nick: str
    username: str
    realname: str
    password: str | None = None
    """The server's."""
    sasl: tuple[str, str] | None = None
    """Account, and its password."""


class Registration:
    """One handshake. `start` gives the first lines; `receive` those that answer a line, until `done`."""

    def __init__(self, who: Credentials) -> None:
        self._who = who
        self._offered: dict[str, str] = {}
        self._authenticated = False
        self.nick = who.nick
        """The nick that was asked for last, and from `done` on the one that the server has given."""
        self.granted: frozenset[str] = frozenset()
        """Capabilities that the server has agreed to."""
        self.features: dict[str, str] = {}
        """What the server supports (005), by name; without a value: an empty text."""
        self.done = False

    @property
    def bouncer(self) -> bool:
        """The server is a bouncer in front of one."""
        return any(name.startswith(BOUNCERS) for name in self._offered)

    def start(self) -> list[str]:
        """The first lines. A server without capabilities answers none of them and lets us in all the same."""
        password = [f"PASS {self._who.password}"] if self._who.password else []
        return [*password, "CAP LS 302", f"NICK {self.nick}", f"USER {self._who.username} 0 * :{self._who.realname}"]

    def receive(self, message: IrcMessage) -> Sequence[str]:
        """What to send upon a line of the server. Raises RegistrationError where it does not let us in."""
        match message.command:
            case "CAP":
                return list(self._capabilities(message))
            case "AUTHENTICATE":
                return list(self._answer(message.param(0)))
            case "903" | "907":
                self._authenticated = True
                return ["CAP END"]
            case "902" | "904" | "905" | "906" | "908":
                remedy = "check EM_IRC_SASL_USER and EM_IRC_SASL_PASSWORD"
                raise RegistrationError("the account or its password was refused", remedy=remedy)
            case "432" | "433" | "436" | "437":
                return [self._another_nick(message)]
            case "464":
                raise RegistrationError("the server's password was refused", remedy="check EM_IRC_PASSWORD")
            case "465":
                raise RegistrationError("banned from the server", remedy="ask the server's operators")
            case "001" | "005" | "376" | "422":
                return self._welcome(message)
        return []

    def _capabilities(self, message: IrcMessage) -> Iterator[str]:
        kind, names = message.param(1).upper(), message.params[-1].split()
        if kind == "LS":
            for offer in names:
                name, _, value = offer.partition("=")
                self._offered[name] = value
            if message.param(2) != "*":  # the last of several lines
                yield self._request()
        elif kind == "ACK":
            self.granted |= {name.lstrip("-~=") for name in names}
            yield "AUTHENTICATE PLAIN" if self._who.sasl and "sasl" in names else "CAP END"
        elif kind == "NAK":
            if self._who.sasl and names == ["sasl"]:
                raise _no_sasl()
            yield "CAP REQ :sasl" if self._who.sasl else "CAP END"

    def _request(self) -> str:
        mechanisms = self._offered.get("sasl")
        if self._who.sasl and (mechanisms is None or (mechanisms and "PLAIN" not in mechanisms.upper().split(","))):
            raise _no_sasl()
        wanted = [name for name in WANTED if name in self._offered]
        if self.bouncer or "echo-message" not in wanted:
            wanted = [name for name in wanted if name not in ("echo-message", "labeled-response")]
        if self._who.sasl:
            wanted.append("sasl")
        return f"CAP REQ :{' '.join(wanted)}" if wanted else "CAP END"

    def _answer(self, asked: str) -> Iterator[str]:
        if self._who.sasl is None or asked != "+":
            return  # the server asks for what nobody offered
        account, password = self._who.sasl
        answer = base64.b64encode(f"{account}\0{account}\0{password}".encode()).decode()
        for start in range(0, len(answer) + 1, CHUNK):
            yield f"AUTHENTICATE {answer[start : start + CHUNK] or '+'}"

    def _another_nick(self, message: IrcMessage) -> str:
        own = self._who.nick
        others = [own, f"{own}_", f"{own}__", *(f"{own}{number}" for number in range(2, 6))]
        if message.command == "432":
            raise RegistrationError(f"the server does not allow the nick {own}", remedy="choose another with --nick")
        tried = others.index(self.nick)
        if tried + 1 == len(others):
            raise RegistrationError(f"{own} and six nicks like it are in use", remedy="choose another with --nick")
        self.nick = others[tried + 1]
        return f"NICK {self.nick}"

    def _welcome(self, message: IrcMessage) -> list[str]:
        if message.command == "005":
            for feature in message.params[1:-1]:
                name, _, value = feature.partition("=")
                self.features[name.upper()] = value
            return []
        if self._who.sasl and not self._authenticated:
            raise _no_sasl()
        self.nick = message.param(0) or self.nick
        self.done = message.command != "001"
        bot = self.features.get("BOT")
        return [f"MODE {self.nick} +{bot}"] if self.done and bot else []


def _no_sasl() -> RegistrationError:
    remedy = "unset EM_IRC_SASL_PASSWORD, or go to another server"
    return RegistrationError("the server knows no SASL", remedy=remedy)
