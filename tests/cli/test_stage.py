"""`em stage`, as a user runs it, with a real server."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import signal
import socket
from pathlib import Path

import pytest

from simulator.errors import UsageError
from simulator.events import Agreed, Said
from simulator.irc import local_server
from simulator.journal.journal import Journal
from tests.cli import inside
from tests.cli.background import listens, running
from tests.cli.em import em
from tests.irc.channel import guest, real_server
from tests.worlds import shipped

LEAD = shipped().lead.nick


@pytest.fixture(autouse=True)
def _installed() -> None:
    real_server()


def gone(port: int, folder: Path) -> bool:
    """Waits until the server is, and the file it was configured by."""

    async def until() -> bool:
        async with asyncio.timeout(15):
            while listens(port) or list(folder.glob("em-ngircd-*")):
                await asyncio.sleep(0.02)
        return True

    return asyncio.run(until())


def test_a_stage_ends_by_itself_and_is_a_run(tmp_path: Path) -> None:
    done = em("stage", "--model", "scripted", "--messages", "70", "--tempo", "inf", "--people", "4", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    port = int(re.search(r"127\.0\.0\.1 port (\d+)", done.stderr)[1])
    assert not listens(port) and "70 messages; see them with `em show stage-1`" in done.stderr
    assert re.search(rf"{LEAD}: MEDIUM, 1\d of the last 7\d messages \(15% to 20%\)", done.stderr)
    facts = json.loads(inside.em("show", "stage-1", "s00000", "--json", cwd=tmp_path).stdout)
    said = [event for event in facts["events"] if event["kind"] == "said"]
    hers = [event for event in said if event["nick"] == LEAD]
    assert 70 <= len(said) <= 71 and {event["nick"] for event in said} <= set(facts["plan"]["setting"]["cast"]) | {LEAD}
    assert 0.13 <= len(hers) / len(said) <= 0.22 and all(event["reasons"]["chance"] > 0 for event in hers)
    assert facts["plan"]["setting"]["topic"] in [topic.subject for some in shipped().topics.values() for topic in some]
    assert {call["purpose"] for call in facts["calls"]} >= {"people", "lead"}
    for command in ("show", "log", "status", "report"):
        assert inside.em(command, "stage-1", cwd=tmp_path).returncode == 0
    refused = inside.em("export", "stage-1", "--out", str(tmp_path / "out"), "--allow-scripted", cwd=tmp_path)
    assert refused.returncode == 2 and "--allow-imported" in refused.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_a_stage_leaves_nothing_running(tmp_path: Path, number: signal.Signals, code: int) -> None:
    arguments = ("stage", "--model", "scripted", "--people", "2")
    with running(*arguments, cwd=tmp_path, wanted="join with any IRC client") as (command, line):
        port = int(re.search(r"port (\d+)", line)[1])
        assert listens(port) and list(tmp_path.glob("em-ngircd-*"))
        command.send_signal(number)
        assert command.wait(30) == code
        assert gone(port, tmp_path)


def test_somebody_joins_the_stage(tmp_path: Path) -> None:
    """A guest is heard by the lead and by the people, and may command only as an operator."""

    async def visit(port: int) -> str:
        async with guest(port, "visitor") as me:
            me.types(f"PRIVMSG #general :!{LEAD.lower()} status", "PRIVMSG #general :hello to all of you")
            status = await me.reads("NOTICE visitor")
            await me.reads(f":{LEAD}!")  # she says something
            me.types(f"PRIVMSG {LEAD} :!{LEAD.lower()} leave")
            await me.reads(f":{LEAD}!~emsim@127.0.0.1 QUIT")
            return status

    arguments = ("stage", "--model", "scripted", "--people", "3", "--tempo", "40", "--engagement", "HIGH")
    who = ("--operator", f"visitor!*@{local_server.HOST}")
    with running(*arguments, *who, cwd=tmp_path, wanted="join with any IRC client") as (command, line):
        status = asyncio.run(asyncio.wait_for(visit(int(re.search(r"port (\d+)", line)[1])), 60))
        assert "HIGH" in status and "listening" in status
        assert command.wait(30) == 0
    with Journal.read(tmp_path / "data" / "runs" / "stage-1") as journal:
        events = [event for row in journal.sessions() for event in journal.events(row.session.id)]
    assert ("visitor", "hello to all of you") in [(e.nick, e.text) for e in events if isinstance(e, Said)]
    assert not [event for event in events if "status" in getattr(event, "text", "")]


def test_guests_are_answered_and_asked_before_they_are_exported(tmp_path: Path) -> None:
    """Two of them; one agrees in the channel that what they say may be used."""
    order = f"!{LEAD.lower()}"
    secret = "the plum jam is hidden behind the boiler"

    async def visit(port: int) -> None:
        async with guest(port, "visitor") as me:
            me.types(f"PRIVMSG #general :{order} optin")
            assert "may be used" in await me.reads("NOTICE visitor")
            me.types("PRIVMSG #general :hello, who is here today?")
            answer = await me.reads(" PRIVMSG #general :visitor: ")
            nick = answer[1:].partition("!")[0]
            assert nick in shipped().personas and nick != LEAD
            await me.reads(" PRIVMSG ")
            me.types(f"PRIVMSG #general :{nick}: and what have you been up to?")
            await me.reads(f":{nick}!~emsim@{local_server.HOST} PRIVMSG #general :visitor: ")
            async with guest(port, "mallory") as other:
                other.types(f"PRIVMSG #general :{secret}")
                await me.reads(secret)
            for number in range(10):  # long enough that ten in a row are left, whoever still answers her
                me.types(f"PRIVMSG #general :{LEAD}: what do you say to soup number {number}?")
                for _ in range(2):
                    await me.reads(" PRIVMSG #general ")
            me.types(f"PRIVMSG {LEAD} :{order} leave")
            await me.reads(f":{LEAD}!~emsim@{local_server.HOST} QUIT")

    arguments = ("stage", "--model", "scripted", "--people", "2", "--tempo", "100", "--engagement", "HIGH")
    who = ("--operator", f"visitor!*@{local_server.HOST}")
    with running(*arguments, *who, cwd=tmp_path, wanted="join with any IRC client") as (command, line):
        asyncio.run(asyncio.wait_for(visit(int(re.search(r"port (\d+)", line)[1])), 90))
        assert command.wait(30) == 0
    with Journal.read(tmp_path / "data" / "runs" / "stage-1") as journal:
        events = [event for row in journal.sessions() for event in journal.events(row.session.id)]
    hers = [event for event in events if isinstance(event, Said) and event.nick == LEAD]
    assert [event for event in hers if "addressed" in event.reasons]
    agreed = {event.nick for event in events if isinstance(event, Agreed) and event.yes}
    assert agreed > {"visitor"} and "mallory" not in agreed and agreed - {"visitor"} <= set(shipped().personas)
    out = tmp_path / "out"
    refused = inside.em("export", "stage-1", "--out", str(out), "--allow-scripted", cwd=tmp_path)
    assert refused.returncode == 2 and "--opted-in" in refused.stderr and not out.exists()
    done = inside.em("export", "stage-1", "--out", str(out), "--allow-scripted", "--opted-in", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    text = "".join(path.read_text() for path in out.iterdir()).lower()
    assert "visitor" in text and "mallory" not in text and "plum jam" not in text
    replayed = inside.em("replay", "stage-1", "s00000", "--speed", "inf", cwd=tmp_path)
    assert replayed.returncode == 0 and secret in replayed.stdout


def test_without_a_server_it_says_which_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(UsageError, match="apt install ngircd"):
        local_server.find_program()


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((local_server.HOST, 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = inside.em("stage", "--model", "scripted", "--port", port, cwd=tmp_path)
    assert done.returncode == 2 and f"port {port} is taken" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (("stage", "--people", "1"), "2<=x<=30"),
        (("stage", "--channel", "#nowhere"), "no channel `#nowhere`"),
    ],
)
def test_what_cannot_be_done(tmp_path: Path, arguments: tuple[str, ...], cause: str) -> None:
    done = inside.em(*arguments, cwd=tmp_path)
    assert done.returncode == 2 and cause in done.stderr and not (tmp_path / "data").exists()
