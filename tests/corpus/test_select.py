"""More sessions than are wanted: the best stay, and every cell keeps its number."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.corpus.select import Candidate, best
from simulator.plan.quota import Cell
from simulator.world.card import Engagement

CELLS = [Cell(level, "#general", "short", "identity", "everyday") for level in Engagement]


def some(*scores: float | None, cell: Cell = CELLS[0]) -> list[Candidate]:
    """One candidate a place."""
    return [Candidate(f"s{place}", cell, place, score=score) for place, score in enumerate(scores)]


@pytest.mark.parametrize(
    ("scores", "wanted", "kept"),
    [
        ((0.2, 0.9, 0.5), 1, {"s1"}),
        ((0.2, 0.9, 0.5), 2, {"s1", "s2"}),
        ((0.2, 0.9, 0.5), 5, {"s0", "s1", "s2"}),
        ((0.2, 0.9, 0.5), 0, set()),
        ((0.5, 0.5, 0.5), 2, {"s0", "s1"}),
        ((None, None, None), 2, {"s0", "s1"}),
        ((None, 0.0, None), 2, {"s1", "s0"}),
        ((), 2, set()),
    ],
)
def test_the_better_one_and_among_equals_the_earlier_one(
    scores: tuple[float | None, ...], wanted: int, kept: set[str]
) -> None:
    assert best(some(*scores), {CELLS[0]: wanted}) == kept


def test_a_cell_that_nobody_wants_keeps_nothing() -> None:
    assert best(some(0.5, cell=CELLS[1]), {CELLS[0]: 1}) == set()


def test_no_session_twice() -> None:
    with pytest.raises(ValueError, match="s0: twice"):
        best(some(0.5) * 2, {CELLS[0]: 1})


@st.composite
def runs(draw: st.DrawFn) -> tuple[list[Candidate], Counter[Cell]]:
    """A run whose every place has one session, some places a second one; wanted is one a place."""
    score = st.none() | st.sampled_from((0.0, 0.25, 0.5, 0.75, 1.0))
    places = draw(st.lists(st.sampled_from(CELLS), max_size=12))
    made = [Candidate(f"s{i}", cell, i, 0, draw(score)) for i, cell in enumerate(places)]
    made += [replace(c, id=c.id + ".1", attempt=1, score=draw(score)) for c in made if draw(st.booleans())]
    return made, Counter(places)


@given(runs(), st.randoms(use_true_random=False))
def test_every_cell_keeps_as_many_and_none_left_out_is_better(run: tuple[list[Candidate], Counter[Cell]], rng) -> None:
    candidates, wanted = run
    kept = best(candidates, wanted)
    assert Counter(c.cell for c in candidates if c.id in kept) == wanted

    def value(candidate: Candidate) -> float:
        return -1.0 if candidate.score is None else candidate.score

    for cell in CELLS:
        inside = [value(c) for c in candidates if c.cell == cell and c.id in kept]
        outside = [value(c) for c in candidates if c.cell == cell and c.id not in kept]
        assert not inside or not outside or min(inside) >= max(outside)
    rng.shuffle(candidates)
    assert best(candidates, wanted) == kept


@given(runs())
def test_one_after_the_other_ends_as_all_at_once(run: tuple[list[Candidate], Counter[Cell]]) -> None:
    candidates, wanted = run
    standing: list[Candidate] = []
    for candidate in candidates:
        kept = best([*standing, candidate], wanted)
        standing = [c for c in [*standing, candidate] if c.id in kept]
    assert {c.id for c in standing} == best(candidates, wanted)


@given(runs())
def test_without_more_sessions_or_without_scores_nothing_is_replaced(
    run: tuple[list[Candidate], Counter[Cell]],
) -> None:
    candidates, wanted = run
    firsts = [c for c in candidates if c.attempt == 0]
    assert best(firsts, wanted) == {c.id for c in firsts}
