"""OpenAI's protocol, which litellm and most servers speak: what a prompt asks for in its words, and what came back.

What holds a small model to one line of chat: a grammar (GBNF) for the llama.cpp servers that we start ourselves.

A line is one to four complete sentences of 16 to 174 characters, the last two of which are letters or digits before the
mark that ends it. Left free, a small model ends a line after a word or never, and where a sentence has to end by count
it ends in ", !". Ruled out inside a sentence, beside what ends one: `<` and `>` (it would go on with somebody else's
line), `*` (stage directions), signs that nobody types in chat, and the newline. The line's own newline is part of the
grammar in the completion dialect, where the prompt stops there; in the chat dialect the model ends its turn instead.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import cache

from pydantic import JsonValue

from simulator.control_tokens import neutralise
from simulator.llm.likelihood import ALTERNATIVES
from simulator.llm.model import Billing, Message, Prompt, Reply, Usage
from simulator.llm.provider_errors import BrokenAnswer, Refusal
from simulator.llm.reasoning import separate
from simulator.llm.server_error import status_in_body
from simulator.llm.server_traits import JsonObject

TOKENS_A_SENTENCE = 40
"""Room that the longest sentence takes, so that max_tokens hardly ever cuts one."""

_SENTENCE = "sentence ::= [A-Za-z] inner{12,170} end"
_REST = "rest ::= inner{6,170} end"
_PARTS = r"""inner ::= [^\n<>.!?*&{}|~^=\\]
end ::= [a-z] [a-z0-9'] [.!?]"""
_BEGUN = re.compile(r"(?:<[^\s<>]{1,31}>|\* \S{1,31})(.*)")


class Start(StrEnum):
    """Where the model's text begins, as the rule for its first sentence."""

    TURN = "sentence"
    """At the beginning of a chat turn."""
    LINE = '" " sentence'
    """After `<nick>`, or after opening words that end a sentence."""
    WORD = "rest"
    """After opening words and a space."""
    SPACE = '" " rest'
    """After opening words."""


def start(prompt: Prompt) -> Start:
    """Where the answer to the prompt begins.

    The text of the completion dialect ends with `<nick>` (for an action `* nick`), or with opening words after that.
    """
    if prompt.text is None:
        return Start.TURN
    line = _BEGUN.fullmatch(prompt.text[prompt.text.rfind("\n") + 1 :])
    opening = line[1] if line else ""
    if not opening.strip():
        return Start.TURN if opening else Start.LINE
    if opening.endswith(" "):
        return Start.WORD
    return Start.LINE if opening[-1] in ".!?" else Start.SPACE


def one_line(prompt: Prompt) -> str:
    """The grammar for the answer to a prompt that wants one line."""
    sentences = min(prompt.sentences, max(1, prompt.max_tokens // TOKENS_A_SENTENCE))
    return _grammar(start(prompt), sentences, newline=prompt.text is not None)


def one_of(choices: Sequence[str]) -> str:
    """The grammar for an answer that is one of these words."""
    return f'root ::= " "? ({" | ".join(json.dumps(choice) for choice in choices)})'


@cache
def _grammar(start: Start, sentences: int, *, newline: bool) -> str:
    more = f' (" " sentence){{0,{sentences - 1}}}' if sentences > 1 else ""
    end = r' "\n"' if newline else ""
    return "\n".join((f"root ::= {start}{more}{end}", _SENTENCE, _REST, _PARTS))


LONGEST = 1 << 16
"""Characters of an answer that are read: many times what any prompt of ours asks for. A server that does not keep to
`max_tokens` fills neither the records nor the time that it takes to look a line over."""
SENTENCE_ENDS = ".!?…"
THINKING_OFF: JsonObject = {"chat_template_kwargs": {"enable_thinking": False, "thinking": False}}
"""Switches reasoning off where the template of the model has a switch: vLLM, SGLang and llama.cpp hand it over."""
_REASONING_FIELDS = ("reasoning_content", "reasoning", "thinking", "reasoning_details", "thinking_blocks")


def asked(prompt: Prompt) -> JsonObject:
    """The settings of a call, without the model and the text."""
    settings: JsonObject = {
        "max_tokens": prompt.max_tokens,
        "temperature": prompt.temperature,
        "seed": prompt.seed & 0x7FFFFFFF,
    }
    if prompt.top_p is not None:
        settings["top_p"] = prompt.top_p
    if prompt.scored:
        settings["logprobs"] = ALTERNATIVES
    if prompt.stop:
        settings["stop"] = list(prompt.stop)
    return settings


def plain(messages: Iterable[Message]) -> list[JsonValue]:
    """The messages, with nothing in them that a server would read as a control token."""
    return [{"role": message.role, "content": neutralise(message.content)} for message in messages]


def for_llama(prompt: Prompt, adapter: float | None) -> JsonObject:
    """What llama.cpp takes beyond the usual: a grammar, what keeps a small model from loops, an adapter's scale."""
    extra: JsonObject = {"cache_prompt": True}
    if prompt.top_p is None and not prompt.choices:
        extra |= {"min_p": 0.08, "repeat_penalty": 1.1}
    else:
        extra |= {"top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0}
    if prompt.one_line:
        extra["grammar"] = one_line(prompt)
    elif prompt.choices:
        extra["grammar"] = one_of(prompt.choices)
    return extra | at_scale(adapter)


def at_scale(adapter: float | None) -> JsonObject:
    """How llama.cpp is told the scale of its adapter; None: it has none."""
    return {} if adapter is None else {"lora": [{"id": 0, "scale": adapter}]}


def read(answer: object, *, model: str, seconds: float, stop: tuple[str, ...] = ()) -> Reply:
    """The reply in an answer that was read from JSON; its price is not known here.

    The text is the answer alone: reasoning is taken off, whatever stands after a string of `stop` too, and where a
    filter or a fault of the server cut the text, the broken sentence at its end. Raises BrokenAnswer for what is no
    answer, Refusal for an error inside one.
    """
    if not isinstance(answer, Mapping):
        raise BrokenAnswer("no choices")
    choices = answer.get("choices")
    if not choices:
        _raise_error(answer)
        raise BrokenAnswer("no choices")
    choice = choices[0]
    native = choice.get("provider_specific_fields") or {}  # litellm calls an error `stop`, and keeps its name there
    message, finish = choice.get("message"), choice.get("finish_reason")
    error = choice.get("error") or native.get("error") or answer.get("error")
    if error or "error" in (finish, native.get("native_finish_reason")):
        _raise_error({"error": error or "the answer ended in an error"})
    source = choice if message is None else message
    text, reasoned = _text(source.get("text") if message is None else source.get("content"), finish)
    answered = separate(text)
    reasoned = reasoned or answered.reasoned or any(source.get(name) for name in _REASONING_FIELDS)
    text = _until(answered.answer, stop)
    filtered = finish == "content_filter"
    usage = answer.get("usage") or {}
    decoding = (answer.get("timings") or {}).get("predicted_ms")
    return Reply(
        text=_readable(whole_sentences(text) if filtered else text),
        model=model,
        usage=usage_of(usage),
        seconds=seconds,
        decoding=None if decoding is None else decoding / 1000,
        cut=finish == "length" or filtered,
        reasoned=reasoned or _reasoning_tokens(usage) > 0,
    )


def billed(reply: Reply, billing: Billing, cost_usd: float | None = None) -> Reply:
    """The reply with what is known about its price."""
    return replace(reply, billing=billing, cost_usd=cost_usd)


def usage_of(usage: object) -> Usage:
    """The tokens that were counted, by whichever of the names that providers have for cached ones."""
    if not isinstance(usage, Mapping):
        return Usage()
    details = usage.get("prompt_tokens_details")
    cached = [
        details.get("cached_tokens") if isinstance(details, Mapping) else None,
        usage.get("prompt_cache_hit_tokens"),  # DeepSeek
        usage.get("cached_tokens"),  # Moonshot
        usage.get("cache_read_input_tokens"),  # Anthropic
    ]
    prompt = _tokens(usage.get("prompt_tokens")) or _tokens(usage.get("tokens_evaluated"))  # llama.cpp's own
    completion = _tokens(usage.get("completion_tokens")) or _tokens(usage.get("tokens_predicted"))
    total = _tokens(usage.get("total_tokens"))  # xAI and Gemini count reasoning, which is paid for, in it alone
    return Usage(
        prompt, max(_tokens(each) for each in cached), max(completion, total - prompt) if prompt else completion
    )


def whole_sentences(text: str) -> str:
    """The text up to its last whole sentence; empty: there is none."""
    return text[: max(text.rfind(end) for end in SENTENCE_ENDS) + 1]


def _text(content: object, finish: object) -> tuple[str, bool]:
    """The text of a content, which may be a list of parts, and whether there are thoughts among the parts."""
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, Mapping)]
        texts = [part["text"] for part in parts if part.get("type") in ("text", "output_text", None) and "text" in part]
        thoughts = any(str(part.get("type", "")).startswith(("think", "reason", "redacted")) for part in parts)
        if not all(isinstance(text, str) for text in texts):
            raise BrokenAnswer("a part whose text is not a string")
        return "".join(texts), thoughts
    if content is None and finish is None:
        raise BrokenAnswer("no text")
    if not isinstance(content, str | None):
        raise BrokenAnswer("the text is not a string")
    return content or "", False


def _until(text: str, stop: tuple[str, ...]) -> str:
    """The text before the first stop string; some servers go on, and litellm hands over four strings at most."""
    body = text.lstrip("\n") if "\n" in stop else text
    return body[: min((at for each in stop if (at := body.find(each)) >= 0), default=len(body))]


def _readable(text: str) -> str:
    """At most LONGEST characters; JSON may hold half a surrogate pair, a file may not."""
    return text[:LONGEST].encode(errors="replace").decode()


def _raise_error(answer: Mapping[str, object]) -> None:
    error = answer.get("error") or answer.get("errors")
    if error is None and answer.get("object") == "error":
        error = answer.get("message")
    if error is None and isinstance(base := answer.get("base_resp"), Mapping) and base.get("status_code"):
        error = base  # MiniMax
    if error is None and not answer.get("choices"):
        error = next((answer for name in ("message", "detail", "msg", "error_message") if answer.get(name)), None)
    if error is None and (feedback := answer.get("promptFeedback")):
        error = {"code": 400, "message": f"prompt blocked: {json.dumps(feedback)}"}
    if error:
        raise Refusal(status_in_body(error), json.dumps({"error": error}, ensure_ascii=False, default=str))


def _tokens(counted: object) -> int:
    """A number of tokens; 0 where the server gives something else."""
    return counted if type(counted) is int and 0 <= counted < 2**53 else 0


def _reasoning_tokens(usage: Mapping[str, object]) -> int:
    details = usage.get("completion_tokens_details")
    return _tokens(details.get("reasoning_tokens")) if isinstance(details, Mapping) else 0


def first_tokens(answer: object) -> dict[str, float] | None:
    """Probabilities of the first token's alternatives, as OpenAI's completions give them or as llama.cpp does.

    None: the answer holds none.
    """
    try:
        logprobs = answer["choices"][0].get("logprobs") if isinstance(answer, Mapping) else None
        if not isinstance(logprobs, Mapping):
            return None
        if content := logprobs.get("content"):
            return {each["token"]: math.exp(each["logprob"]) for each in content[0]["top_logprobs"]}
        if tops := logprobs.get("top_logprobs"):
            return {token: math.exp(logprob) for token, logprob in tops[0].items()}
    except (AttributeError, LookupError, OverflowError, TypeError):  # some servers fill the field with something else
        pass
    return None
