"""irc3, as far as it goes, and what a test shows it to lack. `hearing` reads its lines; nobody else knows it.

Measured with irc3 1.1.12 against a scripted server and ngircd; `tests/irc/test_library.py` holds every finding.

Used as it is: connections and TLS (verified by default with `ssl=True`, host name included), the dispatch of lines by
expression, IRCv3 tags, PING and PONG with a limit on silence, the queue that sends no faster than it should.

Replaced here, because it
    decodes each packet by itself          a letter cut in two by TCP is lost ("naïve" becomes "nave")
    tries `nick_` for ever                 4,267 NICK lines in 0.3 s where that is taken too
    waits 3 s and 2 s, for ever            also after a certificate was refused
    breaks long SASL answers by spaces     and neither notices a refusal nor a server without SASL
    knows no file of certificates          but the system's
    keeps lines of a lost connection       and writes them before the next one is registered
    sets up the program's logging          closing everybody's handlers; it gets an empty change instead
Its splitting of long lines does not count the prefix that the server adds: see `wire.pieces`. Its queue dies of a line
that is not UTF-8, and passes NUL on: nothing gets there but through `wire.harmless`.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import ssl
from collections import deque
from typing import Any, Protocol

import irc3
from irc3 import rfc

from simulator.irc.irc_address import IrcAddress
from simulator.world.policies.bot import BotPolicy

WANTED = ("server-time", "account-tag", "message-tags")
LONGEST_REST = 1 << 16
"""Bytes of a line without an end after which a server is not one."""


class Answers(Protocol):
    """Who is told what the connection does."""

    def opened(self) -> None: ...
    def failed(self, error: BaseException) -> None: ...
    def lost(self, cause: str) -> None: ...
    def fatal(self, cause: str, remedy: str) -> None: ...


class Connection(irc3.IrcConnection):
    """Bytes to lines. UTF-8, or Windows' Latin where a client sends that."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            try:
                text = line.decode()
            except UnicodeDecodeError:
                text = line.decode("cp1252", "replace")
            self.factory.dispatch(text.rstrip("\r"))
        if len(self._rest) > LONGEST_REST:
            self.transport.abort()

    def connection_lost(self, error: BaseException | str | None) -> None:
        if not self.closed:
            self.close()
            self.factory.lost(self, str(error) if error else "the server closed it")


