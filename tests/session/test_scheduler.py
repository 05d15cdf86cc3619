"""Invariants of who speaks when, whom a line is for and what the speaker knows, over many scripted sessions."""

from __future__ import annotations

import asyncio
from itertools import groupby

import pytest

from simulator.events import Event
from simulator.llm.model import Models
from simulator.llm.scripted import Scripted
from simulator.plan.participation import Participation
from simulator.plan.planner import Planner
from simulator.plan.session_plan import SessionPlan
from simulator.session.address import ASKED_WITHIN
from simulator.session.channel import Channel
from simulator.session.goodbyes import Goodbyes
from simulator.session.play import play
from simulator.session.scheduler import Scheduler, Turn, claim
from tests.bench.turn_faults import Counts, count, messages, report
from tests.worlds import shipped

SESSIONS = 60


@pytest.fixture(scope="module")
def sessions() -> list[tuple[SessionPlan, list[Event]]]:
    async def one(plan: SessionPlan) -> list[Event]:
        return [event async for event in play(plan, shipped(), Models(Scripted(), Scripted()))]

    planner = Planner(shipped(), 11)
    plans = [planner.plan(slot) for slot in range(SESSIONS)]
    return [(plan, asyncio.run(one(plan))) for plan in plans]


@pytest.fixture(scope="module")
def figures(sessions: list[tuple[SessionPlan, list[Event]]]) -> dict[str, object]:
    counts = Counts()
    for plan, events in sessions:
        count(plan, messages(plan, events), counts)
    return report(counts)


def turns(plan: SessionPlan, events: list[Event]) -> list[tuple[Turn, Channel]]:
    """Every turn of a played session drawn again, with the channel at that moment."""
    found = []
    for number, event in enumerate(events):
        if event.kind == "said":
            channel = Channel(plan.setting, events[:number], late=plan.script.late)
            turn = Scheduler(plan.setting, plan.script, Participation.of(plan), shipped()).next_turn(channel)
            assert turn is not None and turn.nick == event.nick
            found.append((turn, channel))
    return found


def test_nobody_holds_the_floor(sessions: list[tuple[SessionPlan, list[Event]]], figures: dict[str, object]) -> None:
    assert figures["run_4_or_more"] == 0
    share = shipped().turns.top_share["long"]
    for plan, events in sessions:
        said = messages(plan, events)
        assert max(len(list(run)) for _, run in groupby(one.nick for one in said)) <= 3
        if plan.slot.length == "long":
            others = [one.nick for one in said if one.nick != plan.setting.lead]
            assert max(map(others.count, others)) <= share * plan.messages + 1


def test_who_is_alone_goes_on(sessions: list[tuple[SessionPlan, list[Event]]]) -> None:
    """Also after a longer run than is ever drawn: the others have not come in yet."""
    for plan, events in sessions[:20]:
        line = next(event for event in events if event.kind == "said" and event.nick != plan.setting.lead)
        run = [line.model_copy(update={"index": number}) for number in range(5)]
        channel = Channel(plan.setting, run, late=set(plan.setting.cast) - {line.nick})
        turn = Scheduler(plan.setting, plan.script, Participation.of(plan), shipped()).next_turn(channel)
        assert turn is not None


def test_a_prefix_names_who_asked_or_one_of_the_last_two(figures: dict[str, object]) -> None:
    prefixes = figures["prefixes"]
    assert isinstance(prefixes, dict) and set(prefixes) <= {"to_who_asked", "to_last_two"}


def test_who_is_asked_answers_about_as_often_as_people_do(figures: dict[str, object]) -> None:
    within = figures["answered_within"]
    assert isinstance(within, dict)
    assert 0.5 <= within[3] <= 0.7 and within[5] >= 0.65 and within[8] >= 0.8
    assert isinstance(figures["lead_answers"], float) and figures["lead_answers"] >= 0.95
    assert figures["lead_addressed_in_vain"] == 0


def test_the_lead_speaks_where_something_calls_for_it(figures: dict[str, object]) -> None:
    lines = figures["lead_lines"]
    assert isinstance(lines, dict)
    assert lines["LOW"]["uncalled"] <= 0.10 and lines["HIGH"]["owed"] <= 0.10


def test_what_the_speaker_is_told_is_true(sessions: list[tuple[SessionPlan, list[Event]]]) -> None:
    goodbyes, farewell = Goodbyes(shipped().style), shipped().turns.farewell
    for plan, events in sessions[:10]:
        leaves = {change.nick: change.at for change in plan.script.presence if change.kind == "part"}
        for turn, channel in turns(plan, events):
            assert turn.again is (bool(channel.lines) and channel.lines[-1].nick == turn.nick)
            if turn.answers is not None:
                asker, asked = channel.owing[turn.nick]
                assert turn.answers == asker and asker in channel.present and channel.lines[asked].nick == asker
                assert "?" in channel.lines[asked].text and channel.messages - asked <= ASKED_WITHIN
            if turn.leaves:
                assert leaves[turn.nick] - channel.messages <= shipped().turns.farewell
            assert turn.closes is (plan.messages - channel.messages <= 2)
            lead = plan.setting.lead
            asker = channel.owing.get(lead, ("", 0))[0]
            addressed = asker in channel.present and asker not in channel.away
            unasked = turn.nick == lead and claim(channel, lead) is None and not addressed
            assert bool(turn.purpose) is (unasked and turn.beat is None)
            if turn.calls_lead:
                assert plan.setting.lead in turn.opening and turn.to is None
                assert channel.addressed[-1] is None, "what was said last is for somebody else to answer"
            assert not (turn.leaves and turn.action), "who goes says so"
            later = [beat.nick for beat in plan.script.beats if beat.at > channel.messages]
            assert turn.stays or turn.nick not in later
            if turn.nick == lead:
                assert turn.stays is (channel.counts[lead] + 1 < plan.lead_messages)
            here = channel.present.keys() - channel.away
            said_so = {nick for nick in turn.gone if nick in goodbyes.departed(channel)}
            told = {nick for nick in turn.gone if 0 <= leaves.get(nick, -1) - channel.spoke_at[nick] <= farewell}
            assert set(turn.gone) & here <= said_so | told
            assert turn.to not in turn.gone or turn.beat is not None


def test_a_talk_goes_by_what_it_has_come_to(sessions: list[tuple[SessionPlan, list[Event]]]) -> None:
    """From the line that brings a topic up on, the scripted words and people's interest are about it."""
    moved = 0
    for plan, events in sessions:
        said = [event for event in events if event.kind == "said"]
        for beat in plan.script.beats:
            if beat.subject is None:
                continue
            after = next((b.at for b in plan.script.beats if b.subject is not None and b.at > beat.at), len(said))
            words = {word for word in beat.subject.topic.lower().split() if len(word) > 4}
            talk = " ".join(event.text.lower() for event in said[beat.at : after])
            moved += any(word in talk for word in words)
            assert said[beat.at].nick == beat.nick and plan.script.subject_at(beat.at) == beat.subject
            assert plan.script.subject_at(beat.at - 1) != beat.subject
    assert moved > 20


def test_the_last_message_is_no_new_beat_where_there_is_room(sessions: list[tuple[SessionPlan, list[Event]]]) -> None:
    last = [any(b.at == plan.messages - 1 and b.nick for b in plan.script.beats) for plan, _ in sessions]
    assert sum(last) <= len(last) * 0.05
