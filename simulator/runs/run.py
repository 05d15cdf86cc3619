"""Run: many sessions at once, to a goal; resumable at any instant, and stopped cleanly.

A run is a row of places (slots), each to be filled with one kept session. Workers take the next place, play a session
for it and judge it; a rejected one puts its place back into the queue.

A session, as the journal has it (attempt 0 of a place, then 1, 2, … until one is kept):

    (not begun) ──admitted──> open ──filters, judge──> spare ──best of its place──> kept
                               │                        │ └──a better one is kept──> spare, not needed
                               └──a rule is broken──> rejected <──nearly an earlier one──┘

A place:

    (fresh) ──> playing ──> has candidates ──enough of them, and all places before are settled──> settled
                 │  ^          │      └──too few, or all repeat earlier sessions──> queued again
                 v  │          v
                queued <── rejected

Whoever does what: `admission` decides what is played next, `settling` which candidate is kept, `session_runner` where a
session is played. This file moves sessions from one to the other and writes the journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from itertools import groupby

from simulator import rng
from simulator.corpus.coherence import taken_up
from simulator.corpus.judge import TRIES, SessionJudge
from simulator.corpus.small_model import written_by_small_model
from simulator.corpus.verdict import Reason, Verdict
from simulator.document import Document
from simulator.errors import EmError, NotMet
from simulator.journal.journal import Journal
from simulator.journal.recorded_model import recorded
from simulator.llm.first_prompt import Capacity
from simulator.llm.model import Models, Purpose
from simulator.llm.progress import CallProgress, Phase
from simulator.llm.provider_errors import PromptFiltered
from simulator.plan.planner import Planner
from simulator.plan.session_plan import SessionPlan
from simulator.runs.admission import Admission, CircuitBreaker, RunLimits
from simulator.runs.notes import Began, Happened, NotNeeded, RunNote, Settled
from simulator.runs.session_runner import LocalRunner, SessionRunner, verdict_of, world_filters
from simulator.runs.settling import Candidate, PlaceToFill, Settling
from simulator.session.transcript import document
from simulator.world.world import World

FILTERED = "content-filter"
"""Rule that rejects a session of which the provider refused a prompt."""
MAX_ATTEMPTS = 30
"""Sessions for one place after which the run gives up: something is wrong that more sessions will not mend."""


class Run:
    """One run, from wherever its journal stands to its goal."""

    def __init__(
        self,
        journal: Journal,
        world: World,
        models: Models,
        limits: RunLimits,
        *,
        watch: Callable[[RunNote], None] = lambda note: None,
        runner: SessionRunner | None = None,
    ) -> None:
        """`watch` hears what happens. `runner` None: sessions are played here, with `models`; the judge is asked from
        here in any case.
        """
        run = journal.run
        self._journal, self._world, self._models, self._watch = journal, world, models, watch
        self._runner = runner or LocalRunner(journal, world, models)
        self._goal, self._seed, self._concurrency = run.goal, run.seed, limits.concurrency
        self._capacity, self._capacity_shown = limits.capacity, False
        self._known: Capacity | None = None
        self._planner = Planner(world, run.seed, length=run.goal.length)
        self._filters = world_filters(world, run.models)
        self._admission = Admission(run.goal, limits, journal.spent)
        self._settling = Settling(world, self._wanted)
        self._moved = asyncio.Event()
        """Set, and replaced, whenever a place is settled or the run stops."""
        self._breaker = CircuitBreaker()
        self._stop: EmError | None = None

    async def go(self) -> None:
        """Plays until the goal is met.

        Raises BudgetStop when the money is used up, NotMet when a place cannot be filled, ProviderError when a model
        fails for good. What was begun is finished first where that is possible, and everything is saved in any case.
        """
        self._take_up()
        self._settle()
        async with asyncio.TaskGroup() as workers:
            for _ in range(self._concurrency):
                workers.create_task(self._work())
        if self._stop is not None:
            raise self._stop

    async def _work(self) -> None:
        while True:
            while self._too_far_ahead() or self._crowded():
                await self._moved.wait()
            plan = self._admit()
            if plan is None:
                return
            try:
                await self._play_session(plan)
            except PromptFiltered as error:
                self._give_up(plan, error)
            except EmError as error:
                self._halt(error)
            finally:
                self._admission.leave(plan.id)
                self._move()

    def _crowded(self) -> bool:
        """True if the models do not keep up with one more session at once."""
        capacity = self._capacity()
        return self._stop is None and capacity is not None and self._admission.playing >= capacity.sessions

    def _look(self) -> None:
        """Takes note of what the models turn out to keep up with."""
        capacity = self._capacity()
        if capacity == self._known or capacity is None or capacity.pace is None:
            return
        self._known = capacity
        if not self._capacity_shown and capacity.sessions < self._concurrency:
            self._capacity_shown = True
            sessions = f"{capacity.sessions} session{'' if capacity.sessions == 1 else 's'} at once"
            cause = f"reads {capacity.pace:.0f} tokens a second here, so {sessions} instead of {self._concurrency}"
            self._watch(CallProgress(self._models.people.name, "", "", Phase.NOTICE, cause=cause))
        self._move()

    def _too_far_ahead(self) -> bool:
        """True if the next place depends on places that are still being played."""
        if self._stop is not None or not self._admission.begins_fresh(self._settling.gathered):
            return False
        return not self._settling.knows_phrases(self._admission.fresh)

    def _admit(self) -> SessionPlan | None:
        """The next session to play, or None if nothing more is to be begun."""
        if self._stop is not None or (place := self._admission.next_place(self._settling.gathered)) is None:
            return None
        slot, attempt = place
        plan = self._planner.plan(slot, attempt).avoiding(self._settling.overused_phrases(slot))
        try:
            self._admission.admit(plan)
        except EmError as error:
            self._halt(error)
            return None
        return plan

    def _wanted(self, slot: int) -> int:
        """How many candidates a place is to have: `oversample` on average, the same at any concurrency."""
        whole, part = divmod(self._goal.oversample, 1.0)
        return int(whole) + (rng.stream(self._seed, "oversample", slot).random() < part)

    async def _play_session(self, plan: SessionPlan) -> None:
        """Plays one session, or what is left of it, and judges it."""
        known = self._journal.session(plan.id)
        if known is None:
            self._journal.begin(plan)
        else:
            plan = known.plan
        self._watch(Began(plan))
        events = self._journal.events(plan.id)
        async with aclosing(self._runner.play(plan, tuple(events))) as session:
            async for event in session:
                self._journal.event(plan.id, event)
                events.append(event)
                self._watch(Happened(plan, event))
                self._breaker.event(plan.id, plan.setting.lead, event)
                self._look()
                await asyncio.sleep(0)  # a model that answers at once must not keep the others, or Ctrl-C, waiting
        self._breaker.usable("filter")
        made, verdict = verdict_of(self._filters, self._world, plan, events)
        score = None
        if verdict.keep and self._models.judge is not None:
            verdict, score = await self._ask_judge(plan, made)
        self._admission.leave(plan.id)
        if verdict.keep:
            self._add(Candidate(plan, made, made.size, score, self._taken_up(made)))
        else:
            self._reject(plan, verdict, made.size)

    def _taken_up(self, made: Document) -> float:
        """What candidates of one place are ranked by where the judge sees no difference, or there is none.

        What reads as a very small model writes repeats itself, so that it would rank first: it ranks last.
        """
        style = self._world.style
        return 0.0 if written_by_small_model(made.messages, style) else taken_up(made.messages, style)

    async def _ask_judge(self, plan: SessionPlan, made: Document) -> tuple[Verdict, float | None]:
        """The judge's verdict and score; None: no readable answer."""
        model = recorded(self._models, self._journal, plan.id).of(Purpose.JUDGE)
        judge = SessionJudge(self._world.judge, self._world.prompts, model, plan.setting.lead)
        opinion = await judge.score(plan, made)
        if opinion.readable:
            self._breaker.usable("judge")
        else:
            for _ in range(TRIES):
                self._breaker.spoiled("judge", plan.id, "unreadable answer", opinion.cause)
        reasons = judge.reasons(opinion)
        return Verdict(keep=not reasons, reasons=reasons), opinion.overall

    def _give_up(self, plan: SessionPlan, error: PromptFiltered) -> None:
        """The session is over, and asked for no more: another one takes its place."""
        reason = Reason(rule=FILTERED, message=None, evidence=error.cause)
        try:
            self._breaker.spoiled("filter", plan.id, FILTERED, error.cause)
        except EmError as stop:
            self._halt(stop)
        self._reject(plan, Verdict(keep=False, reasons=(reason,)), 0)

    def _add(self, candidate: Candidate) -> None:
        plan = candidate.plan
        self._journal.spare(plan.id, candidate.bytes, candidate.score)
        self._settling.add(candidate)
        if self._settling.lacks(plan.number):
            self._admission.fill_again(plan.number, plan.attempt + 1)
        else:
            self._settle()

    def _settle(self) -> None:
        """Records what becomes of the candidates of every place whose turn has come."""
        for decision in self._settling.settle():
            if isinstance(decision, PlaceToFill):
                self._admission.fill_again(decision.slot, decision.attempt)
                continue
            reasons = () if decision.reason is None else (decision.reason,)
            candidate = decision.candidate
            self._record(candidate.plan, Verdict(keep=not reasons, reasons=reasons), candidate.bytes)
            for plan in decision.not_needed:
                self._watch(NotNeeded(plan))
        self._move()

    def _reject(self, plan: SessionPlan, verdict: Verdict, size: int) -> None:
        self._record(plan, verdict, size)
        if plan.attempt + 1 >= MAX_ATTEMPTS:
            rules = ", ".join(list(self._journal.rejections())[:3])
            self._halt(
                NotMet(
                    f"{MAX_ATTEMPTS} sessions for one place were played, and mostly rejected by {rules}",
                    place=f"{plan.cell.pattern}, {plan.cell.engagement}, {plan.cell.length}",
                    remedy="look at them with `em status`; a better model or a milder rule may be needed",
                )
            )
        self._admission.fill_again(plan.number, plan.attempt + 1)

    def _record(self, plan: SessionPlan, verdict: Verdict, size: int) -> None:
        self._journal.settle(plan.id, size, [(r.rule, r.message, r.evidence) for r in verdict.reasons])
        self._watch(Settled(plan, verdict, size))

    def _halt(self, error: EmError) -> None:
        """Begins nothing more; the first reason is the one that is raised."""
        self._stop = self._stop or error
        self._move()

    def _move(self) -> None:
        """Wakes every worker that waits for places before its own."""
        self._moved.set()
        self._moved = asyncio.Event()

    def _take_up(self) -> None:
        """Goes on where the journal stops: kept sessions, candidates, places to fill again, sessions cut short."""
        for slot, rows in groupby(self._journal.sessions(), key=lambda row: row.plan.number):
            there = list(rows)
            for row in there:
                if row.state not in ("kept", "spare"):
                    continue
                made = document(row.plan.setting, self._journal.events(row.plan.id), self._world.layout)
                if row.state == "kept":
                    self._settling.take_up(row.plan, made, row.bytes)
                else:
                    self._settling.add(Candidate(row.plan, made, row.bytes, row.score, self._taken_up(made)))
            last = there[-1]
            if any(row.state == "kept" for row in there):
                self._settling.drop(slot)
            elif last.state == "open":
                self._admission.fill_again(slot, last.plan.attempt)
            elif self._settling.lacks(slot):
                self._admission.fill_again(slot, last.plan.attempt + 1)
            self._admission.fresh = slot + 1
