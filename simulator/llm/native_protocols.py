"""Anthropic's, Gemini's and Ollama's own protocols, as far as a chat line needs them, from OpenAI's words and back.

litellm translates, too, but takes ten times as long for it, and only whole answers; see `tests/bench/README.md`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Protocol

from pydantic import JsonValue

from simulator.llm.openai_stream import StreamedAnswer
from simulator.llm.server_traits import JsonObject
from simulator.llm.transport import Note

_UNKNOWN_TO_ALL = frozenset(
    {"stream", "stream_options", "seed", "logprobs", "top_logprobs", "prompt_cache_key", "stop", "reasoning_effort"}
)
"""Parameters that have another name in both protocols, or none."""
_BUDGETS = {"minimal": 512, "low": 1024, "medium": 2048, "high": 4096}
"""Tokens of reasoning that an effort stands for, as litellm has it."""
_LEAST_BUDGET = 1024
"""Of Anthropic."""
_STOPS = 5
"""Strings to stop at that Gemini takes at most."""
_ANTHROPIC_ENDS = {"max_tokens": "length", "model_context_window_exceeded": "length", "refusal": "content_filter"}
_GEMINI_ENDS = {"STOP": "stop", "MAX_TOKENS": "length", "OTHER": "error", "MALFORMED_RESPONSE": "error"}
"""Whatever is missing is a filter: SAFETY, RECITATION, BLOCKLIST, PROHIBITED_CONTENT, SPII, LANGUAGE."""


class NativeProtocol(Protocol):
    """What a transport has to know."""

    def url(self, base: str, model: str, *, chat: bool) -> str:
        """Where a streamed answer is asked for; `chat` False: a text is to be gone on with."""
        ...

    def headers(self, key: str) -> dict[str, str]:
        """What goes with every request."""
        ...

    def body(self, settings: JsonObject) -> JsonObject:
        """The request, from one in OpenAI's words."""
        ...

    def piece(self, piece: Mapping[str, JsonValue], usage: JsonObject) -> JsonObject:
        """A piece of an answer, or a whole one, in OpenAI's words. `usage`: what was counted so far; is added to."""
        ...


class NativeAnswer(StreamedAnswer):
    """Puts the pieces of an answer in another protocol together."""

    def __init__(self, note: Note, protocol: NativeProtocol) -> None:
        super().__init__(note)
        self._protocol = protocol
        self._usage: JsonObject = {}

    def take_piece(self, piece: dict[str, JsonValue]) -> bool:
        """Adds one piece; True: nothing more is wanted."""
        return super().take_piece(self._protocol.piece(piece, self._usage)) or piece.get("type") == "message_stop"


class Anthropic:
    """Messages API, https://docs.anthropic.com/en/api/messages."""

    def url(self, base: str, model: str, *, chat: bool) -> str:
        """See NativeProtocol."""
        return base if base.endswith("/messages") else f"{base.removesuffix('/v1')}/v1/messages"

    def headers(self, key: str) -> dict[str, str]:
        """See NativeProtocol."""
        return {"x-api-key": key, "anthropic-version": "2023-06-01"}

    def body(self, settings: JsonObject) -> JsonObject:
        """See NativeProtocol. Newer models take temperature or top_p, not both; none takes white space to stop at."""
        messages, unknown = _messages(settings), _UNKNOWN_TO_ALL | _TEXT | {"response_format"}
        system = [block for each in messages if each["role"] == "system" for block in _blocks(each["content"])]
        body: JsonObject = {name: value for name, value in settings.items() if name not in unknown}
        body["stream"] = True
        body["messages"] = [each for each in messages if each["role"] != "system"]
        if system:
            body["system"] = system
        if stops := [each for each in _strings(settings.get("stop")) if each.strip()]:
            body["stop_sequences"] = list(stops)
        if (temperature := body.get("temperature")) is not None:
            body["temperature"] = min(1.0, temperature) if isinstance(temperature, int | float) else temperature
            body.pop("top_p", None)
        effort = settings.get("reasoning_effort")
        if isinstance(effort, str) and (budget := _BUDGETS.get(effort)) and "thinking" not in body:
            budget = max(_LEAST_BUDGET, budget)
            body["thinking"] = {"type": "enabled", "budget_tokens": budget}
            most = body.get("max_tokens")
            body["max_tokens"] = budget + (most if isinstance(most, int) else 0)
            body.pop("temperature", None)
        return body

    def piece(self, piece: Mapping[str, JsonValue], usage: JsonObject) -> JsonObject:
        """See NativeProtocol."""
        kind, found = piece.get("type"), dict[str, JsonValue]()
        if kind == "error" or piece.get("error"):
            return {"error": piece.get("error") or dict(piece)}
        message = piece.get("message") if kind == "message_start" else piece
        if isinstance(message, dict) and isinstance(counted := message.get("usage"), dict):
            usage |= {name: value for name, value in counted.items() if value is not None}
            found["usage"] = _anthropic_usage(usage)
        delta = piece.get("content_block") if kind == "content_block_start" else piece.get("delta")
        choice: JsonObject = {}
        if kind == "message":  # a whole answer
            choice["delta"] = {"content": piece.get("content")}
            choice["finish_reason"] = _anthropic_end(piece.get("stop_reason"))
        elif isinstance(delta, dict):
            thought = delta.get("thinking")
            choice["delta"] = {"content": delta.get("text"), "reasoning_content": thought}
            if kind == "message_delta":
                choice["finish_reason"] = _anthropic_end(delta.get("stop_reason"))
        return {**found, "choices": [choice]} if choice else found


