"""sdialog, which plays two agents, with seven driven by hand: `python play_sdialog.py ADDRESS N SESSIONS`.

    pip install sdialog==0.5.3

Its agents are called without await; sessions at once are threads.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

from cast import MAX_TOKENS, MODEL, NICKS, TEMPERATURE, persona, topic
from driver import main
from langchain_core.messages import HumanMessage
from langchain_openai import ChatOpenAI
from sdialog.agents import Agent

logging.disable(logging.WARNING)  # agents without a persona of sdialog's own kind are warned of
threads = ThreadPoolExecutor(500)
making = threading.Lock()


def play(base: str, n: int, number: int) -> int:
    with making:  # making agents in two threads at once fails now and then
        model = ChatOpenAI(
            model=MODEL, base_url=f"{base}/v1", api_key="none", max_tokens=MAX_TOKENS, temperature=TEMPERATURE
        )
        agents = [Agent(name=nick, system_prompt=persona(nick), model=model, can_finish=False) for nick in NICKS]
    for agent in agents:
        agent.memory.append(HumanMessage(f"The topic is {topic(number)}."))
    for i in range(n):
        speaker = agents[i % len(agents)]
        said = speaker()
        for agent in agents:
            if agent is not speaker:
                agent.memory.append(HumanMessage(f"{speaker.get_name()}: {said}"))
    return n


async def session(base: str, n: int, number: int) -> int:
    return await asyncio.get_running_loop().run_in_executor(threads, play, base, n, number)


if __name__ == "__main__":
    main(session, "sdialog", "langchain-openai", "openai")
