"""ag2's group chat: `python play_ag2.py ADDRESS N SESSIONS`, ORDER=round_robin or auto.

pip install "ag2[openai]==0.14.0"
"""

from __future__ import annotations

import os

from autogen import ConversableAgent, GroupChat, GroupChatManager, LLMConfig
from autogen.io.base import IOStream
from cast import CARDS, MAX_TOKENS, MODEL, NICKS, TEMPERATURE, persona, topic
from driver import main


class Silent(IOStream):
    """Chats are printed otherwise."""

    def print(self, *objects: object, **how: object) -> None:
        pass

    def send(self, message: object) -> None:
        pass

    def input(self, prompt: str = "", *, password: bool = False) -> str:
        return ""


def config(address: str) -> LLMConfig:
    entry = {
        "api_type": "openai",
        "model": MODEL,
        "base_url": address,
        "api_key": "none",
        "max_tokens": MAX_TOKENS,
        "temperature": TEMPERATURE,
    }
    return LLMConfig(entry, cache_seed=None)


async def session(base: str, n: int, number: int) -> int:
    chat = config(f"{base}/v1")
    people = [
        ConversableAgent(
            nick,
            system_message=persona(nick),
            description=CARDS[nick].partition(". ")[0],
            llm_config=chat,
            human_input_mode="NEVER",
        )
        for nick in NICKS
    ]
    group = GroupChat(
        people,
        max_round=n + 1,
        speaker_selection_method=os.environ["ORDER"],
        select_speaker_auto_llm_config=config(f"{base}/pick/v1"),
    )
    manager = GroupChatManager(group, llm_config=chat, human_input_mode="NEVER")
    host = ConversableAgent("host", llm_config=False, human_input_mode="NEVER")
    with IOStream.set_default(Silent()):
        await host.a_initiate_chat(manager, message=f"The topic is {topic(number)}.", silent=True)
    return sum(message.get("name") in NICKS for message in group.messages)


if __name__ == "__main__":
    main(session, "ag2", "openai")
