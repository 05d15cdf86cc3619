"""Statistics of a run or of a corpus: quotas, the lead's share, lengths of messages, progress, outcomes and cost."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator import clock
from simulator.corpus.example import Example, authors, public
from simulator.corpus.facts import (
    CostRow,
    LeadShare,
    LengthSpread,
    Marginal,
    ModelNames,
    Outcomes,
    Progress,
    QuotaShare,
    RunFacts,
    Status,
)
from simulator.document import TranscriptLine
from simulator.journal.journal import Journal
from simulator.journal.records import Cost, RunCard
from simulator.llm.model import Billing
from simulator.plan.quota import MOSTLY, Cell, Standing, enough, standing
from simulator.world.policy import EngagementPolicy, QuotaPolicy
from simulator.world.strict import Level

PERCENTILES = (5, 25, 50, 75, 95)
_SENTENCE_END = re.compile(r"[.!?…]+(?:\s+|$)")
_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Steps:
    """What to type next; `{run}` stands for the run's name, `{with}` for the options that it needs."""

    unfinished: str = "em resume {run}"
    finished: str = "em export {run} --out DIR{with}"


STEPS = Steps()


class Marginals:
    """Counts of sessions along every axis that the quota names."""

    def __init__(self) -> None:
        self.sessions = 0
        self._counts: dict[str, Counter[str]] = {
            axis: Counter() for axis in ("engagement", "channels", "lengths", "patterns", "topics")
        }

    def add(self, cell: Cell) -> None:
        """One session of the cell."""
        self.count(cell.values(), 1)

    def count(self, cell: Sequence[str], sessions: int) -> None:
        """That many sessions of one cell (`Journal.cells`)."""
        self.sessions += sessions
        for counts, value in zip(self._counts.values(), cell, strict=True):
            counts[value] += sessions

    def table(self, quota: QuotaPolicy, *, finished: bool) -> Marginal:
        """Axis to value to count, share, target share and standing; what the quota does not name has a target of 0.

        `finished`: the run has reached its goal; before, no share is met.
        """
        targets: dict[str, Mapping[str, float]] = {
            "engagement": quota.engagement,
            "channels": quota.channels,
            "lengths": {name: length.share for name, length in quota.lengths.items()},
            "patterns": quota.patterns,
            "topics": quota.topics,
        }
        return {
            axis: {
                value: quota_share(counts[value], self.sessions, targets[axis].get(value, 0.0), finished=finished)
                for value in [*targets[axis], *sorted(set(counts) - set(targets[axis]))]
            }
            for axis, counts in self._counts.items()
        }


def quota_share(count: int, sessions: int, target: float, *, finished: bool) -> QuotaShare:
    """A count of sessions against its target share, and how it stands to it (see `standing`)."""
    stands = standing(count, sessions, target, finished=finished)
    return QuotaShare(count, _share(count, sessions), target, stands)


def marginals(journal: Journal, quota: QuotaPolicy) -> Marginal:
    """Every marginal of the kept sessions against its target. `quota`: the world's; the run's goal says the rest."""
    goal, counted = journal.run.goal, Marginals()
    for cell, sessions in journal.cells():
        counted.count(cell, sessions)
    return counted.table(goal.held_to(quota), finished=goal.done(journal.tally()) >= 1)


@dataclass(slots=True)
class _LeadSums:
    """What is kept of the sessions of one level."""

    sessions: int = 0
    in_band: int = 0
    lead: int = 0
    messages: int = 0
    shares: float = 0
    least: float | None = None
    most: float | None = None


class LeadShares:
    """The lead's share of the messages, by level."""

    def __init__(self, policy: EngagementPolicy) -> None:
        self._bands = policy.bands
        self._sums = {level: _LeadSums() for level in policy.levels}

    def add(self, example: Example) -> None:
        """One session."""
        level, share = example.engagement, example.lead_messages / max(example.messages, 1)
        sums = self._sums[level]
        sums.sessions += 1
        sums.in_band += int(example.lead_messages in self._bands[level].counts(example.messages))
        sums.lead += example.lead_messages
        sums.messages += example.messages
        sums.shares += share
        sums.least = share if sums.least is None else min(sums.least, share)
        sums.most = share if sums.most is None else max(sums.most, share)

    def table(self) -> dict[str, LeadShare]:
        """Level to its figures; shares to four digits."""
        return {level: self._row(level) for level in self._sums}

    def _row(self, level: Level) -> LeadShare:
        band, sums = self._bands[level], self._sums[level]
        return LeadShare(
            (band.least, band.most),
            sums.sessions,
            sums.in_band,
            in_band(sums.in_band, sums.sessions),
            sums.messages,
            sums.lead,
            mean=_share(sums.shares, sums.sessions) if sums.sessions else None,
            least=None if sums.least is None else round(sums.least, 4),
            most=None if sums.most is None else round(sums.most, 4),
        )


def in_band(sessions_in_band: int, sessions: int) -> Standing:
    """Missed with one session out of band; met if all are in band, and enough to say that sessions mostly are."""
    if sessions_in_band < sessions:
        return Standing.MISSED
    return Standing.MET if enough(sessions, MOSTLY) else Standing.FEW


