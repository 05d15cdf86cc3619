from __future__ import annotations

import asyncio
import heapq

import pytest

from simulator.llm.router import FIRST, TOLERANCE, AdaptiveLimit


def test_never_more_than_the_limit_and_everybody_gets_in() -> None:
    async def main() -> None:
        gate, inside, done = AdaptiveLimit(3), 0, 0

        async def call() -> None:
            nonlocal inside, done
            async with gate:
                inside += 1
                assert inside <= 3
                await asyncio.sleep(0)
                inside -= 1
                done += 1

        await asyncio.gather(*(call() for _ in range(20)))
        assert (done, gate.busy, gate.outstanding) == (20, 0, 0)

    asyncio.run(main())


def test_a_round_of_refusals_halves_once_and_success_gives_back() -> None:
    async def main() -> None:
        gate = AdaptiveLimit(8)

        async def refused() -> None:
            async with gate as ticket:
                await asyncio.sleep(0)
                gate.refused(ticket)

        await asyncio.gather(*(refused() for _ in range(8)))
        assert gate.limit == 4

        async def answered() -> None:
            async with gate as ticket:
                await asyncio.sleep(0)
                gate.answered(ticket, 1.0)

        await asyncio.gather(*(answered() for _ in range(100)))
        assert gate.limit == 8
        for _ in range(10):
            await refused()
        assert gate.limit == 1

    asyncio.run(main())


def test_a_cancelled_call_leaves_no_hole() -> None:
    async def main() -> None:
        gate, order = AdaptiveLimit(1), []

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


class Simulated:
    """A server on a clock of its own: answers in `best` seconds while it has at most `capacity` calls, and works
    through more than that at the same total pace; with more than `patience` calls it turns the newest away.
    """

    def __init__(self, gate: AdaptiveLimit, *, capacity: int, best: float = 1.0, patience: int = 10**9) -> None:
        self.limit, self.capacity, self.best, self.patience = gate, capacity, best, patience
        self.now, self.answered, self.refused, self.most_inside = 0.0, 0, 0, 0
        self._asleep: list[tuple[float, int, asyncio.Future[None]]] = []
        self._number = 0

    async def _sleep(self, seconds: float) -> None:
        woken = asyncio.get_running_loop().create_future()
        self._number += 1
        heapq.heappush(self._asleep, (self.now + seconds, self._number, woken))
        await woken

    async def _caller(self, calls: int) -> None:
        for _ in range(calls):
            async with self.limit as ticket:
                inside = self.limit.busy
                self.most_inside = max(self.most_inside, inside)
                if inside > self.patience:
                    self.refused += 1
                    await self._sleep(0.01)
                    self.limit.refused(ticket)
                    continue
                took = self.best * max(1.0, inside / self.capacity)
                await self._sleep(took)
                self.limit.answered(ticket, took)
                self.answered += 1

    async def run(self, callers: int, calls: int) -> None:
        tasks = [asyncio.create_task(self._caller(calls)) for _ in range(callers)]
        while True:
            for _ in range(4):  # who was let in goes to sleep before the clock moves
                await asyncio.sleep(0)
            if not self._asleep:
                break
            self.now, _, woken = heapq.heappop(self._asleep)
            woken.set_result(None)
        await asyncio.gather(*tasks)


PACES = {  # capacity, callers, refuses beyond, paced; the limit at the end is in this range
    "as many as it can take": (20, 200, 10**9, True, (20, 1.1 * TOLERANCE * 20)),
    "a slow one": (4, 100, 10**9, True, (4, TOLERANCE * FIRST)),
    "more than there are callers": (500, 50, 10**9, True, (50, 52)),
    "one that refuses early": (500, 200, 40, True, (16, 42)),
    "slots of our own": (2, 50, 10**9, False, (256, 256)),
}


@pytest.mark.parametrize("case", PACES)
def test_the_pace_is_the_one_that_the_server_keeps_up_with(case: str) -> None:
    capacity, callers, patience, paced, (least, most) = PACES[case]

    async def main() -> None:
        gate = AdaptiveLimit(256, paced=paced)
        server = Simulated(gate, capacity=capacity, patience=patience)
        await server.run(callers, 60)
        assert least <= gate.limit <= most, gate.limit
        assert server.answered + server.refused == callers * 60
        assert server.refused <= server.answered / 10, "trouble is asked for seldom"
        # In the beginning few are let in and in the end callers run out; between, the server is kept busy.
        ideal = server.answered / min(capacity, callers, patience) * server.best
        assert server.now <= 1.3 * ideal + 20 * server.best

    asyncio.run(main())


def test_a_server_that_becomes_slow_is_spared_and_given_back_its_pace() -> None:
    async def main() -> None:
        gate = AdaptiveLimit(64)
        server = Simulated(gate, capacity=64)
        await server.run(64, 40)
        assert gate.limit == 64
        server.capacity = 4
        await server.run(64, 40)
        assert gate.limit <= TOLERANCE * 8, "latency alone tells"
        server.capacity = 64
        await server.run(64, 40)
        assert gate.limit >= 32

    asyncio.run(main())
