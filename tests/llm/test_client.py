"""What a provider may do, and what comes of it. Every provider here is a loopback server."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import replace

import pytest

from simulator.errors import ProviderError
from simulator.llm.client import Pace
from simulator.llm.model import Billing, CallId, Message, Prompt, PromptFormat, Purpose, Reply, Usage
from simulator.llm.openai_protocol import for_llama
from tests.llm.clients import KEY, Pauses, straight, translated
from tests.llm.servers import HALF, HANG, claude_says, fails, says, sends, serving

TEXT = Prompt(Purpose.PEOPLE, CallId(0), 7, 40, 0.9, text="<kai> hi\n<mara>", stop=("\n",))
CHAT = replace(TEXT, text=None, messages=(Message("system", "rules"), Message("user", "<kai> hi")), stop=())


WAYS = [(TEXT, True), (CHAT, True), (TEXT, False), (CHAT, False)]
NAMES = ["text", "chat", "text-translated", "chat-translated"]
both_ways = pytest.mark.parametrize(("prompt", "direct"), WAYS, ids=NAMES)


async def ask(
    bases: Sequence[str], prompt: Prompt, *, direct: bool = True, silence: float = 20, pauses: Pauses | None = None
) -> Reply:
    chat = prompt.text is None
    dialect = PromptFormat.CHAT if chat else PromptFormat.COMPLETION
    model = "openai/it" if chat else "text-completion-openai/it"
    client = (
        straight(bases, silence=silence, pauses=pauses, dialect=dialect)
        if direct
        else translated(bases, model=model, silence=silence, pauses=pauses, dialect=dialect)
    )
    try:
        return await client.reply(prompt)
    finally:
        await client.aclose()


@both_ways
def test_an_answer_says_what_it_took(prompt: Prompt, direct: bool) -> None:
    async def main() -> None:
        async with serving(says(" hello there.", cached=12, finish="length")) as server:
            reply = await ask([server.base], prompt, direct=direct)
        assert reply.text == " hello there."
        assert reply.usage == Usage(prompt=20, cached=12, completion=5)
        assert (reply.billing, reply.cost_usd) == (Billing.UNKNOWN, None), "an unknown price is never 0"
        assert (reply.attempts, reply.cut, reply.model) == (1, True, "the-model")
        (body,) = server.asked
        assert (body["model"], body["max_tokens"], body["temperature"], body["seed"]) == ("it", 40, 0.9, 7)
        assert server.keys == [KEY]
        assert body.get("stop") == (["\n"] if prompt.stop else None)
        assert "grammar" not in body, "only servers of ours take one"

    asyncio.run(main())


def test_a_server_of_ours_gets_what_llama_cpp_takes() -> None:
    extra = for_llama(TEXT, None)
    assert extra["grammar"].startswith("root ::=") and extra["cache_prompt"] is True
    assert 0.05 <= extra["min_p"] <= 0.1 and extra["repeat_penalty"] > 1
    assert for_llama(TEXT, 0.5)["lora"] == [{"id": 0, "scale": 0.5}]


LATER = {
    "one 429": ([fails(429)], 2),
    "429 with a pause": ([fails(429, **{"Retry-After": "7"})], 2),
    "an hour's pause": ([fails(429, **{"Retry-After": "3600"})], 2),
    "loading": ([fails(503, "Loading model")] * 9, 10),
    "500s": ([fails(500), fails(503), fails(502, "bad gateway")], 4),
    "half an answer": ([HALF], 2),
    "no choices": ([sends('{"id": "1", "object": "x", "choices": []}')], 2),
    "not JSON": ([sends("<html>")], 2),
    "hanging": ([HANG], 2),
    "four failures": ([fails(500)] * 4, 5),
}


@both_ways
@pytest.mark.parametrize("case", LATER)
def test_what_may_pass_is_asked_again(case: str, prompt: Prompt, direct: bool) -> None:
    failures, attempts = LATER[case]

    async def main() -> None:
        pauses = Pauses()
        async with serving(*failures, says("fine.")) as server:
            reply = await ask(
                [server.base], prompt, direct=direct, silence=0.2 if case == "hanging" else 20, pauses=pauses
            )
        assert (reply.text, reply.attempts, len(server.asked)) == ("fine.", attempts, attempts)
        assert len(pauses.seconds) == attempts - 1
        assert pauses.seconds[0] >= {"429 with a pause": 7, "an hour's pause": 3600}.get(case, 0)

    asyncio.run(main())


NEVER = {
    "always 500": (fails(500, "we are on fire"), 5, ["fire", "5 attempts"]),
    "always 429": (fails(429, "slow down"), 8, ["slow down", "--concurrency"]),
    "no credit": (fails(429, "You exceeded your current quota", code="insufficient_quota"), 1, ["no credit"]),
    "wrong key, echoed": (fails(401, "Incorrect API key provided: {key}."), 1, ["key was refused", "[key]"]),
    "forbidden": (fails(403, "not for {key}"), 1, ["key was refused"]),
    "no such model": (fails(404, "model it does not exist"), 1, ["does not exist", "names look like"]),
    "too long": (fails(400, "9001 tokens exceed the context"), 1, ["9001 tokens"]),
    "always half": (HALF, 5, ["broken"]),
}


@both_ways
@pytest.mark.parametrize("case", NEVER)
def test_what_fails_for_good_is_one_line_without_the_key(case: str, prompt: Prompt, direct: bool) -> None:
    answer, attempts, words = NEVER[case]

    async def main() -> None:
        async with serving(answer) as server:
            with pytest.raises(ProviderError) as caught:
                await ask([server.base], prompt, direct=direct)
        line = str(caught.value)
        assert len(server.asked) == attempts
        assert line.startswith("the-model: ") and "\n" not in line and "litellm" not in line.lower()
        assert caught.value.remedy and caught.value.exit_code == 3
        assert KEY not in line and caught.value.__cause__ is None
        assert all(word in line for word in words), line

    asyncio.run(main())


@pytest.mark.parametrize("direct", [True, False])
def test_nobody_at_the_address_is_said_at_once(direct: bool) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        pauses = Pauses()
        with pytest.raises(ProviderError, match=r"refused.*is the server up"):
            asyncio.run(ask([base], CHAT, direct=direct, pauses=pauses))
        assert pauses.seconds == []


def test_a_dead_address_among_several_costs_one_attempt() -> None:
    async def main() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            dead = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
            async with serving(says("fine.")) as server:
                door = translated([dead, server.base])
                attempts = [(await door.reply(CHAT)).attempts for _ in range(3)]
                await door.aclose()
        assert attempts == [2, 1, 1]

    asyncio.run(main())


def test_the_least_busy_address_is_next() -> None:
    async def main() -> None:
        async with serving(says("a.")) as one, serving(says("b.")) as two:
            door = translated([one.base, two.base])
            await asyncio.gather(*(door.reply(CHAT) for _ in range(8)))
            await door.aclose()
        assert len(one.asked) == len(two.asked) == 4

    asyncio.run(main())


def test_a_known_price_is_a_cost_with_its_cache_discount() -> None:
    async def main() -> list[float | None]:
        costs = []
        for cached in (0, 20):
            async with serving(says("fine.", cached=cached)) as server:
                door = translated([server.base], model="openai/gpt-4o", billing=Billing.KNOWN)
                reply = await door.reply(CHAT)
                await door.aclose()
            assert reply.billing is Billing.KNOWN
            costs.append(reply.cost_usd)
        return costs

    full, less = asyncio.run(main())
    assert full and less and less < full


def test_claude_is_told_what_to_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)

    async def main() -> None:
        async with serving(claude_says("fine.")) as server:
            door = translated([server.base.removesuffix("/v1")], model="anthropic/claude-sonnet-4-5", key=None)
            long = replace(CHAT, messages=(Message("system", "rules"), Message("user", "<kai> hi\n" * 40 + "\ntail")))
            reply = await door.reply(long)
            await door.aclose()
        (body,) = server.asked
        assert body["system"][0]["cache_control"]
        blocks = body["messages"][0]["content"]
        assert "".join(block["text"] for block in blocks) == long.messages[1].content
        assert [block for block in blocks if "cache_control" in block] == [blocks[-2]], "what only grows is kept"
        assert reply.usage == Usage(prompt=120, cached=100, completion=5)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("model", "told"), [("openai/gpt-4o-mini", "s7"), ("hosted_vllm/it", None), ("mistral/mistral-small-latest", None)]
)
def test_a_provider_that_asks_for_it_is_told_which_calls_share_a_beginning(model: str, told: str | None) -> None:
    async def main() -> None:
        async with serving(says("fine.")) as server:
            door = translated([server.base], model=model)
            await door.reply(replace(CHAT, session="s7"))
            await door.aclose()
        (body,) = server.asked
        assert body.get("prompt_cache_key") == told

    asyncio.run(main())


def test_doors_close_twice_and_open_again() -> None:
    async def main() -> None:
        async with serving(says("fine.")) as server:
            for _ in range(2):
                one, two = (translated([server.base]) for _ in range(2))
                await one.reply(CHAT)
                await one.aclose()
                await one.aclose()
                assert (await two.reply(CHAT)).attempts == 1, "the other door goes on"
                await two.aclose()

    asyncio.run(main())


def test_a_call_that_is_cancelled_makes_room() -> None:
    async def main() -> None:
        async with serving(HANG, HANG, says("fine.")) as server:
            door = translated([server.base], pace=Pace(at_once=1))
            first, second = (asyncio.create_task(door.reply(CHAT)) for _ in range(2))
            while not server.busy:
                await asyncio.sleep(0)
            second.cancel()
            first.cancel()
            await asyncio.gather(first, second, return_exceptions=True)
            server.answers = [says("fine.")]
            assert (await door.reply(CHAT)).text == "fine."
            await door.aclose()

    asyncio.run(main())
