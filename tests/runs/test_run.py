"""A run: the same corpus at any concurrency, after any cut, with the quotas met at every point."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from simulator.errors import BudgetStop, ProviderError
from simulator.events import Said
from simulator.journal.journal import Journal
from simulator.journal.records import SessionRow
from simulator.line_checks.wording import own_words
from simulator.llm.first_prompt import Capacity
from simulator.llm.model import Billing, Models, Prompt, PromptFormat, Reply, Usage
from simulator.llm.progress import CallProgress
from simulator.llm.scripted import Scripted
from simulator.plan import quota
from simulator.runs.admission import RunLimits
from simulator.runs.notes import Began, Happened, RunNote, Settled
from simulator.runs.run import Run
from simulator.runs.settling import BLOCK
from tests.worlds import card, exported, play_run, scripted, shipped

SESSIONS = 6
ROOT = Path(__file__).resolve().parents[2]


class Cut(Exception):
    """Stands for the end of the process."""


class Counting:
    """A scripted model that counts what it is asked for: every answer is money."""

    def __init__(self, fail_after: int | None = None, dollars: float | None = None) -> None:
        self._inner, self._fail_after, self._dollars = Scripted(), fail_after, dollars
        self.name, self.dialect, self.context = "counting", self._inner.dialect, None
        self.answers: Counter[tuple[int, str]] = Counter()

    async def reply(self, prompt: Prompt) -> Reply:
        if self._fail_after is not None and self.answers.total() >= self._fail_after:
            raise ProviderError("is down", place="counting", remedy="wait")
        self.answers[prompt.seed, prompt.call_id] += 1
        reply = await self._inner.reply(prompt)
        if self._dollars is None:
            return reply
        return Reply(reply.text, "counting", Usage(10, 0, 10), Billing.KNOWN, self._dollars)

    async def aclose(self) -> None:
        pass


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What an uninterrupted run at concurrency 1 gives."""
    folder = tmp_path_factory.mktemp("whole")
    play_run(folder / "run", card(sessions=SESSIONS), concurrency=1)
    return exported(folder / "run", folder / "out")


@pytest.mark.parametrize("concurrency", [2, 8])
def test_the_same_seed_gives_the_same_bytes_at_any_concurrency(
    tmp_path: Path, whole: dict[str, bytes], concurrency: int
) -> None:
    play_run(tmp_path / "run", card(sessions=SESSIONS), concurrency=concurrency)
    assert exported(tmp_path / "run", tmp_path / "out") == whole


def test_another_seed_gives_another_corpus(tmp_path: Path, whole: dict[str, bytes]) -> None:
    play_run(tmp_path / "run", card(seed=2, sessions=SESSIONS))
    assert exported(tmp_path / "run", tmp_path / "out") != whole


@pytest.mark.parametrize("step", [1, 7, 40])
def test_cut_after_every_few_events_it_goes_on_as_if_nothing_had_been(
    tmp_path: Path, whole: dict[str, bytes], step: int
) -> None:
    """Stops again and again after `step` events until the goal is met; step 1 cuts after every single event."""
    sessions = SESSIONS if step > 1 else 2
    model, cuts = Counting(), 0

    def once() -> bool:
        seen = 0

        def watch(note: RunNote) -> None:
            nonlocal seen
            seen += isinstance(note, Happened)
            if seen >= step:
                raise Cut

        try:
            play_run(
                tmp_path / "run",
                card(sessions=sessions),
                concurrency=1,
                models=Models(model, model),
                watch=watch,
            )
        except BaseExceptionGroup as group:
            assert group.subgroup(Cut) is not None
            return False
        return True

    while not once():
        cuts += 1
        assert cuts < 3000
    assert cuts > 5
    assert max(model.answers.values()) == 1, "no answer was asked for twice"
    if sessions == SESSIONS:
        again = exported(tmp_path / "run", tmp_path / "out")
        assert {k: v for k, v in again.items() if k.startswith("conv")} == {
            k: v for k, v in whole.items() if k.startswith("conv")
        }


CHILD = """
import asyncio, os, signal, sys
from pathlib import Path
from simulator.journal.journal import Journal
from tests.worlds import card, play_run
fatal = int(sys.argv[2])
if fatal >= 0:
    writes = 0
    plain = Journal._write
    def write(self, sql, values):
        global writes
        writes += 1
        if writes == fatal:
            with self._db:
                self._db.execute(sql, values)  # in the transaction, not yet committed
                os.kill(os.getpid(), signal.SIGKILL)
        plain(self, sql, values)
    Journal._write = write
print("ready", flush=True)
play_run(Path(sys.argv[1]), card(sessions=int(sys.argv[3])), concurrency=3)
"""


