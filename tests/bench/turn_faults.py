"""What the turns of scripted sessions look like to somebody who is asked, as one JSON object.

    python tests/bench/turn_faults.py [--sessions 100] [--seeds 1,2,3] [--journal FOLDER...]

Plays so many sessions for each seed with the scripted model, or reads played runs, and counts: runs of one speaker,
shares, whom prefixes name, who answers when addressed by name and when, lines of the lead that nothing called for, and
how many words messages have. Only what was said counts; nothing is taken from the scheduler but the lines that the
script or an exhausted budget forced.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from statistics import quantiles

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from simulator.addressing import addressee, mentioned
from simulator.events import Event, Joined, Parted, Renamed, Said
from simulator.journal.journal import Journal
from simulator.llm.model import Models
from simulator.llm.scripted import Scripted
from simulator.plan.planner import Planner
from simulator.plan.session_plan import SessionPlan
from simulator.session.play import play
from simulator.world import load
from simulator.world.world import World
from tests.layout import LEVELS

REACHES = (3, 5, 8)
"""Messages within which an answer is looked for."""


@dataclass
class Message:
    """One message with what was true when it was said."""

    nick: str
    text: str
    scripted: bool
    owed: bool
    present: frozenset[str]
    to: str | None
    prefix: str | None
    """Whose nick the line begins with."""
    left: int
    """Lines that the lead still had."""


@dataclass
class Counts:
    """What was counted so far."""

    sessions: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    longest: Counter[int] = field(default_factory=Counter)
    top_share: list[float] = field(default_factory=list)
    prefixes: Counter[str] = field(default_factory=Counter)
    asked: dict[int, list[bool]] = field(default_factory=lambda: {reach: [] for reach in REACHES})
    lead_asked: list[bool] = field(default_factory=list)
    lead: dict[str, Counter[str]] = field(default_factory=dict)
    endings: Counter[str] = field(default_factory=Counter)
    vain: int = 0
    words: list[int] = field(default_factory=list)
    spoke: list[float] = field(default_factory=list)


def messages(plan: SessionPlan, events: Iterable[Event]) -> list[Message]:
    """The messages of a session, with who was there."""
    present = {nick for nick in plan.setting.members if nick not in plan.script.late}
    away: set[str] = set()
    left, found = plan.lead_messages, []
    for event in events:
        match event:
            case Joined():
                present.add(event.nick)
            case Parted():
                present.discard(event.nick)
            case Renamed():
                (away.discard if event.to == event.nick else away.add)(event.nick)
            case Said():
                others = [nick for nick in plan.setting.members if nick != event.nick and nick in present - away]
                first = event.text.split(maxsplit=1)[0].rstrip(":,").lower() if event.text.split() else ""
                prefix = next((n for n in plan.setting.members if n.lower() == first and n != event.nick), None)
                begins = prefix is not None and event.text[len(prefix) : len(prefix) + 1] in (":", ",")
                found.append(
                    Message(
                        event.nick,
                        event.text,
                        "beat" in event.reasons,
                        "owed" in event.reasons,
                        frozenset(present - away),
                        addressee(event.text, others),
                        prefix if begins else None,
                        left,
                    )
                )
                left -= event.nick == plan.setting.lead
    return found


def count(plan: SessionPlan, said: Sequence[Message], counts: Counts) -> None:
    """Adds one session."""
    kind, lead, level = plan.slot.length, plan.setting.lead, plan.setting.engagement
    counts.sessions[kind] += 1
    runs = [(nick, len(list(run))) for nick, run in groupby(said, key=lambda one: one.nick)]
    longest = max(length for _, length in runs)
    counts.longest[longest] += 1
    counts.runs[f"{kind}_3"] += longest >= 3
    counts.runs[f"{kind}_4"] += longest >= 4
    shares = Counter(one.nick for one in said if one.nick != lead)
    if kind == "long":
        counts.top_share.append(max(shares.values()) / len(said))
    counts.spoke.append(sum(nick in shares for nick in plan.setting.cast) / len(plan.setting.cast))
    counts.words += [len(one.text.split()) for one in said]
    _prefixes(said, counts)
    _answers(said, lead, counts)
    _lead(said, lead, counts.lead.setdefault(level, Counter()))
    last = [one.nick for one in said[-4:]]
    counts.endings["sessions"] += 1
    counts.endings["lead-A-lead-A"] += len(last) == 4 and last[0] == last[2] == lead and last[1] == last[3]
    counts.endings["A-lead-A-lead"] += len(last) == 4 and last[1] == last[3] == lead and last[0] == last[2]
    answerable = [one for one in said if one.to == lead and not one.scripted]
    counts.vain += sum(one.left <= 0 for one in answerable)


def _waiting(said: Sequence[Message], at: int) -> str | None:
    """Who addressed the speaker of message `at` since that person's last line, and is still there."""
    nick = said[at].nick
    for earlier in reversed(said[:at]):
        if earlier.nick == nick:
            return None
        if earlier.to == nick:
            return earlier.nick if earlier.nick in said[at].present else None
    return None


