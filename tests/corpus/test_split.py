from collections import Counter
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.corpus import export


def _strata(counts):
    cells = product(("HIGH", "LOW", "MEDIUM"), ("long", "short"), ("boundaries", "identity"))
    return [(*cell, f"s{i}-{j}") for i, (cell, n) in enumerate(zip(cells, counts, strict=True)) for j in range(n)]


@given(st.lists(st.integers(0, 40), min_size=12, max_size=12), st.integers(0, 2**32), st.floats(0.01, 0.5))
def test_every_stratum_has_its_share_to_within_one_session(counts, seed, share):
    strata = _strata(counts)
    chosen = export.choose_validation(strata, share, seed)
    if len(strata) < 2:
        assert not chosen
        return
    assert len(chosen) == min(max(int(share * len(strata) + 0.5), 1), len(strata) - 1)
    exact = len(chosen) / len(strata)
    for depth in (1, 2, 3):
        total = Counter(s[:depth] for s in strata)
        held = Counter(s[:depth] for s in strata if s[3] in chosen)
        assert all(abs(held[cell] - exact * n) < 1 + 1e-9 for cell, n in total.items())


@pytest.mark.parametrize(("sessions", "held_out"), [(0, 0), (1, 0), (2, 1), (3, 1), (19, 1), (20, 1), (40, 2), (50, 3)])
def test_a_small_corpus_holds_out_one_as_soon_as_there_are_two(sessions, held_out):
    assert (
        len(export.choose_validation([("LOW", "short", "identity", f"s{i}") for i in range(sessions)], 0.05, 3))
        == held_out
    )


def test_no_share_holds_out_nothing():
    assert export.choose_validation(_strata([3] * 12), 0, 1) == frozenset()


def test_the_choice_depends_on_the_seed_and_not_on_the_order():
    strata = _strata([9] * 12)
    assert export.choose_validation(strata, 0.2, 1) == export.choose_validation(strata[::-1], 0.2, 1)
    assert export.choose_validation(strata, 0.2, 1) != export.choose_validation(strata, 0.2, 2)