class Gemini:
    """generateContent, https://ai.google.dev/api/generate-content."""

    def url(self, base: str, model: str, *, chat: bool) -> str:
        """See NativeProtocol."""
        version = "" if base.rsplit("/", 1)[-1].startswith("v1") else "/v1beta"
        return f"{base}{version}/models/{model}:streamGenerateContent?alt=sse"

    def headers(self, key: str) -> dict[str, str]:
        """See NativeProtocol."""
        return {"x-goog-api-key": key}

    def body(self, settings: JsonObject) -> JsonObject:
        """See NativeProtocol."""
        messages = _messages(settings)
        given = {"max_tokens": "maxOutputTokens", "temperature": "temperature", "top_p": "topP", "seed": "seed"}
        config: JsonObject = {name: settings[ours] for ours, name in given.items() if ours in settings}
        if stops := _strings(settings.get("stop"))[:_STOPS]:
            config["stopSequences"] = list(stops)
        if schema := _schema(settings.get("response_format")):
            config |= {"responseMimeType": "application/json", "responseJsonSchema": schema}
        if thinking := _gemini_thinking(settings.get("model"), settings.get("reasoning_effort")):
            config["thinkingConfig"] = thinking
        known = _UNKNOWN_TO_ALL | _TEXT | set(given) | {"model", "response_format"}
        body: JsonObject = {name: value for name, value in settings.items() if name not in known}
        if isinstance(own := body.get("generationConfig"), dict):
            config |= own
        roles = {"assistant": "model"}
        body["contents"] = [
            {"role": roles.get(str(each["role"]), "user"), "parts": _parts(each["content"])}
            for each in messages
            if each["role"] != "system"
        ]
        system = [part for each in messages if each["role"] == "system" for part in _parts(each["content"])]
        if system:
            body["systemInstruction"] = {"parts": system}
        body["generationConfig"] = config
        return body

    def piece(self, piece: Mapping[str, JsonValue], usage: JsonObject) -> JsonObject:
        """See NativeProtocol."""
        if piece.get("error"):
            return {"error": piece["error"]}
        found: JsonObject = {}
        if isinstance(counted := piece.get("usageMetadata"), dict):
            usage |= counted
            found["usage"] = _gemini_usage(usage)
        candidates, feedback = piece.get("candidates"), piece.get("promptFeedback")
        if isinstance(candidates, list) and candidates and isinstance(candidates[0], dict):
            content = candidates[0].get("content")
            parts = content.get("parts") if isinstance(content, dict) else None
            texts = [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
            delta: JsonObject = {
                "content": "".join(str(part.get("text") or "") for part in texts if not part.get("thought")),
                "reasoning_content": "".join(str(part.get("text") or "") for part in texts if part.get("thought")),
            }
            end = candidates[0].get("finishReason")
            known = _GEMINI_ENDS.get(end, "content_filter") if isinstance(end, str) else None
            found["choices"] = [{"delta": delta, "finish_reason": known}]
        elif isinstance(feedback, dict) and feedback.get("blockReason"):
            found["error"] = {"code": 400, "message": f"prompt blocked: {json.dumps(feedback)}"}
        return found


class Ollama:
    """Its own protocol, https://docs.ollama.com/api, for what OpenAI's does not reach there: the context's size."""

    def url(self, base: str, model: str, *, chat: bool) -> str:
        """See NativeProtocol."""
        return f"{base.removesuffix('/v1')}/api/{'chat' if chat else 'generate'}"

    def headers(self, key: str) -> dict[str, str]:
        """See NativeProtocol. A server of one's own wants no key."""
        return {"Authorization": f"Bearer {key}"} if key else {}

    def body(self, settings: JsonObject) -> JsonObject:
        """See NativeProtocol. A text to go on with is taken as it is, without the model's template."""
        given = {"max_tokens": "num_predict", "temperature": "temperature", "top_p": "top_p", "seed": "seed"}
        given |= {"stop": "stop", "num_ctx": "num_ctx", "top_k": "top_k", "min_p": "min_p"}
        options: JsonObject = {name: settings[ours] for ours, name in given.items() if ours in settings}
        known = _UNKNOWN_TO_ALL | set(given) | {"response_format"}
        body: JsonObject = {name: value for name, value in settings.items() if name not in known}
        if isinstance(own := body.get("options"), dict):
            options |= own
        if "prompt" in body:
            body["raw"] = True
        elif (effort := settings.get("reasoning_effort")) is not None:
            body["think"] = False if effort == "none" else effort
        return {**body, "options": options, "stream": True}

    def piece(self, piece: Mapping[str, JsonValue], usage: JsonObject) -> JsonObject:
        """See NativeProtocol."""
        if piece.get("error"):
            return {"error": piece["error"]}
        message = piece.get("message")
        said = message if isinstance(message, dict) else piece
        delta: JsonObject = {
            "content": said.get("content", said.get("response")),
            "reasoning_content": said.get("thinking"),
        }
        if not piece.get("done"):
            return {"choices": [{"delta": delta}]}
        counted: JsonObject = {
            "prompt_tokens": piece.get("prompt_eval_count"),
            "completion_tokens": piece.get("eval_count"),
        }
        end = "length" if piece.get("done_reason") == "length" else "stop"
        return {"usage": counted, "choices": [{"delta": delta, "finish_reason": end}]}


_TEXT = frozenset({"messages", "prompt"})


def _messages(settings: JsonObject) -> list[JsonObject]:
    """The chat; a text to go on with is a user's message."""
    given = settings.get("messages")
    if isinstance(given, list):
        return [each for each in given if isinstance(each, dict)]
    return [{"role": "user", "content": settings.get("prompt", "")}]


def _blocks(content: JsonValue) -> list[JsonValue]:
    return content if isinstance(content, list) else [{"type": "text", "text": content}]


def _parts(content: JsonValue) -> list[JsonValue]:
    return [{"text": block.get("text", "")} for block in _blocks(content) if isinstance(block, dict)]


def _strings(value: JsonValue) -> list[str]:
    given = value if isinstance(value, list) else [value]
    return [each for each in given if isinstance(each, str)]


def _schema(wanted: JsonValue) -> JsonValue:
    """The JSON schema in OpenAI's `response_format`; None: it has none."""
    inner = wanted.get("json_schema") if isinstance(wanted, dict) else None
    return inner.get("schema") if isinstance(inner, dict) else None


def _anthropic_end(reason: JsonValue) -> JsonValue:
    return _ANTHROPIC_ENDS.get(reason, "stop") if isinstance(reason, str) else None


def _anthropic_usage(counted: JsonObject) -> JsonObject:
    """Its prompt tokens are those beside the cache."""
    read, written = _number(counted, "cache_read_input_tokens"), _number(counted, "cache_creation_input_tokens")
    prompt, completion = _number(counted, "input_tokens") + read + written, _number(counted, "output_tokens")
    details: JsonObject = {"cached_tokens": read, "cache_write_tokens": written}
    return {"prompt_tokens": prompt, "completion_tokens": completion, "prompt_tokens_details": details}


def _gemini_usage(counted: JsonObject) -> JsonObject:
    """Its tokens of the answer are those beside the thoughts."""
    thoughts = _number(counted, "thoughtsTokenCount")
    return {
        "prompt_tokens": _number(counted, "promptTokenCount"),
        "completion_tokens": _number(counted, "candidatesTokenCount") + thoughts,
        "prompt_tokens_details": {"cached_tokens": _number(counted, "cachedContentTokenCount")},
        "completion_tokens_details": {"reasoning_tokens": thoughts},
    }


def _number(counted: JsonObject, name: str) -> int:
    """A number of tokens; 0 where the provider gives none."""
    return value if isinstance(value := counted.get(name), int) else 0


def _gemini_thinking(model: JsonValue, effort: JsonValue) -> JsonObject:
    """Version 2.5 takes a budget of tokens (its Pro 128 at least), later ones a level (their Pro `low` at least)."""
    if not isinstance(model, str) or not isinstance(effort, str):
        return {}
    pro = "pro" in model
    if "gemini-2.5" in model:
        if effort == "none" or effort == "minimal":
            return {"thinkingBudget": 128 if pro else 0}
        return {"thinkingBudget": _BUDGETS.get(effort, _BUDGETS["low"])}
    if effort in ("none", "minimal"):
        return {"thinkingLevel": "low" if pro else "minimal"}
    return {"thinkingLevel": effort}


NATIVE: Mapping[str, NativeProtocol] = {
    "anthropic": Anthropic(),
    "gemini": Gemini(),
    "ollama": Ollama(),
    "ollama_chat": Ollama(),
}
"""By litellm's names for the providers."""
