"""What a run will cost is told before anything is paid for."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.journal.model_choice import ModelChoice
from simulator.journal.records import Goal
from simulator.llm.model import Purpose
from simulator.runs.opening import SAMPLE, expected_price
from tests.cli import inside
from tests.worlds import shipped

GOAL = Goal(sessions=20)
CACHING = ("gemini/gemini-2.5-flash-lite", "openai/gpt-4o-mini", "openai/gpt-5-mini", "deepseek/deepseek-chat")


@pytest.mark.parametrize("model", CACHING)
def test_the_guard_is_a_small_part_of_what_a_run_costs_with_a_cache(model: str) -> None:
    choice = ModelChoice(people=model).with_defaults()
    found = expected_price(choice, shipped(), Goal(target_mb=15), 1)
    assert found is not None and found.cached.keys() == set(Purpose) and found.unknown == ()
    assert 0 < found.cached[Purpose.GUARD] < 0.15 * sum(found.cached.values()) < found.uncached


def test_it_grows_with_the_goal_and_with_what_is_played_twice() -> None:
    choice = ModelChoice(people=CACHING[0]).with_defaults()

    def usd(goal: Goal) -> float:
        found = expected_price(choice, shipped(), goal, 1)
        assert found is not None
        return found.uncached

    assert usd(Goal(sessions=10 * SAMPLE)) == pytest.approx(10 * usd(Goal(sessions=SAMPLE)))
    assert usd(Goal(sessions=20, oversample=2)) == pytest.approx(2 * usd(GOAL))
    assert usd(Goal(sessions=20, length="short")) < usd(GOAL) < usd(Goal(sessions=20, length="long"))


def test_what_costs_nothing_is_not_told_and_what_nobody_knows_is_named() -> None:
    assert expected_price(ModelChoice(), shipped(), GOAL, 1) is None
    own = ModelChoice(people="hosted_vllm/own", api_base=("http://127.0.0.1:9/v1",), guard=CACHING[1])
    found = expected_price(own, shipped(), GOAL, 1)
    assert found is not None and found.unknown == ("hosted_vllm/own",) and found.cached.keys() == {Purpose.GUARD}


def test_generate_tells_it_before_the_first_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    done = inside.em("generate", "--run", "x", "--sessions", "2", "--model", CACHING[0], cwd=tmp_path)
    assert done.returncode == 3 and "no key" in done.stderr
    assert "with prompt caching" in done.stderr and "judge $" in done.stderr and "guard $" in done.stderr
    assert done.stderr.index("guard $") < done.stderr.index("no key")
