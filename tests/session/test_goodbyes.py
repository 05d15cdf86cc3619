"""Who says goodbye has left: which words count, and that nobody goes on after them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from simulator.document import TranscriptLine
from simulator.events import Event, Passed, Said
from simulator.llm.model import Models, Prompt, PromptFormat, Reply
from simulator.llm.scripted import Scripted
from simulator.plan.planner import Planner
from simulator.plan.session_plan import SessionPlan
from simulator.session.channel import Channel
from simulator.session.goodbyes import GOODBYE, Goodbyes
from simulator.session.member import ABSENT
from simulator.session.play import play
from tests.worlds import shipped

KNOWN = Goodbyes(shipped().style)

GOODBYES = """
i've to be up at six so that's me done for tonight
good night all
right, night everybody, the boiler wins
ok I'm off
I'm off to bed before the cat takes it
well, I have to go, the bus is emptying
got to run, the bell rang
that's me for the night
bye all, see you tomorrow
see you tomorrow, then
i must go, the oven
gotta go
night night folks
ciao, lads
anyway, bed calls
my break is over, later
I'm going to bed, you've all gone mad
talk to you later
heading off, be good
I should sleep. It is four.
the bathroom's free i gotta run, nobody be interesting
it breaks before it lies to you. I leave you, there is a cough in the shop
i go also, the dog stands already at the door
right that's me away
I'm calling it a night
bye!
i'll leave you lot to it
until tomorrow, everybody
and with that, good night.
I'm logging off now, the queue is forming
signing off, behave
right, off to bed with me
i'm awa tae ma bed
same, I have to be up at five. good night!
""".strip().splitlines()

NO_GOODBYES = """
I'm off dairy since March
he was off to bed by nine in those days
we had a good night at the bingo
I'm out of milk again
you should go and see it before it closes
I have to go and see the dentist on Monday
a good night's sleep is all he wanted
she said goodbye to the fridge and bought a new one
if I have to go to one more wedding I'll scream
it was a long goodbye
the bus is off on Sundays
last night everybody danced
night shifts are all like that
I'm off on Tuesdays
when I go to bed the cat gets up
he must go, in my view
see you tomorrow is what he always says to the dog
I'd better not, the doctor said
they have to go through customs first
the lights are out again
out of all of them I like the second
Friday night all the shops were shut
be right back, somebody is at the door
back in a minute, the kettle
I should go there one day
away with you
you're off your head
night trains are cold
I'm away next week
we say good night to the cows too
bye is what the parrot says
goodnight then, ruth, although I see you're not moving either
someone gets off, someone's been waiting, that'll do me for a Christmas film
He says okay, bye, and then there's one more thing
""".strip().splitlines()


@pytest.mark.parametrize("text", GOODBYES)
def test_a_goodbye(text: str) -> None:
    assert KNOWN.leaves(TranscriptLine("ann", text), [])


@pytest.mark.parametrize("text", NO_GOODBYES)
def test_no_goodbye(text: str) -> None:
    assert not KNOWN.leaves(TranscriptLine("ann", text), [])


@pytest.mark.parametrize(
    ("earlier", "text", "leaves"),
    [
        ("I'm off to bed, night all", "good night!", False),  # to who goes
        ("I'm off to bed, night all", "see you tomorrow, bert", False),
        ("I'm off to bed, night all", "same here, I'm off to bed too, all this yawning", True),
        ("the bus was late again", "good night!", True),
        ("I'm off to bed, night all", "who drew that hat", False),
    ],
)
def test_a_wish_for_somebody_who_leaves_is_no_goodbye(earlier: str, text: str, leaves: bool) -> None:
    assert KNOWN.leaves(TranscriptLine("ann", text), [TranscriptLine("bert", earlier)]) is leaves


class Calling(Scripted):
    """Turns to one person in every line, there or not."""

    def __init__(self, nick: str) -> None:
        super().__init__(PromptFormat.CHAT)
        self._nick = nick

    async def reply(self, prompt: Prompt) -> Reply:
        reply = await super().reply(prompt)
        called = prompt.speaker != self._nick and prompt.call_id.attempt == 0
        return replace(reply, text=f"{self._nick}: {reply.text}") if called else reply


def test_nobody_turns_to_somebody_who_is_not_there() -> None:
    planner, refused = Planner(shipped(), 5), 0
    for plan in [plan for plan in map(planner.plan, range(12)) if plan.script.late][:4]:
        nick = min(plan.script.late)
        model = Calling(nick)

        async def events(plan: SessionPlan = plan, model: Calling = model) -> list[Event]:
            return [event async for event in play(plan, shipped(), Models(model, model))]

        channel = Channel(plan.setting, late=plan.script.late)
        for event in asyncio.run(events()):
            if isinstance(event, Said):
                assert nick in channel.present or not event.text.startswith(f"{nick}:")
                refused += sum(one.rule == ABSENT for one in event.refused)
            channel.apply(event)
    assert refused > 5


class Leaving(Scripted):
    """Says goodbye in about one of so many lines, called for or not."""

    def __init__(self, every: int) -> None:
        super().__init__()
        self._every, self._calls = every, 0

    async def reply(self, prompt: Prompt) -> Reply:
        self._calls += 1
        reply = await super().reply(prompt)
        number = self._calls % 7
        goodbye = f" that was number {self._calls} of the evening. I'm off to bed, good night all."
        return replace(reply, text=goodbye) if self._calls % self._every == number % 2 else reply


def played(plan: SessionPlan, every: int) -> list[Event]:
    async def events() -> list[Event]:
        model = Leaving(every)
        return [event async for event in play(plan, shipped(), Models(model, model))]

    return asyncio.run(events())


@pytest.mark.parametrize("every", [3, 9])
def test_who_says_goodbye_is_heard_no_more_and_who_is_needed_does_not_say_it(every: int) -> None:
    planner, goodbyes, refused = Planner(shipped(), 5), 0, 0
    for plan in map(planner.plan, range(12)):
        lead, lines, left_us = plan.setting.lead, [], set()
        beats = {beat.at: beat.nick for beat in plan.script.beats}
        for event in played(plan, every):
            if isinstance(event, Passed):
                refused += sum(one.rule == GOODBYE for one in event.refused)
            if not isinstance(event, Said):
                continue
            refused += sum(one.rule == GOODBYE for one in event.refused)
            at = len(lines)
            assert event.nick not in left_us or beats.get(at) == event.nick, (plan.id, at, event.nick)
            line = TranscriptLine(event.nick, event.text)
            if KNOWN.leaves(line, lines) and at < plan.messages - 3:
                goodbyes += 1
                later = [nick for number, nick in beats.items() if number > at and nick]
                assert event.nick not in later
                left_us.add(event.nick)
            lines.append(line)
        assert sum(line.nick == lead for line in lines) == plan.lead_messages or len(lines) < plan.messages
    assert goodbyes > 5 and refused > 5
