"""`em join`, as a user runs it, against a real server."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from simulator.events import Passed
from simulator.irc import local_server
from simulator.journal.journal import Journal
from tests.cli import inside
from tests.cli.background import running
from tests.cli.em import em
from tests.irc.channel import guest, real_server


def test_join_observes_and_leaves_on_a_stop_file(tmp_path: Path) -> None:
    async def go() -> None:
        async with real_server() as there, guest(there.port, "ann") as ann:
            address = f"irc://{local_server.HOST}:{there.port}/#general"
            options = ("--model", "scripted", "--observe", "--engagement", "HIGH", "--nick", "other", "--run", "look")
            with running("join", address, *options, cwd=tmp_path, wanted="as other, HIGH") as (command, _):
                await ann.reads(":other!")
                ann.types(*(f"PRIVMSG #general :other: what about soup number {n}" for n in range(7)))
                ann.types("PRIVMSG other :\x01VERSION\x01", "PING :done")
                await ann.reads("PONG")
                (tmp_path / "data" / "runs" / "look" / "stop").touch()
                row = await ann.reads(" ")
                while "QUIT" not in row:
                    assert "PRIVMSG" not in row and "NOTICE" not in row
                    row = await ann.reads(" ")
                assert await asyncio.to_thread(command.wait, 30) == 0

    asyncio.run(go())
    with Journal.read(tmp_path / "data" / "runs" / "look") as journal:
        (row,) = journal.sessions()
        events = journal.events(row.session.id)
    assert row.session.setting.channel == "#general" and (row.session.messages, row.session.lead_messages) == (7, 0)
    assert [event.why for event in events if isinstance(event, Passed)] and row.state == "kept"


def test_join_and_its_passwords(tmp_path: Path) -> None:
    """The passwords come from the environment, and are written nowhere."""
    with socket.socket() as taken:
        taken.bind((local_server.HOST, 0))
        address = f"irc://{local_server.HOST}:{taken.getsockname()[1]}/#general"
        secret = {"EM_IRC_PASSWORD": "hush-server", "EM_IRC_SASL_PASSWORD": "hush-account"}
        done = em("join", address, "--model", "scripted", cwd=tmp_path, env=secret)
    assert done.returncode == 3 and "connection was refused" in done.stderr and "Traceback" not in done.stderr
    for path in [*(tmp_path / "data").rglob("*")]:
        assert path.is_dir() or b"hush" not in path.read_bytes()
    assert "hush" not in done.stderr + done.stdout
    assert "password" not in em("join", "--help", cwd=tmp_path).stdout.replace("EM_IRC", "").split("Options:")[1]


@pytest.mark.parametrize(
    ("options", "guard"),
    [
        ((), "openai/gpt-4o-mini"),
        (("--guard-model", "none"), None),
        (("--guard-model", "openai/gpt-4.1-nano"), "openai/gpt-4.1-nano"),
        (("--api-base", "http://127.0.0.1:9/v1"), None),
        (("--lead-dialect", "document"), None),
    ],
)
def test_a_hosted_lead_is_guarded_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], guard: str | None
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-fake")
    address = f"irc://{local_server.HOST}:9/#general"
    named = ("--model", "openai/gpt-4o-mini", "--run", "live", *options)
    done = inside.em("join", address, *named, cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    with Journal.read(tmp_path / "data" / "runs" / "live") as journal:
        assert journal.run.models.guards == guard and journal.run.models.judges is None


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (("join", "irc://irc.example.net/#general"), "unencrypted"),
        (("join", "ircs://irc.example.net/#x", "--operator", "*!*@*"), "let anybody in"),
        (("join", "ircs://irc.example.net/#x", "--nick", "a b"), "is not a valid nick"),
        (("join", "ircs://irc.example.net/#x", "--channel-header", "#nowhere"), "no channel `#nowhere`"),
        (("join", "ircs://irc.example.net/#x", "--judge-model", "scripted"), "nobody judges"),
        (("join", "ircs://irc.example.net/#x", "--ca-file", "nowhere.pem"), "nowhere.pem: no such file"),
        (("join", "ircs://irc.example.net/#x", "--ca-file", __file__), "holds no certificate; --ca-file names"),
        (("join", "ircs://irc.example.net/#x", "--bridge", "relay=<NICK>"), "`relay=<NICK>` does not say how"),
        (("join", "ircs://irc.example.net/#x", "--run", "../x"), "--run ../x"),
    ],
)
def test_what_cannot_be_done(tmp_path: Path, arguments: tuple[str, ...], cause: str) -> None:
    done = inside.em(*arguments, cwd=tmp_path)
    assert done.returncode == 2 and cause in done.stderr and not (tmp_path / "data").exists()
