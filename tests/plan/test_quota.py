"""After any number of sessions, every share is within one session of its target; what cannot be met is refused."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest

from simulator.errors import ContentError
from simulator.plan.quota import Cell, joint, sequence, targets
from tests.worlds import shipped

SHARES = joint(shipped().quota, lambda cell: True)


def test_the_joint_shares_have_the_marginals_of_the_policy() -> None:
    assert sum(SHARES.values()) == pytest.approx(1)
    for position, wanted in enumerate(targets(shipped().quota)):
        for value, share in wanted.items():
            got = sum(weight for cell, weight in SHARES.items() if cell.values()[position] == value)
            assert got == pytest.approx(share, abs=1e-5)


def test_politics_stay_where_they_belong() -> None:
    assert {cell.channel for cell in SHARES if cell.group == "politics"} == {"#culture-war"}


def test_the_home_channel_leans_to_higher_engagement() -> None:
    def high(channel: str) -> float:
        whole = sum(w for cell, w in SHARES.items() if cell.channel == channel)
        return sum(w for cell, w in SHARES.items() if cell.channel == channel and cell.engagement == "HIGH") / whole

    assert high("#shoggoth") > 1.3 * high("#general")


@pytest.mark.parametrize("seed", [1, 2, 99])
def test_every_share_is_within_one_session_at_every_point(seed: int) -> None:
    wanted = targets(shipped().quota)
    counts: list[Counter[str]] = [Counter() for _ in wanted]
    for number, cell in enumerate(islice(sequence(SHARES, shipped().quota, seed), 1500), 1):
        for count, value, shares in zip(counts, cell.values(), wanted, strict=True):
            count[value] += 1
            assert all(abs(count[v] - share * number) <= 1 + 1e-9 for v, share in shares.items())


def test_cells_come_as_often_as_their_share() -> None:
    count = Counter(islice(sequence(SHARES, shipped().quota, 1), 2000))
    assert max(abs(count[cell] - share * 2000) for cell, share in SHARES.items()) < 3


def test_one_length_alone_keeps_the_other_shares() -> None:
    only = joint(shipped().quota.only("short"), lambda cell: True)
    assert {cell.length for cell in only} == {"short"}
    assert sum(w for cell, w in only.items() if cell.engagement == "HIGH") == pytest.approx(0.2, abs=1e-5)


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        (lambda cell: cell.pattern == "identity", "patterns: identity"),
        (lambda cell: cell.channel == "#general" and cell.engagement != "LOW", "cannot be"),
        (lambda cell: cell.group == "politics", "topics: politics"),
    ],
)
def test_what_no_script_can_fill_is_named(missing, named: str) -> None:
    with pytest.raises(ContentError, match=named) as raised:
        joint(shipped().quota, lambda cell: not missing(cell))
    assert "policies/quota.yaml" in str(raised.value)


def test_a_cell_is_what_its_values_say() -> None:
    cell = next(iter(SHARES))
    assert Cell(cell.engagement, *cell.values()[1:]) == cell
