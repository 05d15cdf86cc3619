"""The connection, against ngircd and against servers that say what no well-behaved one would."""

from __future__ import annotations

import asyncio
import base64
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from simulator.errors import EmError, ProviderError
from simulator.irc.connection import REALNAME, USERNAME, ChannelConnection
from simulator.irc.irc_address import IrcAddress
from simulator.irc.irc_events import IrcEvent
from simulator.irc.local_server import HOST, free_port
from simulator.irc.registration import Credentials
from simulator.irc.timing import ManualClock
from tests.irc.channel import BEGAN, LEAD, POLICY, guest, real_server, scripted_server

LONG = "née à l'été, naïve et sûre d'elle, " * 40
HELLO = {"NICK": [":server 001 own :hello", ":server 376 own :end"], "JOIN": [":own!~emsim@a.host JOIN #general"]}


@asynccontextmanager
async def link(
    port: int, nick: str = LEAD, hours: ManualClock | None = None, **more: object
) -> AsyncIterator[ChannelConnection]:
    """In the channel for the length of the block."""
    who = Credentials(nick, USERNAME, REALNAME, **more)
    made = ChannelConnection(IrcAddress(HOST, port, "#general", tls=False), who, POLICY, hours or ManualClock(BEGAN))
    try:
        await made.open()
        yield made
    finally:
        await made.close()


class Watched(ManualClock):
    """Played time that tells who waits."""

    def __init__(self, began: float) -> None:
        super().__init__(began)
        self.waits: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await super().sleep(seconds)


async def heard(connection: ChannelConnection, kind: str) -> IrcEvent:
    """The next of its kind."""
    async with asyncio.timeout(15):
        while (found := await connection.hear()).kind != kind:
            pass
    return found


def test_join_speak_and_leave() -> None:
    async def go() -> None:
        async with real_server() as server, guest(server.port) as ann:
            async with link(server.port) as hers:
                await ann.reads(f":{LEAD}!")
                assert (await heard(hers, "here")).nick == "guest"
                ann.types("PRIVMSG #general :hello \x0304there\x03", "PRIVMSG #general :\x01ACTION waves\x01")
                said, acted = await heard(hers, "said"), await heard(hers, "acted")
                assert (said.text, said.mask) == ("hello there", f"guest!~guest@{HOST}")
                assert acted.text == "waves" and not acted.private
                await hers.say("one\r\nQUIT :two \x01VERSION\x01")
                assert (await ann.reads("PRIVMSG")).endswith("PRIVMSG #general :one QUIT :two VERSION")
                await hers.say("waves", action=True)
                assert (await ann.reads("PRIVMSG")).endswith(":\x01ACTION waves\x01")
                hers.notice("guest", "a word")
                assert (await ann.reads("NOTICE guest")).endswith(":a word")
                assert not hers.notice("guest,#general", "") and not hers.notice("a b", "text")
            assert "bye" in await ann.reads("QUIT")

    asyncio.run(go())


def test_long_lines_arrive_whole() -> None:
    async def go() -> str:
        async with real_server() as server, guest(server.port) as ann, link(server.port) as hers:
            assert (await hers.say(LONG)).delivered
            text = ""
            while len(text.replace(" ", "")) < len(LONG.replace(" ", "")):
                row = await ann.reads("PRIVMSG")
                assert len(f"{row}\r\n".encode()) <= 512
                text += row.partition(" :")[2]
            return text

    assert asyncio.run(go()).replace(" ", "") == LONG.replace(" ", "")


def test_a_nick_in_use_is_followed_by_others() -> None:
    async def go() -> list[str]:
        async with (
            real_server() as server,
            guest(server.port, LEAD),
            guest(server.port, f"{LEAD}_"),
            AsyncExitStack() as us,
        ):
            return [(await us.enter_async_context(link(server.port))).nick for _ in range(2)]

    assert asyncio.run(go()) == [f"{LEAD}__", f"{LEAD}2"]


def test_kicked_she_comes_back_once() -> None:
    hours = Watched(BEGAN)

    async def go() -> None:
        async with real_server() as server, guest(server.port) as op, link(server.port, hours=hours) as hers:
            op.types(f"KICK #general {LEAD} :out")
            assert (await heard(hers, "kicked")).nick == LEAD
            assert not hers.inside and not (await hers.say("still here")).delivered
            await asyncio.wait_for(_until(lambda: hours.waits), 15)
            await hours.play(POLICY.rejoin.after_seconds)
            await asyncio.wait_for(_until(lambda: hers.inside), 15)
            op.types(f"KICK #general {LEAD} :out again")
            assert (await heard(hers, "refused")).text == "kicked 2 times"

    asyncio.run(go())


