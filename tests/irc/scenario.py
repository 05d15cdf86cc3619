"""One scenario, played on real IRC servers: what the connection makes of each of them.

    python -m tests.irc.scenario        the table: a row a step, a column a server

A step returns a word or two on what was seen; it fails by an assertion. `NOT_OFFERED` says that the server has no such
thing. Servers that are not installed are left out, aloud.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from simulator.errors import EmError, ProviderError, UsageError
from simulator.irc.connection import REALNAME, USERNAME, ChannelConnection, Delivery
from simulator.irc.irc_address import IrcAddress
from simulator.irc.irc_events import IrcEvent
from simulator.irc.local_server import HOST, PROGRAMS, LocalServer, ServerProgram, free_port
from simulator.irc.registration import Credentials
from simulator.irc.timing import ManualClock
from tests.irc.channel import BEGAN, LEAD, POLICY, Guest, guest

NOT_OFFERED = "not offered"
CHANNEL = "#general"
LONG = "née à l'été, naïve et sûre d'elle 日本 🦊, " * 30
LINK = """
<bind address="{host}" port="{link}" type="servers">
<link name="{other}" ipaddr="{host}" port="{to}" timeout="10" sendpass="pass" recvpass="pass" allowmask="{host}">
<module name="spanningtree">
"""


@dataclass
class Rig:
    """A server that is up, and whoever is in the channel for a step."""

    server: LocalServer
    op: Guest
    clock: ManualClock
    second: LocalServer | None = None
    """Linked to the first one."""
    seen: list[IrcEvent] = field(default_factory=list)

    @asynccontextmanager
    async def lead(self, nick: str = LEAD) -> AsyncIterator[ChannelConnection]:
        """The lead, in the channel for the length of the block."""
        who = Credentials(nick, USERNAME, REALNAME)
        made = ChannelConnection(IrcAddress(HOST, self.server.port, CHANNEL, tls=False), who, POLICY, self.clock)
        try:
            await made.open()
            yield made
        finally:
            await made.close()

    async def heard(self, link: ChannelConnection, kind: str, text: str = "") -> IrcEvent:
        """The next of its kind that holds the text."""
        async with asyncio.timeout(15):
            while (found := await link.hear()).kind != kind or text not in found.text:
                pass
        return found

    async def modes(self, *changes: str) -> None:
        """Changes modes of the channel, and waits until the server has dealt with them."""
        self.op.types(*(f"MODE {CHANNEL} {change}" for change in changes), "PING :done")
        await self.op.reads("PONG")

    async def says(self, link: ChannelConnection, text: str) -> tuple[Delivery, bool]:
        """What became of a line, and whether the operator has seen it."""
        delivery = await link.say(text)
        self.op.types("PING :seen")
        row = await self.op.reads("")
        seen = False
        while "PONG" not in row:
            seen = seen or text in row
            row = await self.op.reads("")
        return delivery, seen


async def join_and_talk(rig: Rig) -> str:
    """Both hear each other; marks of colour and actions are what they are."""
    async with rig.lead() as link:
        await rig.heard(link, "here")
        rig.op.types(f"PRIVMSG {CHANNEL} :hello \x0304there\x03", f"PRIVMSG {CHANNEL} :\x01ACTION waves\x01")
        assert (await rig.heard(link, "said")).text == "hello there"
        assert (await rig.heard(link, "acted")).text == "waves"
        rig.op.types(f"PRIVMSG @{CHANNEL} :for operators", f"PRIVMSG {CHANNEL} :for all")
        assert (await rig.heard(link, "said")).text == "for all"
        assert await rig.says(link, "hello yourself") == (Delivery(True), True)
    return "heard, said"


async def nick_clash(rig: Rig) -> str:
    """Somebody has the nick: another one is taken, and the wanted one again when it is free."""
    async with guest(rig.server.port, LEAD) as other, rig.lead() as link:
        taken = link.nick
        assert taken == f"{LEAD}_"
        other.types("QUIT :bye")
        await rig.heard(link, "note", LEAD)
        assert link.nick == LEAD
    return f"{taken}, then {LEAD}"


async def rename(rig: Rig) -> str:
    """Somebody changes nick, and an operator's services change ours."""
    async with guest(rig.server.port, "ann") as ann, rig.lead() as link:
        ann.types("NICK ann_tea")
        found = await rig.heard(link, "renamed")
        assert (found.nick, found.text) == ("ann", "ann_tea")
    return "followed"


async def moderated(rig: Rig) -> str:
    """Under +m nothing is said, and we know it."""
    async with rig.lead() as link:
        await rig.modes("+m")
        delivery, seen = await rig.says(link, "is this on")
        assert not delivery.delivered and delivery.why and not seen
        await rig.modes("-m")
        assert await rig.says(link, "now it is") == (Delivery(True), True)
    return "not delivered, said so"


async def banned(rig: Rig) -> str:
    """Banned while inside: what we hold for said was seen, and the other way round. Then we cannot come in."""
    async with rig.lead() as link:
        await rig.modes(f"+b {LEAD}!*@*")
        delivery, seen = await rig.says(link, "am I banned")
        assert delivery.delivered == seen
    error = await _refused(rig)
    await rig.modes(f"-b {LEAD}!*@*")
    return f"{'not ' if not seen else ''}delivered; {error}"


async def invite_only(rig: Rig) -> str:
    """Under +i the reason is one line."""
    await rig.modes("+i")
    error = await _refused(rig)
    await rig.modes("-i")
    return error


async def forward(rig: Rig) -> str:
    """A server that sends people on to another channel does not get the lead there."""
    rig.op.types("JOIN #other")
    await rig.modes("+L #other", "+l 1")
    error = await _refused(rig)
    return error if "#other" in error else f"{NOT_OFFERED} (+l: {error})"


