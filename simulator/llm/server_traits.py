"""Server traits: what one address takes and does not take, learnt from its refusals.

A parameter that a server refuses is renamed, lowered or left out, the call is made again at once, and every later call
to that address is made the right way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pydantic import JsonValue

from simulator.llm.model import Message
from simulator.llm.server_error import ServerError

JsonObject = dict[str, JsonValue]

_REFUSES = re.compile(
    r"unsupported|not (?:be )?supported|(?:does|do|is)(?:n't| not) (?:support|accept|allow|recogni|implement)"
    r"|unrecogni[sz]ed|unknown|unexpected|extra[ _](?:inputs?|fields?|forbidden|keys?)|not permitted|not allowed"
    r"|not available|not enabled|not implemented|invalid|deprecated|no longer|must be|should be|can(?:no|')t be"
    r"|too (?:large|many|high|big|long)|less than|greater than|at most|maximum|exceed|out of range|incompatible"
    r"|only .{0,60} (?:is|are) supported|not valid|disabled|supports? up to|cannot both|range: ",
    re.IGNORECASE,
)
_TEXT = frozenset({"model", "messages", "prompt", "api_base", "api_key", "timeout", "max_retries", "num_retries"})
"""What a call cannot do without."""
_RENAMED = {"max_tokens": "max_completion_tokens"}
_ALSO_CALLED = {
    "max_tokens": ("max_new_tokens", "maxOutputTokens", "max_output_tokens", "n_predict"),
    "stop": ("stop_sequences", "stopSequences"),
    "logprobs": ("top_logprobs", "top_n_tokens"),
    "seed": ("random_seed",),
    "reasoning_effort": (
        "support thinking",
        "thinking_level",
        "thinkingLevel",
        "thinking_budget",
        "thinkingBudget",
        "reasoning.effort",
        "reasoningEffort",
    ),
    "reasoning": ("Reasoning",),
    "thinking": ("Thinking", "enable_thinking"),
    "chat_template_kwargs": ("enable_thinking",),
}
_MEANT_FOR = {"logprobs": ("top_logprobs",)}
"""What means nothing without the parameter."""
_LIMIT = re.compile(
    r"(?:max(?:imum)?(?: allowed)?(?: value| length)?(?: is| of)?|at most|<=?|less than(?: or equal to)?|up to"
    r"|between -?[\d.]+ and|range: -?\d+(?:\.\d+)?\.\."
    r"|[\[(]-?[\d.]+, ?|no more than|limit(?:ed)?(?: is| of| to)?|exceeds?)"
    r"[\s:`'\"]{0,3}(-?\d+(?:\.\d+)?)",
    re.IGNORECASE,
)
_EFFORTS = ("none", "disable", "minimal", "low", "medium", "high")
"""From the least reasoning to the most."""


class ServerTraits:
    """What is known about one address; empty at first, kept for as long as the program runs."""

    def __init__(self) -> None:
        self.folds_system = False
        """System messages are put before the user's text, since the model's template has no place for them."""
        self._dropped: set[str] = set()
        self._renamed: dict[str, str] = {}
        self._replaced: dict[str, JsonValue] = {}

    def fit(self, settings: JsonObject) -> JsonObject:
        """The settings of a call as this server takes them."""
        if not (self._dropped or self._renamed or self._replaced):
            return settings
        fitted: JsonObject = {}
        for name, value in settings.items():
            name = self._renamed.get(name, name)
            if name in self._dropped:
                continue
            fitted[name] = self._lowered(name, value)
        return fitted

    def messages(self, messages: Iterable[Message]) -> tuple[Message, ...]:
        """The messages as this server takes them."""
        given = tuple(messages)
        if not self.folds_system or not any(message.role == "system" for message in given):
            return given
        rules = [message.content for message in given if message.role == "system"]
        others = [message for message in given if message.role != "system"]
        first = others[0].content if others else ""
        return Message("user", "\n\n".join([*rules, first])), *others[1:]

    def learn(self, error: ServerError, sent: JsonObject) -> bool:
        """Takes note of why a call with the settings `sent` was refused; True: made again it will be another one."""
        if error.refuses_system_role:
            roles = [each.get("role") for each in _objects(sent.get("messages"))]
            if "system" in roles:
                self.folds_system = True
                return True
        if error.status not in (400, 404, 413, 422, 500, 501) or not _REFUSES.search(error.text):
            return False
        name = _blamed(error.text, sent)
        if name is None:
            return False
        self._change(name, sent[name], error.text)
        return True

    def _change(self, name: str, value: JsonValue, text: str) -> None:
        limit = _limit(value, text)
        if limit is not None:
            self._replaced[name] = limit
        elif name == "reasoning_effort" and (effort := _effort(value, text)) is not None:
            self._replaced[name] = effort
        elif name == "reasoning" and value == {"enabled": False}:
            self._replaced[name] = {"effort": "low"}  # it cannot be switched off there
        elif name in _RENAMED and _RENAMED[name] not in self._dropped:
            self._renamed[name] = _RENAMED[name]
        else:
            self._dropped |= {name, *_MEANT_FOR.get(name, ())}

    def _lowered(self, name: str, value: JsonValue) -> JsonValue:
        limit = self._replaced.get(name)
        if limit is None:
            return value
        if isinstance(value, list) and isinstance(limit, int):
            return value[:limit]
        if isinstance(value, int | float) and isinstance(limit, int | float):
            return min(value, limit)
        return limit


def _objects(value: JsonValue) -> list[JsonObject]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _blamed(text: str, sent: JsonObject) -> str | None:
    """The setting that a refusal is about: the one it names as a name, else the only one that it mentions."""
    names = [name for name in sent if name not in _TEXT]
    if "both" in text and "top_p" in text and {"temperature", "top_p"} <= set(names):
        return "top_p"
    patterns = (
        r'"param"\s*:\s*"(?:body\.)?{}"',
        r'"loc"\s*:\s*\[[^\]]*"{}"',
        r"[`'\"\[(.]{}[`'\"\])\[:.]",
    )
    for pattern in patterns:
        for name in sorted(names, key=len, reverse=True):
            if any(re.search(pattern.format(re.escape(word)), text) for word in (name, *_ALSO_CALLED.get(name, ()))):
                return name
    mentioned = [
        name
        for name in names
        if any(
            re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) for word in (name, *_ALSO_CALLED.get(name, ()))
        )
    ]
    plain = [name for name in mentioned if name not in ("stop", "stream", "n")] or mentioned
    return plain[0] if len(plain) == 1 else None


def _limit(value: JsonValue, text: str) -> int | float | None:
    """The greatest value that a refusal allows, if it is below what was sent and more than nothing."""
    sent = len(value) if isinstance(value, list) else value
    if isinstance(sent, bool) or not isinstance(sent, int | float):
        return None
    for found in _LIMIT.finditer(text):
        limit = float(found[1])
        if 0 < limit < sent:
            return int(limit) if limit.is_integer() and isinstance(sent, int) else limit
    return None


def _effort(value: JsonValue, text: str) -> str | None:
    """The least effort that a refusal lists and that is not what was sent."""
    listed = (
        text[match.end() :]
        if (match := re.search(r"support\w* (?:values|are|efforts?)|one of|expected", text, re.I))
        else ""
    )
    return next((each for each in _EFFORTS if each != value and re.search(rf"['\"`]{each}['\"`]", listed)), None)
