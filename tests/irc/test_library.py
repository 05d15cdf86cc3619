"""What irc3 does and does not do by itself: the reason for each replacement in `client.py`. A finding that no longer
holds fails here, and its replacement can go."""

from __future__ import annotations

import asyncio
import base64
import ssl

import irc3
import pytest
from irc3 import utils

from simulator.irc.irc_address import IrcAddress
from tests.irc.channel import scripted_server

QUIET = {"level": 100, "includes": ["irc3.plugins.core"]}


async def library(place: IrcAddress, until: asyncio.Event, **config: object) -> irc3.IrcBot:
    """The library alone, until the event."""
    bot = irc3.IrcBot(
        nick="own", host=place.host, port=place.port, loop=asyncio.get_running_loop(), **{**QUIET, **config}
    )
    bot.create_connection()
    async with asyncio.timeout(10):
        await until.wait()
    bot.awaiting_queue.cancel()
    bot.protocol.closed = True
    bot.protocol.transport.close()
    return bot


def test_tls_is_verified() -> None:
    async def context() -> ssl.SSLContext:
        bot = irc3.IrcBot(nick="own", ssl=True, loop=asyncio.get_running_loop(), **QUIET)
        bot.awaiting_queue.cancel()
        return bot.get_ssl_context()

    made = asyncio.run(context())
    assert made.verify_mode is ssl.CERT_REQUIRED and made.check_hostname


def test_a_letter_cut_in_two_is_lost() -> None:
    lines: list[str] = []
    protocol = irc3.IrcConnection()
    protocol.connection_made(None)
    protocol.encoding = "utf8"
    protocol.factory = type("Factory", (), {"dispatch": lambda self, line: lines.append(line)})()
    raw = "naïve\r\n".encode()
    protocol.data_received(raw[:3])
    protocol.data_received(raw[3:])
    assert lines == ["nave"]


def test_a_second_nick_in_use_is_tried_for_ever() -> None:
    async def go() -> list[str]:
        done = asyncio.Event()

        def answer(line: str) -> list[str]:
            nicks.append(line)
            if len(nicks) > 50:
                done.set()
            return [f":server 433 * {line.split()[1]} :in use"] if line.startswith("NICK") else []

        nicks: list[str] = []
        async with scripted_server(answer) as (place, _):
            await library(place, done)
        return nicks

    assert set(asyncio.run(go())[3:]) == {"NICK own_"}


def test_a_long_password_is_broken_and_a_refusal_goes_unnoticed() -> None:
    async def go() -> list[str]:
        done = asyncio.Event()
        answers = {
            "CAP LS": [":server CAP * LS :sasl"],
            "CAP REQ :sasl": [":server CAP * ACK :sasl"],
            "AUTHENTICATE PLAIN": ["AUTHENTICATE +"],
        }

        def answer(line: str) -> list[str]:
            if line == "PING :end":
                done.set()
            if line.startswith("AUTHENTICATE ") and line not in answers:
                return [":server 904 * :refused", "PING :end"]
            return answers.get(line, ["PING :end"] if line.startswith("PONG") else [])

        async with scripted_server(answer) as (place, sent):
            pong = asyncio.create_task(_when(sent, "PONG"))
            pong.add_done_callback(lambda _: done.set())
            await library(place, done, sasl_username="own", sasl_password="p" * 60)
        return sent

    sent = asyncio.run(go())
    (given,) = [line.removeprefix("AUTHENTICATE ") for line in sent if line.startswith("AUTHENTICATE ")][1:]
    assert " " in given and given != base64.b64encode(b"own\0own\0" + b"p" * 60).decode()
    assert "CAP END" not in sent


async def _when(sent: list[str], begins: str) -> None:
    while not any(line.startswith(begins) for line in sent):
        await asyncio.sleep(0.001)


def test_long_lines_are_cut_without_the_servers_prefix() -> None:
    first = utils.split_message("x" * 600, 512, "utf8", prefix="PRIVMSG #c :")
    assert len(":own!~user@a.host PRIVMSG #c :" + next(iter(first)) + "\r\n") > 512


def test_a_line_that_is_no_utf8_ends_the_queue() -> None:
    async def go() -> BaseException | None:
        bot = irc3.IrcBot(nick="own", loop=asyncio.get_running_loop(), **QUIET)
        bot.protocol = irc3.IrcConnection()
        bot.protocol.encoding = "utf8"
        bot.send_line("PRIVMSG #c :\ud800")
        async with asyncio.timeout(10):
            while not bot.awaiting_queue.done():
                await asyncio.sleep(0)
        return bot.awaiting_queue.exception()

    assert isinstance(asyncio.run(go()), UnicodeEncodeError)


@pytest.mark.parametrize("after", [3, 2])
def test_reconnection_waits_the_same_for_ever(after: int) -> None:
    waits: list[float] = []
    factory = type("Factory", (), {})()
    factory.log = type("Log", (), {"critical": lambda *a: None, "exception": lambda *a: None})()
    factory.notify = lambda event: None
    factory.loop = type("Loop", (), {"call_later": lambda self, wait, what: waits.append(wait)})()
    factory.create_connection = None
    for _ in range(5):
        if after == 2:
            protocol = irc3.IrcConnection()
            protocol.connection_made(type("Transport", (), {"close": lambda self: None})())
            protocol.factory = factory
            protocol.connection_lost(None)
        else:
            failed: asyncio.Future = asyncio.new_event_loop().create_future()
            failed.set_exception(ssl.SSLCertVerificationError())
            irc3.IrcBot.connection_made(factory, failed)
    assert waits == [after] * 5
