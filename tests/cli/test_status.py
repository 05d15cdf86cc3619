"""What a status says besides its figures."""

from __future__ import annotations

import pytest

from simulator.cli.status import of_the_writers


@pytest.mark.parametrize(
    ("people", "lead", "told"),
    [
        ("embedded", None, True),
        ("embedded", "embedded", True),
        ("anthropic/some", "embedded", True),
        ("anthropic/some", None, False),
        ("scripted", None, False),
        ("imported", None, False),
    ],
)
def test_a_very_small_writer_is_named(people: str, lead: str | None, told: bool) -> None:
    assert ("very small" in (of_the_writers(people, lead) or "")) is told
