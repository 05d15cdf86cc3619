"""AutoGen's group chats: `python play_autogen.py ADDRESS N SESSIONS`, TEAM=round-robin or selector.

pip install autogen-agentchat==0.7.5 "autogen-ext[openai]==0.7.5"
"""

from __future__ import annotations

import os
from functools import cache

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.messages import TextMessage
from autogen_agentchat.teams import RoundRobinGroupChat, SelectorGroupChat
from autogen_ext.models.openai import OpenAIChatCompletionClient
from cast import CARDS, MAX_TOKENS, MODEL, NICKS, TEMPERATURE, persona, topic
from driver import main


@cache
def client(address: str) -> OpenAIChatCompletionClient:
    return OpenAIChatCompletionClient(
        model=MODEL, base_url=address, api_key="none", max_tokens=MAX_TOKENS, temperature=TEMPERATURE
    )


async def session(base: str, n: int, number: int) -> int:
    people = [
        AssistantAgent(
            nick, client(f"{base}/v1"), description=CARDS[nick].partition(". ")[0], system_message=persona(nick)
        )
        for nick in NICKS
    ]
    if os.environ["TEAM"] == "selector":
        picker = client(f"{base}/pick/v1")
        team = SelectorGroupChat(people, model_client=picker, max_turns=n, allow_repeated_speaker=True)
    else:
        team = RoundRobinGroupChat(people, max_turns=n)
    result = await team.run(task=f"The topic is {topic(number)}.")
    return sum(isinstance(message, TextMessage) and message.source in NICKS for message in result.messages)


if __name__ == "__main__":
    main(session, "autogen-agentchat", "autogen-ext", "openai")
