"""Many sessions at once: admission, order, resume, and stopping cleanly.

A run is a row of places (slots), each to be filled with one kept session. Workers take the next place, play a session
for it and judge it; a rejected one puts its place back into the queue. Whether a session repeats an earlier one is
decided in the order of the places, not in the order in which sessions happen to end, so the same seed gives the same
corpus at any concurrency.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from simulator import rng
from simulator.corpus.filters import Filters
from simulator.corpus.judge import SessionJudge
from simulator.corpus.near_duplicates import NearDuplicates
from simulator.corpus.phrase_budget import PhraseBudget
from simulator.corpus.verdict import Reason, Verdict
from simulator.document import Document, render_document
from simulator.errors import BudgetStop, EmError, NotMet
from simulator.events import Event
from simulator.journal.journal import Journal
from simulator.journal.recorded_model import recorded
from simulator.llm.model import Models, Purpose
from simulator.plan.estimate import MESSAGE_BYTES
from simulator.plan.planner import Planner
from simulator.plan.session_plan import AnySession, SessionPlan
from simulator.session.play import play
from simulator.session.prompts import secrets
from simulator.session.transcript import document
from simulator.world.world import World

MAX_ATTEMPTS = 30
"""Sessions for one place after which the run gives up: something is wrong that more sessions will not mend."""
BLOCK = 64
"""Places that share a phrase budget. It is drawn up from all places but those of the block before, so that it is the
same at any concurrency; a run never gets further ahead than that."""


@dataclass(frozen=True, slots=True)
class Began:
    session: AnySession


@dataclass(frozen=True, slots=True)
class Happened:
    session: AnySession
    event: Event


@dataclass(frozen=True, slots=True)
class Settled:
    session: AnySession
    verdict: Verdict
    bytes: int


@dataclass(frozen=True, slots=True)
class NotNeeded:
    """Fit to be kept, and not needed: a better one holds the place."""

    session: AnySession


Note = Began | Happened | Settled | NotNeeded
"""What a run tells whoever watches."""


def verdict_of(filters: Filters, world: World, plan: SessionPlan, events: list[Event]) -> tuple[Document, Verdict]:
    """The training document of a finished session and what the filters say about it."""
    made = document(plan.setting, events)
    return made, filters.judge(made, plan=plan, secrets=secrets(plan.setting, plan.script, world))


@dataclass(frozen=True, slots=True)
class Finished:
    """A session that passed the filters: a candidate for its place."""

    plan: SessionPlan
    document: Document
    bytes: int
    score: float | None
    """The judge's; None stands behind every score."""

    @property
    def rank(self) -> tuple[bool, float, int]:
        """Best first; among equals the earlier one."""
        return (self.score is None, -(self.score or 0.0), self.plan.attempt)


class SessionRunner(Protocol):
    """Where sessions are played: in this process, or on other machines."""

    def play(self, plan: SessionPlan, past: Sequence[Event]) -> AsyncGenerator[Event, None]:
        """As `session.play.play`. An answer is in the journal before the event that comes of it is yielded, and no
        other question of that session is asked before that event is there too.
        """
        ...


