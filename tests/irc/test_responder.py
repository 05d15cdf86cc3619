"""One line at a time, while the talk goes on. In memory, in played time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from simulator import rng
from simulator.events import Passed, Said
from simulator.irc.irc_events import IrcEvent
from simulator.irc.responder import OVERTAKEN
from simulator.irc.speak_decision import ASKED_LESS, ASKED_MORE
from simulator.llm.model import Prompt, Reply
from tests.irc.channel import LEAD, POLICY, TALK, Saying, Scene, scene
from tests.worlds import shipped

FILLER = """and that is the whole story of it more or less as far as anybody here ever knew about those three buses and
their drivers who never once stopped where they should have because somebody had moved signs during night rain"""
"""Words of lines that take a while to type."""


def hers(scene: Scene) -> list[bool]:
    return [event.nick == LEAD for event in scene.events if isinstance(event, Said)]


def shares(said: list[bool]) -> list[float]:
    window = POLICY.window
    return [sum(said[at : at + window]) / window for at in range(len(said) - window + 1)]


class Slow(Saying):
    """Takes up to so many seconds for an answer, and with a chance writes what nobody types."""

    def __init__(self, seconds: float, fails: float) -> None:
        super().__init__()
        self.hours = None
        self._seconds, self._fails, self._draw = seconds, fails, rng.stream(2, "slow")

    async def reply(self, prompt: Prompt) -> Reply:
        if not prompt.scored:
            await self.hours.sleep(self._draw.uniform(0, self._seconds))
        reply = await super().reply(prompt)
        if self._draw.random() < self._fails:
            reply = Reply("How can I help you today?", self.name, billing=reply.billing)
        return reply


@pytest.mark.parametrize(
    ("level", "seconds", "fails"),
    [
        ("LOW", 150, 0.5),
        ("MEDIUM", 60, 0.4),
        ("HIGH", 12, 0.4),
    ],
)
def test_her_share_is_in_the_band_though_the_model_is_slow_and_fails(
    tmp_path: Path, level: str, seconds: float, fails: float
) -> None:
    """Somebody says something every 20 seconds and waits for nobody."""
    model = Slow(seconds, fails)

    async def talk() -> Scene:
        async with scene(tmp_path / "run", model, level) as stay:
            model.hours = stay.hours
            for number in range(350):
                await stay.hours.play(20)
                nick = ("ann", "bert", "cleo")[number % 3]
                stay.link.tell(IrcEvent("said", stay.hours.now(), nick, f"{TALK[number % 4]} {number}", f"{nick}!~a@h"))
                for _ in range(12):
                    await asyncio.sleep(0)
            return stay

    stay = asyncio.run(talk())
    said, band = hers(stay), shipped().engagement.bands[level]
    over = shares(said)
    assert len(over) > 250 and band.least <= min(over) and max(over) <= band.most
    assert [event for event in stay.events if isinstance(event, Passed) and event.refused]
    assert not any(a and b for a, b in pairwise(said))


class Typing(Saying):
    """Always wants to speak, in lines that take long to type."""

    def __init__(self) -> None:
        super().__init__(p=lambda text: 0.9)

    async def reply(self, prompt: Prompt) -> Reply:
        reply = await super().reply(prompt)
        if prompt.scored:
            return reply
        words = rng.stream(len(self.asked), "words").sample(FILLER.split(), 16)
        return Reply(" ".join(words), self.name, billing=reply.billing)


async def _until_typing(stay: Scene, nick: str) -> None:
    """Talks to her until a line of hers is on the way."""
    number = 0
    while stay.bot._responder.idle:
        number += 1
        await stay.says(nick, f"{LEAD}: what do you say to soup number {number}?", 40)
        assert number < 40


def _talk(folder: Path, about: Callable[[Scene], object]) -> Scene:
    async def talk() -> Scene:
        async with scene(folder, Typing(), "HIGH") as stay:
            await stay.chatter(8)
            await stay.waits(60)
            await _until_typing(stay, "ann")
            await about(stay)
            return stay

    return asyncio.run(talk())


def test_who_speaks_to_her_again_while_she_types_gets_an_answer_to_that(tmp_path: Path) -> None:
    async def about(stay: Scene) -> None:
        before = len(stay.link.said)
        await stay.says("ann", f"{LEAD}: never mind the soup, is it raining?", 1)
        assert len(stay.link.said) == before
        dropped = [event for event in stay.events if isinstance(event, Passed) and event.why == OVERTAKEN]
        assert len(dropped) == 1 and dropped[0].refused[-1].text
        while stay.bot._responder.idle:
            await stay.says("ann", f"{LEAD}: is it raining?", 5)
        await stay.says("ann", f"{LEAD}: hello?", 1)  # dropped once is enough
        await stay.waits(40)
        assert len(stay.link.said) >= before + 1

    stay = _talk(tmp_path / "run", about)
    asked = [prompt.text for prompt in stay.bot._responder._generator._models.lead.asked if not prompt.scored]
    assert any("is it raining?" in text.splitlines()[-2] for text in asked)


def test_who_speaks_to_her_while_she_types_for_another_is_next(tmp_path: Path) -> None:
    """Even if nobody says anything any more."""

    async def about(stay: Scene) -> None:
        before = len(stay.link.said)
        await stay.says("bert", f"{LEAD}: and what about the bus?", 1)
        await stay.says("cleo", "who left the window open again", 1)
        assert len(stay.link.said) == before  # she is typing still
        await stay.waits(60)
        first, *rest = stay.link.said[before:]
        assert not first.startswith("bert")
        await stay.waits(POLICY.waiting_seconds + 60)
        rest = stay.link.said[before + 1 :]
        assert len(rest) <= 1 and all(line.startswith("bert: ") for line in rest)
        decided = [e for e in stay.events if e.nick == LEAD and not (isinstance(e, Said) and e.text == first)]
        assert rest or decided[-1].why in ("budget", "kept quiet")

    stay = _talk(tmp_path / "run", about)
    answers = [event for event in stay.events if isinstance(event, Said) and event.text.startswith("bert: ")]
    assert [event.reasons["addressed"] for event in answers] == [9.0]


def test_who_waits_and_has_left_is_not_answered(tmp_path: Path) -> None:
    async def about(stay: Scene) -> None:
        await stay.says("bert", f"{LEAD}: and what about the bus?", 1)
        stay.link.tell(IrcEvent("quit", stay.hours.now(), "bert"))
        await stay.waits(120)

    assert not [text for text in _talk(tmp_path / "run", about).link.said if text.startswith("bert")]


def test_muted_she_drops_the_line_and_who_waits(tmp_path: Path) -> None:
    async def about(stay: Scene) -> None:
        before = len(stay.link.said)
        await stay.says("bert", f"{LEAD}: and what about the bus?", 1)
        await stay.says("boss", f"!{LEAD.lower()} mute", 1, mask="boss!~b@trusted.example")
        await stay.waits(300)
        assert len(stay.link.said) == before

    _talk(tmp_path / "run", about)


async def _told(folder: Path, line: str, level: str, seed: int) -> Scene:
    async with scene(folder, level=level, seed=seed) as stay:
        await stay.chatter(150)
        await stay.says("ann", f"{LEAD}: {line}", 60)
        await stay.chatter(POLICY.feedback.less.messages)
        await stay.chatter(150)
        return stay


@pytest.mark.parametrize("level", ["MEDIUM", "HIGH"])
def test_told_to_talk_less_she_does_for_a_while_and_within_her_band(tmp_path: Path, level: str) -> None:
    stays = {
        line: [asyncio.run(_told(tmp_path / f"run{number}-{seed}", line, level, seed)) for seed in (1, 2, 3)]
        for number, line in enumerate(("you talk too much", "that soup was old", "you've been quiet, join in"))
    }
    shown: Counter[str] = Counter()
    for line, several in stays.items():
        for stay in several:
            said = [event for event in stay.events if isinstance(event, Said)]
            at = next(place for place, event in enumerate(said) if event.text == f"{LEAD}: {line}")
            shown[line] += sum(event.nick == LEAD for event in said[at + 2 : at + 22])
            band, over = shipped().engagement.bands[level], shares(hers(stay))
            assert band.least <= min(over) and max(over) <= band.most
    less, usual, more = shown.values()
    assert less < usual <= more
    told, _, asked = ([event for stay in several for event in stay.events] for several in stays.values())
    assert f"ann asks the lead to talk less: {LEAD}: you talk too much" in stays["you talk too much"][0].notes
    assert [event for event in told if isinstance(event, Passed) and event.why == ASKED_LESS]
    assert {event.reasons.get(ASKED_MORE) for event in asked if isinstance(event, Said)} >= {2.0}


@pytest.mark.parametrize("text", ["fair, zipping it", FILLER.replace("\n", " ")])
def test_she_takes_it_in_a_few_words_or_in_none(tmp_path: Path, text: str) -> None:
    async def talk() -> Scene:
        async with scene(tmp_path / "run", Saying(text, dialect="chat"), "HIGH") as stay:
            await stay.chatter(12)
            await stay.waits(60)
            for number in range(12):
                await stay.says("ann", f"{LEAD}: you talk too much, I said it {number} times", 60)
                await stay.waits(60)
                if "too long for an acknowledgement" in [getattr(event, "why", "") for event in stay.events]:
                    break
            return stay

    stay = asyncio.run(talk())
    after = [b.text for a, b in pairwise([e for e in stay.events if isinstance(e, Said)])
             if "too much" in a.text and b.nick == LEAD]  # fmt: skip
    assert all(len(line.split()) <= POLICY.feedback.words for line in after)
    assert bool(after) is (len(text.split()) <= POLICY.feedback.words)


def test_what_she_was_told_holds_after_a_restart(tmp_path: Path) -> None:
    async def first() -> None:
        async with scene(tmp_path / "run") as stay:
            await stay.chatter(25)
            await stay.says("ann", f"{LEAD}: quiet down a bit please")
            await stay.chatter(3)

    async def second() -> bool:
        async with scene(tmp_path / "run") as stay:
            return stay.bot._feedback.less

    asyncio.run(first())
    assert asyncio.run(second())
