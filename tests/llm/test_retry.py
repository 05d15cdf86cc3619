from __future__ import annotations

import asyncio

import pytest

from simulator.errors import ProviderError
from simulator.llm import retry


def persist(failures: list[Exception], pauses: list[float]) -> tuple[str, tuple[str, ...]]:
    async def once() -> str:
        if failures:
            raise failures.pop(0)
        return "fine"

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    return asyncio.run(retry.persist(once, place="m", key=(1, "0.0"), sleep=sleep))


def trouble(wait: float | None = None) -> retry.Transient:
    return retry.Transient("it failed", remedy="wait", wait=wait)


def test_waits_grow_and_come_from_the_name_of_the_call() -> None:
    first: list[float] = []
    again: list[float] = []
    assert persist([trouble() for _ in range(4)], first) == ("fine", (retry.FailureKind.FAILED,) * 4)
    persist([trouble() for _ in range(4)], again)
    assert first == again
    assert all(low <= wait <= high for wait, low, high in zip(first, (0.5, 1.5, 4.5, 13.5), (1, 3, 9, 27), strict=True))


def test_a_pause_that_the_server_asks_for_is_kept() -> None:
    pauses: list[float] = []
    persist([trouble(20.0)], pauses)
    assert 20 <= pauses[0] <= 21


@pytest.mark.parametrize(("wait", "attempts"), [(None, 5), (3600.0, 5)])
def test_it_ends_with_place_cause_and_remedy(wait: float | None, attempts: int) -> None:
    pauses: list[float] = []
    with pytest.raises(retry.GaveUp, match=r"m: it failed \(.*\); wait") as caught:
        persist([trouble(wait) for _ in range(9)], pauses)
    assert len(pauses) == attempts - 1
    assert caught.value.failures == (retry.FailureKind.FAILED,) * attempts


def test_other_exceptions_are_not_retried() -> None:
    pauses: list[float] = []
    with pytest.raises(ProviderError, match="gone"):
        persist([ProviderError("gone")], pauses)
    assert pauses == []
