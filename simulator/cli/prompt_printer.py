"""Shows every prompt on its way to a model."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from simulator.llm.model import Model, Models, Prompt, Reply


class PromptPrinter:
    """Wraps a Model, keeps its shape."""

    def __init__(self, inner: Model, console: Console) -> None:
        self._inner, self._console = inner, console
        self.name, self.dialect, self.context = inner.name, inner.dialect, inner.context

    async def reply(self, prompt: Prompt) -> Reply:
        parts = [prompt.text] if prompt.text is not None else [f"[{m.role}] {m.content}" for m in prompt.messages]
        for part in parts:
            for row in (part or "").splitlines():
                self._console.print(Text(f"    | {row}", style="dim cyan"))
        reply = await self._inner.reply(prompt)
        usage = reply.usage
        figures = f"{usage.prompt} prompt ({usage.cached} cached), {usage.completion} completion tokens"
        self._console.print(Text(f"    > {reply.text.strip()!r} ({figures}, {reply.seconds:.2f} s)", style="cyan"))
        return reply

    async def aclose(self) -> None:
        await self._inner.aclose()


def print_prompts(models: Models, console: Console) -> Models:
    others = {name: PromptPrinter(model, console) for name, model in models.others.items()}
    judge = PromptPrinter(models.judge, console) if models.judge else None
    return Models(PromptPrinter(models.people, console), PromptPrinter(models.lead, console), judge, others)