class MessageLengths:
    """How long messages are, for the lead and for everybody else. Actions are not messages."""

    def __init__(self) -> None:
        self._counts: dict[str, dict[str, Counter[int]]] = {
            who: {unit: Counter() for unit in ("words", "characters", "sentences")} for who in ("lead", "people")
        }

    def add(self, lines: Iterable[TranscriptLine], lead: str) -> None:
        """The lines of one session. `lead`: the nick."""
        for line in lines:
            if not line.action:
                counts = self._counts["lead" if line.nick == lead else "people"]
                counts["words"][len(line.text.split())] += 1
                counts["characters"][len(line.text)] += 1
                counts["sentences"][sentences(line.text)] += 1

    def table(self) -> dict[str, dict[str, LengthSpread]]:
        """Who to unit to its spread."""
        return {who: {unit: _spread(c) for unit, c in units.items()} for who, units in self._counts.items()}


def sentences(text: str) -> int:
    """Stretches with a word in them, ended by `.`, `!`, `?` or the line; at least 1.

    >>> sentences("no way. version 1.2 though? ha"), sentences(":)")
    (3, 1)
    """
    return max(1, sum(bool(_WORD.search(part)) for part in _SENTENCE_END.split(text)))


def scripted(journal: Journal) -> bool:
    """True if any line was not written by a language model, whatever the command line said."""
    return journal.run.scripted or any(Billing.SCRIPTED in cost.billings for cost in journal.costs())


def _needed(journal: Journal) -> str:
    """Options without which such a run is not exported."""
    return (" --opted-in" if journal.run.imported else "") + (" --allow-scripted" if scripted(journal) else "")


def progress(journal: Journal, steps: Steps = STEPS) -> Progress:
    """How far a run is, and what to type next."""
    run, tally = journal.run, journal.tally()
    share = run.goal.done(tally)
    if share >= 1 and not tally.open:
        following = steps.finished.format_map({"run": run.name, "with": _needed(journal)})
    else:
        # Asked after every session: whether a model was a fake after all is looked up only at the end.
        allow = " --allow-scripted" if run.scripted else ""
        following = steps.unfinished.format_map({"run": run.name, "with": allow})
    return Progress(
        goal=run.goal,
        kept=tally.kept,
        rejected=tally.rejected,
        rejections=journal.rejections(),
        open=tally.open,
        bytes=tally.bytes,
        done=share,
        percent=round(100 * share, 2),
        next=following,
        begun=run.begun,
        time=clock.now(),
    )


def is_progress(path: Path) -> bool:
    """Whether a file holds what `progress` returns, as JSON."""
    try:
        found = json.loads(path.read_bytes())
    except ValueError:
        return False
    return isinstance(found, dict) and found.keys() >= {"goal", "kept", "next", "begun", "time"}


def status(journal: Journal, quota: QuotaPolicy, steps: Steps = STEPS) -> Status:
    """Everything that is known about a run. `quota`: the world's."""
    return Status(
        run_facts(journal.run),
        scripted(journal),
        progress(journal, steps),
        marginals(journal, quota),
        outcomes(journal),
    )


def outcomes(journal: Journal) -> Outcomes:
    """What was refused, and what it all cost."""
    return Outcomes(journal.rejections(), journal.retried(), journal.failures(), costs(journal.costs()))


def run_facts(run: RunCard) -> RunFacts:
    """What may be told of a run."""
    people, lead = authors(run.models)
    judge, guard = public(run.models.judges or ""), public(run.models.guards or "")
    dialect = run.models.dialect
    names = ModelNames(people, lead, guard or None, judge or None, dialect and dialect.value)
    return RunFacts(run.name, run.seed, run.goal, names, run.world, run.version)


def costs(rows: Iterable[Cost]) -> dict[str, CostRow]:
    """Purpose to calls, tokens and dollars, and the `total`."""
    rows = list(rows)
    total = Cost(
        "total",
        sum(row.calls for row in rows),
        sum(row.prompt for row in rows),
        sum(row.cached for row in rows),
        sum(row.completion for row in rows),
        sum(known) if (known := [row.usd for row in rows if row.usd is not None]) else None,
        frozenset().union(*(row.billings for row in rows)),
        sum(row.failed_attempts for row in rows),
    )
    return {row.purpose: _cost(row) for row in [*rows, total]}


def _cost(row: Cost) -> CostRow:
    dollars = _dollars(row)
    least = row.usd if dollars == Billing.UNKNOWN.value else None
    return CostRow(
        calls=row.calls,
        failed_attempts=row.failed_attempts,
        prompt_tokens=row.prompt,
        cached_tokens=row.cached,
        cached_share=_share(row.cached, row.prompt),
        completion_tokens=row.completion,
        dollars=dollars,
        dollars_at_least=None if least is None else round(least, 6),
    )


def _dollars(row: Cost) -> float | str | None:
    """A sum only if every price that matters is known; else the word that says why there is none; None: no calls."""
    if Billing.UNKNOWN in row.billings:
        return Billing.UNKNOWN.value
    if Billing.KNOWN in row.billings:
        return round(row.usd or 0.0, 6)
    for billing in (Billing.LOCAL, Billing.SCRIPTED):
        if billing in row.billings:
            return billing.value
    return None


def _share(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0


def _spread(counts: Counter[int]) -> LengthSpread:
    total = counts.total()
    if not total:
        return LengthSpread()
    mean = round(sum(value * n for value, n in counts.items()) / total, 2)
    wanted, seen, reached = list(PERCENTILES), 0, list[int]()
    for value in sorted(counts):
        seen += counts[value]
        while wanted and seen * 100 >= wanted[0] * total:
            wanted.pop(0)
            reached.append(value)
    p5, p25, p50, p75, p95 = reached
    return LengthSpread(mean, p5, p25, p50, p75, p95, max(counts))
