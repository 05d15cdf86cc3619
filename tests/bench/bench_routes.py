"""What a message costs by each way to a provider: whole runs of `em simulate` against a loopback server.

    python tests/bench/bench_routes.py [--tree FOLDER …] [--messages 100] [--rounds 2]

Prints one JSON object: for every tree and way, CPU seconds of the whole process for a session of 100 messages, resident
memory at most, and whether litellm was imported. The server is a process of its own and answers at once, to OpenAI's,
Anthropic's and Gemini's requests alike. Several trees (such as an older version) take turns in each round; the figures
are medians.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parents[2]
WAYS = {
    "one's own server": "hosted_vllm/it",
    "openai, priced": "openai/gpt-4o-mini",
    "deepseek, priced": "deepseek/deepseek-chat",
    "anthropic": "anthropic/claude-sonnet-4-5",
    "gemini": "gemini/gemini-2.5-flash",
}
SERVER = """
import asyncio, json, random
from tests.llm.servers import claude_says, says, sends, serving

WORDS = '''soup bread kettle garden window train ticket winter coffee ladder river pencil market blanket candle orange
puddle jacket mirror basket carpet bottle button pocket engine cabbage violin hammer tunnel harbour lantern cushion
walnut biscuit teapot gravel meadow pigeon thunder marble ribbon copper velvet saddle barrel whistle'''.split()
COUNTED = {"promptTokenCount": 900, "candidatesTokenCount": 20, "totalTokenCount": 920}

def line(request, body):
    text = "my {} and the {} went past a {} near that {}, then one {} met a {}.".format(*random.sample(WORDS, 6))
    if "contents" in body:
        content = {"parts": [{"text": text}], "role": "model"}
        found = {"candidates": [{"content": content, "finishReason": "STOP"}], "usageMetadata": COUNTED}
        return sends(json.dumps(found))(request, body)
    return (claude_says if "anthropic-version" in request.headers else says)(text)(request, body)

async def main():
    async with serving(line) as server:
        print(server.base, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""
PLAY = """
import atexit, json, resource, runpy, sys

def report():
    own = resource.getrusage(resource.RUSAGE_SELF)
    figures = {"cpu": own.ru_utime + own.ru_stime, "mb": own.ru_maxrss / 1024, "litellm": "litellm" in sys.modules}
    print("FIGURES " + json.dumps(figures), file=sys.stderr)

atexit.register(report)
sys.argv[0] = "em"
runpy.run_module("simulator", run_name="__main__")
"""


@contextmanager
def server() -> Iterator[str]:
    """A loopback server's address."""
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True, cwd=HERE, env=environment
    ) as child:
        assert child.stdout is not None
        try:
            yield child.stdout.readline().strip()
        finally:
            child.kill()


def run(tree: Path, model: str, base: str, messages: int) -> dict[str, float]:
    """Figures of one session."""
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    keys = ("OPENAI_API_KEY", "DEEPSEEK_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY")
    environment |= dict.fromkeys(keys, "sk-none")
    address = base.removesuffix("/v1") if model.startswith(("anthropic", "gemini")) else base
    command = [sys.executable, "-c", PLAY, "simulate", "--messages", str(messages), "--no-live"]
    command += ["--model", model, "--api-base", address]
    command += ["--guard-model", "none"] if (tree / "policies" / "guard.yaml").exists() else []
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    found = re.search(r"FIGURES (.*)", done.stderr)
    if found is None or done.returncode not in (0, 1):
        raise SystemExit(done.stderr[-2000:])
    figures: dict[str, float] = json.loads(found[1])
    return figures


def main() -> None:
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--tree", type=Path, nargs="+", default=[HERE])
    asked.add_argument("--messages", type=int, default=100)
    asked.add_argument("--rounds", type=int, default=2)
    given = asked.parse_args()
    figures: dict[tuple[str, str], list[dict[str, float]]] = {}
    with server() as base:
        for _ in range(given.rounds):
            for way, model in WAYS.items():
                for tree in given.tree:
                    found = run(tree.resolve(), model, base, given.messages)
                    row = {"cpu_s": found["cpu"], "mb": found["mb"], "litellm": found["litellm"]}
                    figures.setdefault((str(tree), way), []).append(row)
                    print(json.dumps({"tree": str(tree), "way": way, **row}), file=sys.stderr, flush=True)
    rows = {
        f"{way}, {tree}": {name: round(median(float(row[name]) for row in found), 2) for name in found[0]}
        for (tree, way), found in figures.items()
    }
    print(json.dumps({"benchmark": "ways to a provider", "load": round(os.getloadavg()[0], 1), "ways": rows}))


if __name__ == "__main__":
    main()
