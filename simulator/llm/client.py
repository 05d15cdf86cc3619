"""Model client: one model behind one address or several that serve the same, asked with patience.

From the outside in: `reply` tries again what may pass, `once` chooses an address and waits for a place there,
`_request` asks in the way that the address takes. How it gets there is the transport's business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from simulator import clock
from simulator.errors import ProviderError
from simulator.llm import retry
from simulator.llm.model import Prompt, PromptFormat, Reply
from simulator.llm.progress import CallProgress, Listener, Phase, log_progress
from simulator.llm.provider_errors import ContextExceeded, ReasoningOnly, Unreachable, translate
from simulator.llm.router import Endpoint, Router
from simulator.llm.server_error import ServerError
from simulator.llm.transport import Exchange, Transport

AT_ONCE = 256
"""Calls at once to one address at most; `concurrency` finds how many it takes."""
FRUITLESS = 5
"""Replies in a row with reasoning in them and no text, after which nothing more is asked."""
ADJUSTMENTS = 12
"""Times that one call is made again at once because the server refused the way it was made."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How an address is called."""

    at_once: int = AT_ONCE
    """Calls at once at most."""
    measured: bool = True
    """The number is found by how the server keeps up; False: it is known to be `at_once`."""


@dataclass(slots=True)
class Tally:
    """What became of the calls so far."""

    answered: int = 0
    """Replies, whatever was in them."""
    empty: int = 0
    """Of those, without text."""
    reasoning_only: int = 0
    """Of the empty ones, with reasoning."""
    failed: int = 0
    """Attempts that came to nothing."""