def _prefixes(said: Sequence[Message], counts: Counts) -> None:
    for at, one in enumerate(said):
        if one.prefix is None or one.scripted:
            continue
        asker = _waiting(said, at)
        before = list(dict.fromkeys(o.nick for o in reversed(said[:at]) if o.nick != one.nick))[:2]
        if asker is not None:
            counts.prefixes["to_who_asked" if one.prefix == asker else "past_who_asked"] += 1
        else:
            called = "lead_called" if one.prefix not in before else "to_last_two"
            counts.prefixes[called] += 1


def _answers(said: Sequence[Message], lead: str, counts: Counts) -> None:
    for at, one in enumerate(said):
        if one.to is None or one.to not in one.present:
            continue
        after = said[at + 1 :]
        if one.to == lead:
            if one.left > 0 and len(after) >= max(REACHES):
                counts.lead_asked.append(any(o.nick == lead for o in after[: max(REACHES)]))
            continue
        for reach in REACHES:
            window = after[:reach]
            if len(window) == reach and all(one.to in o.present for o in window):
                counts.asked[reach].append(any(o.nick == one.to for o in window))


def _lead(said: Sequence[Message], lead: str, found: Counter[str]) -> None:
    for at, one in enumerate(said):
        if one.nick != lead:
            continue
        found["lines"] += 1
        if one.scripted:
            found["scripted"] += 1
            continue
        before = said[at - 1] if at else None
        called = before is not None and (
            _waiting(said, at) is not None
            or lead in mentioned(before.text, [lead])
            or (at > 1 and said[at - 2].nick == lead)
            or ("?" in before.text and before.to is None)
        )
        found["uncalled"] += not called
        found["owed"] += one.owed


def report(counts: Counts) -> dict[str, object]:
    """The figures."""

    def share(part: float, whole: float) -> float | None:
        return round(part / whole, 4) if whole else None

    short, long_ = counts.sessions["short"], counts.sessions["long"]
    tenths = quantiles(counts.words, n=10) if len(counts.words) > 1 else [0.0] * 9
    return {
        "sessions": dict(counts.sessions),
        "run_3_or_more": {
            "short": share(counts.runs["short_3"], short),
            "long": share(counts.runs["long_3"], long_),
        },
        "run_4_or_more": counts.runs["short_4"] + counts.runs["long_4"],
        "longest_run": max(counts.longest),
        "largest_share_in_long": max(counts.top_share, default=None),
        "prefixes": dict(counts.prefixes),
        "answered_within": {reach: share(sum(hits), len(hits)) for reach, hits in counts.asked.items()},
        "asked": {reach: len(hits) for reach, hits in counts.asked.items()},
        "lead_answers": share(sum(counts.lead_asked), len(counts.lead_asked)),
        "lead_asked": len(counts.lead_asked),
        "lead_addressed_in_vain": counts.vain,
        "lead_lines": {
            level: {name: share(row[name], row["lines"]) for name in ("scripted", "uncalled", "owed")}
            for level, row in sorted(counts.lead.items())
        },
        "endings": dict(counts.endings),
        "words": {"p10": tenths[0], "p50": tenths[4], "p90": tenths[8]},
        "cast_that_speaks": share(sum(counts.spoke), len(counts.spoke)),
    }


def played(world: World, seed: int, sessions: int) -> Iterator[tuple[SessionPlan, list[Event]]]:
    """Sessions of the scripted model."""

    async def one(plan: SessionPlan) -> list[Event]:
        return [event async for event in play(plan, world, Models(Scripted(), Scripted()))]

    planner = Planner(world, seed)
    for slot in range(sessions):
        plan = planner.plan(slot)
        yield plan, asyncio.run(one(plan))


def recorded(folder: Path) -> Iterator[tuple[SessionPlan, list[Event]]]:
    """The finished sessions of a run."""
    with Journal.read(folder) as journal:
        for row in journal.sessions():
            if row.state != "open" and isinstance(row.plan, SessionPlan):
                yield row.plan, journal.events(row.plan.id)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--journal", type=Path, nargs="*")
    wanted = parser.parse_args()
    counts, world = Counts(), load.load(load.shipped())
    assert set(world.engagement.bands) == set(LEVELS)
    sources = (
        [recorded(folder) for folder in wanted.journal]
        if wanted.journal
        else [played(world, int(seed), wanted.sessions) for seed in wanted.seeds.split(",")]
    )
    for source in sources:
        for plan, events in source:
            if said := messages(plan, events):
                count(plan, said, counts)
    print(json.dumps(report(counts), indent=1))


if __name__ == "__main__":
    main()
