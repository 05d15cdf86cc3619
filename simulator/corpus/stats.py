"""What a run or a corpus is made of, as plain values ready for JSON."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator import clock
from simulator.corpus.example import Example, authors, public
from simulator.document import TranscriptLine
from simulator.journal.journal import Journal
from simulator.journal.records import Cost, RunCard
from simulator.llm.model import Billing
from simulator.plan.quota import Cell
from simulator.plan.standing import MOSTLY, Standing, enough, standing
from simulator.world.policy import EngagementPolicy, QuotaPolicy
from simulator.world.strict import Engagement

PERCENTILES = (5, 25, 50, 75, 95)
_SENTENCE_END = re.compile(r"[.!?…]+(?:\s+|$)")
_WORD = re.compile(r"\w")

Plain = dict[str, Any]


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

    def table(self, quota: QuotaPolicy, *, finished: bool) -> dict[str, dict[str, Plain]]:
        """Axis to value to count, share, target share and standing; what the quota does not name has a target of 0.

        `finished`: the run has reached its goal; before, no share is met.
        """
        targets: dict[str, Mapping[str, float]] = {
            "engagement": {level.value: share for level, share in quota.engagement.items()},
            "channels": quota.channels,
            "lengths": {name: length.share for name, length in quota.lengths.items()},
            "patterns": quota.patterns,
            "topics": quota.topics,
        }
        return {
            axis: {
                value: held(counts[value], self.sessions, targets[axis].get(value, 0.0), finished=finished)
                for value in [*targets[axis], *sorted(set(counts) - set(targets[axis]))]
            }
            for axis, counts in self._counts.items()
        }


def held(count: int, sessions: int, target: float, *, finished: bool) -> Plain:
    """A count of sessions against its target share, and how it stands to it (see `standing`)."""
    return {
        "count": count,
        "share": _share(count, sessions),
        "target": target,
        "standing": standing(count, sessions, target, finished=finished).value,
    }


def marginals(journal: Journal, quota: QuotaPolicy) -> dict[str, dict[str, Plain]]:
    """Every marginal of the kept sessions against its target. `quota`: the world's; the run's goal says the rest."""
    goal, counted = journal.run.goal, Marginals()
    for cell, sessions in journal.cells():
        counted.count(cell, sessions)
    return counted.table(goal.held_to(quota), finished=goal.done(journal.tally()) >= 1)


class LeadShares:
    """The lead's share of the messages, by level."""

    def __init__(self, policy: EngagementPolicy) -> None:
        self._bands = policy.bands
        self._shares: dict[Engagement, list[float]] = {}
        self._sums: dict[Engagement, Counter[str]] = {level: Counter() for level in Engagement}

    def add(self, example: Example) -> None:
        level, share = example.engagement, example.lead_messages / max(example.messages, 1)
        least, most = self._shares.get(level, (share, share))
        self._shares[level] = [min(least, share), max(most, share)]
        in_band = int(example.lead_messages in self._bands[level].counts(example.messages))
        self._sums[level].update(
            sessions=1, in_band=in_band, lead=example.lead_messages, messages=example.messages, shares=share
        )

    def table(self) -> dict[str, Plain]:
        """Level to band, sessions, sessions in band (whole messages), mean, least and most share; None: no session.

        `standing` is that of the claim that sessions of the level are in band.
        """
        return {level.value: self._row(level) for level in Engagement}

    def _row(self, level: Engagement) -> Plain:
        band, sums = self._bands[level], self._sums[level]
        least, most = self._shares.get(level, (None, None))
        return {
            "band": [band.least, band.most],
            "sessions": sums["sessions"],
            "in_band": sums["in_band"],
            "standing": in_band(sums["in_band"], sums["sessions"]).value,
            "messages": sums["messages"],
            "lead_messages": sums["lead"],
            "mean": _share(sums["shares"], sums["sessions"]) if sums["sessions"] else None,
            "least": None if least is None else round(least, 4),
            "most": None if most is None else round(most, 4),
        }


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
        for line in lines:
            if not line.action:
                counts = self._counts["lead" if line.nick == lead else "people"]
                counts["words"][len(line.text.split())] += 1
                counts["characters"][len(line.text)] += 1
                counts["sentences"][sentences(line.text)] += 1

    def table(self) -> dict[str, dict[str, Plain]]:
        """Who to unit to mean, percentiles (`p5` and so on: the least value that so many reach at most) and longest."""
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


