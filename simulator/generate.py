"""Many sessions at once: admission, order, resume, and stopping cleanly.

A run is a row of places (slots), each to be filled with one kept session. Workers take the next place, play a session
for it and judge it; a rejected one puts its place back into the queue. Whether a session repeats an earlier one is
decided in the order of the places, not in the order in which sessions happen to end, so the same seed gives the same
corpus at any concurrency.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass

from simulator.corpus.duplicates import NearDuplicates
from simulator.corpus.example import lines
from simulator.corpus.filters import Filters
from simulator.corpus.judge import Judge
from simulator.corpus.verdict import Reason, Verdict
from simulator.errors import BudgetStop, EmError, NotMet
from simulator.events import Event
from simulator.journal.journal import Journal
from simulator.journal.recorded import recorded
from simulator.llm.model import Models
from simulator.plan.estimate import MESSAGE_BYTES
from simulator.plan.planner import Planner
from simulator.plan.session_plan import SessionPlan
from simulator.screen import Document, Header, render
from simulator.session.play import play
from simulator.session.prompts import secrets
from simulator.world.world import World

MAX_ATTEMPTS = 30
"""Sessions for one place after which the run gives up: something is wrong that more sessions will not mend."""


@dataclass(frozen=True, slots=True)
class Began:
    plan: SessionPlan


@dataclass(frozen=True, slots=True)
class Happened:
    plan: SessionPlan
    event: Event


@dataclass(frozen=True, slots=True)
class Settled:
    plan: SessionPlan
    verdict: Verdict
    bytes: int


Note = Began | Happened | Settled
"""What a run tells whoever watches."""


def verdict_of(filters: Filters, world: World, plan: SessionPlan, events: list[Event]) -> tuple[Document, Verdict]:
    """The training document of a finished session and what the filters say about it."""
    document = Document(Header(plan.engagement.value, plan.channel), lines(plan, events))
    return document, filters.judge(document, plan=plan, secrets=secrets(plan, world))


@dataclass(frozen=True, slots=True)
class Finished:
    """A session that passed the filters and waits for the places before it."""

    plan: SessionPlan
    document: Document
    bytes: int


class Run:
    """One run, from wherever its journal stands to its goal."""

    def __init__(
        self,
        journal: Journal,
        world: World,
        models: Models,
        *,
        concurrency: int,
        budget_usd: float | None = None,
        guess_usd: Callable[[SessionPlan], float] = lambda plan: 0.0,
        watch: Callable[[Note], None] = lambda note: None,
    ) -> None:
        """`guess_usd` estimates what a session will cost; needed with a budget."""
        run = journal.run
        self._journal, self._world, self._models, self._watch = journal, world, models, watch
        self._concurrency, self._budget, self._guess = concurrency, budget_usd, guess_usd
        self._goal = run.goal
        self._planner = Planner(world, run.seed, length=run.goal.length)
        self._filters = Filters(world.style, world.engagement, world.quota, world.lead.nick)
        self._twins = NearDuplicates(world.style)
        self._queue: list[tuple[int, int]] = []
        """(place, attempt) to be played before any new place."""
        self._fresh = 0
        """The first place that nothing was played for."""
        self._settled = 0
        """The first place without a kept session."""
        self._waiting: dict[int, Finished] = {}
        """By place."""
        self._promised: dict[str, tuple[int, float]] = {}
        """Sessions being played: estimated bytes and dollars."""
        self._kept_bytes = 0
        self._stop: EmError | None = None

    async def go(self) -> None:
        """Plays until the goal is met.

        Raises BudgetStop when the money is used up, NotMet when a place cannot be filled, ProviderError when a model
        fails for good. What was begun is finished first where that is possible, and everything is saved in any case.
        """
        self._remember()
        async with asyncio.TaskGroup() as workers:
            for _ in range(self._concurrency):
                workers.create_task(self._work())
        if self._stop is not None:
            raise self._stop

    async def _work(self) -> None:
        while (plan := self._admit()) is not None:
            try:
                await self._session(plan)
            except EmError as error:
                self._stop = self._stop or error
            finally:
                self._promised.pop(plan.id, None)

    def _admit(self) -> SessionPlan | None:
        """The next session to play, or None if nothing more is to be begun."""
        if self._stop is not None:
            return None
        if self._queue:
            slot, attempt = self._queue[0]
        elif self._enough():
            return None
        else:
            slot, attempt = self._fresh, 0
        plan = self._planner.plan(slot, attempt)
        usd = self._guess(plan)
        if not self._affordable(usd):
            return None
        if self._queue:
            heapq.heappop(self._queue)
        else:
            self._fresh += 1
        self._promised[plan.id] = (plan.n * MESSAGE_BYTES, usd)
        return plan

    def _enough(self) -> bool:
        if self._goal.sessions is not None:
            return self._fresh >= self._goal.sessions
        assert self._goal.target_mb is not None
        waiting = sum(finished.bytes for finished in self._waiting.values())
        playing = sum(size for size, _ in self._promised.values())
        return self._kept_bytes + waiting + playing >= self._goal.target_mb * 1e6

    def _affordable(self, usd: float) -> bool:
        if self._budget is None:
            return True
        spent = self._journal.spent()
        if spent + sum(promised for _, promised in self._promised.values()) + usd <= self._budget:
            return True
        self._stop = BudgetStop(
            f"${spent:.2f} of ${self._budget:.2f} spent, and the next session may cost ${usd:.2f}",
            place="--budget-usd",
            remedy="what was begun is saved; go on with `em resume` and a higher budget",
        )
        return False

    async def _session(self, plan: SessionPlan) -> None:
        """Plays one session, or what is left of it, and judges it."""
        known = self._journal.session(plan.id)
        if known is None:
            self._journal.begin(plan)
        else:
            plan = known.plan
        self._watch(Began(plan))
        events = self._journal.events(plan.id)
        models = recorded(self._models, self._journal, plan.id)
        async with aclosing(play(plan, self._world, models, tuple(events))) as session:
            async for event in session:
                self._journal.event(plan.id, event)
                events.append(event)
                self._watch(Happened(plan, event))
                await asyncio.sleep(0)  # a model that answers at once must not keep the others, or Ctrl-C, waiting
        document, verdict = verdict_of(self._filters, self._world, plan, events)
        if verdict.keep and models.judge is not None:
            opinion = Judge(self._world.judge, models.judge, plan.lead)
            reasons = opinion.reasons(await opinion.score(plan, document))
            verdict = Verdict(keep=not reasons, reasons=reasons)
        size = len(render(document.header, document.lines).encode())
        self._promised.pop(plan.id, None)
        if verdict.keep:
            self._waiting[plan.slot] = Finished(plan, document, size)
            self._settle_in_order()
        else:
            self._reject(plan, verdict, size)

    def _settle_in_order(self) -> None:
        while (finished := self._waiting.pop(self._settled, None)) is not None:
            twin = self._twins.twin(finished.plan.id, finished.document)
            if twin is not None:
                evidence = f"{twin[1]:.0%} like {twin[0]}"
                reason = Reason(rule="near-duplicate", message=None, evidence=evidence)
                self._reject(finished.plan, Verdict(keep=False, reasons=(reason,)), finished.bytes)
                return
            self._journal.settle(finished.plan.id, finished.bytes, ())
            self._settled += 1
            self._kept_bytes += finished.bytes
            self._watch(Settled(finished.plan, Verdict(keep=True, reasons=()), finished.bytes))

    def _reject(self, plan: SessionPlan, verdict: Verdict, size: int) -> None:
        self._journal.settle(plan.id, size, [(r.rule, r.message, r.evidence) for r in verdict.reasons])
        self._watch(Settled(plan, verdict, size))
        if plan.attempt + 1 >= MAX_ATTEMPTS:
            rules = ", ".join(list(self._journal.rejections())[:3])
            self._stop = NotMet(
                f"{MAX_ATTEMPTS} sessions in a row were rejected, mostly by {rules}",
                place=f"{plan.pattern}, {plan.engagement}, {plan.length}",
                remedy="look at them with `em status`; a better model or a milder rule may be needed",
            )
        heapq.heappush(self._queue, (plan.slot, plan.attempt + 1))

    def _remember(self) -> None:
        """Takes up where the journal stops: kept sessions, places to fill again, sessions cut in the middle."""
        last: dict[int, tuple[int, str]] = {}
        for row in self._journal.sessions():
            last[row.plan.slot] = (row.plan.attempt, row.state)
            if row.state == "kept":
                document = Document(
                    Header(row.plan.engagement.value, row.plan.channel),
                    lines(row.plan, self._journal.events(row.plan.id)),
                )
                self._twins.twin(row.plan.id, document)
                self._kept_bytes += row.bytes
        for slot, (attempt, state) in last.items():
            if state != "kept":
                heapq.heappush(self._queue, (slot, attempt if state == "open" else attempt + 1))
        self._fresh = max(last, default=-1) + 1
        while last.get(self._settled, (0, ""))[1] == "kept":
            self._settled += 1
