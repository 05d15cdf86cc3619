from __future__ import annotations

import asyncio

from simulator.llm.gate import Gate


def test_never_more_than_the_limit_and_everybody_gets_in() -> None:
    async def main() -> None:
        gate, inside, done = Gate(3), 0, 0

        async def call() -> None:
            nonlocal inside, done
            async with gate:
                inside += 1
                assert inside <= 3
                await asyncio.sleep(0)
                inside -= 1
                done += 1

        await asyncio.gather(*(call() for _ in range(20)))
        assert (done, gate.busy) == (20, 0)

    asyncio.run(main())


def test_a_round_of_refusals_halves_once_and_success_gives_back() -> None:
    async def main() -> None:
        gate = Gate(8)

        async def refused() -> None:
            async with gate as round:
                await asyncio.sleep(0)
                gate.crowded(round)

        await asyncio.gather(*(refused() for _ in range(8)))
        assert gate.limit == 4
        for _ in range(40):
            async with gate:
                gate.fine()
        assert gate.limit == 8
        for _ in range(10):
            await refused()
        assert gate.limit == 1

    asyncio.run(main())


def test_a_cancelled_call_leaves_no_hole() -> None:
    async def main() -> None:
        gate, order = Gate(1), []

        async def call(name: str) -> None:
            async with gate:
                order.append(name)

        async with gate:
            tasks = [asyncio.create_task(call(name)) for name in "abc"]
            await asyncio.sleep(0)
            tasks[0].cancel()
        tasks[1].cancel()  # its turn has come, and it has not begun
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (order, gate.busy) == (["c"], 0)

    asyncio.run(main())
