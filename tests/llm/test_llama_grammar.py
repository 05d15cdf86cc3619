from __future__ import annotations

import pytest

from simulator.llm.model import CallId, Message, Prompt, Purpose
from simulator.llm.openai_protocol import TOKENS_A_SENTENCE, Start, one_line, start


def prompt(text: str | None, max_tokens: int = 90) -> Prompt:
    messages = () if text is not None else (Message("user", "hi"),)
    return Prompt(Purpose.PEOPLE, CallId(0), 1, max_tokens, 0.9, text=text, messages=messages)


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        (None, Start.TURN),
        ("<kai> hi\n<mara>", Start.LINE),
        ("<kai> hi\n<mara> ", Start.TURN),
        ("<kai> hi\n<mara> no way.", Start.LINE),
        ("<kai> hi\n<mara> wait, can you", Start.SPACE),
        ("<kai> hi\n<mara> kai:", Start.SPACE),
        ("<kai> hi\n<mara> can you ", Start.WORD),
        ("<kai> hi\n* mara", Start.LINE),
    ],
)
def test_where_an_answer_begins(text: str | None, begins: Start) -> None:
    assert start(prompt(text)) is begins
    assert one_line(prompt(text)).startswith(f"root ::= {begins}")


@pytest.mark.parametrize(("room", "more"), [(0.5, None), (1, None), (2, "{0,1}"), (3.5, "{0,2}"), (20, "{0,3}")])
def test_as_many_sentences_as_there_is_room_for(room: float, more: str | None) -> None:
    root = one_line(prompt("<mara>", int(room * TOKENS_A_SENTENCE))).splitlines()[0]
    assert (more in root) if more else ("{0," not in root)
    assert root.endswith(r'"\n"')
