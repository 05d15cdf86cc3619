"""Who is asked next, on a clock that is set by hand."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from simulator.llm.client import ModelClient, Pace
from simulator.llm.model import CallId, Models, Prompt, Reply
from simulator.llm.retry import FailureKind, Transient
from simulator.llm.router import FAILURES, SESSIONS, SHUNNED, Endpoint, Router
from simulator.llm.scripted import Scripted
from simulator.plan.planner import single
from simulator.session.play import play
from tests.llm.clients import straight
from tests.llm.servers import fails, says, serving
from tests.llm.test_client import CHAT
from tests.worlds import shipped


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def trouble(kind: FailureKind, *, crowded: bool = False) -> Transient:
    return Transient("no", remedy="", kind=kind, crowded=crowded)


def three(now: Clock) -> tuple[Router, list[Endpoint]]:
    endpoints = Router(["a", "b", "c"], at_once=8, now=now)
    return endpoints, list(endpoints)


def test_sessions_are_spread_and_stay() -> None:
    endpoints, _ = three(Clock())
    homes = {f"s{i}": endpoints.home(f"s{i}") for i in range(30)}
    assert set(Counter(home.base for home in homes.values()).values()) == {10}
    assert all(endpoints.home(session) is home for session, home in homes.items() for _ in range(3))


def test_new_sessions_go_where_the_least_is_outstanding() -> None:
    async def main() -> None:
        endpoints, (one, two, three_) = three(Clock())
        async with one.limit, one.limit, two.limit, three_.limit, three_.limit:
            assert endpoints.home("new") is two
            assert endpoints.home("") is two, "a call that stands alone, too"

    asyncio.run(main())


LEAVES = {  # what happens at home, so many times: does the session move?
    "nobody there": ((trouble(FailureKind.UNREACHABLE), 1), True),
    "no answer in time": ((trouble(FailureKind.LATE), 1), True),
    "one status 500": ((trouble(FailureKind.FAILED), 1), False),
    "status 500 again and again": ((trouble(FailureKind.FAILED), FAILURES), True),
    "garbage again and again": ((trouble(FailureKind.BROKEN), FAILURES), True),
    "too many requests": ((trouble(FailureKind.BUSY, crowded=True), 50), False),
    "status 503": ((trouble(FailureKind.FAILED, crowded=True), 50), False),
}


@pytest.mark.parametrize("case", LEAVES)
def test_a_session_leaves_an_address_that_failed_and_no_other(case: str) -> None:
    (what, times), moves = LEAVES[case]
    now = Clock()
    endpoints, _ = three(now)
    home = endpoints.home("s")
    for _ in range(times):
        endpoints.failed(home, what)
    after = endpoints.home("s")
    assert (after is not home) is moves
    assert (home in [endpoints.home(f"new{i}") for i in range(20)]) is not moves
    now.seconds = SHUNNED + 1
    assert endpoints.home("s") is after, "it moves once; its cache is at the new one now"
    assert home in [endpoints.home(f"later{i}") for i in range(20)], "the address gets another chance"


def test_answers_in_between_are_no_row_of_failures() -> None:
    endpoints, _ = three(Clock())
    home = endpoints.home("s")
    for _ in range(10):
        for _ in range(FAILURES - 1):
            endpoints.failed(home, trouble(FailureKind.FAILED))
        endpoints.answered(home)
    assert endpoints.home("s") is home


def test_where_all_have_failed_everybody_stays() -> None:
    endpoints, each = three(Clock())
    homes = {f"s{i}": endpoints.home(f"s{i}") for i in range(9)}
    for endpoint in each:
        endpoints.failed(endpoint, trouble(FailureKind.UNREACHABLE))
    assert all(endpoints.home(session) is home for session, home in homes.items())


def test_memory_is_bounded() -> None:
    endpoints, _ = three(Clock())
    for i in range(SESSIONS * 2):
        endpoints.home("stays")
        endpoints.home(f"s{i}")
    assert len(endpoints._homes) == SESSIONS and "stays" in endpoints._homes


def test_every_call_of_a_session_names_it() -> None:
    asked: list[Prompt] = []

    class Heard(Scripted):
        async def reply(self, prompt: Prompt) -> Reply:
            asked.append(prompt)
            return await super().reply(prompt)

    async def main() -> None:
        model, plan = Heard(), single(shipped(), 3, messages=12)
        async for _ in play(plan, shipped(), Models(model, model)):
            pass
        assert asked and {prompt.session for prompt in asked} == {plan.id}

    asyncio.run(main())


async def talk(door: ModelClient, session: str, messages: int) -> int:
    """Attempts that a session took."""
    taken = 0
    for i in range(messages):
        taken += (await door.reply(replace(CHAT, session=session, call_id=CallId(i)))).attempts
    return taken


def test_one_of_three_servers_dies_and_its_sessions_move_once() -> None:
    sessions, messages = 12, 5

    async def main() -> None:
        async with AsyncExitStack() as stack:
            servers = [await stack.enter_async_context(serving(says(f"from {i}."))) for i in range(3)]
            bases = [server.base for server in servers]
            door = straight(bases)
            names = [f"s{i}" for i in range(sessions)]
            await asyncio.gather(*(talk(door, name, messages) for name in names))
            assert [len(server.asked) for server in servers] == [sessions // 3 * messages] * 3
            before = {name: door.endpoints.home(name).base for name in names}
            servers[1].answers = [fails(500)]
            attempts = sum(await asyncio.gather(*(talk(door, name, messages) for name in names)))
            after = {name: door.endpoints.home(name).base for name in names}
            await door.aclose()
            assert {n for n in names if before[n] != after[n]} == {n for n in names if before[n] == bases[1]}
            refused = len(servers[1].asked) - sessions // 3 * messages
            assert FAILURES <= refused <= 2 * sessions // 3, "each of its sessions asks there once or twice more"
            assert attempts == sessions * messages + refused, "no answer was paid twice"
            assert sum(len(server.asked) for server in servers) == 2 * sessions * messages + refused
            assert abs(len(servers[0].asked) - len(servers[2].asked)) <= messages

    asyncio.run(main())


def test_calls_that_wait_for_a_dead_address_are_not_sent_there() -> None:
    async def main() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            dead = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
            async with serving(says("fine.")) as server:
                bases = [dead, server.base]
                door = straight(bases, pace=Pace(at_once=1))
                attempts = await asyncio.gather(*(talk(door, f"s{i}", 1) for i in range(10)))
                await door.aclose()
        assert sorted(attempts) == [1] * 9 + [2]
        assert len(server.asked) == 10

    asyncio.run(main())
