"""What the lead makes of servers that say odd things: scripts of a server, and what is on record and sent in the end.

A case is a script in the form of a table: what the server offers (`LS`), the tags before all that it says once those
are granted, its welcome, what it answers to a JOIN and to a line of ours, and what happens after it, line by line.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from simulator.events import Event, Passed, Said
from simulator.irc import session_recorder
from simulator.irc.bot import Bot
from simulator.irc.bot_config import BotConfig, BotContext
from simulator.irc.connection import REALNAME, USERNAME, ChannelConnection
from simulator.irc.registration import Credentials
from simulator.irc.responder import UNDELIVERED
from simulator.irc.timing import WallClock
from simulator.journal.model_choice import ModelChoice
from simulator.llm.model import Models
from simulator.logs.bots import parse_bridge
from simulator.plan.session_plan import Origin
from tests.irc.channel import LEAD, POLICY, Notebook, Saying, scripted_server
from tests.worlds import shipped

ME = "{nick}"
WELCOME = (
    f":irc.test 001 {ME} :hello",
    f":irc.test 005 {ME} BOT=B CASEMAPPING=rfc1459 NICKLEN=30 :are supported by this server",
    f":irc.test 376 {ME} :end",
)
JOINED = (f":{ME}!emsim@host.test JOIN #general", f":irc.test 353 {ME} = #general :@gale {ME}")
GALE = ":gale!g@h PRIVMSG #general"
HELLO = f"{GALE} :{LEAD}: hello there"
ANSWER = "sure, that makes sense to me"
TEMPO = 40.0


@dataclass(frozen=True)
class Case:
    """A script, and what it comes to."""

    after: tuple[str, ...] = ()
    """Lines of the server once the lead is in."""
    LS: str = ""
    tags: str = ""
    auth: tuple[str, ...] = ()
    welcome: tuple[str, ...] = WELCOME
    on_privmsg: tuple[str, ...] = ()
    fence: bool = True
    """The server answers USERHOST."""
    said: tuple[tuple[str, str], ...] = ()
    """Nick and text of every message of somebody else on record."""
    answered: bool = False
    """The lead says something, and it is on record."""
    sent: tuple[str, ...] = ()
    """Parts of lines that the lead sends."""
    noted: str = ""
    config: dict[str, object] = field(default_factory=dict)


TIME = "@time=2026-11-27T18:00:00.000Z "
CASES = {
    "tagged numerics": Case(LS="server-time", tags=TIME, sent=("JOIN #general", f"MODE {LEAD} +B")),
    "motd missing, tagged": Case(
        LS="server-time", tags=TIME, welcome=(WELCOME[0], f":irc.test 422 {ME} :no motd"), sent=("JOIN #general",)
    ),
    "sasl with a colon": Case(LS="sasl=PLAIN", auth=("AUTHENTICATE :+",), sent=("AUTHENTICATE ", "CAP END", "JOIN")),
    "sasl with a source": Case(LS="sasl", auth=(":irc.test AUTHENTICATE +",), sent=("CAP END", "JOIN")),
    "sasl, tagged": Case(LS="sasl server-time", tags=TIME, auth=("AUTHENTICATE +",), sent=("CAP END", "JOIN")),
    "moderated": Case(
        (HELLO,), on_privmsg=(f":irc.test 404 {ME} #general :Cannot send to channel (+m is set)",),
        said=(("gale", f"{LEAD}: hello there"),), noted="not said, Cannot send to channel (+m is set)",
    ),
    "registered nicks only": Case(
        (HELLO,), on_privmsg=(f":irc.test 477 {ME} #general :You need a registered nick",),
        said=(("gale", f"{LEAD}: hello there"),), noted="not said, You need a registered nick",
    ),
    "quieted, without a numeric": Case(
        (HELLO,), LS="echo-message", said=(("gale", f"{LEAD}: hello there"),), noted="passed it on to nobody",
    ),
    "echoed": Case(
        (HELLO,), LS="echo-message", on_privmsg=(f":{ME}!e@host.test PRIVMSG #general :{ANSWER}",), answered=True,
        said=(("gale", f"{LEAD}: hello there"),),
    ),
    "no answer to the question behind a line": Case(
        (HELLO,), fence=False, said=(("gale", f"{LEAD}: hello there"),), answered=True,
    ),
    "relays that are known by name": Case(
        (f":matterbridge!m@h PRIVMSG #general :<alice> {LEAD}: hello there, what is your name",
         f":tea-relaybot!m@h PRIVMSG #general :<bob> {LEAD}: and from discord",
         ":matterbridge!m@h PRIVMSG #general :[discord] <carol> hi all",
         ":matterbridge!m@h PRIVMSG #general :reconnected"),
        said=(("alice", f"{LEAD}: hello there, what is your name"), ("bob", f"{LEAD}: and from discord"),
              ("carol", "hi all")), answered=True,
    ),
    "a relay of one's own": Case(
        (":tunnel!m@h PRIVMSG #general :(ann lee@home) hello there", ":tunnel!m@h PRIVMSG #general :no pattern"),
        config={"bridges": (parse_bridge("tunnel=(NICK@*) TEXT"),)}, said=(("ann_lee", "hello there"),),
    ),
    "who speaks through a relay is nobody that the server knows": Case(
        (f":matterbridge!boss@trusted.example PRIVMSG #general :<boss> !{LEAD.lower()} leave",
         f":matterbridge!m@h PRIVMSG #general :<gale> !{LEAD.lower()} optin",
         f"{GALE} :it is me", ":matterbridge!m@h PRIVMSG #general :<gale> no, me"),
        config={"operators": ("*!boss@trusted.example",)}, said=(("gale", "it is me"), ("gale2", "no, me")),
        noted="who is no operator",
    ),
    "history in a batch": Case(
        (":irc.test BATCH +1 chathistory #general",
         f"@batch=1;time=2026-11-26T10:00:00.000Z {GALE} :{LEAD}: please talk less",
         f"@batch=1;time=2026-11-26T10:00:00.000Z {GALE} :{LEAD}: please talk less",
         f"@batch=1;time=2026-11-26T10:01:00.000Z {GALE} :!{LEAD.lower()} leave",
         ":irc.test BATCH -1", f"{GALE} :now"),
        LS="batch server-time", said=(("gale", f"{LEAD}: please talk less"), ("gale", "now")),
        config={"operators": ("gale!g@h",)},
    ),
    "a bouncer's playback": Case(
        (":***!znc@znc.in PRIVMSG #general :Buffer Playback...", f"{GALE} :[20:57:01] {LEAD}: are you there",
         ":***!znc@znc.in PRIVMSG #general :Playback Complete.", f"{GALE} :now"),
        said=(("gale", f"{LEAD}: are you there"), ("gale", "now")),
    ),
    "for operators only": Case(
        (f":gale!g@h PRIVMSG @#general :{LEAD}: what do you think of bert", f":gale!g@h PRIVMSG +#general :{LEAD}: hm",
         f"{GALE} :now"), said=(("gale", "now"),),
    ),
    "observing": Case(
        (HELLO, f"{GALE} :!{LEAD.lower()} status", f"{GALE} :!{LEAD.lower()} optin"),
        config={"observe": True, "operators": ("gale!g@h",)}, said=(("gale", f"{LEAD}: hello there"),),
    ),
    "forced to another nick": Case(
        (f":{LEAD}!emsim@host.test NICK :Guest7", f"{GALE} :Guest7: hello there"),
        said=(("gale", f"{LEAD}: hello there"),), answered=True, noted="the server calls us Guest7 now",
    ),
    "taken out by services": Case(
        (f":{LEAD}!emsim@host.test PART #general :not here", HELLO), noted="taken out of the channel (not here)",
        said=(("gale", f"{LEAD}: hello there"),),
    ),
}  # fmt: skip


async def played(case: Case, folder: Path) -> tuple[list[str], list[Event], list[str]]:
    """What the lead has sent, what is on record, and what was noted."""
    capped, said_already = False, asyncio.Event()

    def answer(line: str) -> Iterator[str]:
        nonlocal capped
        command, tag = line.split(" ")[0], case.tags if capped else ""
        rows: tuple[str, ...] = ()
        if line.startswith("CAP LS"):
            rows = (f":irc.test CAP * LS :{case.LS}",)
        elif line.startswith("CAP REQ"):
            capped = True
            tag, rows = case.tags, (f":irc.test CAP * ACK {line[8:]}",)
        elif line == "AUTHENTICATE PLAIN":
            rows = case.auth
        elif command == "AUTHENTICATE":
            rows = (f":irc.test 903 {ME} :ok",)
        elif line == "CAP END":
            rows = case.welcome
        elif command == "JOIN":
            rows = (*JOINED, *case.after)
        elif command == "PRIVMSG":
            rows = case.on_privmsg
        elif command == "USERHOST" and case.fence:
            said_already.set()
            rows = (f":irc.test 302 {ME} :{ME}=+e@h",)
        for row in rows:
            yield (tag if not row.startswith("@") else "") + row.replace(ME, LEAD)

    notes: list[str] = []
    events: list[Event] = []
    sasl = ("em", "x") if case.auth else None
    async with scripted_server(answer) as (place, sent):
        clock = WallClock(TEMPO)
        link = ChannelConnection(place, Credentials(LEAD, USERNAME, REALNAME, sasl=sasl), POLICY, clock)
        model = Saying(ANSWER)
        with session_recorder.opened(folder, shipped(), ModelChoice(lead="scripted"), seed=1) as journal:
            config = BotConfig("#general", "HIGH", Origin.JOINED, **case.config)
            around = BotContext(link, shipped(), POLICY, config, clock, Notebook(notes, events))
            bot = Bot(around, Models(model, model), journal)
            await link.open()
            running = asyncio.create_task(bot.run())
            try:
                async with asyncio.timeout(12):
                    while not _finished(case, sent, events, notes):
                        await asyncio.sleep(0.01)
            finally:
                bot.leave("the case is over")
                await running
                await link.close()
    return sent, events, notes


def _finished(case: Case, sent: list[str], events: list[Event], notes: list[str]) -> bool:
    said = [event for event in events if isinstance(event, Said)]
    return (
        sum(event.nick != LEAD for event in said) >= len(case.said)
        and (not case.answered or any(event.nick == LEAD for event in said))
        and (not case.noted or any(case.noted in note for note in notes))
        and all(any(part in line for line in sent) for part in case.sent)
    )


@pytest.mark.parametrize("name", CASES)
def test_what_comes_of_it(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    sent, events, _ = asyncio.run(played(case, tmp_path / "run"))
    said = [event for event in events if isinstance(event, Said)]
    assert tuple((event.nick, event.text) for event in said if event.nick != LEAD) == case.said
    assert any(event.nick == LEAD for event in said) is case.answered
    if case.on_privmsg and not case.answered:
        assert [event.why for event in events if isinstance(event, Passed)] == [UNDELIVERED]
    if case.config.get("observe"):
        assert not [line for line in sent if line.startswith(("PRIVMSG", "NOTICE"))]
