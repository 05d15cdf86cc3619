"""The naive loop with litellm in place of aiohttp: `python loop_litellm.py ADDRESS N SESSIONS`."""

from __future__ import annotations

import os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else the import fetches a price table

import litellm
from cast import MAX_TOKENS, MODEL, NICKS, TEMPERATURE, topic
from driver import main
from loop_bare import naive


async def session(base: str, n: int, number: int) -> int:
    log = [f"* the topic is {topic(number)}"]
    for i in range(n):
        nick = NICKS[i % len(NICKS)]
        response = await litellm.acompletion(
            model=f"openai/{MODEL}",
            messages=naive(nick, log),
            api_base=f"{base}/v1",
            api_key="none",
            max_tokens=MAX_TOKENS,
            temperature=TEMPERATURE,
        )
        log.append(f"<{nick}> {response.choices[0].message.content.strip()}")
    return len(log) - 1


if __name__ == "__main__":
    main(session, "litellm")