def progress(journal: Journal, steps: Steps = STEPS) -> Plain:
    """How far a run is, and what to type next."""
    run, tally = journal.run, journal.tally()
    share = run.goal.done(tally)
    if share >= 1 and not tally.open:
        following = steps.finished.format_map({"run": run.name, "with": _needed(journal)})
    else:
        # Asked after every session: whether a model was a fake after all is looked up only at the end.
        allow = " --allow-scripted" if run.scripted else ""
        following = steps.unfinished.format_map({"run": run.name, "with": allow})
    return {
        "goal": run.goal.model_dump(exclude_none=True),
        "kept": tally.kept,
        "rejected": tally.rejected,
        "rejections": journal.rejections(),
        "open": tally.open,
        "bytes": tally.bytes,
        "done": share,
        "percent": round(100 * share, 2),
        "next": following,
        "begun": run.begun,
        "time": clock.now(),
    }


def is_progress(path: Path) -> bool:
    """Whether a file holds what `progress` tells."""
    try:
        told = json.loads(path.read_bytes())
    except ValueError:
        return False
    return isinstance(told, dict) and told.keys() >= {"goal", "kept", "next", "begun", "time"}


def status(journal: Journal, quota: QuotaPolicy, steps: Steps = STEPS) -> Plain:
    """Everything that is known about a run, finished or in progress; marginals are those of the kept sessions."""
    return {
        "run": card(journal.run),
        "scripted": scripted(journal),
        **progress(journal, steps),
        "marginals": marginals(journal, quota),
        **outcomes(journal),
    }


def outcomes(journal: Journal) -> Plain:
    """What was refused, and what it all cost."""
    return {
        "rejections": journal.rejections(),
        "retries": journal.retried(),
        "failures": journal.failures(),
        "cost": costs(journal.costs()),
    }


def card(run: RunCard) -> Plain:
    """What may be told of a run: no folders, no addresses, no wall time."""
    people, lead = authors(run.models)
    judge, guard = public(run.models.judges or ""), public(run.models.guards or "")
    dialect = run.models.dialect
    return {
        "name": run.name,
        "seed": run.seed,
        "goal": run.goal.model_dump(exclude_none=True),
        "models": {
            "people": people,
            "lead": lead,
            "guard": guard or None,
            "judge": judge or None,
            "dialect": dialect and dialect.value,
        },
        "world": run.world,
        "version": run.version,
    }


def costs(rows: Iterable[Cost]) -> dict[str, Plain]:
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


def _cost(row: Cost) -> Plain:
    entry: Plain = {
        "calls": row.calls,
        "failed_attempts": row.failed_attempts,
        "prompt_tokens": row.prompt,
        "cached_tokens": row.cached,
        "cached_share": _share(row.cached, row.prompt),
        "completion_tokens": row.completion,
        "dollars": _dollars(row),
    }
    if entry["dollars"] == Billing.UNKNOWN.value and row.usd is not None:
        entry["dollars_at_least"] = round(row.usd, 6)
    return entry


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


def _spread(counts: Counter[int]) -> Plain:
    total = counts.total()
    if not total:
        return {}
    spread: Plain = {"mean": round(sum(value * n for value, n in counts.items()) / total, 2)}
    wanted, seen = list(PERCENTILES), 0
    for value in sorted(counts):
        seen += counts[value]
        while wanted and seen * 100 >= wanted[0] * total:
            spread[f"p{wanted.pop(0)}"] = value
    return {**spread, "most": max(counts)}
