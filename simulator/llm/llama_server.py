"""llama.cpp server: a GGUF file played on this machine, in a child process that is reached like any other server."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from pydantic import JsonValue

from simulator import control_tokens
from simulator.errors import ProviderError
from simulator.llm import cpu_threads, openai_protocol
from simulator.llm.client import ModelClient, Pace
from simulator.llm.first_prompt import Capacity, FirstPrompts
from simulator.llm.llama_child import ALIAS, CONTEXT
from simulator.llm.model import Billing, Models, Prompt, PromptFormat, Reply
from simulator.llm.openai_transport import OpenAITransport, with_params
from simulator.llm.progress import Listener, Phase, log_progress
from simulator.llm.provider_errors import BrokenAnswer, BrokenConnection, Unreachable
from simulator.llm.retry import FailureKind
from simulator.llm.server_traits import JsonObject, ServerTraits
from simulator.llm.transport import SILENCE, Exchange, TransportOptions

SLOTS = 4
"""Sessions that the server keeps in mind at once."""
ADAPTED = "+adapter"
"""After the name of a model that plays with an adapter."""


class LlamaServer:
    """The child process: started when the address is first asked for, and again if it died.

    Which slot a call gets is left to llama.cpp, which takes the one with the longest common beginning and keeps what
    it puts out of a slot in memory: more sessions than slots cost nothing (7 uncached tokens a message on four slots,
    with four sessions and with eight). A fixed slot for each session (`id_slot`) was tried, and cost 32 with eight: two
    sessions of one slot then read whole prompts, 1,200 tokens, again.
    """

    def __init__(self, path: Path, *, slots: int = SLOTS, adapter: Path | None = None) -> None:
        """`adapter`: a GGUF LoRA of that base, which a call gets that asks for it; loaded once beside the base.

        A session then has two prompts, the people's and the lead's, which share no beginning. Each keeps a slot of its
        own, so there are twice as many: llama.cpp finds the slot by the longest common beginning, and reads the whole
        prompt again when one slot goes from base to adapter.
        """
        self.path, self.adapter = path, adapter
        self.slots = slots if adapter is None else 2 * slots
        self._child: subprocess.Popen[bytes] | None = None
        self._address: tuple[str, str] | None = None
        self._starting = asyncio.Lock()
        self.first_prompts = FirstPrompts(self.slots)

    async def __aenter__(self) -> LlamaServer:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    @property
    def pid(self) -> int | None:
        """The child's process id while it lives."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    async def address(self) -> tuple[str, str]:
        """Base URL and key. Raises ProviderError if the file cannot be served."""
        async with self._starting:
            if self.pid is None or self._address is None:
                self.stop()
                # Both here and not in the thread: before anything else of ours is busy, and before litellm's import
                # sets variables, which moves the environment from under a process that is just being started.
                threads, environment = cpu_threads.idle(), os.environ.copy()
                self._address = await asyncio.to_thread(self._start, threads, environment)
            return self._address

    async def aclose(self) -> None:
        """Ends the child."""
        await asyncio.to_thread(self.stop)

    def stop(self) -> None:
        """Ends the child now; it has nothing to save."""
        child, self._child, self._address = self._child, None, None
        if child is not None:
            atexit.unregister(self.stop)
            _end(child)

    def _start(self, threads: int, environment: dict[str, str]) -> tuple[str, str]:
        key = secrets.token_urlsafe(24)
        try:
            child = subprocess.Popen(
                [sys.executable, "-m", "simulator.llm.llama_child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=Path(__file__).parents[2],
                env=environment,
                start_new_session=True,  # Ctrl-C in the terminal is not for the child
            )
        except OSError as error:
            cause = f"the server's process could not be started: {error.strerror or error}"
            raise ProviderError(cause, place=str(self.path), remedy="is there memory for it?") from None
        self._child = child
        atexit.register(self.stop)
        order = {"path": str(self.path), "slots": self.slots, "threads": threads, "key": key}
        order["adapter"] = str(self.adapter) if self.adapter else None
        orders, answers = _pipes(child)
        with contextlib.suppress(OSError):  # a child that is gone says so below
            orders.write(json.dumps(order).encode() + b"\n")
            orders.flush()
        line = answers.readline()
        try:
            said = json.loads(line)
            return f"{said['address']}/v1", key
        except (ValueError, KeyError):
            code = child.wait() if not line else None
            _end(child)
            cause = f"its process ended (exit {code})" if not line else said.get("error", "no address")
            missing = "ImportError" in cause or "ModuleNotFoundError" in cause
            raise ProviderError(
                f"llama.cpp could not serve it: {cause}",
                place=str(self.path),
                remedy="install xllamacpp" if missing else self._doubt(),
            ) from None

    def _doubt(self) -> str:
        if self.adapter is not None:
            return f"is {self.adapter} an adapter of this model, are both whole, and is there memory for them?"
        return "is the file whole, and is there memory for it?"


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
    orders, answers = _pipes(child)
    answers.close()
    with contextlib.suppress(OSError):
        orders.close()


def _pipes(child: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    """Its stdin and stdout."""
    assert child.stdin is not None and child.stdout is not None
    return child.stdin, child.stdout


class LlamaTransport(OpenAITransport):
    """Calls to a child process of ours, which starts with the first of them."""

    def __init__(self, name: str, server: LlamaServer, options: LlamaOptions) -> None:
        super().__init__(TransportOptions(ALIAS, name, billing=Billing.LOCAL, silence=options.silence))
        self._server, self._scale, self._params = server, options.scale, options.params
        self._key: str | None = None

    async def settings(self, prompt: Prompt, traits: ServerTraits) -> JsonObject:
        """The body; a text that spells out control tokens goes as token ids, in which they are plain characters."""
        body = await super().settings(prompt, traits)
        body |= {**openai_protocol.for_llama(prompt, self._scale), "return_progress": True}
        if prompt.text is not None:
            body["prompt"] = (
                prompt.text if control_tokens.find(prompt.text) is None else await self._plain_ids(prompt.text)
            )
        return with_params(body, self._params)

    async def send(self, exchange: Exchange) -> Reply:
        """The reply. Raises Unreachable when the child has died meanwhile."""
        base = await self._address()
        pid, first = self._server.pid, self._server.first_prompts
        if first.reading:
            exchange.note(Phase.QUEUED, None, None)
        try:
            async with first.turn(exchange.prompt.session, self._scale) as turn:

                def note(phase: Phase, tokens: int | None, share: float | None) -> None:
                    if phase is Phase.WRITING:
                        first.note(turn.over())
                    elif phase is Phase.READING and tokens is not None and share is not None:
                        turn.read(tokens * share)
                    exchange.note(phase, tokens, share)

                return await super().send(replace(exchange, base=base, note=note))
        except (BrokenConnection, ConnectionError) as error:
            if self._server.pid == pid and pid is not None:
                raise
            raise Unreachable(
                "the embedded server died", remedy="is there memory for it?", kind=FailureKind.UNREACHABLE
            ) from error

    @property
    def _native(self) -> JsonObject:
        return openai_protocol.at_scale(self._scale)

    async def window(self, base: str | None) -> int | None:
        """What the child is started with."""
        return CONTEXT

    async def aclose(self) -> None:
        """Closes the connections and ends the child."""
        await super().aclose()
        await self._server.aclose()

    async def _address(self) -> str:
        base, key = await self._server.address()
        if key != self._key:  # another child than before
            await super().aclose()
            self._options, self._key = replace(self._options, key=key), key
        return base

    async def _plain_ids(self, text: str) -> JsonValue:
        base = await self._address()
        body: JsonObject = {"content": text, "add_special": True, "parse_special": False}
        answer = await self.fetch(f"{base.removesuffix('/v1')}/tokenize", body)
        if not isinstance(answer, dict) or not isinstance(answer.get("tokens"), list):
            raise BrokenAnswer("no tokens")
        return answer["tokens"]


@dataclass(frozen=True, slots=True)
class LlamaOptions:
    """How a GGUF file is played."""

    silence: float = SILENCE
    """Seconds without a sign of life; the child gives one with every batch that it reads, and every token."""
    scale: float | None = None
    """Of the server's adapter; None: it has none; 0: the base as it is."""
    params: JsonObject = field(default_factory=dict)
    """What the user wants in every request."""


class EmbeddedModel(ModelClient):
    """A GGUF file on this machine as a Model. Several users may share it; the server starts with the first call."""

    def __init__(
        self,
        name: str,
        server: LlamaServer,
        dialect: PromptFormat,
        *,
        options: LlamaOptions = LlamaOptions(),
        progress: Listener = log_progress,
    ) -> None:
        """`options.scale` is 0 where the server has an adapter and nothing is said."""
        self.server, self._options, self._listener = server, options, progress
        scale = (options.scale or 0.0) if server.adapter else None
        transport = LlamaTransport(name, server, replace(options, scale=scale))
        super().__init__(name, dialect, transport, pace=Pace(server.slots, measured=False), progress=progress)

    @property
    def context(self) -> int | None:
        """Tokens that a prompt and its answer may have together."""
        return CONTEXT

    async def __aenter__(self) -> EmbeddedModel:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def adapted(self) -> EmbeddedModel:
        """The same server once more, answering with its adapter; closing one closes both.

        It is spoken to in documents, and in nothing else. They share no beginning with the other dialects' prompts, so
        the server's cache can never hand over what was computed without the adapter.
        """
        options = replace(self._options, scale=1.0)
        name = self.name + ADAPTED
        return EmbeddedModel(name, self.server, PromptFormat.DOCUMENT, options=options, progress=self._listener)


def capacity_of(models: Models) -> Callable[[], Capacity | None]:
    """Asks for the least that a server of ours among the models keeps up with; None: there is none among them."""
    playing = (models.people, models.lead, *models.others.values())
    ours = {id(model.server): model.server.first_prompts for model in playing if isinstance(model, EmbeddedModel)}

    def least() -> Capacity | None:
        return min((each.capacity for each in ours.values()), key=lambda each: each.sessions, default=None)

    return least
