"""Nothing but our own words reaches the terminal, whatever litellm and the provider do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EVERYTHING = """
import asyncio
from dataclasses import replace

from simulator.errors import EmError
from simulator.llm.registry import open_models
from simulator.llm.model import Billing, PromptFormat
from simulator.llm.prices import price
from tests.llm.servers import HALF, HANG, fails, says, sends, serving
from tests.llm.clients import straight, translated
from tests.llm.test_client import CHAT, TEXT

NAMES = {CHAT: ("openai/gpt-4o", "hosted_vllm/it", "anthropic/claude-sonnet-4-5"), TEXT: ("text-completion-openai/it",)}
ANSWERS = (says("fine."), fails(500), fails(429), fails(401, "{key}"), fails(400), fails(404), HALF, HANG, sends("{}"))


async def main():
    for prompt, names in NAMES.items():
        for name in ("direct", *names):
            for answer in ANSWERS:
                async with serving(answer) as server:
                    if name == "direct":
                        door = straight([server.base], silence=0.2)
                    else:
                        door = translated([server.base], model=name, silence=0.2, billing=Billing.KNOWN)
                    try:
                        await door.reply(prompt)
                    except EmError:
                        pass
                    await door.aclose()
    door = translated(["http://127.0.0.1:9/v1"], model="openai/gpt-4o")
    for name in ("nonsense", "openai/gpt-4o", "hosted_vllm/it"):
        try:
            await open_models(name, None, None)
        except EmError:
            pass
        price(name)
    try:
        await door.reply(CHAT)
    except EmError:
        pass  # and this door is never closed


asyncio.run(main())
"""


def test_nothing_is_printed() -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", EVERYTHING], capture_output=True, text=True, cwd=root)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_litellm_is_not_imported_until_it_is_needed() -> None:
    root = Path(__file__).parents[2]
    modules = "sys, simulator.llm.registry, simulator.llm.prices"
    code = f"import {modules}; print('litellm' in sys.modules, 'openai' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert done.stdout.split() == ["False", "False"]
