"""Sessions on other machines: real Ray clusters of several nodes on this one, killed in the middle."""

from __future__ import annotations

import asyncio
import os
import pickle
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from simulator.cluster.stage import Cluster, ClusterSize, ClusterWatcher, connected, processors
from simulator.cluster.worker import SessionStep, Stepwise, Worker
from simulator.errors import BudgetStop, EmError, ProviderError, UsageError
from simulator.journal.journal import Journal
from simulator.llm.model import Prompt, Reply
from simulator.llm.registry import open_models
from simulator.llm.retry import FailureKind, GaveUp
from simulator.llm.scripted import Scripted
from simulator.plan.planner import single
from simulator.runs.admission import RunLimits
from simulator.runs.run import Run
from simulator.session.play import play
from tests import till
from tests.cli.em import EM, em
from tests.worlds import card, exported, play_run, scripted, shipped

SESSIONS = 6
ROOT = Path(__file__).resolve().parents[2]
HELD = 40
"""Calls after which the till stops answering: no session is over by then."""
STORE = 75 << 20
"""Ray's least."""
KEY = "sk-of-nobody-" + secrets.token_hex(8)


class Asked:
    """A scripted model that counts, and fails at the call that it is told to."""

    def __init__(self, fails_at: int | None = None) -> None:
        self._inner, self._fails_at, self.calls = Scripted(), fails_at, 0
        self.name, self.dialect, self.context = self._inner.name, self._inner.dialect, None

    async def reply(self, prompt: Prompt) -> Reply:
        self.calls += 1
        if self.calls == self._fails_at:
            raise GaveUp("is down", place="asked", remedy="wait", failures=(FailureKind.LATE, FailureKind.BUSY))
        return await self._inner.reply(prompt)

    async def aclose(self) -> None:
        pass


def _models(model: Any) -> Any:
    return type(scripted())(model, model)


PLAN = single(shipped(), 3)


def _whole() -> list[Any]:
    async def go() -> list[Any]:
        return [event async for event in play(PLAN, shipped(), scripted())]

    return asyncio.run(go())


def test_a_session_step_by_step_is_the_same_session() -> None:
    """No step asks more than one question, and none is asked before the step before is handed over."""

    async def go() -> tuple[list[SessionStep], list[int]]:
        model = Asked()
        session = Stepwise(PLAN, shipped(), _models(model), (), {})
        steps, calls = [], []
        while not steps or not steps[-1].over:
            steps.append(await session.step())
            for _ in range(20):
                await asyncio.sleep(0)  # it would go on now if it did
            calls.append(model.calls)
        return steps, calls

    steps, calls = asyncio.run(go())
    assert [event for step in steps for event in step.events] == _whole()
    assert calls == list(range(len(steps)))
    assert [step.paid is not None for step in steps] == [False] + [True] * (len(steps) - 1)
    keys = [step.paid.prompt.call_id for step in steps if step.paid]
    assert len(set(keys)) == len(keys) == calls[-1]


@pytest.mark.parametrize("cut", [1, 2, 5, 9])
def test_what_is_known_is_not_asked_again(cut: int) -> None:
    async def go() -> tuple[list[Any], int]:
        first = Stepwise(PLAN, shipped(), scripted(), (), {})
        steps = [await first.step() for _ in range(cut)]
        assert not steps[-1].over
        await first.aclose()
        known = {step.paid.prompt.call_id: step.paid.reply for step in steps if step.paid}
        # The last step's events are lost, its answer is not.
        past = [event for step in steps[:-1] for event in step.events]
        model = Asked()
        second = Stepwise(PLAN, shipped(), _models(model), past, known)
        events = list(past)
        while True:
            step = await second.step()
            assert step.paid is None or step.paid.prompt.call_id not in known
            events += step.events
            if step.over:
                return events, model.calls + len(known)

    events, calls = asyncio.run(go())
    assert events == _whole()
    model = Asked()

    async def count() -> None:
        async for _ in play(PLAN, shipped(), _models(model)):
            pass

    asyncio.run(count())
    assert calls == model.calls


def test_a_model_that_fails_ends_the_session_with_its_error() -> None:
    async def go() -> list[SessionStep]:
        session = Stepwise(PLAN, shipped(), _models(Asked(fails_at=3)), (), {})
        steps = [await session.step()]
        while not steps[-1].over:
            steps.append(await session.step())
        return steps

    steps = asyncio.run(go())
    last = pickle.loads(pickle.dumps(steps[-1]))
    assert isinstance(last.error, ProviderError) and str(last.error) == "asked: is down; wait"
    assert last.failed is not None and last.failed.failures == (FailureKind.LATE, FailureKind.BUSY)
    assert sum(step.paid is not None for step in steps) == 2


