"""P(a nick is next), from servers of three kinds with three tokenizers: always that of the exact chain."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from simulator.llm import openai_protocol
from simulator.llm.likelihood import FAINT, speaker_prompt
from simulator.llm.model import CallId, Likelihood, Message, Prompt, PromptFormat, Purpose
from tests.llm.clients import straight, translated
from tests.llm.servers import says, serving
from tests.loopback import listening

NEUTRAL = {"top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0}
LOG = "ENGAGEMENT: LOW\nCHANNEL: #general\n<em> hi all\n<tom> hm, em?\n"
NICKS = ("b", "em", "tom", "emma", "kai")
TEXT = "".join(f"<{nick}> so it is, {other}!\n" for nick in ("b", "em", "tom", "emma") for other in NICKS) * 4 + LOG
JOINING = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
"""How Qwen's and Mistral's tokenizers cut a text: a word takes the one sign before it along."""


@cache
def tokenizer(kind: str) -> Tokenizer:
    """`joining`: byte-level, `<em` may be one token. `whole`: as Gemma's, `<em>` may be one. `apart`: as SmolLM2's."""
    made = Tokenizer(models.BPE(byte_fallback=kind == "whole"))
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    if kind == "whole":
        made.normalizer = normalizers.Replace(" ", "▁")
        made.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Split("\n", "isolated"), pre_tokenizers.Split("▁", "merged_with_next")]
        )
        made.decoder = decoders.Replace("▁", " ")
        alphabet = sorted(set(TEXT.replace(" ", "▁")) | set("abcdefghijklmnopqrstuvwxyz"))
    elif kind == "joining":
        made.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(JOINING), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
        made.decoder = decoders.ByteLevel()
    else:
        made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        made.decoder = decoders.ByteLevel()
    made.train_from_iterator(
        [TEXT], trainers.BpeTrainer(vocab_size=460, initial_alphabet=alphabet, show_progress=False, min_frequency=3)
    )
    return made


def ids(kind: str, text: str) -> list[int]:
    return tokenizer(kind).encode(text, add_special_tokens=False).ids


def logits(kind: str, before: tuple[int, ...]) -> np.ndarray:
    """A model that leans to the nicks at the end of the log, and otherwise has its own random mind."""
    found = np.random.default_rng(abs(hash(before)) % 2**32).normal(0, 1, tokenizer(kind).get_vocab_size())
    for number, nick in enumerate(NICKS[:4]):
        chain = ids(kind, f"{LOG}<{nick}>")
        if len(before) < len(chain) and tuple(chain[: len(before)]) == before and len(before) >= len(ids(kind, LOG)):
            found[chain[len(before)]] = 7 + number / 2
    return found


def log_p(kind: str, before: list[int]) -> np.ndarray:
    found = logits(kind, tuple(before))
    return found - np.logaddexp.reduce(found)


def exact(kind: str, nick: str) -> float:
    """The chain by its definition."""
    alone, whole = ids(kind, LOG), ids(kind, f"{LOG}<{nick}>")
    first = next((i for i, (a, b) in enumerate(zip(alone, whole, strict=False)) if a != b), len(alone))
    return math.exp(sum(log_p(kind, whole[:i])[whole[i]] for i in range(first, len(whole))))


Face = Callable[[str, web.Request, dict[str, Any]], dict[str, Any] | None]


def _spelled(kind: str, token: int) -> str:
    return tokenizer(kind).decode([token])


def llama(kind: str, request: web.Request, body: dict[str, Any]) -> dict[str, Any] | None:
    if request.path == "/tokenize":
        return {"tokens": ids(kind, body["content"])}
    if request.path == "/completion":
        ((token, bias),) = body["logit_bias"]
        assert bias > 1000 and body["n_predict"] == 1
        told = {"id": token, "token": _spelled(kind, token), "logprob": float(log_p(kind, body["prompt"])[token])}
        return {"content": told["token"], "completion_probabilities": [told], "tokens_evaluated": 9}
    return None


def echoing(kind: str, request: web.Request, body: dict[str, Any]) -> dict[str, Any] | None:
    """vLLM's: a mark for the beginning before the prompt's tokens, one new token behind them."""
    if request.path != "/v1/completions" or not body.get("echo"):
        return None
    given = ids(kind, body["prompt"])
    values = [None, -3.0, *(float(log_p(kind, given[:i])[given[i]]) for i in range(1, len(given))), -0.5]
    tokens = ["<s>", *(_spelled(kind, token) for token in given), " and"]
    logprobs = {"tokens": tokens, "token_logprobs": values, "text_offset": [0] * len(tokens)}
    usage = {"prompt_tokens": len(given) + 1, "completion_tokens": 1}
    return {"choices": [{"text": body["prompt"] + " and", "logprobs": logprobs}], "usage": usage}


def listing(kind: str, request: web.Request, body: dict[str, Any]) -> dict[str, Any] | None:
    """Knows nothing but the likeliest tokens, five of them."""
    if request.path != "/v1/completions" or body.get("echo"):
        return None
    if body["logprobs"] > 5:
        raise web.HTTPBadRequest(text='{"error": {"message": "`logprobs` must be at most 5, got 20"}}')
    found = log_p(kind, ids(kind, body["prompt"]))
    best = {_spelled(kind, int(token)): float(found[token]) for token in np.argsort(found)[-5:]}
    return {"choices": [{"text": "x", "finish_reason": "length", "logprobs": {"top_logprobs": [best]}}]}


def asked(kind: str, face: Face, nicks: tuple[str, ...]) -> tuple[list[Likelihood | None], int]:
    """What the client says of each nick, and the calls that it took."""
    calls = 0

    async def handle(request: web.Request) -> web.StreamResponse:
        nonlocal calls
        if request.method != "POST":
            raise web.HTTPNotFound
        calls += 1
        answer = face(kind, request, await request.json())
        return web.json_response(answer) if answer else web.json_response({"error": "no"}, status=400)

    async def ask() -> list[Likelihood | None]:
        async with listening(handle) as address:
            client = straight([f"{address}/v1"], dialect=PromptFormat.COMPLETION)
            found = [
                (await client.reply(speaker_prompt(LOG, nick, call_id=CallId(0), seed=1))).likelihood for nick in nicks
            ]
            await client.aclose()
            return found

    return asyncio.run(ask()), calls


def test_the_tokenizers_have_the_habits_that_they_are_named_after() -> None:
    assert len(ids("whole", "<em>")) == 1 and len(ids("whole", "<b>")) == 1
    assert _spelled("joining", ids("joining", "<em>")[0]) == "<em"
    assert _spelled("apart", ids("apart", "<em>")[0]) == "<"


@pytest.mark.parametrize("face", [llama, echoing, listing], ids=lambda face: face.__name__)
@pytest.mark.parametrize("kind", ["joining", "whole", "apart"])
def test_it_is_the_exact_chain(kind: str, face: Face) -> None:
    found, _ = asked(kind, face, NICKS)
    for nick, told in zip(NICKS, found, strict=True):
        assert told is not None and told.exact is (face is not listing)
        assert told.p == pytest.approx(exact(kind, nick), abs=0.02), nick
    assert sum(each.p > 0.1 for each in found if each) >= 3, "there is something to measure"


@pytest.mark.parametrize(("kind", "nick", "calls"), [("whole", "em", 3), ("joining", "em", 4), ("apart", "em", 5)])
def test_llama_cpp_is_asked_once_a_token(kind: str, nick: str, calls: int) -> None:
    assert asked(kind, llama, (nick,))[1] == calls, "two of them cut the texts into tokens"


def test_what_is_hopeless_is_not_followed() -> None:
    [told], calls = asked("apart", llama, ("kai",))
    assert told is not None and told.p < FAINT and calls <= 4


def test_the_way_is_found_once_for_an_address() -> None:
    assert asked("joining", echoing, ("em",))[1] == 2
    assert asked("joining", echoing, ("em", "tom", "b"))[1] == 4


def test_a_server_without_log_probabilities_says_nothing() -> None:
    async def ask() -> tuple[Likelihood | None, Likelihood | None]:
        async with serving(says("hm")) as server:
            direct = straight([server.base], dialect=PromptFormat.COMPLETION)
            other = translated([server.base], model="text-completion-openai/it", dialect=PromptFormat.COMPLETION)
            prompt = speaker_prompt(LOG, "em", call_id=CallId(0), seed=1)
            found = [(await model.reply(prompt)).likelihood for model in (direct, other)]
            await direct.aclose()
            await other.aclose()
            return found[0], found[1]

    assert asyncio.run(ask()) == (None, None)


def test_litellm_hands_over_the_likeliest_tokens() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        answer = listing("whole", request, {**body, "logprobs": 5}) or {}
        return web.json_response({"id": "1", "object": "text_completion", "created": 1, "model": "it", **answer})

    async def ask() -> Likelihood | None:
        async with listening(handle) as address:
            client = translated([f"{address}/v1"], model="text-completion-openai/it", dialect=PromptFormat.COMPLETION)
            reply = await client.reply(speaker_prompt(LOG, "em", call_id=CallId(0), seed=1))
            await client.aclose()
            return reply.likelihood

    found = asyncio.run(ask())
    assert found is not None and not found.exact and found.p == pytest.approx(exact("whole", "em"), abs=0.02)


def test_in_messages_it_cannot_be_asked() -> None:
    with pytest.raises(ValueError, match="after a text"):
        Prompt(Purpose.LEAD, CallId(0), 1, 1, 1.0, messages=(Message("user", "hi"),), scored="<em>")


@pytest.mark.parametrize("top_p", [None, 0.95])
def test_who_states_the_sampling_gets_that_and_none_of_the_habits_of_a_server(top_p: float | None) -> None:
    prompt = Prompt(Purpose.LEAD, CallId(0), 1, 9, 0.9, text="a", one_line=False, top_p=top_p)
    asked, llama = openai_protocol.asked(prompt), openai_protocol.for_llama(prompt, None)
    assert asked.get("top_p") == top_p
    habits = {"min_p": 0.08, "repeat_penalty": 1.1}
    assert llama == {"cache_prompt": True, **(habits if top_p is None else NEUTRAL)}


def test_an_address_is_told_to_leave_its_own_sampling_out() -> None:
    async def ask() -> dict[str, Any]:
        async with serving(says("hm")) as server:
            client = straight([server.base], dialect=PromptFormat.COMPLETION)
            await client.reply(Prompt(Purpose.LEAD, CallId(0), 1, 9, 0.9, text="a", one_line=False, top_p=0.95))
            await client.aclose()
            return server.asked[0]

    body = asyncio.run(ask())
    assert {name: body[name] for name in ("temperature", "top_p", "top_k", "min_p", "repetition_penalty")} == {
        "temperature": 0.9,
        "top_p": 0.95,
        "top_k": -1,
        "min_p": 0.0,
        "repetition_penalty": 1.0,
    }