def test_a_server_that_goes_and_comes_back() -> None:
    """Every wait is longer than the one before, up to a limit; then she is in the channel again."""
    hours = Watched(BEGAN)
    waits = hours.waits

    async def go() -> None:
        port = free_port()
        server = real_server(port=port)
        await server.start()
        try:
            async with link(port, hours=hours) as hers:
                server.stop()
                assert (
                    (await heard(hers, "lost")).text and not hers.inside and not (await hers.say("anybody")).delivered
                )
                for tries in range(1, 7):
                    await asyncio.wait_for(_until(lambda tries=tries: len(waits) == tries), 15)
                    await hours.play(waits[-1] + 0.01)
                await asyncio.wait_for(_until(lambda: len(waits) == 7), 15)
                await server.start()
                await hours.play(waits[-1] + 0.01)
                await asyncio.wait_for(_until(lambda: hers.inside), 15)
                async with guest(port) as ann:
                    assert (await hers.say("back again")).delivered
                    await ann.reads("back again")
        finally:
            server.stop()

    asyncio.run(go())
    backoff = POLICY.reconnect
    for number, wait in enumerate(waits):
        assert 0.8 <= wait / min(backoff.most, backoff.first * backoff.factor**number) <= 1.2


async def _until(true: object) -> None:
    while not true():
        await asyncio.sleep(0.002)


