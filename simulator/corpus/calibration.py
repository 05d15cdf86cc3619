"""How often was the machine right? Filters, guard and judge held against what people say, and thresholds proposed.

A person's verdict on a session holds for every rule that spoke against it, unless the person said of that rule alone
that it was right or wrong. Refused tries are not in a session: of the guard only what people said of its refusals
counts, and the lead's lines that were marked bad though it let them through.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from simulator.corpus.agreement import Agreement, JudgeOpinions, agreement, consensus, verdicts_of
from simulator.corpus.judge import RULE
from simulator.events import Said
from simulator.intervals import Figure, mcnemar, share
from simulator.journal.records import MachineCheck, SessionRow
from simulator.journal.reviews import Reviews
from simulator.session.transcript import document
from simulator.world.policies.judge import JudgePolicy
from simulator.world.world import World

ENOUGH = 50
"""Judged sessions from which on the figures say something."""
OF_EACH = 5
"""Sessions with a score that people would keep, and that they would not, from which on a threshold is proposed."""
SURE = 0.05
"""Greatest p at which another threshold counts as better than today's."""
GUARD = "guard-"


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """One rule against people."""

    rule: str
    """`judge-ITEM` for an item of the judge's rubric."""
    kind: str
    """filter, guard or judge."""
    precision: Figure | None
    """Of what it spoke against, the share that people are against as well."""
    recall: Figure | None
    """Of what people are against, the share that it spoke against; of the guard: of lines, not of sessions."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A value that would have agreed with people more often."""

    path: str
    """In the world."""
    key: str
    """As in the file; `items.NAME.least` for one item."""
    now: float | None
    proposed: float
    right_now: Figure
    """Share of the scored sessions on which it and people say the same."""
    right_then: Figure


@dataclass(frozen=True, slots=True)
class MachineCalibration:
    """The machine against people, over the sessions of a run on which most people agree."""

    judged: int
    """Sessions."""
    bad: int
    """Of these, people are against so many."""
    enough: bool
    agreement: Agreement
    rules: tuple[RuleRecord, ...]
    thresholds: tuple[Threshold, ...]

    @property
    def patch(self) -> str:
        """The proposed thresholds as YAML: file to the values to change in it; empty: nothing is proposed."""
        return _patch(self)


@dataclass(frozen=True, slots=True)
class _Judged:
    """One session that people judged."""

    row: SessionRow
    bad: bool
    against: Mapping[str, bool]
    """Rule that spoke against it to whether people agree with that."""
    marks: Mapping[str, int]
    """Item of the rubric to the judge's mark."""


def calibration(journal: Reviews, world: World) -> MachineCalibration:
    """The machine of a run against the people who judged its sessions."""
    verdicts = verdicts_of(journal.marks(), journal.marked_bad())
    checks: defaultdict[str, list[MachineCheck]] = defaultdict(list)
    for check in journal.machine_checks():
        checks[check.session].append(check)
    opinions = JudgeOpinions(journal, world.judge)
    judged = []
    for session, said in verdicts.items():
        keep, row = consensus(said), journal.session(session)
        if keep is not None and row is not None and row.state != "open":
            judged.append(_judged(journal, row, not keep, checks[session], opinions, world))
    lines = list(_guarded(journal, checks, world.lead.nick))
    return MachineCalibration(
        judged=len(judged),
        bad=sum(each.bad for each in judged),
        enough=len(judged) >= ENOUGH,
        agreement=agreement(verdicts),
        rules=(*_records(judged), *_guard_records(lines)),
        thresholds=tuple(_thresholds(judged, world.judge)),
    )


def _judged(
    journal: Reviews,
    row: SessionRow,
    bad: bool,
    checks: Sequence[MachineCheck],
    opinions: JudgeOpinions,
    world: World,
) -> _Judged:
    session = row.session
    made, policy = document(session.setting, journal.events(session.id), world.layout), world.judge
    marks = {mark.item: mark.mark for mark in opinions.marks(session.id, made) if mark.counts}
    rules = dict.fromkeys(rule for rule, _, _ in journal.reasons(session.id))
    low = (f"{RULE}-{item}" for item, mark in marks.items() if policy.share(mark) < policy.threshold)
    said = {check.rule: check.right for check in checks}
    return _Judged(row, bad, {rule: said.get(rule, bad) for rule in (*rules, *low)}, marks)


