"""A real bouncer in front of a real server: what it plays back is history, with and without stamps."""

from __future__ import annotations

import asyncio
import os

import pytest

from simulator.errors import UsageError
from simulator.irc import registration
from simulator.irc.connection import REALNAME, USERNAME, ChannelConnection
from simulator.irc.irc_address import IrcAddress
from simulator.irc.irc_events import IrcEvent
from simulator.irc.local_server import HOST
from simulator.irc.registration import Credentials
from simulator.irc.timing import WallClock
from tests.irc.bouncers import znc
from tests.irc.channel import LEAD, POLICY, guest, real_server

pytestmark = pytest.mark.skipif("CI" in os.environ, reason="servers of several programs are tried by hand, not in CI")


async def _stay(port: int, clock: WallClock, until: str) -> tuple[list[IrcEvent], bool]:
    """What is said up to a line, and whether a line of ours was taken to have been delivered."""
    who = Credentials(LEAD, USERNAME, REALNAME, password="em/net:hush")
    link = ChannelConnection(IrcAddress(HOST, port, "#general", tls=False), who, POLICY, clock)
    found: list[IrcEvent] = []
    await link.open()
    try:
        delivery = await link.say("hello from behind the bouncer")
        async with asyncio.timeout(20):
            while not found or found[-1].text != until:
                heard = await link.hear()
                if heard.kind == "said":
                    found.append(heard)
    finally:
        await link.close()
    return found, delivery.delivered


@pytest.mark.parametrize("capabilities", [registration.WANTED, ("server-time",), ("batch",), ()])
def test_playback_is_history(capabilities: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registration, "WANTED", capabilities)

    async def go() -> None:
        try:
            async with real_server() as server, guest(server.port, "ann") as ann, znc(server.port, "hush") as bouncer:
                await ann.reads(f":{LEAD}!")  # the bouncer joins by itself
                ann.types("PRIVMSG #general :while you were away", "PRIVMSG #general :\x01ACTION yawns\x01")
                ann.types(f"PRIVMSG {LEAD} :\x01VERSION\x01")
                await ann.reads("ZNC")  # it answers for whoever is away, and has the lines before that
                staying = asyncio.create_task(_stay(bouncer.port, WallClock(), "are you here now"))
                await ann.reads("hello from behind the bouncer")
                ann.types("PRIVMSG #general :are you here now")
                found, delivered = await staying
                assert delivered
                history = [event.text for event in found if event.history]
                assert history == ["while you were away"]
                assert [event.text for event in found if not event.history] == ["are you here now"]
                ann.types("MODE #general +m", "PING :y")
                await ann.reads("PONG")
                staying = asyncio.create_task(_stay(bouncer.port, WallClock(), "bye then"))
                ann.types("PRIVMSG #general :bye then")
                _, delivered = await staying
                assert not delivered
        except UsageError as missing:
            if "installed" not in missing.cause:
                raise
            pytest.skip(str(missing))

    asyncio.run(go())
