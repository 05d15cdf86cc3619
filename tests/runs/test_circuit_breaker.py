"""A run stops when what it pays for is of no use, and goes on when a single session is to blame."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from aiohttp import web

from simulator.errors import ProviderError
from simulator.events import Acted, Event, Passed, Refused, Said
from simulator.journal.journal import Journal
from simulator.llm.model import Models, Prompt, PromptFormat, Reply
from simulator.llm.scripted import Scripted
from simulator.runs.admission import SPOILED, CircuitBreaker, RunLimits
from simulator.runs.run import FILTERED, Run
from tests.llm.clients import straight
from tests.loopback import listening
from tests.worlds import card, play_run, shipped

FILTER = {
    "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
    "param": "prompt",
    "code": "content_filter",
    "innererror": {"code": "ResponsibleAIPolicyViolation"},
}


def refused(*rules: str) -> tuple[Refused, ...]:
    return tuple(Refused(text="as an AI", rule=rule, evidence="e") for rule in rules)


def passed(*rules: str, nick: str = "ash") -> Event:
    return Passed(index=0, at=0, nick=nick, why="", refused=refused(*rules))


GOOD: Event = Said(index=0, at=0, nick="ash", text="soup")
THREE = passed("fragment", "fragment", "fragment")
CASES: dict[str, tuple[list[tuple[str, Event]], bool]] = {
    "nothing": ([], False),
    "one fault in two sessions": ([("a", THREE)] * 4 + [("b", THREE)] * 3, True),
    "one session that is stuck": ([("a", THREE)] * 20, False),
    "one too few": ([("a", THREE)] * 4 + [("b", THREE)] * 2, False),
    "a line between": ([("a", THREE)] * 4 + [("c", GOOD)] + [("b", THREE)] * 6, False),
    "an action between": (
        [("a", THREE)] * 4 + [("c", Acted(index=0, at=0, nick="bo", text="nods"))] + [("b", THREE)] * 6, False
    ),
    "a line at the second try": (
        [("a", Said(index=0, at=0, nick="ash", text="soup", refused=refused("fragment")))] * 99, False
    ),
    "a fault for each call": ([("ab"[n % 2], passed(f"rule-{n}")) for n in range(60)], False),
    "one fault among others": ([("ab"[n % 2], passed("fragment", f"rule-{n}")) for n in range(25)], True),
    "the lead's alone": (
        [pair for n in range(7) for pair in (("ab"[n % 2], passed(*["wall"] * 3, nick="lead")), ("c", GOOD))], True
    ),
    "who keeps quiet was not asked": ([("ab"[n % 2], passed()) for n in range(60)], False),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_twenty_calls_spoiled_by_one_fault_are_enough(case: str) -> None:
    events, trips = CASES[case]
    breaker = CircuitBreaker()

    def play() -> None:
        for session, event in events:
            breaker.event(session, "lead", event)

    if not trips:
        return play()
    with pytest.raises(ProviderError) as stopped:
        play()
    assert f"{SPOILED} calls were spoiled by one fault" in str(stopped.value)
    with pytest.raises(ProviderError):
        breaker.event("z", "lead", GOOD)  # the sessions that are open stop, too


class Served:
    """A provider that refuses every prompt, or answers with nothing; counts what it was asked."""

    def __init__(self, *, filters: bool) -> None:
        self._filters, self.asked = filters, 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.method != "POST":
            return web.json_response({"error": {"message": "Not Found"}}, status=404)
        self.asked += 1
        if self._filters:
            return web.json_response({"error": FILTER}, status=400)
        choice = {"index": 0, "message": {"role": "assistant", "content": ""}, "finish_reason": "stop"}
        return web.json_response({"id": "c1", "object": "chat.completion", "model": "it", "choices": [choice]})


def test_a_model_that_says_nothing_stops_the_run_after_some_twenty_calls(tmp_path: Path) -> None:
    async def go() -> int:
        served = Served(filters=False)
        async with listening(served.handle) as base:
            model = straight([f"{base}/v1"])
            with Journal.create(tmp_path / "run", card(sessions=50)) as journal:
                with pytest.raises(ProviderError, match="spoiled by one fault, fragment"):
                    await Run(journal, shipped(), Models(model, model), RunLimits(4)).go()
                assert journal.tally().open <= 4 and not journal.tally().kept
            await model.aclose()
        return served.asked

    assert SPOILED <= asyncio.run(go()) <= 2 * SPOILED


class Filtered:
    """A scripted model whose provider refuses every prompt of one session."""

    def __init__(self, base: str, session: str) -> None:
        self._client, self._inner, self._session = straight([base]), Scripted(PromptFormat.CHAT), session
        self.name, self.dialect, self.context = "filtered", self._inner.dialect, None
        self.asked: Counter[str] = Counter()

    async def reply(self, prompt: Prompt) -> Reply:
        self.asked[prompt.session] += 1
        return await (self._client if prompt.session == self._session else self._inner).reply(prompt)

    async def aclose(self) -> None:
        await self._client.aclose()


def test_a_session_that_a_content_filter_refuses_is_given_up_counted_and_replaced(tmp_path: Path) -> None:
    play_run(tmp_path / "other", card(sessions=3, length="short"))
    with Journal.read(tmp_path / "other") as journal:
        bad = [row.session.id for row in journal.sessions()][1]

    async def go() -> list[int]:
        calls = []
        served = Served(filters=True)
        async with listening(served.handle) as base:
            model = Filtered(f"{base}/v1", bad)
            for sessions in (3, 4):
                made = (
                    Journal.create(tmp_path / "run", card(sessions=3, length="short"))
                    if sessions == 3
                    else Journal.open(tmp_path / "run")
                )
                with made as journal:
                    if sessions == 4:
                        journal.extend(journal.run.goal.model_copy(update={"sessions": 4}))
                    await Run(journal, shipped(), Models(model, model), RunLimits(2)).go()
                calls.append(model.asked[bad])
            await model.aclose()
        return calls

    assert asyncio.run(go()) == [1, 1], "it is asked once, and not again when the run goes on"
    with Journal.read(tmp_path / "run") as journal:
        assert journal.rejections() == {FILTERED: 1} and journal.tally().kept == 4
        ((rule, _, evidence),) = journal.reasons(bad)
        assert rule == FILTERED and "content management policy" in evidence
        replaced = next(row.session for row in journal.sessions() if row.session.id == bad)
        kept = [row.session for row in journal.sessions("kept") if row.session.number == replaced.number]
        assert len(kept) == 1 and kept[0].attempt > replaced.attempt


def test_a_filter_that_refuses_everything_stops_the_run(tmp_path: Path) -> None:
    async def go() -> int:
        served = Served(filters=True)
        async with listening(served.handle) as base:
            model = straight([f"{base}/v1"])
            stops = pytest.raises(ProviderError, match="spoiled by one fault, content-filter")
            with Journal.create(tmp_path / "run", card(sessions=50)) as journal, stops:
                await Run(journal, shipped(), Models(model, model), RunLimits(4)).go()
            await model.aclose()
        return served.asked

    assert SPOILED <= asyncio.run(go()) <= SPOILED + 8