def _records(judged: Sequence[_Judged]) -> Iterator[RuleRecord]:
    """Of every rule that spoke against a session, the busiest first."""
    bad = sum(each.bad for each in judged)
    spoke: defaultdict[str, list[bool]] = defaultdict(list)
    found: defaultdict[str, int] = defaultdict(int)
    for each in judged:
        for rule, right in each.against.items():
            spoke[rule].append(right)
            found[rule] += each.bad
    for rule, rights in sorted(spoke.items(), key=lambda item: (-len(item[1]), item[0])):
        kind = "judge" if rule == RULE or rule.startswith(f"{RULE}-") else "filter"
        yield RuleRecord(rule, kind, share(sum(rights), len(rights)), share(found[rule], bad))


def _guarded(
    journal: Reviews, checks: Mapping[str, Sequence[MachineCheck]], lead: str
) -> Iterator[tuple[str, bool, bool]]:
    """(Category, whether the guard spoke against the line, whether people are against it)."""
    for of_session in checks.values():
        for check in of_session:
            if check.rule.startswith(GUARD):
                yield check.rule, True, check.right
    asked = bool(journal.run.models.guards)
    for mark in journal.marks() if asked else ():
        if mark.line is not None and not mark.good:
            said = [event for event in journal.events(mark.session) if isinstance(event, Said)]
            if said[mark.line].nick == lead:
                yield f"{GUARD}{mark.why}", False, True


def _guard_records(lines: Sequence[tuple[str, bool, bool]]) -> Iterator[RuleRecord]:
    bad = [spoke for _, spoke, against in lines if against]
    named: defaultdict[str, list[bool]] = defaultdict(list)
    for category, spoke, against in lines:
        if spoke:
            named[category].append(against)
    for category, rights in sorted(named.items(), key=lambda item: (-len(item[1]), item[0])):
        own = [spoke for name, spoke, against in lines if against and name == category]
        yield RuleRecord(category, "guard", share(sum(rights), len(rights)), share(sum(own), len(own)))
    if bad:
        every = [against for _, spoke, against in lines if spoke]
        yield RuleRecord("guard, all", "guard", share(sum(every), len(every)), share(sum(bad), len(bad)))


def _thresholds(judged: Sequence[_Judged], policy: JudgePolicy) -> Iterator[Threshold]:
    """For the overall score and for each item, where another value agrees with people more often than today's."""
    path = "policies/judge.yaml"
    scored = [(each.row.score, each.bad) for each in judged if each.row.score is not None]
    if better := _better(scored, policy.threshold):
        yield Threshold(path, "threshold", policy.threshold, *better)
    for item in policy.items:
        marked = [(float(each.marks[item.name]), each.bad) for each in judged if item.name in each.marks]
        now = policy.worst if item.least is None else item.least
        if better := _better(marked, float(now)):
            yield Threshold(path, f"items.{item.name}.least", item.least, *better)


def _better(scored: Sequence[tuple[float, bool]], now: float) -> tuple[float, Figure, Figure] | None:
    """The value that agrees with people most often, and how often today's and it do; None: today's is as good as far as
    one can tell (McNemar's test)."""
    bad = sum(against for _, against in scored)
    if min(bad, len(scored) - bad) < OF_EACH:
        return None
    values = sorted({score for score, _ in scored})
    between = [round((low + high) / 2, 3) for low, high in pairwise(values)]
    tried = between if any(value != round(value) for value in values) else values
    best = max(tried, key=lambda value: (_right(scored, value), -abs(value - now)), default=now)
    pairs = [(_agrees(each, now), _agrees(each, best)) for each in scored]
    if _right(scored, best) <= _right(scored, now) or mcnemar(pairs) > SURE:
        return None
    before, after = (share(_right(scored, value), len(scored)) for value in (now, best))
    assert before is not None and after is not None
    return best, before, after


def _right(scored: Iterable[tuple[float, bool]], threshold: float) -> int:
    return sum(_agrees(each, threshold) for each in scored)


def _agrees(scored: tuple[float, bool], threshold: float) -> bool:
    """Whether the threshold and people say the same of one session."""
    score, against = scored
    return (score < threshold - 1e-9) == against


def _patch(found: MachineCalibration) -> str:
    if not found.thresholds:
        return ""
    rows = [f"# From {found.judged} sessions that people judged: values to change, by file."]
    for path in dict.fromkeys(each.path for each in found.thresholds):
        rows.append(f"{path}:")
        items = []
        for each in (each for each in found.thresholds if each.path == path):
            shares = f"# right on {each.right_then.value:.0%} of {each.right_then.n} (now {each.right_now.value:.0%})"
            if each.key.startswith("items."):
                items += [f"    - name: {each.key.split('.')[1]}", f"      least: {each.proposed:g}  {shares}"]
            else:
                rows.append(f"  {each.key}: {each.proposed:g}  {shares}")
        rows += ["  items:", *items] if items else []
    return "\n".join(rows) + "\n"
