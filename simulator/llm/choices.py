"""Answers that are one of a few words: how likely each is where a server tells it, else the word that was written.

    by probability   OpenAI's protocol has `logprobs`: the likeliest first tokens, of which those that begin a word of
                     the list are counted. llama.cpp, vLLM, SGLang and OpenAI tell them.
    by schema        a provider that keeps to a JSON schema answers `{"answer": "B"}`
    by reading       everybody else: the last word of the list that stands alone, as some think aloud before it

A reply's text is the JSON object of shares in the first case, so that a recorded answer decides the same again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from simulator.llm.likelihood import ALTERNATIVES
from simulator.llm.model import Prompt, Reply
from simulator.llm.openai_protocol import first_tokens
from simulator.llm.server_traits import JsonObject

ENOUGH = 0.5
"""Probability that the words of the list must have together where the model wrote none of them."""
_FIELD = "answer"


def choose_by_probability(prompt: Prompt) -> JsonObject:
    """Settings that ask for the likeliest first tokens; none for a prompt without choices."""
    if not prompt.choices:
        return {}
    if prompt.text is not None:
        return {"logprobs": ALTERNATIVES}
    return {"logprobs": True, "top_logprobs": ALTERNATIVES}


def held_to_schema(prompt: Prompt) -> JsonObject:
    """Settings by which the answer is a JSON object with one word of the list; none for a prompt without choices."""
    if not prompt.choices:
        return {}
    schema: JsonObject = {
        "type": "object",
        "properties": {_FIELD: {"type": "string", "enum": list(prompt.choices)}},
        "required": [_FIELD],
        "additionalProperties": False,
    }
    answer: JsonObject = {"name": _FIELD, "strict": True, "schema": schema}
    return {"response_format": {"type": "json_schema", "json_schema": answer}}


def weighed(reply: Reply, answer: object, choices: Sequence[str]) -> Reply:
    """The reply with the shares that its answer tells as its text: each word's, in [0, 1], of all words of the list.

    As it is, if the answer tells no probabilities, if thoughts come before it, or if it is about something else.
    """
    if not choices or reply.reasoned:
        return reply
    found = first_tokens(answer) or {}
    sums = {choice: sum(p for token, p in found.items() if token.strip() == choice) for choice in choices}
    total = sum(sums.values())
    if total < (0.0 if reply.text.strip() in choices else ENOUGH) or not total:
        return reply
    return replace(reply, text=json.dumps({choice: round(p / total, 4) for choice, p in sums.items() if p > 0}))


def chosen(text: str, choices: Sequence[str]) -> dict[str, float]:
    """How much each word of the list is the answer, in [0, 1]; empty: the text is none.

    >>> chosen('{"A": 0.8, "Z": 0.2}', "AZ"), chosen('{"answer": "Z"}', "AZ"), chosen("Hm. It is A", "AZ")
    ({'A': 0.8, 'Z': 0.2}, {'Z': 1.0}, {'A': 1.0})
    """
    given = _object(text)
    if given and all(name in choices and isinstance(share, int | float) for name, share in given.items()):
        return {name: float(share) for name, share in given.items()}
    written = given[_FIELD] if given and isinstance(given.get(_FIELD), str) else text
    alone = re.findall(rf"(?<!\w)(?:{'|'.join(map(re.escape, choices))})(?!\w)", written)
    return {alone[-1]: 1.0} if alone else {}


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