def _child(folder: Path, fatal: int = -1) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), str(fatal), str(SESSIONS)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None and child.stdout.readline() == "ready\n"
    return child


@pytest.mark.parametrize("fatal", [1, 2, 3, 25, 26, 27, 150, 333])
def test_killed_in_the_middle_of_a_write(tmp_path: Path, whole: dict[str, bytes], fatal: int) -> None:
    child = _child(tmp_path / "run", fatal)
    assert child.wait(60) == -signal.SIGKILL
    play_run(tmp_path / "run", card(sessions=SESSIONS), concurrency=3)
    assert exported(tmp_path / "run", tmp_path / "out") == whole


def test_killed_at_any_instant_again_and_again(tmp_path: Path, whole: dict[str, bytes]) -> None:
    """Real processes, real SIGKILL, a little later each time; then it finishes."""
    killed = 0
    for milliseconds in range(5, 120, 12):
        child = _child(tmp_path / "run")
        time.sleep(milliseconds / 1000)  # the instant is the point here, nothing is waited for
        killed += child.poll() is None
        child.kill()
        child.wait(60)
    assert killed >= 2
    play_run(tmp_path / "run", card(sessions=SESSIONS), concurrency=8)
    assert exported(tmp_path / "run", tmp_path / "out") == whole


def test_every_share_is_within_one_session_of_its_target_at_every_point(tmp_path: Path) -> None:
    wanted = quota.targets(shipped().quota)
    counts: list[Counter[str]] = [Counter() for _ in wanted]
    kept = 0

    def watch(note: RunNote) -> None:
        nonlocal kept
        if isinstance(note, Settled) and note.verdict.keep:
            kept += 1
            plan = note.session
            for count, value in zip(counts, plan.cell.values(), strict=True):
                count[value] += 1
            for count, shares in zip(counts, wanted, strict=True):
                for value, share in shares.items():
                    assert abs(count[value] - share * kept) <= 1 + 1e-9, (value, kept)

    play_run(tmp_path / "run", card(sessions=60), watch=watch)
    assert kept == 60


def test_a_provider_that_dies_stops_the_run_and_loses_nothing(tmp_path: Path, whole: dict[str, bytes]) -> None:
    failing = Counting(fail_after=40)
    with pytest.raises(ProviderError):
        play_run(tmp_path / "run", card(sessions=SESSIONS), models=Models(failing, failing))
    with Journal.read(tmp_path / "run") as journal:
        assert sum(cost.calls for cost in journal.costs()) == 40
    play_run(tmp_path / "run", card(sessions=SESSIONS))
    assert {k: v for k, v in exported(tmp_path / "run", tmp_path / "out").items() if k.startswith("conv")} == {
        k: v for k, v in whole.items() if k.startswith("conv")
    }


def test_money_stops_cleanly(tmp_path: Path) -> None:
    """Nothing is begun that does not fit; what was begun is finished."""
    import asyncio

    model = Counting(dollars=0.01)
    with Journal.create(tmp_path / "run", card(sessions=50)) as journal:
        run = Run(
            journal,
            shipped(),
            Models(model, model),
            RunLimits(3, budget_usd=3.0, estimate_usd=lambda plan: plan.messages * 0.011),
        )
        with pytest.raises(BudgetStop):
            asyncio.run(run.go())
        spent = sum(cost.usd or 0 for cost in journal.costs())
        tally = journal.tally()
    assert 1.0 < spent <= 3.0
    assert tally.kept > 1
    assert tally.open == 0


class Slow(Counting):
    """Turns out to be slow with its third answer."""

    capacity = Capacity(1, None)

    async def reply(self, prompt: Prompt) -> Reply:
        if self.answers.total() == 2:
            self.capacity = Capacity(2, 40.0)
        return await super().reply(prompt)


