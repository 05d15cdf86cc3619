"""What holds for every session, whatever is drawn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from itertools import pairwise

import pytest

from simulator.events import Event, Joined, Parted, Passed, Renamed, Said, TopicSet
from simulator.llm.model import Models, Prompt, PromptFormat, Purpose, Reply
from simulator.llm.scripted import Scripted
from simulator.plan.participation import Participation
from simulator.plan.planner import Planner, single
from simulator.plan.session_plan import SessionPlan
from simulator.session import transcript
from simulator.session.channel import Channel
from simulator.session.play import play
from simulator.session.scheduler import Scheduler
from tests.layout import LAYOUT, LEVELS
from tests.worlds import shipped

PLANS = [Planner(shipped(), seed).plan(slot) for seed in (1, 2) for slot in range(20)]


class Listening:
    """A scripted model that keeps the prompts."""

    def __init__(self, dialect: PromptFormat = PromptFormat.COMPLETION) -> None:
        self._inner = Scripted(dialect=dialect)
        self.name, self.dialect, self.context = "scripted", dialect, None
        self.prompts: list[Prompt] = []

    async def reply(self, prompt: Prompt) -> Reply:
        self.prompts.append(prompt)
        return await self._inner.reply(prompt)

    async def aclose(self) -> None:
        pass


class Mute:
    """Says nothing that could be said."""

    name, dialect, context = "scripted", PromptFormat.COMPLETION, None

    async def reply(self, prompt: Prompt) -> Reply:
        return Reply("", "mute")

    async def aclose(self) -> None:
        pass


class Thinking(Mute):
    """Says nothing, after much thought."""

    async def reply(self, prompt: Prompt) -> Reply:
        return Reply("", "thinker", cut=True, reasoned=True)


def session(plan: SessionPlan, model: Listening | Mute | None = None, past: tuple[Event, ...] = ()) -> list[Event]:
    model = model or Listening()

    async def all_of_it() -> list[Event]:
        played: AsyncIterator[Event] = play(plan, shipped(), Models(model, model), past)
        async with aclosing(played):
            return [event async for event in played]

    return asyncio.run(all_of_it())


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: f"{plan.id}-{plan.scenario}")
def test_every_session_keeps_its_plan(plan: SessionPlan) -> None:
    events = session(plan)
    said = [event for event in events if isinstance(event, Said)]
    assert [event.index for event in events] == list(range(len(events)))
    assert all(a.at <= b.at for a, b in pairwise(events))
    assert len(said) == plan.messages
    assert sum(event.nick == plan.setting.lead for event in said) == plan.lead_messages
    assert plan.lead_messages in shipped().engagement.bands[plan.setting.engagement].counts(plan.messages)
    for beat in plan.script.beats:
        if beat.nick is not None:
            assert (said[beat.at].nick, said[beat.at].cue) == (beat.nick, beat.kind)
    for a, b in pairwise(said):
        assert not (a.nick == b.nick == plan.setting.lead)


@pytest.mark.parametrize("plan", PLANS[:12], ids=lambda plan: plan.id)
def test_nobody_speaks_who_is_not_there(plan: SessionPlan) -> None:
    events = session(plan)
    here = {plan.setting.lead, *plan.setting.cast} - plan.script.late
    away: set[str] = set()
    for event in events:
        match event:
            case Joined():
                assert event.nick not in here
                here.add(event.nick)
            case Parted():
                here.remove(event.nick)
            case Renamed(to=to):
                (away.discard if to == event.nick else away.add)(event.nick)
            case TopicSet():
                pass
            case _:
                assert event.nick in here - away


@pytest.mark.parametrize("plan", [PLANS[0], PLANS[7]], ids=lambda plan: plan.id)
def test_a_session_cut_at_any_event_goes_on_the_same(plan: SessionPlan) -> None:
    whole = session(plan)
    for cut in range(len(whole) + 1):
        assert session(plan, past=tuple(whole[:cut])) == whole[cut:]


def test_one_call_a_message_and_none_to_choose_or_to_be_silent() -> None:
    plan = next(plan for plan in PLANS if plan.cell.length == "long")
    model = Listening()
    events = session(plan, model)
    lines = sum(event.kind in ("said", "acted") for event in events)
    tries = sum(len(event.refused) for event in events if hasattr(event, "refused"))
    assert len(model.prompts) == lines + tries
    assert any(isinstance(event, Passed) and event.nick == plan.setting.lead for event in events)


@pytest.mark.parametrize("dialect", list(PromptFormat))
def test_prompts_only_grow_before_their_tail(dialect: PromptFormat) -> None:
    """The next prompt repeats this one up to the tail, for whoever is next: that is what a prefix cache needs."""
    plan = next(plan for plan in PLANS if plan.cell.length == "long")
    model = Listening(dialect)
    session(plan, model)
    tail = 400 if dialect is PromptFormat.CHAT else 120
    for a, b in zip(model.prompts, model.prompts[1:], strict=False):
        first = a.text if a.text is not None else "".join(m.content for m in a.messages)
        second = b.text if b.text is not None else "".join(m.content for m in b.messages)
        shared = next((i for i, (x, y) in enumerate(zip(first, second, strict=False)) if x != y), len(first))
        note = max((len(beat.note) + len(beat.opening) for beat in plan.script.beats), default=0)
        assert len(first) - shared <= tail + note
    assert len({(p.seed, p.call_id) for p in model.prompts}) == len(model.prompts)


def test_a_lead_with_an_adapter_is_asked_with_the_training_document_so_far() -> None:
    """Every prompt of hers is the beginning of the session's document, up to her nick, with no card and no note."""
    plan = next(plan for plan in PLANS if plan.script.beats)
    model = Listening(PromptFormat.DOCUMENT)
    document = transcript.text(plan.setting, session(plan, model), actions=True, layout=LAYOUT)
    asked = [prompt for prompt in model.prompts if prompt.purpose is Purpose.LEAD]
    assert len(asked) >= plan.lead_messages
    for prompt in asked:
        head, nick, _ = prompt.text.rpartition(f"<{plan.setting.lead}>")
        assert nick and document.startswith(head)


