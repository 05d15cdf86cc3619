"""What stops a run from outside: a full disk, Ctrl-C twice, a second process, no money. Nothing told is lost."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from simulator.errors import StorageError
from simulator.journal.database import FILE
from simulator.journal.journal import Journal
from simulator.llm.model import CallId, Prompt, Purpose, ScriptedContext
from simulator.llm.scripted import Scripted
from tests.cli.em import EM, em
from tests.faults.killing import Uncut, play, rows
from tests.loopback import listening
from tests.worlds import exported

SCRIPTED = ("--model", "scripted", "--length", "short")
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.fixture(scope="module")
def uncut(tmp_path_factory: pytest.TempPathFactory) -> Uncut:
    return Uncut(tmp_path_factory.mktemp("uncut"))


# A full disk


@forks
@pytest.mark.parametrize("kilobytes", [60, 90, 140, 200])
def test_on_a_full_disk_the_run_stops_in_one_line_and_goes_on_when_there_is_room(
    tmp_path: Path, uncut: Uncut, kilobytes: int
) -> None:
    import resource

    folder = tmp_path / "run"
    child = os.fork()
    if child == 0:
        code = 1
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1000, kilobytes * 1000))
            play(folder)
        except StorageError as error:
            code = 3 if "em resume" in str(error) and "\n" not in str(error) else 4
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    play(folder)
    assert rows(folder) == uncut.rows
    assert exported(folder, tmp_path / "out") == uncut.files


# Ctrl-C


def _clean() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("EM_") and "API_KEY" not in key}


def test_a_second_ctrl_c_ends_at_once_and_loses_nothing(tmp_path: Path) -> None:
    command = [str(EM), "generate", "--run", "a", "--sessions", "20000", *SCRIPTED]
    child = subprocess.Popen(command, cwd=tmp_path, env=_clean(), stderr=subprocess.PIPE, text=True)
    folder = tmp_path / "data" / "runs" / "a"
    try:
        while (told := _events(folder)) < 30:
            assert child.poll() is None
        child.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            child.wait(0.03)  # else both are heard as one
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=60)
    finally:
        child.kill()
    assert child.returncode in (130, -signal.SIGINT)
    assert "interrupted; what a run has played is saved" in said
    assert not re.search("Traceback|Task exception|never awaited", said), said
    assert _events(folder) >= told
    with Journal.read(folder) as journal:
        for row in journal.sessions():
            assert [event.index for event in journal.events(row.plan.id)] == list(
                range(len(journal.events(row.plan.id)))
            )
        kept = journal.tally().kept
    assert em("resume", "a", "--sessions", str(kept + 1), cwd=tmp_path).returncode == 0


def _events(folder: Path) -> int:
    if not (folder / FILE).exists():
        return 0
    with Journal.read(folder) as journal:
        return sum(sum(nicks.values()) for nicks in journal.said().values())


# Two processes


def test_two_processes_that_begin_the_same_run_at_once(tmp_path: Path) -> None:
    """One plays it, the other is told so in one line; the run is what one process alone makes of it."""
    command = [str(EM), "generate", "--run", "a", "--sessions", "6", *SCRIPTED]
    both = [subprocess.Popen(command, cwd=tmp_path, env=_clean(), stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [child.communicate(timeout=120)[1] for child in both]
    assert sorted(child.returncode for child in both) == [0, 2], said
    refused = next(text for child, text in zip(both, said, strict=True) if child.returncode == 2)
    assert "another process is writing this run" in refused or "this run exists" in refused
    assert len([line for line in refused.splitlines() if line.startswith("em: ")]) == 1 and "Traceback" not in refused
    assert em("generate", "--run", "b", "--sessions", "6", *SCRIPTED, cwd=tmp_path).returncode == 0
    one, other = (rows(tmp_path / "data" / "runs" / name) for name in "ab")
    assert {table: one[table] for table in one if table != "run"} == {t: other[t] for t in other if t != "run"}


# No money


@asynccontextmanager
async def _priced() -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """A provider that counts a token for every four characters, as prices are by the token."""
    asked: list[dict[str, Any]] = []

    async def answer(request: web.Request) -> web.Response:
        body = await request.json()
        asked.append(body)
        prompt = Prompt(
            Purpose.PEOPLE,
            CallId(0),
            body["seed"],
            40,
            0.9,
            text="x ",
            scripted=ScriptedContext(topic="soup in the printer"),
        )
        said = (await Scripted().reply(prompt)).text
        count = len(json.dumps(body["messages"])) // 4
        usage = {"prompt_tokens": count, "completion_tokens": 20, "total_tokens": count + 20}
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": said}}
        whole = {"id": "1", "object": "chat.completion", "created": 1, "model": body["model"], "choices": [choice]}
        return web.json_response({**whole, "usage": usage})

    async with listening(answer) as address:
        yield f"{address}/v1", asked


def test_a_budget_of_a_cent(tmp_path: Path) -> None:
    """What does not fit is not begun, and what was begun is finished."""

    async def go() -> tuple[int, str, int]:
        async with _priced() as (base, asked):
            command = ["generate", "--run", "a", "--sessions", "50", "--length", "short", "--budget-usd", "0.01"]
            child = await asyncio.create_subprocess_exec(
                EM, *command, "--model", "openai/gpt-4o-mini", "--api-base", base, "--concurrency", "2",
                cwd=tmp_path, env=_clean() | {"OPENAI_API_KEY": "none"}, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            _, said = await asyncio.wait_for(child.communicate(), 120)
            return child.returncode, said.decode(), len(asked)

    code, said, asked = asyncio.run(go())
    assert code == 3, said
    assert re.search(r"em: --budget-usd: \$0\.0\d of \$0\.01 spent, and the next session may cost \$0\.\d+; ", said)
    assert "Traceback" not in said
    status = json.loads(em("status", "a", "--json", cwd=tmp_path).stdout)
    assert (status["open"], status["cost"]["total"]["calls"]) == (0, asked)
    assert asked > 0 and 0 < status["cost"]["total"]["dollars"] <= 0.01