def test_a_model_that_turns_out_slow_plays_fewer_sessions_at_once(tmp_path: Path) -> None:
    import asyncio

    model = Slow()
    notes: list[RunNote] = []
    with Journal.create(tmp_path / "run", card(sessions=SESSIONS)) as journal:
        limits = RunLimits(6, capacity=lambda: model.capacity)
        asyncio.run(Run(journal, shipped(), Models(model, model), limits, watch=notes.append).go())
    told = next(at for at, note in enumerate(notes) if isinstance(note, CallProgress))
    assert str(notes[told]) == "reads 40 tokens a second here, so 2 sessions at once instead of 6"
    began = [at for at, note in enumerate(notes) if isinstance(note, Began)]
    assert [at < told for at in began[:3]] == [True, False, False], "one goes ahead"
    over = next(at for at, note in enumerate(notes) if isinstance(note, Settled))
    assert began[2] > over, "the third waits for one of the two"
    assert sum(isinstance(note, CallProgress) for note in notes) == 1


def test_a_goal_in_megabytes(tmp_path: Path) -> None:
    play_run(tmp_path / "run", card(target_mb=0.05, length="short"), models=scripted())
    with Journal.read(tmp_path / "run") as journal:
        tally = journal.tally()
        assert {row.plan.cell.length for row in journal.sessions()} == {"short"}
    assert 50_000 <= tally.bytes < 65_000
    assert tally.open == 0


class Critic:
    """A judge that likes some sessions better than others, for no reason but their text."""

    name, dialect, context = "critic", PromptFormat.CHAT, None

    async def reply(self, prompt: Prompt) -> Reply:
        document = prompt.messages[-1].content
        policy = shipped().judge
        mark = policy.best - (sum(document.encode()) % 2)
        words = re.search(r"> ((?:\S+ ){4})", document)
        assert words is not None
        marks = {item.name: {"mark": mark, "message": 0, "words": words[1].strip()} for item in policy.items}
        return Reply(json.dumps(marks), "critic")

    async def aclose(self) -> None:
        pass


@pytest.mark.parametrize("concurrency", [1, 8])
def test_oversampling_keeps_the_best_of_each_place(tmp_path: Path, concurrency: int) -> None:
    model = Scripted()
    models = Models(model, model, Critic())
    play_run(
        tmp_path / "run", card(sessions=12, oversample=2.5, length="short"), models=models, concurrency=concurrency
    )
    places: dict[int, list[tuple[str, float | None]]] = {}
    with Journal.read(tmp_path / "run") as journal:
        for row in journal.sessions():
            if row.state in ("kept", "spare"):
                places.setdefault(row.plan.number, []).append((row.state, row.score))
        assert journal.tally().kept == 12
    assert {len(those) for those in places.values()} == {2, 3}
    for those in places.values():
        assert [state for state, _ in those].count("kept") == 1
        kept = next(score for state, score in those if state == "kept")
        assert kept is not None and all(kept >= (score or 0) for _, score in those)
    assert len({score for those in places.values() for _, score in those}) > 1


def test_an_oversampled_run_goes_on_with_the_candidates_it_has(tmp_path: Path) -> None:
    model = Scripted()
    models = Models(model, model, Critic())
    run = card(sessions=8, oversample=2.0, length="short")
    play_run(tmp_path / "whole", run, models=models, concurrency=2)
    settled = 0

    def watch(note: RunNote) -> None:
        nonlocal settled
        settled += isinstance(note, Settled)
        if settled == 3:
            raise Cut

    with pytest.raises(BaseExceptionGroup):
        play_run(tmp_path / "cut", run, models=models, concurrency=2, watch=watch)
    play_run(tmp_path / "cut", run, models=models, concurrency=2)
    assert exported(tmp_path / "cut", tmp_path / "a") == exported(tmp_path / "whole", tmp_path / "b")


def test_the_phrase_budget_makes_the_lead_find_other_words(tmp_path: Path) -> None:
    """From the third block on she is told what she has worn out, and no longer says it unless nothing else will do."""
    play_run(tmp_path / "run", card(sessions=160, length="short"), concurrency=8)
    with Journal.read(tmp_path / "run") as journal:
        rows = list(journal.sessions("kept"))
        worn = {row.plan.number // BLOCK: row.plan.script.avoid for row in rows}
        assert worn[0] == worn[1] == () and worn[2]
        openings = {phrase for phrase in worn[2] if phrase.count(" ") == 1}

        def share(those: list[SessionRow]) -> float:
            said = [
                e
                for row in those
                for e in journal.events(row.plan.id)
                if isinstance(e, Said) and e.nick == row.plan.setting.lead
            ]
            return sum(" ".join(own_words(e.text)[:2]) in openings for e in said) / len(said)

        before, after = share(rows[:BLOCK]), share(rows[2 * BLOCK :])
        assert journal.retried()["phrase-budget"] > 0
    assert after < 0.7 * before