def certificate(folder: Path, name: str) -> Path:
    """A self-signed certificate for 127.0.0.1, or for another name."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: no certificate to test TLS with")
    names = f"subjectAltName={name}"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=stage", "-addext", names, "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    for path in (folder, folder / "key.pem", folder / "cert.pem"):
        path.chmod(0o755)
    return folder / "cert.pem"


@pytest.mark.parametrize(
    ("name", "trusted", "refused"),
    [
        ("IP:127.0.0.1", True, None),
        ("IP:127.0.0.1", False, "certificate was refused: self-signed certificate"),
        ("DNS:elsewhere.example", True, "certificate was refused: IP address mismatch"),
    ],
)
def test_certificates_are_verified(tmp_path: Path, name: str, trusted: bool, refused: str | None) -> None:
    cert, port = certificate(tmp_path, name), free_port()
    more = f"[SSL]\nCertFile = {cert}\nKeyFile = {tmp_path / 'key.pem'}\nPorts = {port}\n"

    async def go() -> bool:
        async with real_server(more):
            place = IrcAddress(HOST, port, "#general", ca_file=cert if trusted else None)
            hers = ChannelConnection(place, Credentials(LEAD, USERNAME, REALNAME), POLICY, ManualClock(BEGAN))
            try:
                await hers.open()
                return hers.inside
            finally:
                await hers.close()

    if refused is None:
        assert asyncio.run(go())
    else:
        with pytest.raises(ProviderError, match=refused) as found:
            asyncio.run(go())
        assert "\n" not in str(found.value) and "--ca-file" in str(found.value)


def sasl_server(line: str, *, offers: str = "sasl=PLAIN,EXTERNAL", code: str = "903") -> list[str]:
    if line.startswith("CAP LS"):
        return [":server CAP * LS * :multi-prefix server-time", f":server CAP * LS :account-tag {offers}"]
    if line.startswith("CAP REQ"):
        return [f":server CAP * ACK {line.partition('REQ ')[2]}"]
    if line == "AUTHENTICATE PLAIN":
        return ["AUTHENTICATE +"]
    if line.startswith("AUTHENTICATE"):
        return [] if len(line) == len("AUTHENTICATE ") + 400 else [f":server {code} own :that is that"]
    if line == "CAP END":
        return HELLO["NICK"]
    return HELLO.get(line.split()[0], []) if not line.startswith("NICK") else []


@pytest.mark.parametrize("length", [8, 60, 283, 500])
def test_sasl_plain(length: int) -> None:
    password = "pä" * length
    sasl = ("account", password)

    async def go() -> list[str]:
        async with scripted_server(sasl_server) as (place, sent), link(place.port, "own", sasl=sasl) as hers:
            assert hers.inside
        return sent

    sent = asyncio.run(go())
    parts = [line.removeprefix("AUTHENTICATE ") for line in sent if line.startswith("AUTHENTICATE")][1:]
    given = base64.b64decode("".join(part for part in parts if part != "+")).decode()
    assert given == f"account\0account\0{password}" and max(map(len, parts)) <= 400
    assert "CAP REQ :server-time account-tag sasl" in sent


@pytest.mark.parametrize(
    ("how", "cause"),
    [
        ({"code": "904"}, "the account or its password was refused"),
        ({"offers": ""}, "the server knows no SASL"),
        ({"bare": True}, "the server knows no SASL"),
        ({"pass": "464"}, "the server's password was refused"),
        ({"pass": "465"}, "banned from the server"),
        ({"pass": "432"}, "does not allow the nick own"),
        ({"pass": "433"}, "six nicks like it are in use"),
    ],
)
def test_who_is_not_let_in_hears_why_and_no_password(how: dict, cause: str) -> None:
    def answer(line: str) -> list[str]:
        if code := how.get("pass"):
            nick = line.split()[1] if line.startswith("NICK") else None
            return [f":server {code} * {nick} :no"] if nick else []
        if how.get("bare"):
            return HELLO.get(line.split()[0], [])
        return sasl_server(line, **how)

    async def go() -> None:
        secret = {"password": "hush-server", "sasl": ("account", "hush-account")}
        async with scripted_server(answer) as (place, _), link(place.port, "own", **secret):
            pass

    with pytest.raises(ProviderError, match=cause) as found:
        asyncio.run(go())
    assert "hush" not in f"{found.value!r}{found.value}" and isinstance(found.value, EmError)


def test_nobody_there_is_said_in_one_line() -> None:
    async def go() -> None:
        async with link(free_port()):
            pass

    with pytest.raises(ProviderError, match="the connection was refused"):
        asyncio.run(go())


@pytest.mark.parametrize(("code", "why"), [("474", "banned"), ("475", "wrong key"), ("473", "invite only")])
def test_a_channel_that_is_closed(code: str, why: str) -> None:
    async def go() -> None:
        answers = {**HELLO, "JOIN": [f":server {code} own #general :{why}"]}
        served = scripted_server(lambda line: answers.get(line.split()[0], []))
        async with served as (place, _), link(place.port, "own"):
            pass

    with pytest.raises(ProviderError, match=why):
        asyncio.run(go())


def test_what_a_server_may_send() -> None:
    """Tags, echoes, letters cut in two, another encoding, CTCP, split servers, and lines that are none."""
    ann = ":ann!~a@a.host PRIVMSG #general"
    wild: list[str | bytes] = [
        "@time=2026-01-05T08:00:00.000Z;account=Ann;bot :ann!~a@a.host PRIVMSG #general :tagged",
        "@time=3026-01-05T08:00:00.000Z :ann!~a@a.host PRIVMSG #general :from the future",
        "@time=nonsense;; :ann!~a@a.host PRIVMSG #general :no time",
        ":own!~emsim@a.host PRIVMSG #general :an echo",
        f"{ann} :na".encode() + "ï".encode()[:1],
        "ï".encode()[1:] + b"ve\r\n",
        f"{ann} :caf".encode() + b"\xe9\r\n",
        f"{ann} :\x01VERSION\x01",
        f"{ann} :\x01ACTION \x01",
        ":ann!~a@a.host PRIVMSG own :\x01DCC SEND x 1 2 3\x01",
        ":ann!~a@a.host PRIVMSG #other :elsewhere",
        ":ann!~a@a.host PRIVMSG own :for you alone",
        ":ann!~a@a.host NOTICE #general :a program speaks",
        ":bert!~b@b.host QUIT :a.example.net b.example.net",
        ":cleo!~c@c.host QUIT :good night",
        "", ":", "@", ":x", "garbage without a colon", ": PRIVMSG", ":ann!~a@a.host PRIVMSG #general",
        ":ann!~a@a.host NICK :ann|away",
        ":own!~emsim@a.host NICK :renamed",
        ":ann|away!~a@a.host PRIVMSG renamed :to the new nick",
        ":server 332 own #general :soup and rain",
        ":ann!~a@a.host TOPIC #general :\x0304rain",
    ]  # fmt: skip

    async def go() -> tuple[list[IrcEvent], list[str]]:
        answers = {**HELLO, "JOIN": [*HELLO["JOIN"], *wild]}
        found: list[IrcEvent] = []
        served = scripted_server(lambda line: answers.get(line.split()[0], []))
        async with served as (place, sent), link(place.port, "own") as hers, asyncio.timeout(15):
            while not found or found[-1].text != "rain":
                found.append(await hers.hear())
            assert hers.nick == "renamed"
        return found, sent

    found, sent = asyncio.run(go())
    assert [(one.kind, one.text) for one in found if one.kind in ("said", "acted", "notice", "topic")] == [
        ("said", "tagged"), ("said", "from the future"), ("said", "no time"), ("said", "naïve"), ("said", "café"),
        ("acted", ""), ("said", "for you alone"), ("notice", "a program speaks"), ("said", "to the new nick"),
        ("topic", "soup and rain"), ("topic", "rain"),
    ]  # fmt: skip
    assert (found[0].at, found[0].account, found[0].bot) == (1767600000.0, "Ann", True)
    assert found[1].at <= BEGAN and found[2].at <= BEGAN
    assert [one.private for one in found if one.text in ("for you alone", "to the new nick")] == [True, True]
    assert [(one.nick, one.split) for one in found if one.kind == "quit"] == [("bert", True), ("cleo", False)]
    assert not [line for line in sent if line.startswith(("NOTICE", "PRIVMSG"))]  # a question to the program: no answer
