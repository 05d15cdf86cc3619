"""Packing never changes what an optimizer step sees."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as some

from simulator.train.packing import make_schedule
from simulator.train.settings import change_settings, read_settings
from simulator.world.load import shipped

PLAN = read_settings(shipped() / "policies" / "training.yaml", ["sequence_len=100"])
LENGTHS = some.lists(some.integers(1, 100), min_size=1, max_size=60)


def documents(made, lengths) -> list[Counter]:
    return [
        Counter(place for group in made.sequences[first : first + made.per_step] for place in group)
        for first in range(0, len(made.sequences), made.per_step)
    ]


@settings(max_examples=60, deadline=None)
@given(LENGTHS, some.integers(1, 20), some.integers(1, 3), some.integers(1, 4), some.integers(0, 5))
def test_every_step_sees_the_same_documents_however_they_are_laid(
    lengths: list[int], accumulation: int, micro: int, processes: int, seed: int
) -> None:
    so = {"gradient_accumulation_steps": accumulation, "micro_batch_size": micro, "seed": seed}
    packed = make_schedule(lengths, change_settings(PLAN, so), processes)
    apart = make_schedule(lengths, change_settings(PLAN, so | {"packing": False}))
    assert packed.steps == apart.steps == -(-len(lengths) // (accumulation * micro))
    assert documents(packed, lengths) == documents(apart, lengths)
    assert sum(documents(packed, lengths), Counter()) == Counter(range(len(lengths)))
    sizes = [each.total() for each in documents(packed, lengths)]
    assert max(sizes) - min(sizes) <= 1
    assert packed.per_step % processes == 0
    assert len(packed.sequences) == packed.steps * packed.per_step
    assert all(sum(lengths[place] for place in group) <= 100 for group in packed.sequences)
    assert packed.per_step - processes < max(apart.per_step, 1)


def test_epochs_have_orders_of_their_own() -> None:
    made = make_schedule([10] * 32, change_settings(PLAN, {"num_epochs": 2, "gradient_accumulation_steps": 4}))
    seen = documents(made, [10] * 32)
    assert made.steps == 16
    assert sum(seen[:8], Counter()) == sum(seen[8:], Counter())
    assert seen[:8] != seen[8:]


def test_the_seed_orders_the_documents() -> None:
    one, again, other = (make_schedule([10] * 40, change_settings(PLAN, {"seed": seed})) for seed in (1, 1, 2))
    assert one == again != other


def test_the_plans_steps() -> None:
    """4 M tokens, 60 % short documents and 40 % long: 174 steps of 16, where packing by tokens would leave 31."""
    lengths = ([500] * 3 + [3000] * 2) * 560
    full = read_settings(shipped() / "policies" / "training.yaml")
    assert make_schedule(lengths, full).steps == 175
    assert make_schedule(lengths, full).per_step < 16
