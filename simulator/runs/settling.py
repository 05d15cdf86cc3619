"""Settling: which session is kept for each place, decided in the order of the places.

Sessions end in any order, but whether one repeats an earlier one, and what the lead has said too often, is decided
place by place, so that the same seed gives the same corpus at any concurrency.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simulator.corpus.near_duplicates import NearDuplicates
from simulator.corpus.phrase_budget import PhraseBudget
from simulator.corpus.verdict import Reason
from simulator.document import Document
from simulator.plan.session_plan import SessionPlan
from simulator.world.world import World

BLOCK = 64
"""Places that share a phrase budget. It is drawn up from all places but those of the block before, so that it is the
same at any concurrency; a run never gets further ahead than that."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A session that passed filters and judge, for its place."""

    plan: SessionPlan
    document: Document
    bytes: int
    score: float | None
    """The judge's, in [0, 1]; None ranks behind every score."""
    taken_up: float = 0.0
    """How much of what is said takes up what was said before, in [0, 1]; decides among equal scores."""

    @property
    def rank(self) -> tuple[bool, float, float, int]:
        """Sorts best first; among equals the earlier one."""
        return (self.score is None, -(self.score or 0.0), -self.taken_up, self.plan.attempt)


@dataclass(frozen=True, slots=True)
class PlaceDecision:
    """What becomes of one candidate."""

    candidate: Candidate
    reason: Reason | None
    """Why it is rejected; None: it is kept."""
    not_needed: tuple[SessionPlan, ...] = ()
    """Of the same place, and fit to be kept as well."""


@dataclass(frozen=True, slots=True)
class PlaceToFill:
    """All candidates of a place repeat earlier sessions: it needs another one."""

    slot: int
    attempt: int


class Settling:
    """The candidates of all places, and the places that are settled."""

    def __init__(self, world: World, wanted: Callable[[int], int]) -> None:
        """`wanted`: how many candidates a place is to have before one is chosen."""
        self._wanted = wanted
        self._near = NearDuplicates(world.style)
        self._phrases = PhraseBudget(world.realism.habits, world.lead.nick)
        self._overused: dict[int, tuple[str, ...]] = {0: (), 1: ()}
        """By block of places: what the lead had said too often a block before."""
        self._candidates: dict[int, list[Candidate]] = {}
        """By place."""
        self._next = 0
        """The first place without a kept session."""
        self._kept_bytes = 0

    @property
    def gathered(self) -> int:
        """Bytes of kept sessions and of the best candidates of the other places."""
        waiting = sum(min(those, key=lambda one: one.rank).bytes for those in self._candidates.values())
        return self._kept_bytes + waiting

    def knows_phrases(self, slot: int) -> bool:
        """True if it is decided what the lead is to do without in that place."""
        return slot // BLOCK in self._overused

    def overused_phrases(self, slot: int) -> tuple[str, ...]:
        """What the lead is to do without in that place. Raises KeyError where `knows_phrases` is False."""
        return self._overused[slot // BLOCK]

    def add(self, candidate: Candidate) -> None:
        """One more candidate for its place."""
        self._candidates.setdefault(candidate.plan.number, []).append(candidate)

    def drop(self, slot: int) -> None:
        """The place has its session: the other candidates are not needed."""
        self._candidates.pop(slot, None)

    def lacks(self, slot: int) -> bool:
        """True if the place needs more candidates before one can be chosen."""
        return len(self._candidates.get(slot, ())) < self._wanted(slot)

    def take_up(self, plan: SessionPlan, document: Document, size: int) -> None:
        """The next place was settled before, with this session of so many bytes."""
        self._near.find(plan.id, document)
        self._count(document, size)

    def settle(self) -> Iterator[PlaceDecision | PlaceToFill]:
        """Decides every place whose turn has come; each decision is to be recorded before the next is drawn."""
        while not self.lacks(self._next):
            slot = self._next
            ranked = sorted(self._candidates.pop(slot), key=lambda one: one.rank)
            for number, candidate in enumerate(ranked, 1):
                if found := self._near.find(candidate.plan.id, candidate.document):
                    yield PlaceDecision(
                        candidate,
                        Reason(rule="near-duplicate", message=None, evidence=f"{found[1]:.0%} like {found[0]}"),
                    )
                else:
                    yield PlaceDecision(candidate, None, tuple(other.plan for other in ranked[number:]))
                    self._count(candidate.document, candidate.bytes)
                    break
            else:
                yield PlaceToFill(slot, max(candidate.plan.attempt for candidate in ranked) + 1)
                return

    def _count(self, document: Document, size: int) -> None:
        """One more place is settled."""
        self._phrases.add(document)
        self._kept_bytes += size
        self._next += 1
        if self._next % BLOCK == 0:
            self._overused[self._next // BLOCK + 1] = self._phrases.overused()
            self._overused.pop(self._next // BLOCK - 1)
