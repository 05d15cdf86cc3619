"""Long talks move on to topics that somebody brings up whom they fit; short ones stay where they are."""

from __future__ import annotations

from collections import Counter

import pytest

from simulator.plan.planner import Planner
from simulator.plan.session_plan import SessionPlan
from tests.worlds import shipped

SESSIONS = 120


@pytest.fixture(scope="module")
def plans() -> list[SessionPlan]:
    planner = Planner(shipped(), 5)
    return [planner.plan(slot) for slot in range(SESSIONS)]


def moves(plan: SessionPlan) -> list[tuple[int, str, str]]:
    """(message, who, topic group) of every later topic."""
    return [(b.at, b.nick or "", b.subject.group) for b in plan.script.beats if b.subject is not None]


def test_a_long_session_has_two_or_three_topics_and_a_short_one_has_one(plans: list[SessionPlan]) -> None:
    numbers = {"short": Counter[int](), "long": Counter[int]()}
    for plan in plans:
        numbers[plan.slot.length][1 + len(moves(plan))] += 1
    assert set(numbers["short"]) == {1}
    assert set(numbers["long"]) == {2, 3} and min(numbers["long"].values()) > 10


def test_topics_come_up_at_even_distances_and_differ(plans: list[SessionPlan]) -> None:
    for plan in plans:
        found = moves(plan)
        topics = [plan.setting.topic, *(b.subject.topic for b in plan.script.beats if b.subject is not None)]
        assert len(set(topics)) == len(topics)
        for part, (at, _, _) in enumerate(found, 1):
            assert abs(at / plan.messages - part / (1 + len(found))) < 0.11


def test_who_brings_a_topic_up_is_there_and_likes_it(plans: list[SessionPlan]) -> None:
    world, fits = shipped(), []
    for plan in plans:
        for at, nick, group in moves(plan):
            comings = [change for change in plan.script.presence if change.nick == nick]
            assert all(change.at <= at for change in comings if change.kind == "join")
            assert all(change.at > at for change in comings if change.kind == "part")
            fits.append(world.personas[nick].interests.get(group, 1.0))
    assert min(fits) >= 1 and sum(fits) / len(fits) > 1.5


def test_politics_stays_in_its_channel(plans: list[SessionPlan]) -> None:
    confined = shipped().quota.confined
    for plan in plans:
        assert all(confined.get(group, plan.setting.channel) == plan.setting.channel for _, _, group in moves(plan))


def test_notes_speak_of_the_topic_that_the_talk_has_come_to(plans: list[SessionPlan]) -> None:
    """A line that the script gives after the talk has moved on names no earlier topic."""
    later = 0
    for plan in plans:
        for beat in plan.script.beats:
            subject = plan.script.subject_at(beat.at)
            if subject is not None:
                later += subject.topic in beat.note
                assert plan.setting.topic not in (beat.note + beat.opening)
    assert later > 30
