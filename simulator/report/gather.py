"""The figures of a run, all of one moment, from its journal: START HERE, the rest of the report only shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulator.corpus import stats
from simulator.corpus.diversity import Diversity, DiversityFacts
from simulator.corpus.example import example
from simulator.corpus.facts import CostRow, LeadShare, LengthSpread, Marginal, RunFacts
from simulator.corpus.quality import Measured, Quality, quality
from simulator.corpus.realism import Realism, RealismFacts
from simulator.document import Document
from simulator.events import Acted, Event, Passed, Refused, Said
from simulator.journal.journal import Journal
from simulator.journal.records import RunProgress, SessionRow
from simulator.line_checks.wording import clipped
from simulator.report import packed_transcripts
from simulator.session.transcript import document
from simulator.world.load import same_content
from simulator.world.world import World

EXAMPLES = 3
"""Shown for each rule, of rejected sessions and of lines that were refused."""
CLIPPED = 200
"""Characters of a line that was refused, in an example."""
BLOCKS = 40
"""Most points of the curve of acceptance."""


Remark = tuple[str, int | None, str]
"""Rule or what a person did, message index or None, evidence or words."""


@dataclass(frozen=True, slots=True)
class Session:
    """One session in the list, with its transcript."""

    id: str
    slot: int
    state: str
    """open, spare, kept or rejected."""
    engagement: str
    channel: str
    length: str
    pattern: str
    group: str
    scenario: str
    topic: str
    messages: int
    """Said so far; /me lines are not messages."""
    by_lead: int
    in_band: bool
    """Whole messages of the lead lie in the band of the level; False also while too few were said."""
    rules: tuple[str, ...]
    """Why it was rejected, each rule once."""
    refused: tuple[str, ...]
    """Rules of the line checks that refused a line in it, each once."""
    marks: tuple[str, ...]
    """What people said of it or of a message in it: `marked bad`, `marked good`, `edited`; each once."""
    body: bytes
    """See `packed_transcripts.body`."""
    said: str
    """See `packed_transcripts.said`."""

    @property
    def share(self) -> float:
        """The lead's share of the messages, in [0, 1]."""
        return self.by_lead / self.messages if self.messages else 0.0


@dataclass(frozen=True, slots=True)
class Case:
    """One example of a rule at work."""

    session: str
    message: int | None
    """Index among the messages; None: the session as a whole, or a line that was never said."""
    nick: str
    """Who wrote the line; empty for a whole session."""
    text: str
    """The line."""
    evidence: str


@dataclass(frozen=True, slots=True)
class Rule:
    """What one rule did in the run."""

    name: str
    rejected: int
    """Sessions."""
    refused: int
    """Lines that a member had to write again."""
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Places of the plan next to each other."""

    first: int
    last: int
    accepted: int
    """Sessions that passed the filters: kept and spare ones."""
    settled: int
    """Sessions that were judged."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that the page says of one run. Shares and marginals are those of the kept sessions."""

    card: RunFacts
    marked: int
    """Sessions that a person marked, good or bad."""
    marked_bad: int
    """Of the kept ones: sessions that a person marked bad, which no export takes."""
    begun: str
    """Wall time, ISO 8601."""
    scripted: bool
    other_world: str | None
    """Digest of the content that the run is held against, if it was made from another one."""
    tally: RunProgress
    spare: int
    goal: str
    """In words."""
    done: float
    """Share of the goal that is reached, in [0, 1]."""
    sessions: tuple[Session, ...]
    marginals: Marginal
    lead: dict[str, LeadShare]
    lengths: dict[str, dict[str, LengthSpread]]
    realism: RealismFacts
    diversity: DiversityFacts
    quality: Quality
    rules: tuple[Rule, ...]
    cost: dict[str, CostRow]
    acceptance: tuple[Block, ...]
    nicks: frozenset[str]
    """Of everybody who says or does something."""

    @property
    def name(self) -> str:
        """Of the run."""
        return self.card.name


def gather(journal: Journal, world: World, against: Sequence[Document] = ()) -> Figures:
    """The figures of the run, finished or not, held against this world. Reads the journal once.

    `against`: sessions of real channels that it is compared with.
    """
    with journal.moment():
        return _gather(journal, world, against)


