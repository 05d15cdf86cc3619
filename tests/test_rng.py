from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simulator import rng


@given(st.integers(), st.lists(st.one_of(st.integers(), st.text()), max_size=4))
def test_a_stream_depends_on_its_name_alone(seed: int, path: list[object]) -> None:
    first = rng.stream(seed, *path)
    rng.stream(seed, "another").random()
    assert first.random() == rng.stream(seed, *path).random()
    assert 0 <= rng.number(seed, *path) < 2**63


def test_streams_with_other_names_differ() -> None:
    drawn = {rng.stream(1, "turn", number).random() for number in range(1000)}
    assert len(drawn) == 1000
