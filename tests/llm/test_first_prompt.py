"""First prompts one after the other, and the pace that they tell."""

import asyncio

import pytest

from simulator.llm.first_prompt import Capacity, FirstPrompts


def test_a_slow_server_plays_fewer_sessions_at_once() -> None:
    prompts = FirstPrompts(8)
    assert prompts.capacity == Capacity(1, None), "one session goes ahead until the pace is known"
    for pace, sessions in ((5.0, 1), (60.0, 2), (120.0, 4), (1000.0, 8)):
        prompts.note((1600, pace))
        assert prompts.capacity == Capacity(sessions, pace)


def test_the_pace_leaves_out_what_a_cache_held() -> None:
    prompts = FirstPrompts(4)

    async def main() -> None:
        async with prompts.turn("s", None) as turn:
            for tokens in (1000.0, 1256.0, 1512.0):
                turn.read(tokens)
            began, ended = turn._signs[1][0], turn._signs[-1][0]
            assert turn.over() == pytest.approx((1512, 512 / (ended - began)))
        async with prompts.turn("s", None) as turn:
            turn.read(1600.0)
            assert turn.over() is None, "only a session's first prompt counts"

    asyncio.run(main())
