"""Loops of a dozen lines on bare aiohttp, as a floor: `python loop_bare.py ADDRESS N SESSIONS`, LOOP=naive or log.

naive  system: rules and the speaker's card; user: the transcript and whose line is wanted
log    rules and all cards once, the transcript, `<nick>`: a prompt that only grows
"""

from __future__ import annotations

import os

import aiohttp
from cast import CARDS, MAX_TOKENS, MODEL, NICKS, RULES, TEMPERATURE, persona, topic
from driver import main

HEAD = f"{RULES}\nWho is here:\n" + "\n".join(CARDS.values()) + "\n\n"


def naive(nick: str, log: list[str]) -> list[dict[str, str]]:
    """Chat messages for the next line of `nick`."""
    asked = "\n".join(log) + f"\n\nWrite the next line of {nick}."
    return [{"role": "system", "content": persona(nick)}, {"role": "user", "content": asked}]


async def session(base: str, n: int, number: int) -> int:
    log = [f"* the topic is {topic(number)}"]
    connections = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connections) as http:
        for i in range(n):
            nick = NICKS[i % len(NICKS)]
            body = {"model": MODEL, "max_tokens": MAX_TOKENS, "temperature": TEMPERATURE}
            if os.environ["LOOP"] == "naive":
                where, body["messages"] = "/v1/chat/completions", naive(nick, log)
            else:
                where, body["prompt"] = "/v1/completions", HEAD + "\n".join(log) + f"\n<{nick}>"
            async with http.post(base + where, json=body) as response:
                choice = (await response.json())["choices"][0]
            text = choice["text"] if "text" in choice else choice["message"]["content"]
            log.append(f"<{nick}> {text.strip()}")
    return len(log) - 1


if __name__ == "__main__":
    main(session, "aiohttp")
