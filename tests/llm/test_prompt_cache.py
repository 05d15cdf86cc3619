from __future__ import annotations

from simulator.llm import openai_protocol, prompt_cache
from simulator.llm.model import Message


def chat(lines: int) -> tuple[Message, ...]:
    return Message("system", "rules"), Message(
        "user", "#general, LOW\n\n" + "".join(f"<kai> line {i}\n" for i in range(lines)) + "\ntail"
    )


def test_marked_blocks_are_the_same_text_and_only_grow() -> None:
    kept: list[str] = []
    for lines in range(1, 80):
        system, user = prompt_cache.marked(chat(lines))
        assert system["content"][0]["cache_control"]
        blocks = [block["text"] for block in user["content"]]
        assert "".join(blocks) == chat(lines)[1].content
        assert blocks[: len(kept)] == kept, "what was said stays as it is"
        assert [i for i, block in enumerate(user["content"]) if "cache_control" in block] in ([], [len(blocks) - 2])
        kept = blocks[:-1]
    assert len(kept) == 80 and all(map(str.strip, kept)), "a line is a block"


def test_a_message_without_an_empty_line_is_one_block() -> None:
    (user,) = prompt_cache.marked((Message("user", "line\n" * 40),))
    assert [block["text"] for block in user["content"]] == ["line\n" * 40]


def test_plain_messages_are_texts() -> None:
    assert openai_protocol.plain(chat(1))[0] == {"role": "system", "content": "rules"}