@pytest.mark.parametrize("dialect", list(PromptFormat))
def test_who_plays_whom(dialect: PromptFormat) -> None:
    people, lead = Listening(dialect), Listening(dialect)
    plan = PLANS[3]

    async def go() -> None:
        async for _ in play(plan, shipped(), Models(people, lead)):
            pass

    asyncio.run(go())
    assert {p.speaker for p in lead.prompts} == {plan.setting.lead}
    assert {p.purpose for p in lead.prompts} == {Purpose.LEAD}
    assert plan.setting.lead not in {p.speaker for p in people.prompts}


def test_a_model_that_says_nothing_ends_the_session_early() -> None:
    events = session(PLANS[0], Mute())
    assert not any(isinstance(event, Said) for event in events)
    passed = [event for event in events if isinstance(event, Passed) and event.refused]
    assert passed and all(len(event.refused) == shipped().turns.retries + 1 for event in passed)


def test_a_turn_says_why() -> None:
    plan = PLANS[1]
    channel = Channel(plan.setting)
    scheduler = Scheduler(plan.setting, plan.script, Participation.of(plan), shipped())
    turn = scheduler.next_turn(channel)
    assert turn is not None and turn == scheduler.next_turn(channel)
    assert 0 < turn.reasons["chance"] <= 1


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("channel", ["#general", "#shoggoth", "#culture-war"])
def test_any_level_in_any_channel_can_be_played(level: str, channel: str) -> None:
    plan = single(shipped(), 5, engagement=level, channel=channel)
    assert (plan.setting.engagement, plan.setting.channel, plan.cell.length) == (level, channel, "short")
    assert sum(isinstance(event, Said) for event in session(plan)) == plan.messages


def test_addressed_by_name_she_answers_more_often_than_not_being_addressed() -> None:
    """The budget is the same; where it falls follows what is said to her."""
    answered: dict[bool, list[bool]] = {True: [], False: []}
    for seed in range(30):
        plan = single(shipped(), seed, engagement="MEDIUM", messages=100)
        channel, lead = Channel(plan.setting), plan.setting.lead
        for event in session(plan):
            if isinstance(event, Said) and channel.lines and channel.lines[-1].nick != lead and not event.cue:
                answered[channel.addressed[-1] == lead].append(event.nick == lead)
            channel.apply(event)
    called, uncalled = (sum(a) / len(a) for a in (answered[True], answered[False]))
    assert called > 2.5 * uncalled


@pytest.mark.parametrize("dialect", list(PromptFormat))
def test_a_model_with_little_room_sees_the_end_of_the_log(dialect: PromptFormat) -> None:
    """The prompt stays within what the model can take, forgets in blocks, and always holds the newest message."""
    plan = next(plan for plan in PLANS if plan.cell.length == "long")
    model = Listening(dialect)
    rooms = {PromptFormat.DOCUMENT: 2500, PromptFormat.COMPLETION: 4000, PromptFormat.CHAT: 5500}
    model.context = rooms[dialect]  # a document has no cards before it
    events = session(plan, model)
    texts = [p.text if p.text is not None else p.messages[1].content for p in model.prompts]
    whole = [p.text if p.text is not None else "".join(m.content for m in p.messages) for p in model.prompts]
    assert max(map(len, whole)) / 3.4 <= model.context
    said = [event.text for event in events if isinstance(event, Said)]
    newest = {str(number): text for number, text in enumerate(said)}
    shrunk = sum(len(b) < len(a) - 1000 for a, b in pairwise(texts))
    assert 1 <= shrunk <= 3
    for prompt, text in zip(model.prompts, texts, strict=True):
        before = prompt.call_id.message - 1
        assert before < 0 or newest[str(before)] in text


def test_a_reply_of_thoughts_alone_is_refused_by_that_name() -> None:
    events = session(PLANS[0], Thinking())
    rules = {refused.rule for event in events if isinstance(event, Passed) for refused in event.refused}
    assert rules == {"reasoning"}