class LocalRunner:
    """The stage in this process."""

    def __init__(self, journal: Journal, world: World, models: Models) -> None:
        self._journal, self._world, self._models = journal, world, models

    def play(self, plan: SessionPlan, past: Sequence[Event]) -> AsyncGenerator[Event, None]:
        return play(plan, self._world, recorded(self._models, self._journal, plan.id), past)


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
        stage: SessionRunner | None = None,
    ) -> None:
        """`guess_usd` estimates what a session will cost; needed with a budget. `stage` None: here, with `models`;
        the judge is asked from here in any case.
        """
        run = journal.run
        self._journal, self._world, self._models, self._watch = journal, world, models, watch
        self._stage = stage or LocalRunner(journal, world, models)
        self._concurrency, self._budget, self._guess = concurrency, budget_usd, guess_usd
        self._goal, self._seed = run.goal, run.seed
        self._planner = Planner(world, run.seed, length=run.goal.length)
        self._filters = Filters(world.style, world.engagement, world.quota, world.lead.nick)
        self._twins = NearDuplicates(world.style)
        self._phrases = PhraseBudget(world.realism.habits, world.lead.nick)
        self._worn: dict[int, tuple[str, ...]] = {0: (), 1: ()}
        """By block of places: what the lead had worn out a block before."""
        self._queue: list[tuple[int, int]] = []
        """(place, attempt) to be played before any new place."""
        self._fresh = 0
        """The first place that nothing was played for."""
        self._settled = 0
        """The first place without a kept session."""
        self._candidates: dict[int, list[Finished]] = {}
        """By place."""
        self._promised: dict[str, tuple[int, float]] = {}
        """Sessions being played: estimated bytes and dollars."""
        self._kept_bytes = 0
        self._moved = asyncio.Event()
        """Set, and replaced, whenever a place is settled or the run stops."""
        self._stop: EmError | None = None

    async def go(self) -> None:
        """Plays until the goal is met.

        Raises BudgetStop when the money is used up, NotMet when a place cannot be filled, ProviderError when a model
        fails for good. What was begun is finished first where that is possible, and everything is saved in any case.
        """
        self._remember()
        self._settle_in_order()
        async with asyncio.TaskGroup() as workers:
            for _ in range(self._concurrency):
                workers.create_task(self._work())
        if self._stop is not None:
            raise self._stop

    async def _work(self) -> None:
        while True:
            while self._too_far_ahead():
                await self._moved.wait()
            plan = self._admit()
            if plan is None:
                return
            try:
                await self._session(plan)
            except EmError as error:
                self._halt(error)
            finally:
                self._promised.pop(plan.id, None)

    def _too_far_ahead(self) -> bool:
        """True if the next place needs to know what was worn out in places that are still being played."""
        return self._stop is None and not self._queue and not self._enough() and self._fresh // BLOCK not in self._worn

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
        plan = self._planner.plan(slot, attempt).avoiding(self._worn[slot // BLOCK])
        usd = self._guess(plan)
        if not self._affordable(usd):
            return None
        if self._queue:
            heapq.heappop(self._queue)
        else:
            self._fresh += 1
        self._promised[plan.id] = (plan.messages * MESSAGE_BYTES, usd)
        return plan

    def _enough(self) -> bool:
        if self._goal.sessions is not None:
            return self._fresh >= self._goal.sessions
        assert self._goal.target_mb is not None
        waiting = sum(min(those, key=lambda one: one.rank).bytes for those in self._candidates.values())
        playing = sum(size for size, _ in self._promised.values())
        return self._kept_bytes + waiting + playing >= self._goal.target_mb * 1e6

    def _affordable(self, usd: float) -> bool:
        if self._budget is None:
            return True
        spent = self._journal.spent()
        if spent + sum(promised for _, promised in self._promised.values()) + usd <= self._budget:
            return True
        self._halt(
            BudgetStop(
                f"${spent:.2f} of ${self._budget:.2f} spent, and the next session may cost ${usd:.2f}",
                place="--budget-usd",
                remedy="what was begun is saved; go on with `em resume` and a higher budget",
            )
        )
        return False

    def _wanted(self, slot: int) -> int:
        """How many candidates a place is to have: `oversample` on average, the same at any concurrency."""
        whole, part = divmod(self._goal.oversample, 1.0)
        return int(whole) + (rng.stream(self._seed, "oversample", slot).random() < part)

    async def _session(self, plan: SessionPlan) -> None:
        """Plays one session, or what is left of it, and judges it."""
        known = self._journal.session(plan.id)
        if known is None:
            self._journal.begin(plan)
        else:
            plan = known.plan
        self._watch(Began(plan))
        events = self._journal.events(plan.id)
        async with aclosing(self._stage.play(plan, tuple(events))) as session:
            async for event in session:
                self._journal.event(plan.id, event)
                events.append(event)
                self._watch(Happened(plan, event))
                await asyncio.sleep(0)  # a model that answers at once must not keep the others, or Ctrl-C, waiting
        made, verdict = verdict_of(self._filters, self._world, plan, events)
        score = None
        if verdict.keep and self._models.judge is not None:
            asked = recorded(self._models, self._journal, plan.id)
            judge = SessionJudge(self._world.judge, asked.of(Purpose.JUDGE), plan.setting.lead)
            opinion = await judge.score(plan, made)
            reasons, score = judge.reasons(opinion), opinion.overall
            verdict = Verdict(keep=not reasons, reasons=reasons)
        size = len(render_document(made.header, made.lines).encode())
        self._promised.pop(plan.id, None)
        if not verdict.keep:
            self._reject(plan, verdict, size)
            return
        self._journal.spare(plan.id, size, score)
        those = self._candidates.setdefault(plan.number, [])
        those.append(Finished(plan, made, size, score))
        if len(those) < self._wanted(plan.number):
            heapq.heappush(self._queue, (plan.number, plan.attempt + 1))
        else:
            self._settle_in_order()

    def _settle_in_order(self) -> None:
        """Keeps the best candidate of every place whose turn has come."""
        while len(self._candidates.get(self._settled, ())) >= self._wanted(self._settled):
            ranked = sorted(self._candidates.pop(self._settled), key=lambda one: one.rank)
            for number, finished in enumerate(ranked):
                if self._keep(finished):
                    for other in ranked[number + 1 :]:
                        self._watch(NotNeeded(other.plan))
                    break
            else:
                last = max(finished.plan.attempt for finished in ranked)
                heapq.heappush(self._queue, (self._settled, last + 1))
                return

    def _keep(self, finished: Finished) -> bool:
        """Keeps the session, unless an earlier place holds nearly the same one."""
        plan = finished.plan
        if twin := self._twins.twin(plan.id, finished.document):
            reason = Reason(rule="near-duplicate", message=None, evidence=f"{twin[1]:.0%} like {twin[0]}")
            self._record(plan, Verdict(keep=False, reasons=(reason,)), finished.bytes)
            return False
        self._record(plan, Verdict(keep=True, reasons=()), finished.bytes)
        self._kept(finished.document, finished.bytes)
        return True

    def _kept(self, document: Document, size: int) -> None:
        """Counts one more place as settled."""
        self._phrases.add(document)
        self._kept_bytes += size
        self._settled += 1
        if self._settled % BLOCK == 0:
            self._worn[self._settled // BLOCK + 1] = self._phrases.worn()
            self._worn.pop(self._settled // BLOCK - 1)
        self._moved.set()
        self._moved = asyncio.Event()

    def _reject(self, plan: SessionPlan, verdict: Verdict, size: int) -> None:
        self._record(plan, verdict, size)
        if plan.attempt + 1 >= MAX_ATTEMPTS:
            rules = ", ".join(list(self._journal.rejections())[:3])
            self._halt(
                NotMet(
                    f"{MAX_ATTEMPTS} sessions for one place were played, and mostly rejected by {rules}",
                    place=f"{plan.slot.pattern}, {plan.setting.engagement}, {plan.slot.length}",
                    remedy="look at them with `em status`; a better model or a milder rule may be needed",
                )
            )
        heapq.heappush(self._queue, (plan.number, plan.attempt + 1))

    def _record(self, plan: SessionPlan, verdict: Verdict, size: int) -> None:
        self._journal.settle(plan.id, size, [(r.rule, r.message, r.evidence) for r in verdict.reasons])
        self._watch(Settled(plan, verdict, size))

    def _halt(self, error: EmError) -> None:
        """Begins nothing more; the first reason is the one that is told."""
        self._stop = self._stop or error
        self._moved.set()

    def _remember(self) -> None:
        """Takes up where the journal stops: kept sessions, candidates, places to fill again, sessions cut short."""
        for slot, rows in groupby(self._journal.sessions(), key=lambda row: row.plan.number):
            there = list(rows)
            for row in there:
                if row.state not in ("kept", "spare"):
                    continue
                made = document(row.plan.setting, self._journal.events(row.plan.id))
                if row.state == "kept":
                    self._twins.twin(row.plan.id, made)
                    self._kept(made, row.bytes)
                else:
                    self._candidates.setdefault(slot, []).append(Finished(row.plan, made, row.bytes, row.score))
            attempt = there[-1].plan.attempt
            if any(row.state == "kept" for row in there):
                self._candidates.pop(slot, None)
            elif there[-1].state == "open":
                heapq.heappush(self._queue, (slot, attempt))
            elif len(self._candidates.get(slot, ())) < self._wanted(slot):
                heapq.heappush(self._queue, (slot, attempt + 1))
            self._fresh = slot + 1