async def kicked(rig: Rig) -> str:
    """Kicked: back after a while, once."""
    async with rig.lead() as link:
        rig.op.types(f"KICK {CHANNEL} {LEAD} :out")
        assert (await rig.heard(link, "kicked")).nick == LEAD
        assert not link.inside and not (await link.say("still here")).delivered
        await _until(lambda: bool(rig.clock._sleepers))
        await rig.clock.play(POLICY.rejoin.after_seconds + 1)
        await _until(lambda: link.inside)
        rig.op.types(f"KICK {CHANNEL} {LEAD} :out again")
        assert (await rig.heard(link, "refused")).text == "kicked 2 times"
    return "back once, then out"


async def flood(rig: Rig) -> str:
    """Sixty lines at once: they are heard, and we are still there."""
    async with guest(rig.server.port, "flooder") as other, rig.lead() as link:
        other.types(*(f"PRIVMSG {CHANNEL} :line {number}" for number in range(60)))
        heard = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(8):
                while heard < 60:
                    heard += (await link.hear()).kind == "said"
        assert heard and (await rig.says(link, "calm down"))[1]
    return f"{heard} of 60 heard"


async def long_lines(rig: Rig) -> str:
    """A text of several lines arrives whole, letter by letter."""
    async with rig.lead() as link:
        saying = asyncio.create_task(link.say(LONG))
        text, lines = "", 0
        while len(text.replace(" ", "")) < len(LONG.replace(" ", "")):
            row = await rig.op.reads(f":{LEAD}!")
            assert len(f"{row}\r\n".encode()) <= 512 and "\ufffd" not in row
            text, lines = text + row.partition(" PRIVMSG ")[2].partition(" :")[2], lines + 1
        assert text.replace(" ", "") == LONG.replace(" ", "") and (await saying).delivered
    return f"whole, in {lines} lines"


async def split(rig: Rig) -> str:
    """Two servers lose each other: nobody has left."""
    if rig.second is None:
        return "one server"
    async with guest(rig.second.port, "far") as _, rig.lead() as link:
        await rig.heard(link, "here")
        await asyncio.to_thread(rig.second.stop)
        found = await rig.heard(link, "quit")
        assert (found.nick, found.split) == ("far", True)
    return "told from leaving"


async def restart(rig: Rig) -> str:
    """The server goes and comes back, and so do we."""
    async with rig.lead() as link:
        rig.server.stop()
        lost = await rig.heard(link, "lost")
        assert not link.inside
        await rig.server.start()
        async with asyncio.timeout(30):
            while not link.inside:
                await rig.clock.play(POLICY.reconnect.most)
                await asyncio.sleep(0.05)
        async with guest(rig.server.port, "late") as late:
            assert (await link.say("back again")).delivered
            await late.reads("back again")
    return f"back ({lost.text})"


Step = Callable[[Rig], Awaitable[str]]
STEPS: tuple[Step, ...] = (
    join_and_talk, nick_clash, rename, moderated, banned, invite_only, forward, kicked, flood, long_lines, split,
    restart,
)  # fmt: skip


async def play(program: ServerProgram, step: Step) -> str:
    """The step on a fresh server; what was seen. Raises what goes wrong; UsageError where it is not installed."""
    async with contextlib.AsyncExitStack() as stack:
        more, second = "", None
        if step is split and program.name == "inspircd":
            there, back = free_port(), free_port()
            more = LINK.format(host=HOST, link=there, to=back, other="irc.two.local")
            other = LINK.format(host=HOST, link=back, to=there, other="irc.stage.local")
            other += '<autoconnect period="1" server="irc.stage.local">\n'
            twin = {name: text.replace("irc.stage.local", "irc.two.local").replace("0ST", "1ST")
                    for name, text in program.files.items()}  # fmt: skip
            second = LocalServer(ServerProgram(program.name, program.package, twin, program.arguments), more=other)
        server = await stack.enter_async_context(LocalServer(program, more=more))
        if second is not None:
            await stack.enter_async_context(second)
            await _linked(server, second)
        op = await stack.enter_async_context(guest(server.port, "op", CHANNEL))
        return await step(Rig(server, op, ManualClock(BEGAN), second))


async def _linked(one: LocalServer, two: LocalServer) -> None:
    """Until somebody on the second server is seen from the first."""
    async with guest(one.port, "watch", "#link") as watch, guest(two.port, "probe", "#link") as probe:
        async with asyncio.timeout(20):
            while True:
                watch.types("NAMES #link")
                if "probe" in await watch.reads(" 353 "):
                    return
                probe.types("PING :x")
                await probe.reads("PONG")
                await asyncio.sleep(0.1)


async def _refused(rig: Rig) -> str:
    """Why the lead is not let into the channel."""
    try:
        async with rig.lead():
            pass
    except ProviderError as error:
        assert "does not let us into" in str(error) and "\n" not in str(error)
        return error.cause.partition(f"{CHANNEL}: ")[2]
    raise AssertionError("the lead came in")


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not true():
            await asyncio.sleep(0.005)


def table() -> str:
    """Plays everything on everything that is installed."""
    names = list(PROGRAMS)
    rows = [["step", *names]]
    for step in STEPS:
        row = [step.__name__]
        for name in names:
            try:
                row.append(asyncio.run(play(PROGRAMS[name], step)))
            except UsageError as missing:
                row.append(f"skipped: {missing.cause}")
            except (AssertionError, TimeoutError, EmError) as error:
                row.append(f"FAILED: {type(error).__name__} {error}"[:60])
        rows.append(row)
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    print(table())