@pytest.mark.parametrize(
    ("version", "named", "cause"),
    [("0.0.0", "scripted", "this machine has emsim"), (None, "gguf:nowhere.gguf", "No such file")],
)
def test_a_machine_that_is_not_ready_says_why(version: str | None, named: str, cause: str, tmp_path: Path) -> None:
    from simulator import __version__

    worker = Worker(shipped(), partial(open_models, named, None, None), Path.cwd())
    error = asyncio.run(worker.open(version or __version__))
    assert isinstance(error, UsageError) and cause in str(error)


def test_without_ray_one_line_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "ray.py").write_text("raise ImportError\n")
    done = em(
        *("generate", "--run", "a", "--sessions", "1", "--model", "scripted", "--engine", "ray"),
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "em: --engine ray: Ray is not installed; install it with `pip install 'emsim[ray]'`"
    )


def test_an_address_is_rays(tmp_path: Path) -> None:
    done = em("generate", "--run", "a", "--sessions", "1", "--address", "auto", cwd=tmp_path)
    assert done.returncode == 2 and "--engine ray" in done.stderr


def test_a_cluster_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        done = em(
            *("generate", "--run", "a", "--sessions", "1", "--model", "scripted"),
            *("--engine", "ray", "--address", address),
            cwd=tmp_path,
        )
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1].startswith(f"em: --address {address}: ") and "ray start" in done.stderr


# with Ray


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head that plays nothing and two machines with a processor each."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
            "RAY_USAGE_STATS_ENABLED": "0",
            "NOBODYS_API_KEY": KEY,
        }.items():
            patch.setenv(name, value)
        from ray.cluster_utils import Cluster as Machines

        machines = Machines(
            initialize_head=True,
            head_node_args={"num_cpus": 0, "object_store_memory": STORE, "include_dashboard": False},
        )
        for _ in range(2):
            machines.add_node(num_cpus=1, object_store_memory=STORE)
        try:
            yield machines
        finally:
            machines.shutdown()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a run in one process gives."""
    folder = tmp_path_factory.mktemp("whole")
    play_run(folder / "run", card(sessions=SESSIONS))
    return exported(folder / "run", folder / "out")


def _conversations(files: dict[str, bytes]) -> dict[str, bytes]:
    """What was said; the rest tells what it cost as well."""
    return {name: content for name, content in files.items() if name.startswith("conv")}


async def _play(ray: Any, journal: Journal, opening: Any, said: list[str] | None = None, **how: Any) -> None:
    say = (said if said is not None else []).append
    async with Cluster(ray, journal, shipped(), opening, ClusterSize(2), ClusterWatcher(say=say)) as stage:
        await Run(journal, shipped(), scripted(), RunLimits(8, **how), runner=stage).go()


def test_the_command_gives_the_same_bytes_and_leaves_no_key(
    cluster: Any, whole: dict[str, bytes], tmp_path: Path
) -> None:
    done = em(
        *("generate", "--run", "a", "--sessions", str(SESSIONS), "--model", "scripted"),
        *("--engine", "ray", "--address", cluster.address),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "ray: 2 machines, 2 processors" in done.stderr and len(done.stderr.splitlines()) == 4
    assert _conversations(exported(tmp_path / "data" / "runs" / "a", tmp_path / "out")) == _conversations(whole)
    logs = [path for path in Path(cluster.head_node.get_session_dir_path()).rglob("*") if path.is_file()]
    assert len(logs) > 10
    assert not [path for path in logs if KEY.encode() in path.read_bytes()]


def test_money_and_errors_stop_a_run_as_they_do_in_one_process(cluster: Any, tmp_path: Path) -> None:
    async def go(ray: Any, journal: Journal) -> None:
        async with till.till() as sold:
            guess = {"budget_usd": 3.0, "estimate_usd": lambda plan: plan.messages * 0.011}
            await _play(ray, journal, partial(till.opened, sold.base), **guess)

    with connected(cluster.address) as ray:
        with Journal.create(tmp_path / "dear", card(sessions=50)) as journal:
            with pytest.raises(BudgetStop):
                asyncio.run(go(ray, journal))
            assert journal.tally().open == 0 and journal.tally().kept > 1
            assert 1.0 < journal.spent() <= 3.0
        with Journal.create(tmp_path / "none", card(sessions=3)) as journal:
            nowhere = partial(open_models, "gguf:nowhere.gguf", None, None)
            with pytest.raises(EmError, match="No such file"):
                asyncio.run(_play(ray, journal, nowhere))


CHILD = """
import asyncio, sys
from functools import partial
from pathlib import Path
from simulator.cluster.stage import connected
from simulator.journal.journal import Journal
from tests import till
from tests.cluster.test_stage import SESSIONS, _play
from tests.worlds import card
with connected(None) as ray, Journal.create(Path(sys.argv[1]), card(sessions=SESSIONS)) as journal:
    asyncio.run(_play(ray, journal, partial(till.opened, sys.argv[2])))
