"""InspIRCd with TLS and atheme's accounts: SASL, as the real programs do it."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from simulator.errors import ProviderError, UsageError
from simulator.irc.connection import REALNAME, USERNAME, ChannelConnection
from simulator.irc.irc_address import IrcAddress
from simulator.irc.local_server import HOST, INSPIRCD, LocalServer, ServerProgram, free_port
from simulator.irc.registration import Credentials
from simulator.irc.timing import ManualClock
from tests.irc.accounts import ATHEME, TLS, UPLINK
from tests.irc.channel import BEGAN, LEAD, POLICY, Guest, guest
from tests.irc.test_connection import certificate

pytestmark = pytest.mark.skipif("CI" in os.environ, reason="servers of several programs are tried by hand, not in CI")


async def _registered(op: Guest, nick: str) -> None:
    """Registers an account; the services may take a moment to be there."""
    async with asyncio.timeout(20):
        while True:
            op.types(f"PRIVMSG NickServ :REGISTER hush-account {nick}@stage.invalid", "PING :x")
            row = await op.reads("")
            while "PONG" not in row and "NickServ" not in row:
                row = await op.reads("")
            if "NickServ" in row and " 401 " not in row:
                return
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(("password", "let_in"), [("hush-account", True), ("hush-wrong", False)])
def test_sasl_over_tls(tmp_path: Path, password: str, let_in: bool) -> None:
    cert, tls, uplink = certificate(tmp_path, "IP:127.0.0.1"), free_port(), free_port()
    more = UPLINK.format(host=HOST, uplink=uplink) + TLS.format(host=HOST, tls=tls, folder=tmp_path)
    services = {name: text.replace("{uplink}", str(uplink)) for name, text in ATHEME.files.items()}
    program = ServerProgram(ATHEME.name, ATHEME.package, services, ATHEME.arguments, ATHEME.rootless)

    async def go() -> bool:
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(LocalServer(INSPIRCD, more=more))
            await stack.enter_async_context(LocalServer(program, port=uplink, listens=False))
            op = await stack.enter_async_context(guest(server.port, "account"))
            await _registered(op, "account")
            who = Credentials(LEAD, USERNAME, REALNAME, sasl=("account", password))
            place = IrcAddress(HOST, tls, "#general", ca_file=cert)
            link = ChannelConnection(place, who, POLICY, ManualClock(BEGAN))
            stack.push_async_callback(link.close)
            await link.open()
            assert (await link.say("hello")).delivered
            return link.inside

    try:
        assert asyncio.run(go()) and let_in
    except UsageError as missing:
        if "installed" not in missing.cause:
            raise
        pytest.skip(str(missing))
    except ProviderError as error:
        assert not let_in and error.cause == "the account or its password was refused"