class ModelClient:
    """A Model that is reached through a transport."""

    def __init__(
        self,
        name: str,
        dialect: PromptFormat,
        transport: Transport,
        bases: Sequence[str] = (),
        *,
        pace: Pace = Pace(),
        progress: Listener = log_progress,
    ) -> None:
        """`bases` empty: the provider's own address. `progress` is told what calls wait for."""
        self.name, self.dialect, self.tally = name, dialect, Tally()
        self.endpoints = Router(bases, at_once=pace.at_once, paced=pace.measured)
        self.sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
        """How pauses are made; a test makes none."""
        self._transport, self._progress = transport, progress
        self._fruitless = 0
        self._answered = False
        self._limited_until: float | None = None

    @property
    def context(self) -> int | None:
        """Tokens that a prompt and its answer may have together, as far as the servers told; None: nothing is known."""
        return min((each.window for each in self.endpoints if each.window is not None), default=None)

    async def reply(self, prompt: Prompt) -> Reply:
        """The answer. Raises ProviderError: GaveUp when attempts are used up, else a kind of it that says why."""
        self._check_fruit(prompt)
        try:
            reply, failures = await retry.persist(
                lambda: self.once(prompt),
                place=self.name,
                key=(prompt.seed, str(prompt.call_id)),
                sleep=self.sleep,
                waiting=lambda trouble, seconds: self._tell_wait(prompt, trouble, seconds),
            )
        finally:
            self._resume(prompt)
        if not prompt.scored:
            self._count(reply)
        return replace(reply, attempts=len(failures) + 1, failures=failures)

    async def once(self, prompt: Prompt) -> Reply:
        """One attempt. Raises retry.Transient where another may help."""
        while True:
            self._resume(prompt)
            endpoint = self.endpoints.home(prompt.session)
            if endpoint.paused:
                self._tell(prompt, Phase.LIMITED, until=self._limited_until)
                await endpoint.wait_open()
            if endpoint.limit.busy >= int(endpoint.limit.limit):
                self._tell(prompt, Phase.QUEUED)
            async with endpoint.limit as ticket:
                if prompt.session and self.endpoints.home(prompt.session) is not endpoint:
                    continue  # it failed while the call waited for its turn
                return await self._at(endpoint, ticket, prompt)

    async def aclose(self) -> None:
        """Gives back connections. Safe to call twice."""
        await self._transport.aclose()

    async def _at(self, endpoint: Endpoint, ticket: int, prompt: Prompt) -> Reply:
        try:
            reply = await self._request(endpoint, prompt)
        except Exception as error:
            self.tally.failed += 1
            ours = self._translated(error, endpoint, ticket, prompt)
            raise ours from None
        self._answered = True
        self.endpoints.answered(endpoint)
        endpoint.limit.answered(ticket, reply.seconds)
        if not prompt.scored:
            self._watch_truncation(endpoint, prompt, reply)
        return reply

    async def _request(self, endpoint: Endpoint, prompt: Prompt) -> Reply:
        """The reply to the request, made again as often as the server teaches another way to make it."""
        await self._find_window(endpoint)
        for _ in range(ADJUSTMENTS):
            settings = await self._transport.settings(prompt, endpoint.traits)

            def note(phase: Phase, tokens: int | None, share: float | None) -> None:
                self._tell(prompt, phase, tokens=tokens, share=share)

            try:
                return await self._transport.send(Exchange(prompt, settings, endpoint.base, note))
            except Exception as error:
                said = ServerError.of(error)
                hopeless = said.too_long or said.filtered or said.no_credit or said.loading
                if hopeless or not endpoint.traits.learn(said, settings):
                    raise
        return await self._transport.send(Exchange(prompt, settings, endpoint.base, note))

    def _translated(self, error: Exception, endpoint: Endpoint, ticket: int, prompt: Prompt) -> Exception:
        ours = translate(error, place=self.name, base=endpoint.base, keys=self._transport.secrets)
        if isinstance(ours, ContextExceeded) and ours.window is not None:
            endpoint.window = min(ours.window, endpoint.window or ours.window)
        if isinstance(ours, retry.Transient):
            self.endpoints.failed(endpoint, ours)
            if ours.crowded:
                endpoint.limit.refused(ticket)
            if ours.kind is retry.FailureKind.BUSY and ours.wait:
                self._limited_until = clock.wall() + ours.wait
                endpoint.pause(_name(prompt))
        if isinstance(ours, Unreachable) and not self._answered and len(self.endpoints) == 1:
            return ProviderError(ours.cause, place=self.name, remedy=ours.remedy)  # it was never up
        return ours

    async def _find_window(self, endpoint: Endpoint) -> None:
        async with endpoint.probing:
            if not endpoint.probed:
                endpoint.probed = True
                endpoint.window = await self._transport.window(endpoint.base)

    def _resume(self, prompt: Prompt) -> None:
        """Whatever addresses this call has held up are open again."""
        for endpoint in self.endpoints:
            endpoint.resume(_name(prompt))

    def _watch_truncation(self, endpoint: Endpoint, prompt: Prompt, reply: Reply) -> None:
        cut_at = endpoint.truncation.cut_at(prompt.characters, reply.usage.prompt)
        if cut_at is not None:
            endpoint.window = min(cut_at, endpoint.window or cut_at)
            where = f" at {endpoint.base}" if endpoint.base else ""
            cause = f"the server{where} seems to cut prompts at {cut_at} tokens, in silence; raise its context size"
            self._tell(prompt, Phase.NOTICE, cause=cause)

    def _count(self, reply: Reply) -> None:
        tally = self.tally
        tally.answered += 1
        if reply.text.strip():
            self._fruitless = 0
            return
        tally.empty += 1
        if reply.reasoned:
            tally.reasoning_only += 1
            self._fruitless += 1

    def _check_fruit(self, prompt: Prompt) -> None:
        if self._fruitless >= FRUITLESS:
            raise ReasoningOnly(
                f"the model spends all of max_tokens ({prompt.max_tokens}) on thinking",
                place=self.name,
                remedy="switch thinking off on the server, or raise max_tokens in policies/turns.yaml",
            )

    def _tell_wait(self, prompt: Prompt, trouble: retry.Transient, seconds: float) -> None:
        phases = {retry.FailureKind.BUSY: Phase.LIMITED, retry.FailureKind.LOADING: Phase.LOADING}
        phase = phases.get(trouble.kind, Phase.RETRYING)
        self._tell(prompt, phase, until=clock.wall() + seconds, cause=trouble.cause)

    def _tell(
        self,
        prompt: Prompt,
        phase: Phase,
        *,
        tokens: int | None = None,
        share: float | None = None,
        until: float | None = None,
        cause: str = "",
    ) -> None:
        self._progress(
            CallProgress(
                model=self.name,
                session=prompt.session,
                call=str(prompt.call_id),
                speaker=prompt.speaker,
                phase=phase,
                tokens=tokens,
                share=share,
                until=until,
                cause=cause,
            )
        )


def _name(prompt: Prompt) -> str:
    return f"{prompt.session}/{prompt.call_id}/{prompt.seed}"
