"""Which session needs a person's eyes most, and why; and the filters of the list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

from simulator.corpus.agreement import verdicts_of
from simulator.corpus.judge import RULE
from simulator.journal.records import SessionRow
from simulator.journal.reviews import Reviews

NEAR = 0.1
"""A score this far from the threshold says little."""
GUARD = "guard-"
"""How the rules of the guard begin."""
AGAINST, APART, CLOSE, ONE_RULE = 3.0, 3.0, 2.0, 1.5
REFUSED, SECOND, UNSEEN, NEWCOMER, VARIANTS = 0.5, 1.0, 1.0, 0.5, 0.5
"""Weights of the causes, in the order of `_causes`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One session in the list."""

    id: str
    slot: int
    state: str
    """open, spare, kept or rejected."""
    engagement: str
    channel: str
    pattern: str
    topic: str
    messages: int
    """Said so far."""
    nicks: frozenset[str]
    """Of the people who said something; the lead is not among them."""
    score: float | None
    """The judge's, in [0, 1]."""
    rules: tuple[str, ...]
    """Why it was rejected, each once."""
    guard: int
    """Lines that the guard sent back."""
    variants: int
    """Sessions that were played for the slot."""
    verdicts: Mapping[str, bool] = field(default_factory=dict)
    """Person to whether they would keep the session; a line that was marked bad counts against it."""
    causes: tuple[str, ...] = ()
    """Why somebody should look at it, in words."""
    need: float = 0.0
    """Sum of the weights of the causes."""

    def verdict(self, person: str) -> str:
        """good, bad or open: what the person said of it."""
        return {True: "good", False: "bad", None: "open"}[self.verdicts.get(person)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is to show; empty: everything."""

    state: str = ""
    engagement: str = ""
    channel: str = ""
    pattern: str = ""
    nick: str = ""
    verdict: str = ""
    """The person's own: good, bad or open."""
    text: str = ""
    """Stands in a message, whatever its case."""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Wanted:
        """From the fields of a query; others are passed over."""
        return cls(**{each.name: given[each.name][:200] for each in fields(cls) if each.name in given})

    def fits(self, entry: Entry, person: str) -> bool:
        """Whether the entry is wanted, but for `text`."""
        return (
            self.state in ("", entry.state)
            and self.engagement in ("", entry.engagement)
            and self.channel in ("", entry.channel)
            and self.pattern in ("", entry.pattern)
            and (not self.nick or self.nick in entry.nicks)
            and self.verdict in ("", entry.verdict(person))
        )


def unweighed(journal: Reviews) -> list[Entry]:
    """Every session as it was played, in the order of slots, without what people say of it."""
    rows, said, guarded = list(journal.sessions()), journal.said(), journal.refused_lines(GUARD)
    played = Counter(row.session.number for row in rows)
    return [
        _entry(row, journal, said.get(row.session.id, {}), guarded, played[row.session.number]) for row in rows
    ]  # fmt: skip


def entries(found: Sequence[Entry], journal: Reviews, threshold: float, person: str) -> list[Entry]:
    """The sessions with what people say of them: those that the person has not judged first, by need.

    `found`: as `unweighed` gives them. `threshold`: the judge's, in [0, 1].
    """
    verdicts = verdicts_of(journal.marks(), journal.marked_bad())
    seen = [entry for entry in found if entry.id in verdicts]
    patterns, nicks = {entry.pattern for entry in seen}, {nick for entry in seen for nick in entry.nicks}
    weighed = []
    for entry in found:
        judged = replace(entry, verdicts=verdicts.get(entry.id, {}))
        causes = sorted(_causes(judged, threshold, person, patterns, nicks), reverse=True)
        need = sum(weight for weight, _ in causes)
        weighed.append(replace(judged, causes=tuple(cause for _, cause in causes), need=need))
    return sorted(weighed, key=lambda e: (e.state == "open", person in e.verdicts, -e.need, e.slot, e.id))


def _entry(
    row: SessionRow,
    journal: Reviews,
    said: Mapping[str, int],
    guarded: Mapping[str, int],
    variants: int,
) -> Entry:
    session, cell = row.session, row.session.cell
    rules = dict.fromkeys(rule for rule, _, _ in journal.reasons(session.id)) if row.state == "rejected" else ()
    return Entry(
        id=session.id,
        slot=session.number,
        state=row.state,
        engagement=cell.engagement,
        channel=cell.channel,
        pattern=cell.pattern,
        topic=session.topic,
        messages=sum(said.values()),
        nicks=frozenset(said) - {session.setting.lead},
        score=row.score,
        rules=tuple(rules),
        guard=guarded.get(session.id, 0),
        variants=variants,
    )


def _causes(
    entry: Entry, threshold: float, person: str, patterns: set[str], nicks: set[str]
) -> Iterator[tuple[float, str]]:
    if entry.state == "open":
        return
    if entry.rules == (RULE,):
        yield AGAINST, "the judge is against it, no filter is"
    if len(set(entry.verdicts.values())) == 2:
        yield APART, "reviewers disagree"
    if entry.score is not None and (distance := abs(entry.score - threshold)) < NEAR:
        yield CLOSE * (1 - distance / NEAR), f"score {entry.score:.2f}, threshold {threshold:g}"
    if len(entry.rules) == 1 and entry.rules != (RULE,):
        yield ONE_RULE, f"rejected by {entry.rules[0]} alone"
    if entry.guard:
        yield REFUSED * min(3, entry.guard), f"the guard refused {_lines(entry.guard)}"
    if entry.verdicts and person not in entry.verdicts:
        yield SECOND, "only others have judged it"
    if entry.pattern not in patterns:
        yield UNSEEN, f"nothing of {entry.pattern} was judged yet"
    if new := sorted(entry.nicks - nicks):
        yield NEWCOMER, f"not judged yet: {', '.join(new[:3])}{' and others' if len(new) > 3 else ''}"
    if entry.variants > 1:
        yield VARIANTS, f"{entry.variants} variants"


def _lines(count: int) -> str:
    return "a line" if count == 1 else f"{count} lines"


def chosen(found: Sequence[Entry], wanted: Wanted, person: str, with_text: frozenset[str] | None) -> list[Entry]:
    """The entries that are wanted, in their order. `with_text`: sessions that hold the text; None: any."""
    return [
        entry for entry in found
        if wanted.fits(entry, person) and (with_text is None or entry.id in with_text)
    ]  # fmt: skip
