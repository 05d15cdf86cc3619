"""Streamed answers in OpenAI's protocol: from server-sent events to the answer that would have come in one piece."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping

from pydantic import JsonValue

from simulator.llm.openai_protocol import LONGEST
from simulator.llm.progress import Phase
from simulator.llm.provider_errors import BrokenAnswer, BrokenConnection
from simulator.llm.transport import Note

_LINE = 4 << 20
"""Bytes of one event at most."""
_THOUGHTS = ("reasoning_content", "reasoning", "thinking")
DONE = "[DONE]"


async def events(chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """The data of each event; llama.cpp's `error:` lines and servers that forget the prefix count as data, too."""
    rest, failed = b"", False
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > _LINE:
            raise BrokenAnswer("a line without an end")
        for line in lines:
            failed = _names_an_error(line, failed)
            if data := _data(line, failed):
                yield data
    if data := _data(rest, failed):
        yield data


def _names_an_error(line: bytes, before: bool) -> bool:
    """Whether the event that the line belongs to is called an error."""
    if line.startswith(b"event:"):
        return line.removeprefix(b"event:").strip().lower() in (b"error", b"exception")
    return before and bool(line.strip())


def _data(line: bytes, failed: bool) -> str:
    text = line.decode(errors="replace").strip()
    if text.startswith("error:"):
        return json.dumps({"error": _json(text.removeprefix("error:"))})
    if text.startswith("data:"):
        text = text.removeprefix("data:").strip()
        if failed and text:
            said = _json(text)
            return text if isinstance(said, dict) and "error" in said else json.dumps({"error": said})
        return text
    return text if text.startswith("{") else ""


def _json(text: str) -> JsonValue:
    try:
        found: JsonValue = json.loads(text)
    except ValueError:
        return text.strip()
    return found


class StreamedAnswer:
    """Puts the pieces together."""

    def __init__(self, note: Note) -> None:
        self._note = note
        self._texts: list[str] = []
        self._parts: list[JsonValue] = []
        self._thoughts: list[str] = []
        self._characters = self._pieces = 0
        self._chat = True
        self._finish: JsonValue = None
        self._choice: dict[str, JsonValue] = {}
        self._answer: dict[str, JsonValue] = {}
        self._any = False
        self.begun = False
        """The first token of the answer, or of the thoughts before it, has come."""

    def take(self, event: str) -> bool:
        """Adds one event; True: nothing more is wanted."""
        if event == DONE:
            self._any = True
            if self._characters:
                self._finish = self._finish or "stop"  # not every server says why it ended
            return True
        piece = _json(event)
        if not isinstance(piece, dict):
            raise BrokenAnswer(f"an event that is not JSON: {event[:80]}")
        return self.take_piece(piece)

    def take_piece(self, piece: dict[str, JsonValue]) -> bool:
        """Adds what was read from one event; True: nothing more is wanted."""
        self._any = True
        if error := piece.get("error") or (not piece.get("choices") and piece.get("object") == "error" and piece):
            self._answer["error"] = error
            return True
        if isinstance(progress := piece.get("prompt_progress"), dict):
            self._read_so_far(progress)
        for name in ("usage", "timings", "id", "model"):
            if piece.get(name):
                self._answer[name] = piece[name]
        if isinstance(own := piece.get("x_groq"), dict) and own.get("usage"):
            self._answer["usage"] = own["usage"]
        choices = piece.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            self._take_choice(choices[0])
        return self._characters > LONGEST

    def whole(self) -> Mapping[str, JsonValue]:
        """The answer, as it would have come unstreamed. Raises BrokenConnection if its end is missing."""
        if "error" in self._answer:
            return self._answer
        if not self._any:
            raise BrokenAnswer("an empty stream")
        if self._finish is None and self._characters <= LONGEST:
            raise BrokenConnection("the stream ended before the answer did")
        text = "".join(self._texts)
        choice = {**self._choice, "finish_reason": self._finish or "length"}
        if self._chat:
            content: JsonValue = [*self._parts, {"type": "text", "text": text}] if self._parts else text
            choice["message"] = {"role": "assistant", "content": content, "reasoning_content": "".join(self._thoughts)}
        else:
            choice["text"] = text
        return {**self._answer, "choices": [choice]}

    def _take_choice(self, choice: dict[str, JsonValue]) -> None:
        delta = choice.get("delta") if "delta" in choice else choice.get("message")
        if isinstance(delta, dict):
            self._add(delta.get("content"))
            for name in _THOUGHTS:
                if isinstance(thought := delta.get(name), str) and thought:
                    self._thoughts.append(thought)
                    self._written()
                    break
        elif "text" in choice:
            self._chat = False
            self._add(choice["text"])
        if choice.get("logprobs") and "logprobs" not in self._choice:
            self._choice["logprobs"] = choice["logprobs"]
        if choice.get("error"):
            self._choice["error"] = choice["error"]
        if choice.get("usage"):
            self._answer["usage"] = choice["usage"]  # Moonshot
        if choice.get("finish_reason"):
            self._finish = choice["finish_reason"]

    def _add(self, content: JsonValue) -> None:
        if isinstance(content, list):
            for part in content:
                if isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str):
                    self._add(part["text"])
                else:
                    self._parts.append(part)
        elif isinstance(content, str):
            if content:
                self._texts.append(content)
                self._characters += len(content)
                self._written()
        elif content is not None:
            raise BrokenAnswer("the text is not a string")

    def _written(self) -> None:
        self.begun = True
        self._pieces += 1
        self._note(Phase.WRITING, self._pieces, None)

    def _read_so_far(self, progress: Mapping[str, JsonValue]) -> None:
        total, done = progress.get("total"), progress.get("processed")
        if isinstance(total, int) and isinstance(done, int) and total > 0:
            self._note(Phase.READING, total, min(1.0, done / total))