"""


def test_killed_with_a_cluster_of_its_own_it_leaves_nothing_running_and_goes_on(
    whole: dict[str, bytes], tmp_path: Path
) -> None:
    """The process that holds the journal gets a real SIGKILL; whatever plays or keeps things goes with it."""
    folder = tmp_path / "run"
    brief = tempfile.mkdtemp(prefix="em-")  # for sockets, whose paths must be short
    clean = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")} | {"TMPDIR": brief}

    async def go() -> tuple[Counter[till.Sold], Counter[till.Sold]]:
        async with till.till(last=HELD) as sold:
            child = subprocess.Popen([sys.executable, "-c", CHILD, str(folder), sold.base], cwd=ROOT, env=clean)
            try:
                async with asyncio.timeout(90):
                    await sold.full.wait()
                    while sold.waiting.total() < SESSIONS:
                        await asyncio.sleep(0.01)
                # Ray's two agents play nothing and go within about a minute, when their last report finds no server.
                below = psutil.Process(child.pid).children(recursive=True)
                started = [process for process in below if "Agent" not in process.name()]
                assert len(started) > 3
            finally:
                child.kill()
                child.wait()
            _, alive = await asyncio.to_thread(psutil.wait_procs, started, timeout=60)
            assert not alive
            return sold.sold.copy(), sold.waiting.copy()

    try:
        sold, held = asyncio.run(go())
    finally:
        shutil.rmtree(brief, ignore_errors=True)
    assert set(sold.values()) == {1}
    with Journal.read(folder) as journal:
        known = till.recorded(journal)
    assert set(sold) - set(known) == set(held) and not set(known) - set(sold), "all but what was under way is on disk"

    async def rest() -> Counter[till.Sold]:
        async with till.till() as again:
            with Journal.open(folder) as journal:
                await Run(journal, shipped(), await till.opened(again.base), RunLimits(4)).go()
        return again.sold

    later = asyncio.run(rest())
    assert not set(later) & set(known)
    assert _conversations(exported(folder, tmp_path / "out")) == _conversations(whole)


def test_ctrl_c_saves_and_says_so(cluster: Any, tmp_path: Path) -> None:
    command = subprocess.Popen(
        [
            *(EM, "generate", "--run", "a", "--sessions", "100000", "--model", "scripted", "--length", "short"),
            *("--engine", "ray", "--address", cluster.address),
        ],
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if not k.startswith("EM_")},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        journal = tmp_path / "data" / "runs" / "a"
        while command.poll() is None and not _kept(journal):
            with suppress(subprocess.TimeoutExpired):
                command.wait(timeout=0.1)
        command.send_signal(signal.SIGINT)
        _, told = command.communicate(timeout=60)
    finally:
        command.kill()
        command.wait()
    assert command.returncode == 130, told
    assert told.splitlines()[-1] == "em: interrupted; what a run has played is saved"
    assert _kept(journal)


def test_a_node_is_killed_and_nothing_is_paid_twice(cluster: Any, whole: dict[str, bytes], tmp_path: Path) -> None:
    """Kills one of two nodes while every session waits for an answer; the run goes on elsewhere to the same bytes."""
    said: list[str] = []
    held: Counter[till.Sold] = Counter()
    known: Counter[till.Sold] = Counter()

    async def go(ray: Any, journal: Journal) -> Counter[till.Sold]:
        async with till.till(last=HELD) as sold, asyncio.TaskGroup() as group:
            group.create_task(_play(ray, journal, partial(till.opened, sold.base), said))
            await sold.full.wait()
            while sold.waiting.total() < SESSIONS:  # every session that is open waits for an answer
                await asyncio.sleep(0.01)
            held.update(sold.waiting)
            known.update(till.recorded(journal))
            victim = cluster.worker_nodes.copy().pop()
            await asyncio.to_thread(cluster.remove_node, victim, allow_graceful=False)
            cluster.add_node(num_cpus=1, object_store_memory=STORE)
            sold.last = None
            sold.go_on.set()
        return sold.sold

    with connected(cluster.address) as ray, Journal.create(tmp_path / "run", card(sessions=SESSIONS)) as journal:
        assert processors(ray) == [1, 1]
        sold = asyncio.run(go(ray, journal))
        paid = till.recorded(journal)
    assert said and "a worker is lost" in said[0]
    assert held.total() == SESSIONS and known.total() >= HELD - SESSIONS
    assert set(paid) == set(sold) and set(paid.values()) == {1}
    twice = Counter({key: count for key, count in sold.items() if count > 1})
    assert 0 < twice.total() - len(twice) == sold.total() - paid.total() < held.total(), "one node's share is lost"
    assert set(twice) <= set(held), "only what was under way"
    assert not set(twice) & set(known), "and nothing that was on record"
    assert _conversations(exported(tmp_path / "run", tmp_path / "out")) == _conversations(whole)


def _kept(folder: Path) -> int:
    try:
        with Journal.read(folder) as journal:
            return journal.tally().kept
    except EmError:
        return 0
