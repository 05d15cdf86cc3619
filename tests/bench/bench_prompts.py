"""What a message costs in prompt tokens that no cache can hold, from the prompts alone: no server, no model.

    python tests/bench/bench_prompts.py [--sessions 20] [--seed 1] [--all]

Plays sessions with the scripted model, in both dialects, lays every prompt out as the embedded model's chat template
does and counts its tokens beyond the longest beginning that it shares with an earlier prompt of the session. The first
call of a session is left out: it reads the cards. Prints one JSON object:

    uncached   tokens a message: the newest message, the tail, and the end of the template
    newest     of them the newest message; in the completion dialect a server that writes it holds it already
    beyond     the rest: what the layout of the prompt costs
    first      tokens of the first prompt of a session

Unless `--all` is given, turns that the script has a private note for are left out, since they cost what the note does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from statistics import mean

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from transformers import PreTrainedTokenizerBase

from simulator.llm.gguf_file import default_weights
from simulator.llm.model import Models, Prompt, PromptFormat, Reply
from simulator.llm.scripted import Scripted
from simulator.plan.planner import Planner
from simulator.session.play import play
from simulator.train import base_model
from tests.worlds import shipped


@dataclass
class Counted:
    """The prompts of one session as tokens."""

    tokenizer: PreTrainedTokenizerBase
    scripted: Scripted
    everything: bool
    prompts: list[list[int]] = field(default_factory=list)
    uncached: list[int] = field(default_factory=list)
    newest: list[int] = field(default_factory=list)
    said: str = ""

    @property
    def name(self) -> str:
        return self.scripted.name

    @property
    def dialect(self) -> PromptFormat:
        return self.scripted.dialect

    context: int | None = None

    async def reply(self, prompt: Prompt) -> Reply:
        text = prompt.text or "".join(f"<|im_start|>{m.role}\n{m.content}<|im_end|>\n" for m in prompt.messages)
        if prompt.text is None:
            text += "<|im_start|>assistant\n"
        tokens = self.tokenizer.encode(text, add_special_tokens=False)
        if self.prompts and (self.everything or not prompt.scripted.cue):
            self.uncached.append(len(tokens) - max(shared(tokens, earlier) for earlier in self.prompts[-3:]))
            self.newest.append(len(self.tokenizer.encode(self.said, add_special_tokens=False)))
        self.prompts.append(tokens)
        reply = await self.scripted.reply(prompt)
        self.said = f"<{prompt.speaker}> {reply.text.strip()}\n"
        return reply

    async def aclose(self) -> None:
        pass


def shared(tokens: list[int], earlier: list[int]) -> int:
    """Tokens of the longest common beginning."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(tokens, earlier, strict=False)))


def row(dialect: PromptFormat, tokenizer: PreTrainedTokenizerBase, wanted: argparse.Namespace) -> dict[str, object]:
    planner = Planner(shipped(), wanted.seed)

    async def one(slot: int) -> Counted:
        model = Counted(tokenizer, Scripted(dialect), wanted.all)
        async for _ in play(planner.plan(slot), shipped(), Models(model, model)):
            pass
        return model

    sessions = [asyncio.run(one(slot)) for slot in range(wanted.sessions)]
    uncached = [count for session in sessions for count in session.uncached]
    newest = [count for session in sessions for count in session.newest]
    return {
        "dialect": dialect.value,
        "messages": len(uncached),
        "uncached": round(mean(uncached), 1),
        "newest": round(mean(newest), 1),
        "beyond": round(mean(uncached) - mean(newest), 1),
        "first": round(mean(len(session.prompts[0]) for session in sessions)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--all", action="store_true")
    wanted = parser.parse_args()
    tokenizer = base_model.read_tokenizer(base_model.EMBEDDED, Path(default_weights().stem))
    rows = [row(dialect, tokenizer, wanted) for dialect in (PromptFormat.COMPLETION, PromptFormat.CHAT)]
    print(json.dumps({"benchmark": "prompts", "rows": rows}))


if __name__ == "__main__":
    main()
