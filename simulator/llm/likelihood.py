"""Likelihood of some words after a text, from a server: exact for any tokenizer where the server makes that possible.

    P(words | text) = product of P(token | all tokens before it), over the tokens of text + words from where they part
    from the tokens of text alone

Which tokens these are depends on the tokenizer: of `<em>` one makes `<`, `em`, `>`, another `<em`, `>`, another one
single token. So nothing is asked after a `<` that the model would never read there. In the order of preference:

    by tokens        llama.cpp: `/tokenize` says which they are; a call that can only write the next of them
                     (`logit_bias`) tells its probability as it was without that. One call a token.
    by echo          OpenAI's `echo` with `logprobs`, as vLLM and SGLang have it: all of them in one call.
    by alternatives  anybody's `logprobs`: a walk through the likeliest next tokens that spell the words. What is not
                     among them is missing, so the figure is a lower bound.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum

from pydantic import JsonValue

from simulator.llm.model import CallId, Likelihood, Prompt, Purpose
from simulator.llm.provider_errors import BrokenAnswer
from simulator.llm.server_traits import JsonObject

ALTERNATIVES = 20
"""Likeliest tokens that are asked for; servers seldom give more."""
FAINT = 0.002
"""A product that has become smaller is not followed further."""
FORCED = 1e4
"""Added to the logit of the token that is to be written: more than any model's logits differ."""


class Way(StrEnum):
    """How a server tells it; the best first."""

    TOKENS = "tokens"
    ECHO = "echo"
    ALTERNATIVES = "alternatives"


Post = Callable[[str, JsonObject], Awaitable[JsonValue]]
"""Posts a body to a path below the server's root; None: the server does not do this."""


def speaker_prompt(log: str, nick: str, *, call_id: CallId, seed: int, session: str = "") -> Prompt:
    """Asks how likely it is that `nick` is the next to speak. `log`: what was said, up to the end of a line."""
    return Prompt(
        Purpose.LEAD,
        call_id=call_id,
        seed=seed,
        max_tokens=1,
        temperature=1.0,
        text=log,
        one_line=False,
        speaker=nick,
        session=session,
        scored=f"<{nick}>",
    )


async def by_tokens(post: Post, text: str, words: str, extra: JsonObject) -> Likelihood | None:
    """From a llama.cpp server; None: it is none. `extra`: what every call takes along, such as an adapter's scale."""
    alone = await _tokens(post, text)
    if alone is None:
        return None
    whole = await _tokens(post, text + words) or []
    first = next((i for i, (a, b) in enumerate(zip(alone, whole, strict=False)) if a != b), min(len(alone), len(whole)))
    log_p = 0.0
    for place in range(max(1, first), len(whole)):
        body: JsonObject = {
            "prompt": list(whole[:place]),
            "n_predict": 1,
            "n_probs": 1,
            "cache_prompt": True,
            "temperature": 1.0,
            "logit_bias": [[whole[place], FORCED]],
            **extra,
        }
        factor = _forced(await post("completion", body), whole[place])
        if factor is None:
            return None
        log_p += factor
        if log_p < math.log(FAINT):
            break
    return Likelihood(math.exp(log_p), exact=True)


async def by_echo(post: Post, text: str, words: str, settings: JsonObject) -> Likelihood | None:
    """From a server that gives the log-probabilities of the prompt's own tokens; None: it does not."""
    kept = {name: value for name, value in settings.items() if name not in ("stream", "stream_options", "stop")}
    answer = await post("v1/completions", {**kept, "prompt": text + words, "echo": True, "logprobs": 1})
    try:
        choice = _mapping(_list(_mapping(answer)["choices"])[0])
        logprobs = _mapping(choice["logprobs"])
        tokens, values = _list(logprobs["tokens"]), _list(logprobs["token_logprobs"])
        written = _mapping(_mapping(answer).get("usage") or {}).get("completion_tokens", 1)
    except (LookupError, TypeError):
        return None
    end = len(tokens) - (written if isinstance(written, int) else 1)
    spelled, log_p = "", 0.0
    for token, value in zip(reversed(tokens[:end]), reversed(values[:end]), strict=False):
        if len(spelled) >= len(words):
            break
        if not isinstance(token, str) or not isinstance(value, int | float):
            return None
        spelled, log_p = token + spelled, log_p + value
    return Likelihood(min(1.0, math.exp(log_p)), exact=True) if spelled.endswith(words) else None


async def by_alternatives(
    first: Callable[[str], Awaitable[Mapping[str, float] | None]], text: str, words: str, weight: float = 1.0
) -> Likelihood | None:
    """From the likeliest first tokens after a text, with their probabilities; None: the server gives none.

    `weight`: probability of what has led here.
    """
    found = await first(text)
    if found is None:
        return None
    p = 0.0
    for token, share in found.items():
        if token.startswith(words):
            p += share
        elif token and words.startswith(token) and weight * share >= FAINT:
            rest = await by_alternatives(first, text + token, words[len(token) :], weight * share)
            p += share * (rest.p if rest else 0.0)
    return Likelihood(min(1.0, p), exact=False)


async def _tokens(post: Post, text: str) -> list[int] | None:
    """The server's ids of a text, in which nothing is a control token; None: it has no such address."""
    answer = await post("tokenize", {"content": text, "add_special": True, "parse_special": False})
    tokens = answer.get("tokens") if isinstance(answer, Mapping) else None
    if not isinstance(tokens, list):
        return None
    return [token for token in tokens if isinstance(token, int)]


def _forced(answer: JsonValue, token: int) -> float | None:
    """The log-probability of a token that had to be written, from the model's own logits; None: not told."""
    try:
        first = _mapping(_list(_mapping(answer)["completion_probabilities"])[0])
        value = first["logprob"]
    except (LookupError, TypeError):
        return None
    if first.get("id") != token:
        raise BrokenAnswer("another token than the one that was forced")
    return float(value) if isinstance(value, int | float) else None


def _mapping(value: object) -> Mapping[str, JsonValue]:
    if not isinstance(value, Mapping):
        raise TypeError
    return value


def _list(value: object) -> list[JsonValue]:
    if not isinstance(value, list):
        raise TypeError
    return value
