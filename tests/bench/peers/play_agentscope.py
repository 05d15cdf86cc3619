"""AgentScope: seven agents that speak in turn and hear each other: `python play_agentscope.py ADDRESS N SESSIONS`.

pip install agentscope==2.0.10
"""

from __future__ import annotations

import asyncio
from functools import cache

from agentscope.agent import Agent, InjectionConfig
from agentscope.credential import OpenAICredential
from agentscope.formatter import OpenAIMultiAgentFormatter
from agentscope.message import UserMsg
from agentscope.model import OpenAIChatModel
from cast import MAX_TOKENS, MODEL, NICKS, TEMPERATURE, persona, topic
from driver import main


@cache
def model(address: str) -> OpenAIChatModel:
    return OpenAIChatModel(
        OpenAICredential(api_key="none", base_url=address),
        MODEL,
        parameters=OpenAIChatModel.Parameters(max_tokens=MAX_TOKENS, temperature=TEMPERATURE),
        stream=False,
        formatter=OpenAIMultiAgentFormatter(),
    )


async def session(base: str, n: int, number: int) -> int:
    # The time of day in every prompt would be new bytes that no other framework sends.
    bare = InjectionConfig(inject_runtime_state=False)
    agents = [Agent(nick, persona(nick), model(f"{base}/v1"), injection_config=bare) for nick in NICKS]
    opening = UserMsg("host", f"The topic is {topic(number)}.")
    for agent in agents:
        await agent.observe(opening)
    for i in range(n):
        said = await agents[i % len(agents)].reply()
        heard = UserMsg(NICKS[i % len(NICKS)], said.get_text_content() or "")
        await asyncio.gather(*(agent.observe(heard) for agent in agents if agent is not agents[i % len(agents)]))
    return n


if __name__ == "__main__":
    main(session, "agentscope", "openai")