def _gather(journal: Journal, world: World, against: Sequence[Document]) -> Figures:
    run = journal.run
    marginals, shares = stats.Marginals(), stats.LeadShares(world.engagement)
    lengths, realism = stats.MessageLengths(), Realism()
    diversity = Diversity(world.style, world.lead.nick, world.realism.habits)
    cases = _Cases()
    sessions: list[Session] = []
    nicks: set[str] = set()
    documents: dict[str, Document] = {}
    mended = {edit.session for edit in journal.edits()}
    said, bad = _said_by_people(journal), journal.marked_bad()
    for row in journal.sessions():
        session, events = row.session, journal.events(row.session.id)
        reasons = journal.reasons(session.id) if row.state == "rejected" else []
        cases.add(session.id, events, reasons)
        sessions.append(_session(row, events, reasons, said.get(session.id, []), world))
        nicks.update(event.nick for event in events if isinstance(event, Said | Acted))
        if row.state == "kept":
            stood = journal.edited(session.id, events) if session.id in mended else events
            made = document(session.setting, stood, world.layout)
            documents[session.id] = made
            marginals.add(session.cell)
            shares.add(example(session, events, run, world.layout))
            lengths.add(made.lines, session.setting.lead)
            realism.add(made)
            diversity.add(session.id, made, group=session.cell.group, topic=session.topic)
    tally = journal.tally()
    done = run.goal.done(tally)
    varied, lifelike = diversity.table(world.quota.topics, finished=done >= 1), realism.table(world.realism)
    return Figures(
        card=stats.run_facts(run),
        marked=len({mark.session for mark in journal.marks()}),
        marked_bad=sum(session.state == "kept" and session.id in bad for session in sessions),
        begun=run.begun,
        scripted=stats.scripted(journal),
        other_world=None if same_content(world, run.world, run.played) else world.digest,
        tally=tally,
        spare=sum(session.state == "spare" for session in sessions),
        goal=run.goal.in_words,
        done=done,
        sessions=tuple(sessions),
        marginals=marginals.table(run.goal.held_to(world.quota), finished=done >= 1),
        lead=shares.table(),
        lengths=lengths.table(),
        realism=lifelike,
        diversity=varied,
        quality=quality(
            journal, world, Measured(documents, varied.near_duplicates.sessions, varied.nicks, lifelike), against
        ),
        rules=cases.table(journal.rejections(), journal.retried()),
        cost=stats.costs(journal.costs()),
        acceptance=tuple(_acceptance(sessions)),
        nicks=frozenset(nicks),
    )


def _said_by_people(journal: Journal) -> dict[str, list[Remark]]:
    """Marks and edits by session, as the browser of transcripts shows them beside the reasons of the rules."""
    found: dict[str, list[Remark]] = {}
    for mark in journal.marks():
        stated = f"marked {'good' if mark.good else 'bad'} by {mark.person}"
        found.setdefault(mark.session, []).append((stated, mark.line, mark.why))
    for edit in journal.edits():
        found.setdefault(edit.session, []).append((f"edited by {edit.person}", edit.line, edit.text))
    return found


def _session(
    row: SessionRow, events: list[Event], reasons: list[Remark], by_people: list[Remark], world: World
) -> Session:
    session, lead, cell = row.session, row.session.setting.lead, row.session.cell
    said = [event.nick for event in events if isinstance(event, Said)]
    level = cell.engagement
    return Session(
        id=session.id,
        slot=session.number,
        state=row.state,
        engagement=level,
        channel=cell.channel,
        length=cell.length,
        pattern=cell.pattern,
        group=cell.group,
        scenario=session.scenario,
        topic=session.topic,
        messages=len(said),
        by_lead=said.count(lead),
        in_band=said.count(lead) in world.engagement.bands[level].counts(len(said)),
        rules=tuple(dict.fromkeys(rule for rule, _, _ in reasons)),
        refused=tuple(dict.fromkeys(refused.rule for _, refused in _refusals(events))),
        marks=tuple(dict.fromkeys(stated.partition(" by ")[0] for stated, _, _ in by_people)),
        body=packed_transcripts.body(session.setting, events, [*reasons, *by_people]),
        said=packed_transcripts.said(events),
    )


def _refusals(events: list[Event]) -> Iterator[tuple[str, Refused]]:
    for event in events:
        if isinstance(event, Said | Acted | Passed):
            for refused in event.refused:
                yield event.nick, refused


class _Cases:
    """The first few examples of every rule."""

    def __init__(self) -> None:
        self._rejected: dict[str, list[Case]] = {}
        self._refused: dict[str, list[Case]] = {}

    def add(self, session: str, events: list[Event], reasons: list[tuple[str, int | None, str]]) -> None:
        if reasons:
            said = [event for event in events if isinstance(event, Said)]
            seen = set()
            for rule, message, evidence in reasons:
                those = self._rejected.setdefault(rule, [])
                if rule not in seen and len(those) < EXAMPLES:
                    line = said[message] if message is not None and message < len(said) else None
                    text, nick = (line.text, line.nick) if line else ("", "")
                    those.append(Case(session, message, nick, text, evidence))
                seen.add(rule)
        for nick, refused in _refusals(events):
            those = self._refused.setdefault(refused.rule, [])
            if len(those) < EXAMPLES:
                those.append(Case(session, None, nick, clipped(refused.text, CLIPPED), refused.evidence))

    def table(self, rejected: dict[str, int], refused: dict[str, int]) -> tuple[Rule, ...]:
        """The rules that rejected most first, then those that refused most."""
        names = sorted({*rejected, *refused}, key=lambda r: (-rejected.get(r, 0), -refused.get(r, 0), r))
        return tuple(
            Rule(
                name,
                rejected.get(name, 0),
                refused.get(name, 0),
                (*self._rejected.get(name, ()), *self._refused.get(name, ())),
            )
            for name in names
        )


def _acceptance(sessions: list[Session]) -> Iterator[Block]:
    """In the order of the places, since the plan, not the clock, says what a session is."""
    settled = [session for session in sessions if session.state != "open"]
    if not settled:
        return
    places = max(session.slot for session in settled) + 1
    width = -(-places // BLOCKS)
    counts: Counter[tuple[int, bool]] = Counter((s.slot // width, s.state != "rejected") for s in settled)
    for number in range(-(-places // width)):
        accepted, refused = counts[number, True], counts[number, False]
        if accepted + refused:
            yield Block(number * width, min(places, (number + 1) * width) - 1, accepted, accepted + refused)