class Client(irc3.IrcBot):
    """One connection: CAP, SASL, nick. Everything else is attached by whoever made it."""

    logging_config = {"version": 1, "incremental": True}

    def __init__(
        self,
        place: IrcAddress,
        nick: str,
        answers: Answers,
        policy: BotPolicy,
        *,
        realname: str,
        password: str | None,
        sasl: tuple[str, str] | None,
    ) -> None:
        """`password`: the server's. `sasl`: account and its password."""
        self.place, self._answers, self._password, self._sasl = place, answers, password, sasl
        self._offered: set[str] = set()
        self.ready = self._known = False
        super().__init__(
            nick=nick,
            username="emsim",
            realname=realname,
            host=place.host,
            port=place.port,
            ssl=place.tls,
            loop=asyncio.get_running_loop(),
            connection=Connection,
            includes=["irc3.plugins.core"],
            level=logging.CRITICAL + 1,
            flood_burst=policy.outgoing.lines,
            flood_rate=policy.outgoing.lines,
            flood_rate_delay=policy.outgoing.seconds,
        )
        self.detach_events(*list(self.registry.events["in"].get(rfc.ERR_NICK.re, [])))
        for line, told in (
            (r"^(@\S+ )?:\S+ CAP \S+ LS (?P<more>\* )?:?(?P<data>.*)", self._cap_ls),
            (r"^(@\S+ )?:\S+ CAP \S+ (?P<verdict>ACK|NAK) :?(?P<data>.*)", self._cap_answer),
            (r"^(@\S+ )?AUTHENTICATE \+", self._authenticate),
            (r"^(@\S+ )?:\S+ 903 .*", self._vouched_for),
            (r"^(@\S+ )?:\S+ 90[24568] .*", self._sasl_refused),
            (r"^(@\S+ )?:\S+ (?P<code>43[2367]) (?P<me>\S+) (?P<nick>\S+).*", self._nick_refused),
            (r"^(@\S+ )?:\S+ (?P<code>46[45]) .*", self._not_let_in),
            (rfc.CONNECTED.re, self._registered),
        ):
            self.attach_events(irc3.event(line, told))

    def get_ssl_context(self) -> ssl.SSLContext | None:
        context = super().get_ssl_context()
        if context is not None and self.place.ca_file is not None:
            context.load_verify_locations(self.place.ca_file)
        return context

    def connection_made(self, made: asyncio.Future) -> None:
        if made.cancelled():
            return
        if error := made.exception():
            self._answers.failed(error)
            return
        _, self.protocol = made.result()
        self.protocol.queue, self.protocol.factory, self.protocol.encoding = deque(), self, self.encoding
        self._offered, self.config["nick"] = set(), self.original_nick
        self.ready = self._known = False
        if self._password:
            self.send(f"PASS {self._password}")
        self.send("CAP LS 302")
        self.send(f"NICK {self.nick}")
        self.send("USER {username} 0 * :{realname}".format(**self.config))
        self.notify("connection_made")

    def lost(self, which: Connection, cause: str) -> None:
        """The connection is gone, and with it what waited to be sent."""
        if which is getattr(self, "protocol", None):
            while not self.queue.empty():
                self.queue.get_nowait()
            self.ready = False
            self._answers.lost(cause)

    def hang_up(self, reason: str) -> None:
        """Says goodbye and ends everything that the library has started."""
        self.awaiting_queue.cancel()
        core = self.get_plugin("irc3.plugins.core.Core")
        for handle in (core.reconn_handle, core.ping_handle):
            if handle is not None:
                handle.cancel()
        protocol = getattr(self, "protocol", None)
        if protocol is not None and not protocol.closed:
            self.send(f"QUIT :{reason}")
            protocol.closed = True
            protocol.transport.close()

    # registration

    def _cap_ls(self, data: str, more: str | None = None, **_: object) -> None:
        self._offered |= {offer.partition("=")[0] for offer in data.split()}
        if more or self.ready:
            return
        if self._sasl and "sasl" not in self._offered:
            self._no_sasl()
            return
        wanted = [name for name in (*WANTED, *(("sasl",) if self._sasl else ())) if name in self._offered]
        self.send("CAP REQ :" + " ".join(wanted) if wanted else "CAP END")

    def _cap_answer(self, verdict: str, data: str, **_: object) -> None:
        if verdict == "ACK" and self._sasl and "sasl" in data.split():
            self.send("AUTHENTICATE PLAIN")
        elif self._sasl and verdict == "NAK":
            self._no_sasl()
        else:
            self._cap_end()

    def _authenticate(self, **_: object) -> None:
        if self._sasl is None:
            return  # the server asks for what nobody offered
        account, password = self._sasl
        answer = base64.b64encode(f"{account}\0{account}\0{password}".encode()).decode()
        # In parts of 400; a part that is full is followed by another one, an empty one if need be (IRCv3 SASL 3.1).
        for start in range(0, len(answer) + 1, 400):
            self.send(f"AUTHENTICATE {answer[start : start + 400] or '+'}")

    def _vouched_for(self, **_: object) -> None:
        self._known = True
        self._cap_end()

    def _cap_end(self) -> None:
        self.send("CAP END")

    def _no_sasl(self) -> None:
        self._answers.fatal("the server knows no SASL", "unset EM_IRC_SASL_PASSWORD, or go to another server")

    def _sasl_refused(self, **_: object) -> None:
        remedy = "check EM_IRC_SASL_USER and EM_IRC_SASL_PASSWORD"
        self._answers.fatal("the account or its password was refused", remedy)

    def _not_let_in(self, code: str, **_: object) -> None:
        banned = code == "465"
        remedy = "ask the server's operators" if banned else "check EM_IRC_PASSWORD"
        self._answers.fatal("banned from the server" if banned else "the server's password was refused", remedy)

    def _nick_refused(self, code: str, nick: str, **_: object) -> None:
        if self.ready:
            return
        own = self.original_nick
        others = [own, f"{own}_", f"{own}__", *(f"{own}{number}" for number in range(2, 6))]
        tried = others.index(nick) if nick in others else len(others)
        if code == "432":
            self._answers.fatal(f"the server does not allow the nick {own}", "choose another with --nick")
        elif tried + 1 >= len(others):
            self._answers.fatal(f"{own} and six nicks like it are in use", "choose another with --nick")
        else:
            self.config["nick"] = others[tried + 1]
            self.send(f"NICK {self.nick}")

    def _registered(self, me: str, **_: object) -> None:
        if self.ready:
            return
        if self._sasl and not self._known:
            self._no_sasl()
            return
        self.ready, self.config["nick"] = True, str(me)
        if "BOT" in self.server_config:
            self.send_line(f"MODE {me} +{self.server_config['BOT']}")
        self._answers.opened()
