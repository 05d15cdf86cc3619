"""Runs are begun, gone on with and refused through one typed request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.errors import EmError, UsageError
from simulator.journal.database import FILE
from simulator.journal.journal import Journal
from simulator.journal.model_choice import IMPORTED, ModelChoice
from simulator.journal.records import Goal
from simulator.runs.notes import Answered, Asking, Began, Happened, RunNote, Settled, Unseen
from simulator.runs.request import Engine, Execution, ResumeRequest, RunRequest, SessionRequest
from simulator.runs.service import play_session, resume, start
from tests import builders
from tests.worlds import shipped

SCRIPTED = ModelChoice(people="scripted")
UNPRICED = ModelChoice(people="openai/nobody-knows")
TWO = Goal(sessions=2, length="short")


class Listener(Unseen):
    """Keeps every note."""

    def __init__(self) -> None:
        self.notes: list[RunNote] = []

    def note(self, note: RunNote) -> None:
        self.notes.append(note)


def begun(folder: Path, **fields: object) -> RunRequest:
    return RunRequest(folder, "trial", TWO, **{"models": SCRIPTED, **fields})


def test_a_run_is_begun_and_gone_on_with(tmp_path: Path) -> None:
    asyncio.run(start(begun(tmp_path / "run"), shipped()))
    asyncio.run(resume(ResumeRequest(tmp_path / "run", sessions=3), shipped()))
    with Journal.read(tmp_path / "run") as journal:
        assert journal.run.models == SCRIPTED and journal.tally().kept == 3
        assert journal.run.goal == TWO.model_copy(update={"sessions": 3})


REFUSED: dict[str, tuple[Callable[[Path], RunRequest | ResumeRequest], type[EmError], str]] = {
    "a name that no run can have": (lambda folder: RunRequest(folder, "../x", TWO, 1, SCRIPTED), EmError, "--run"),
    "a run that exists": (lambda folder: begun(folder.parent / "there"), UsageError, "exists"),
    "no such run": (ResumeRequest, UsageError, "no such run"),
    "lines of people": (lambda folder: ResumeRequest(folder.parent / "people"), UsageError, "made from logs"),
    "other content": (lambda folder: ResumeRequest(folder.parent / "other"), UsageError, "was begun with the content"),
    "a real model's lines": (
        lambda folder: ResumeRequest(folder.parent / "real", models=SCRIPTED), UsageError, "real model's lines"
    ),
    "a budget without a price": (
        lambda folder: begun(folder, models=UNPRICED, execution=Execution(budget_usd=1)),
        UsageError, "no price is known",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_played_is_refused_and_leaves_nothing_behind(case: str, tmp_path: Path) -> None:
    world = shipped().digest
    for name, card in {
        "there": builders.run_card(world=world, models=SCRIPTED),
        "people": builders.run_card(world=world, models=ModelChoice(people=IMPORTED)),
        "other": builders.run_card(models=SCRIPTED),
        "real": builders.run_card(world=world),
    }.items():
        with Journal.create(tmp_path / name, card):
            pass
    made, error, cause = REFUSED[case]
    request = made(tmp_path / "run")
    going = start(request, shipped()) if isinstance(request, RunRequest) else resume(request, shipped())
    with pytest.raises(error, match=cause):
        asyncio.run(going)
    assert not (tmp_path / "run").exists()
    assert (tmp_path / "there" / FILE).exists()


def test_a_run_whose_models_cannot_be_asked_leaves_its_name_free(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="nowhere"):
        asyncio.run(start(begun(tmp_path / "run", models=ModelChoice(people="gguf:nowhere.gguf")), shipped()))
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("engine", "cause"),
    [((False, "auto"), "--engine ray"), ((True, "x"), "--address `x`"), ((True, "host:port"), "HOST:PORT")],
)
def test_an_address_is_one_of_a_ray_cluster(engine: tuple[bool, str], cause: str) -> None:
    with pytest.raises(UsageError) as refused:
        Engine(*engine)
    assert cause in str(refused.value)


def test_a_single_session_is_noted_from_beginning_to_verdict() -> None:
    listener = Listener()
    played = asyncio.run(play_session(SessionRequest(3, SCRIPTED, messages=12), shipped(), listener))
    assert len([event for event in played.events if event.kind in ("said", "acted")]) >= 12 == played.plan.messages
    assert listener.notes[0] == Began(played.plan)
    assert listener.notes[-1] == Settled(played.plan, played.verdict, 0)
    assert tuple(note.event for note in listener.notes if isinstance(note, Happened)) == played.events
    asked = [note for note in listener.notes if isinstance(note, Asking | Answered)]
    assert [type(note) for note in asked] == [Asking, Answered] * (len(asked) // 2) and asked


def test_a_role_s_parameters_reach_the_body_of_its_requests(tmp_path: Path) -> None:
    """And are kept with the run, so that it goes on with them."""
    import json

    from aiohttp import web

    from simulator.llm.model import Purpose
    from tests.loopback import listening

    bodies: list[dict[str, object]] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.method != "POST":
            return web.json_response({"error": {"message": "Not Found"}}, status=404)
        bodies.append(json.loads(await request.read()))
        choice = {"index": 0, "message": {"role": "assistant", "content": "soup"}, "finish_reason": "stop"}
        return web.json_response({"id": "c1", "object": "chat.completion", "model": "it", "choices": [choice]})

    async def go() -> None:
        async with listening(handle) as base:
            params = {Purpose.PEOPLE: {"top_k": 7, "extra_body": {"think": False}}}
            models = ModelChoice(people="hosted_vllm/it", lead="scripted", api_base=(f"{base}/v1",), params=params)
            with pytest.raises(EmError):
                await start(begun(tmp_path / "run", models=models), shipped())

    asyncio.run(go())
    assert bodies and all((body["top_k"], body["think"]) == (7, False) for body in bodies)
    with Journal.read(tmp_path / "run") as journal:
        assert journal.run.models.params == {Purpose.PEOPLE: {"top_k": 7, "extra_body": {"think": False}}}
